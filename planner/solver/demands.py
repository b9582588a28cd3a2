"""What migrated units ask of an answer for a domain, by sets of distinct rows; no search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from planner.domain.compat import CompatFlag, PropertyKey
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import Clause, ClauseKind, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.solution import Condition, FlagChoice, Loss
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.attempt import Obstacle, Parts, condition_of
from planner.solver.meets import Finding, Row, findings, gate_level, row_of

ORDER_OF_CLAUSES = (
    ClauseKind.USE,
    ClauseKind.GUEST,
    ClauseKind.ACCELERATOR,
    ClauseKind.CPU_LACKS,
    ClauseKind.CPU,
    ClauseKind.DEVICE,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one unit asks of an answer, for one set of distinct rows."""

    flag: bool = False
    condition: Condition | None = None
    blocked: tuple[Finding, ...] = ()
    accepted: bool = False
    residual: bool = False
    hardware: bool = False
    facts: frozenset[str] = frozenset()


CLEAN = Decision()
RULES = {
    "blocked": Rule.MIGRATION_BLOCKED,
    "unsent": Rule.STATE_NOT_SENT,
    "uncaptured": Rule.STATE_NOT_CAPTURED,
    "foreign": Rule.UNIT_NOT_UNDERSTOOD,
    "gate": Rule.COMPAT_VALUE_DIFFERS,
    "refused": Rule.UNIT_REFUSED,
    "lack": Rule.CAPABILITY_MISSING,
}
Routes = tuple[frozenset[int], frozenset[tuple[int, int]] | None]


