"""What migrated units ask of an answer for a domain, by sets of distinct rows; no search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import and_

from planner.domain.compat import PropertyKey
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import MigratedUnit
from planner.domain.policy import Policy
from planner.domain.solution import Condition
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.candidate import CandidateParts, Obstacle
from planner.solver.unit_behaviour import BehaviourTable, Vector
from planner.solver.unit_resolution import NO_DEMAND, Resolution, Routes, UnitRefusal, UnitResolver


@dataclass(frozen=True, slots=True, eq=False)
class UnitConstraints:
    """What some units ask, without the units that ask nothing; one object per answer.

    Domains of equal rows share it, so it is compared by identity.
    """

    resolutions: tuple[tuple[int, MigratedUnit, Resolution], ...]

    @property
    def is_blocked(self) -> bool:
        """Whether a unit has neither flag nor condition that would help."""
        return any(resolution.refusal is not None for _, _, resolution in self.resolutions)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that units ask for."""
        conditions = (resolution.condition for _, _, resolution in self.resolutions)
        return tuple(condition for condition in conditions if condition is not None)

    def add_to(self, parts: CandidateParts) -> None:
        """Add flags, conditions, losses and facts; what is blocked has hosts and is left out."""
        for _, unit, resolution in self.resolutions:
            parts.facts.update(resolution.facts)
            parts.accepted += [resolution.accepted] if resolution.accepted else []
            parts.residual += [resolution.residual] if resolution.residual else []
            parts.flags += [resolution.flag] if resolution.flag else []
            parts.conditions += [resolution.condition] if resolution.condition else []
            if (resolution.flag or resolution.condition) and unit.price == "security":
                parts.acks.append(unit.id)


NO_CONSTRAINTS = UnitConstraints(())