@dataclass(slots=True)
class UnitDemands:
    """Collects what units ask, remembering rows and decisions."""

    knowledge: KnowledgeBase
    policy: Policy
    _rows: dict[tuple[str, HostProfile], tuple[int, ...]] = field(default_factory=dict)
    _units: dict[str, tuple[tuple[MigratedUnit, ...], tuple[MigratedUnit, ...]]] = field(
        default_factory=dict
    )
    _numbers: dict[Row, int] = field(default_factory=dict)
    _decided: dict[tuple[object, ...], Decision] = field(default_factory=dict)
    _plain: dict[tuple[frozenset[HostProfile], ...], Parts] = field(default_factory=dict)
    _gated: dict[frozenset[int], Parts] = field(default_factory=dict)
    _vectors: dict[tuple[str, HostProfile], int] = field(default_factory=dict)
    _vector_numbers: dict[tuple[HostProfile, tuple[int, ...]], int] = field(default_factory=dict)
    _settable: dict[tuple[bool, frozenset[QemuBuild]], tuple[bool, ...]] = field(
        default_factory=dict
    )

    def collect(self, domain: MigrationDomain, machine_type: str, parts: Parts) -> None:
        """Collect what every unit asks, gated units under this machine type.

        Units without a gate do not depend on the machine type: they are judged once per domain.
        """
        arch = domain.members[0].profile.arch
        hosts = domain.profiles
        starts = frozenset(member.profile for member in domain.starts)
        plain, gated = self._split(arch)
        if domain.edges is not None:
            parts.add(self._parts(domain, plain, "", starts))
        else:
            key = (hosts, starts)
            if key not in self._plain:
                self._plain[key] = self._parts(domain, plain, "", starts)
            parts.add(self._plain[key])
        parts.add(self._gated_parts(domain, gated, machine_type, starts))
        parts.fixed = len(parts.obstacles) > 0 and not any(
            unit.id == obstacle.unit for obstacle in parts.obstacles for unit in gated
        )

    def _gated_parts(
        self,
        domain: MigrationDomain,
        units: tuple[MigratedUnit, ...],
        machine_type: str,
        starts: frozenset[HostProfile],
    ) -> Parts:
        """Return what gated units ask; types with equal gates, as of two boards, ask the same."""
        if domain.edges is not None or len(starts) != len(domain.profiles):
            return self._parts(domain, units, machine_type, starts)
        key = frozenset(
            self._vector_of(units, profile, machine_type) for profile in domain.profiles
        )
        if key not in self._gated:
            self._gated[key] = self._parts(domain, units, machine_type, starts)
        return self._gated[key]

    def _vector_of(
        self, units: tuple[MigratedUnit, ...], profile: HostProfile, machine_type: str
    ) -> int:
        """Return one number for a profile and its rows: equal numbers, equal both."""
        key = (machine_type, profile)
        if key not in self._vectors:
            pair = (profile, self._rows_of(units, profile, machine_type))
            self._vectors[key] = self._vector_numbers.setdefault(pair, len(self._vector_numbers))
        return self._vectors[key]

    def narrow(self, profiles: Iterable[HostProfile]) -> None:
        """Leave out the units that ask nothing even if all `profiles` stood in one pool.

        What asks nothing of a set of hosts asks nothing of a part of it.
        """
        for arch in sorted({profile.arch for profile in profiles}):
            hosts = [profile for profile in profiles if profile.arch == arch]
            units, gated = split_units(self.knowledge, arch)
            table = [self._rows_of(units, profile, "") for profile in hosts]
            kept = [
                place
                for place, column in enumerate(zip(*table, strict=True))
                if self._decide(units[place], frozenset(column)) is not CLEAN
            ]
            self._rows = {
                key: tuple(rows[place] for place in kept)
                for key, rows in self._rows.items()
                if key[0] == "" and key[1].arch == arch
            } | {key: rows for key, rows in self._rows.items() if key[0] or key[1].arch != arch}
            self._units[arch] = (tuple(units[place] for place in kept), gated)

    def _decide(self, unit: MigratedUnit, column: frozenset[int]) -> Decision:
        return self._decision(unit, (column, None), column, settable=False)

    def _split(self, arch: str) -> tuple[tuple[MigratedUnit, ...], tuple[MigratedUnit, ...]]:
        return self._units.get(arch) or split_units(self.knowledge, arch)

    def _parts(
        self,
        domain: MigrationDomain,
        units: tuple[MigratedUnit, ...],
        machine_type: str,
        starts: frozenset[HostProfile],
    ) -> Parts:
        """Return what some units ask of a domain, under a machine type if they are gated."""
        parts = Parts()
        table = {
            member.profile: self._rows_of(units, member.profile, machine_type)
            for member in domain.members
        }
        settable = self._settable_units(units, domain.builds, machine_type)
        whole = domain.edges is None and len(starts) == len(table)
        for index, column in enumerate(zip(*table.values(), strict=True)):
            unit, takers = units[index], frozenset(column)
            key: tuple[object, ...] = (unit.id, takers, settable[index])
            routes: Routes = (takers, None)
            if not whole:
                routes = self._routes(domain, unit, index, table, starts)
                key = (*key, *routes)
            decision = self._decided.get(key)
            if decision is None:
                decision = self._decision(unit, routes, takers, settable=settable[index])
                self._decided[key] = decision
            if decision is not CLEAN:
                self._take(unit, decision, index, table, parts)
        return parts

    def _routes(
        self,
        domain: MigrationDomain,
        unit: MigratedUnit,
        index: int,
        table: dict[HostProfile, tuple[int, ...]],
        starts: frozenset[HostProfile],
    ) -> Routes:
        """Return who produces a unit, and the pairs it travels if not every pair is an edge."""
        if unit.state == "boot":
            return frozenset(table[profile][index] for profile in starts), None
        if domain.edges is None:
            takers = frozenset(rows[index] for rows in table.values())
            return takers, None
        pairs = frozenset((table[one][index], table[other][index]) for one, other in domain.edges)
        return frozenset(source for source, _ in pairs), pairs

    def _rows_of(
        self, units: tuple[MigratedUnit, ...], profile: HostProfile, machine_type: str
    ) -> tuple[int, ...]:
        """Return the numbers of a profile's rows; without a machine type every gate is open."""
        key = (machine_type, profile)
        if key not in self._rows:
            flags = self.policy.required_flags
            self._rows[key] = tuple(
                self._numbers.setdefault(
                    row_of(
                        unit,
                        profile,
                        gate_level(unit, profile, machine_type, flags, self.knowledge),
                    ),
                    len(self._numbers),
                )
                for unit in units
            )
        return self._rows[key]

    def _settable_units(
        self, units: tuple[MigratedUnit, ...], builds: frozenset[QemuBuild], machine_type: str
    ) -> tuple[bool, ...]:
        """Return for each unit whether every build has its property and policy allows to set it."""
        key = (bool(machine_type), builds)
        if key not in self._settable:
            self._settable[key] = tuple(self._is_settable(unit, builds) for unit in units)
        return self._settable[key]

    def _is_settable(self, unit: MigratedUnit, builds: frozenset[QemuBuild]) -> bool:
        if not unit.gates:
            return False
        flag = unit.flag or unit.gates[0].key
        return str(flag) not in self.policy.forbidden_flags and all(
            self.knowledge.offers_property(build, flag) is Truth.YES for build in builds
        )

    def _decision(
        self, unit: MigratedUnit, routes: Routes, taker_numbers: frozenset[int], *, settable: bool
    ) -> Decision:
        """Return what one unit asks when rows of these numbers produce and take it."""
        rows = list(self._numbers)
        producer_numbers, pair_numbers = routes
        producers = [rows[number] for number in sorted(producer_numbers)]
        takers = [rows[number] for number in sorted(taker_numbers)]
        pairs = None
        if pair_numbers is not None:
            pairs = [(rows[one], rows[other]) for one, other in sorted(pair_numbers)]
        found = findings(unit, producers, takers, pairs)
        if not found:
            return CLEAN
        standing = [one for one in found if not self._tolerates(unit, one)]
        tolerated = len(standing) < len(found)
        losing = tolerated and not unit.is_transient
        if not standing:
            return Decision(accepted=losing, residual=tolerated and unit.is_transient)
        facts = frozenset(one.fact for one in standing if not one.certain and one.fact)
        if settable:
            shut = findings(unit, (row.shut() for row in producers), (row.shut() for row in takers))
            if all(self._tolerates(unit, one) for one in shut):
                return Decision(flag=True, accepted=bool(shut), facts=facts)
        clause = _negatable(unit)
        if clause is not None:
            condition = condition_of(clause, self.knowledge, unit.price)
            return Decision(condition=condition, facts=facts)
        certain = tuple(one for one in standing if one.certain)
        return Decision(blocked=certain or tuple(standing), facts=facts)

    def _tolerates(self, unit: MigratedUnit, finding: Finding) -> bool:
        """Whether policy lets a finding pass: by exposure, by name, or as a cheap loss."""
        if unit.is_transient and unit.exposure in self.policy.residual_exposures:
            return True
        if self.policy.accepted_loss(unit.id) is not None:
            return True
        return finding.kind == "unsent" and unit.severity in self.policy.accepted_severities

    def _take(
        self,
        unit: MigratedUnit,
        decision: Decision,
        index: int,
        table: dict[HostProfile, tuple[int, ...]],
        parts: Parts,
    ) -> None:
        """Add one unit's demands to the parts of an attempt."""
        parts.facts.update(decision.facts)
        if decision.accepted:
            parts.accepted.append(_loss(unit))
        if decision.residual:
            parts.residual.append(_loss(unit))
        if decision.flag:
            parts.flags.append(_flag_choice(unit, self.knowledge))
        if decision.condition is not None:
            parts.conditions.append(decision.condition)
        if (decision.flag or decision.condition is not None) and unit.price == "security":
            parts.acks.append(unit.id)
        if decision.blocked:
            parts.obstacles.append(self._obstacle(unit, decision.blocked, index, table))

    def _obstacle(
        self,
        unit: MigratedUnit,
        blocked: tuple[Finding, ...],
        index: int,
        table: dict[HostProfile, tuple[int, ...]],
    ) -> Obstacle:
        lacking = {self._numbers[one.destination] for one in blocked}
        having = {self._numbers[one.source] for one in blocked} - lacking
        return Obstacle(
            rule=RULES[blocked[0].kind].value,
            unit=unit.id,
            property_key="",
            certain=any(one.certain for one in blocked),
            facts=tuple(sorted({one.fact for one in blocked if one.fact})),
            lacking=tuple(host for host, rows in table.items() if rows[index] in lacking),
            having=tuple(host for host, rows in table.items() if rows[index] in having),
            source=unit.source,
            text=f"{unit.title}: {unit.symptom}",
        )


@cache
def split_units(
    knowledge: KnowledgeBase, arch: str
) -> tuple[tuple[MigratedUnit, ...], tuple[MigratedUnit, ...]]:
    """Return the units that a guest may have, those without a gate and those with one."""
    units = [unit for unit in knowledge.units_of(arch) if _may_exist(unit)]
    return (
        tuple(unit for unit in units if not unit.gates),
        tuple(unit for unit in units if unit.gates),
    )


@cache
def _loss(unit: MigratedUnit) -> Loss:
    return Loss(unit=unit.id, severity=unit.severity, text=unit.symptom)


def _may_exist(unit: MigratedUnit) -> bool:
    """Whether a guest of which nothing is said may have the unit."""
    return not unit.cpu_features and all(clause.default is not Truth.NO for clause in unit.when)


def _negatable(unit: MigratedUnit) -> Clause | None:
    """Return the clause whose absence costs least; a unit that every guest has has none."""
    ordered = sorted(unit.when, key=lambda clause: ORDER_OF_CLAUSES.index(clause.kind))
    return next((clause for clause in ordered if clause.default is not Truth.YES), None)


@cache
def _flag_choice(unit: MigratedUnit, knowledge: KnowledgeBase) -> FlagChoice:
    key: PropertyKey = unit.flag or unit.gates[0].key
    row = knowledge.property_row(key)
    visible = unit.visible if unit.flag is not None or row is None else row.visible
    return FlagChoice(
        flag=CompatFlag(key=key, value="off"),
        visible=visible,
        reason=f"not every host can take {unit.title}",
        unit=unit.id,
        price=unit.severity,
    )