@dataclass(slots=True)
class UnitSet:
    """The units of an architecture with or without gates, and what they asked so far."""

    units: tuple[MigratedUnit, ...]
    knowledge: KnowledgeBase
    policy: Policy
    arch: str
    table: BehaviourTable = field(init=False)
    _resolver: UnitResolver = field(init=False)
    _constraints: dict[tuple[frozenset[int], int], UnitConstraints] = field(default_factory=dict)
    _equal: dict[tuple[tuple[int, int], ...], UnitConstraints] = field(default_factory=dict)
    _settable: dict[QemuBuild, int] = field(default_factory=dict)
    _settable_of: dict[frozenset[QemuBuild], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the table of rows and what decides over it."""
        self.table = BehaviourTable(self.units, self.knowledge, self.policy.required_flags)
        self._resolver = UnitResolver(self.table, self.knowledge, self.policy)

    def constraints(self, domain: MigrationDomain, machine_type: str) -> UnitConstraints:
        """Return what the units ask of a domain, under a machine type if they are gated."""
        settable = self._settable_on_all(domain.builds)
        if domain.edges is not None or len(domain.starts) != len(domain.members):
            return self._over_edges(domain, machine_type, settable)
        key = (self.table.classes(domain.profiles, machine_type), settable)
        if key not in self._constraints:
            self._constraints[key] = self._among(*key)
        return self._constraints[key]

    def restricted_to(self, hosts: Iterable[HostProfile]) -> UnitSet:
        """Return these units without those that ask nothing even if all hosts stood in one pool.

        What asks nothing of a set of hosts asks nothing of a part of it.
        """
        every = self._among(self.table.classes(hosts, ""), 0)
        kept = tuple(unit for _, unit, _ in every.resolutions)
        return UnitSet(kept, self.knowledge, self.policy, self.arch)

    def obstacles(
        self, domain: MigrationDomain, machine_type: str, constraints: UnitConstraints
    ) -> Iterable[Obstacle]:
        """Yield what is blocked, with the hosts of the domain."""
        vectors = self._vectors_of(domain, machine_type)
        for index, unit, resolution in constraints.resolutions:
            if resolution.refusal is not None:
                yield _obstacle(index, unit, resolution.refusal, vectors)

    def obstacles_if_unmet(
        self, domain: MigrationDomain, machine_type: str, constraints: UnitConstraints
    ) -> Iterator[tuple[Obstacle, Condition]]:
        """Yield what would be blocked if no guest met the condition of a unit, with the condition."""
        vectors = self._vectors_of(domain, machine_type)
        for index, unit, resolution in constraints.resolutions:
            if resolution.condition is not None and resolution.otherwise is not None:
                yield _obstacle(index, unit, resolution.otherwise, vectors), resolution.condition

    def _vectors_of(self, domain: MigrationDomain, machine_type: str) -> dict[HostProfile, Vector]:
        return {host: self.table.vector_of(host, machine_type) for host in domain.profiles}

    def _among(self, classes: frozenset[int], settable: int) -> UnitConstraints:
        """Return what is asked if hosts of every class reach each other."""
        vectors = [self.table.vectors[number] for number in classes]
        columns = enumerate(zip(*vectors, strict=True))
        return self._without_clean(
            self._resolver.among(index, frozenset(column), settable=bool(settable >> index & 1))
            for index, column in columns
        )

    def _over_edges(
        self, domain: MigrationDomain, machine_type: str, settable: int
    ) -> UnitConstraints:
        """Return what is asked over the edges of a directed domain."""
        vectors = self._vectors_of(domain, machine_type)
        return self._without_clean(
            self._resolver.resolution(
                index, _routes(index, unit, domain, vectors), settable=bool(settable >> index & 1)
            )
            for index, unit in enumerate(self.units)
        )

    def _without_clean(self, resolutions: Iterable[Resolution]) -> UnitConstraints:
        resolved = zip(range(len(self.units)), self.units, resolutions, strict=True)
        constraints = tuple(each for each in resolved if each[2] is not NO_DEMAND)
        name = tuple((index, id(resolution)) for index, _, resolution in constraints)
        return self._equal.setdefault(name, UnitConstraints(constraints))

    def _settable_on_all(self, builds: frozenset[QemuBuild]) -> int:
        if builds not in self._settable_of:
            self._settable_of[builds] = reduce(and_, map(self._settable_on, builds))
        return self._settable_of[builds]

    def _settable_on(self, build: QemuBuild) -> int:
        """Return the bits of the units whose property a build has and policy allows to set."""
        if build not in self._settable:
            self._settable[build] = sum(
                self._is_settable(unit, build) << index for index, unit in enumerate(self.units)
            )
        return self._settable[build]

    def _is_settable(self, unit: MigratedUnit, build: QemuBuild) -> bool:
        if not unit.gates:
            return False
        flag = unit.flag or unit.gates[0].key
        if any(self._is_decided(key) for key in (flag, *(gate.key for gate in unit.gates))):
            return False
        return self.knowledge.offers_property(build, flag, self.arch) is Truth.YES

    def _is_decided(self, key: PropertyKey) -> bool:
        """Whether policy forbids to set a property, or says its value: nothing else may set it."""
        decided = (*self.policy.forbidden, *(flag.key for flag in self.policy.required_flags))
        return any(self.knowledge.may_set(key, decided_key) for decided_key in decided)


@dataclass(slots=True)
class ConstraintFinder:
    """What the units without and with a gate ask; those without do not depend on the type."""

    knowledge: KnowledgeBase
    policy: Policy
    _plain: dict[str, UnitSet] = field(default_factory=dict)
    _gated: dict[str, UnitSet] = field(default_factory=dict)
    _of_hosts: dict[frozenset[HostProfile], UnitConstraints] = field(default_factory=dict)

    def constraints(
        self, domain: MigrationDomain, machine_type: str
    ) -> tuple[UnitConstraints, UnitConstraints]:
        """Return what units ask of a domain under a machine type: without a gate, and with one."""
        plain, gated = self._rooms(domain.members[0].profile.arch)
        if domain.edges is not None:
            return plain.constraints(domain, ""), gated.constraints(domain, machine_type)
        if domain.profiles not in self._of_hosts:
            self._of_hosts[domain.profiles] = plain.constraints(domain, "")
        return self._of_hosts[domain.profiles], gated.constraints(domain, machine_type)

    def obstacles(
        self,
        domain: MigrationDomain,
        machine_type: str,
        constraints: tuple[UnitConstraints, UnitConstraints],
    ) -> list[Obstacle]:
        """Return what is blocked, with the hosts of the domain."""
        plain, gated = self._rooms(domain.members[0].profile.arch)
        return [
            *plain.obstacles(domain, "", constraints[0]),
            *gated.obstacles(domain, machine_type, constraints[1]),
        ]

    def obstacles_if_unmet(
        self,
        domain: MigrationDomain,
        machine_type: str,
        constraints: tuple[UnitConstraints, UnitConstraints],
    ) -> Iterator[tuple[Obstacle, Condition]]:
        """Yield what would be blocked if no guest met the condition of a unit, with the condition."""
        plain, gated = self._rooms(domain.members[0].profile.arch)
        yield from plain.obstacles_if_unmet(domain, "", constraints[0])
        yield from gated.obstacles_if_unmet(domain, machine_type, constraints[1])

    def narrow(self, profiles: Iterable[HostProfile]) -> None:
        """Leave out the units that ask nothing even if all `profiles` stood in one pool."""
        for arch in sorted({profile.arch for profile in profiles}):
            plain, _ = self._rooms(arch)
            hosts = [profile for profile in profiles if profile.arch == arch]
            self._plain[arch] = plain.restricted_to(hosts)

    def _rooms(self, arch: str) -> tuple[UnitSet, UnitSet]:
        if arch not in self._gated:
            plain, gated = split_units(self.knowledge, arch)
            self._plain[arch] = UnitSet(plain, self.knowledge, self.policy, arch)
            self._gated[arch] = UnitSet(gated, self.knowledge, self.policy, arch)
        return self._plain[arch], self._gated[arch]


def _routes(
    index: int, unit: MigratedUnit, domain: MigrationDomain, vectors: dict[HostProfile, Vector]
) -> Routes:
    """Return who produces and takes a unit, and over which pairs it travels."""
    arriving = vectors if domain.edges is None else {destination for _, destination in domain.edges}
    takers = frozenset(vectors[host][index] for host in arriving)
    if unit.state == "boot":
        boots = frozenset(vectors[member.profile][index] for member in domain.starts)
        return Routes(producers=boots, takers=takers)
    if domain.edges is None:
        return Routes(producers=takers, takers=takers)
    pairs = frozenset(
        (vectors[source][index], vectors[destination][index])
        for source, destination in domain.edges
    )
    return Routes(producers=frozenset(pair for pair, _ in pairs), takers=takers, pairs=pairs)


def _obstacle(
    index: int, unit: MigratedUnit, refusal: UnitRefusal, vectors: dict[HostProfile, Vector]
) -> Obstacle:
    return Obstacle(
        rule=refusal.rule,
        unit=unit.id,
        property_key="",
        certain=refusal.certain,
        facts=refusal.facts,
        lacking=tuple(host for host, rows in vectors.items() if rows[index] in refusal.lacking),
        having=tuple(host for host, rows in vectors.items() if rows[index] in refusal.having),
        source=unit.source,
        text=f"{unit.title}: {unit.symptom}",
    )


@cache
def split_units(
    knowledge: KnowledgeBase, arch: str
) -> tuple[tuple[MigratedUnit, ...], tuple[MigratedUnit, ...]]:
    """Return the units that a guest may have, those without a gate and those with one."""
    units = [unit for unit in knowledge.units_of(arch) if not unit.cpu_features]
    return (
        tuple(unit for unit in units if not unit.gates),
        tuple(unit for unit in units if unit.gates),
    )
