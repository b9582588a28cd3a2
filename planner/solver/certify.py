"""Judge every answer again, edge by edge, by the rules of the judge; shares no step with the solver.

A verdict on (source, destination, boot host) is the sum of parts that each look at two hosts: what runs
on the source or was fixed on the boot host, against the destination. So judging every ordered pair
judges every triple. Each part looks at little of a host, so it is judged once per distinct look.
Hosts that observation rows name, architectures without a register table and directed graphs are
judged triple by triple with `judge` itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product

from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge, QemuBuild
from planner.domain.migrated import Clause, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline
from planner.domain.verdict import Objection
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import accepted, apply
from planner.migration.applies import Assumed
from planner.migration.graph import MigrationDomain
from planner.migration.judge import (
    judge,
    judge_builds,
    judge_cpu_features,
    judge_vendors,
    unit_applies,
)
from planner.migration.unit_rules import UnitCase, judge_unit
from planner.migration.views import UnitView, open_view, view


class CertificationError(AssertionError):
    """The solver's answer did not survive judgement: a bug in the planner, never bad input."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that the rules of one unit see of a host; the names are there only where a fact is open."""

    view: UnitView
    kernel: str
    cpu: str
    build: QemuBuild | None


NO_BASELINE = Baseline(machine_type="")
Demands = Mapping[tuple[Assumed, ...], Objection]
"""Objections by what would exclude them: one of several sets of claims about guests."""


@dataclass(slots=True)
class _Units:
    """Some units: the looks of each profile under a baseline, and objections by unit and looks."""

    units: tuple[MigratedUnit, ...]
    looks: dict[Baseline, dict[HostProfile, tuple[int, ...]]] = field(default_factory=dict)
    numbers: dict[Look, int] = field(default_factory=dict)
    by_looks: dict[tuple[int, int, int], tuple[Objection, ...]] = field(default_factory=dict)
    by_columns: dict[tuple[int, frozenset[int]], Demands] = field(default_factory=dict)
    by_tables: dict[frozenset[tuple[int, ...]], Demands] = field(default_factory=dict)


@dataclass(slots=True)
class Certifier:
    """Judges baselines over domains and remembers what it has judged."""

    knowledge: KnowledgeBase
    policy: Policy
    judged: int = 0
    _plain: dict[str, _Units] = field(default_factory=dict)
    _gated: dict[str, _Units] = field(default_factory=dict)
    _builds: dict[tuple[Baseline, frozenset[QemuBuild]], Demands] = field(default_factory=dict)

    def certify(self, domain: MigrationDomain, chosen: ChosenBaseline) -> None:
        """Raise `CertificationError` if any edge of the domain is not safe under the baseline."""
        assumed = assumed_by(chosen)
        flags = tuple(choice.flag for choice in chosen.flags)
        baseline = Baseline(machine_type=chosen.machine_type, flags=flags)
        profiles = tuple(member.profile for member in domain.members)
        if domain.edges is not None or domain.is_observed or not self._is_listed(domain):
            self._judge_triples(domain, baseline, assumed)
        elif domain.hosts > 1:
            for demands in self._demands(domain, baseline):
                for ways_out, objection in demands.items():
                    if not any(claims <= assumed for claims in ways_out):
                        raise CertificationError(f"{baseline.machine_type}: {objection}")
            self.judged += len(profiles) ** 3

    def _is_listed(self, domain: MigrationDomain) -> bool:
        """Whether the registers of every architecture in the domain have rows."""
        return all(
            self.knowledge.covered.get(arch) == "listed"
            for arch in {profile.arch for profile in domain.profiles}
        )

    def _judge_triples(self, domain: MigrationDomain, baseline: Baseline, assumed: Assumed) -> None:
        boots = dict.fromkeys(member.profile for member in domain.starts)
        for (source, destination), boot in product(domain.pairs(), boots):
            verdict = judge(
                MigrationEdge(source=source, destination=destination),
                GuestStart(baseline=baseline, booted_on=boot),
                self.knowledge,
                management=self.policy.management,
                assumed=assumed,
            )
            for objection in apply(self.policy, verdict).objections:
                self._demand_excluded(objection, assumed, baseline)
            self.judged += 1

    def _demands(self, domain: MigrationDomain, baseline: Baseline) -> Iterator[Demands]:
        """Yield every objection on any ordered pair: units, builds, stated CPU features."""
        arch = domain.members[0].profile.arch
        yield self._unit_demands(self._plain_units(arch), domain.profiles, NO_BASELINE)
        yield self._unit_demands(self._gated_units(arch), domain.profiles, baseline)
        yield self._build_demands(baseline, domain.builds)
        yield demands_of(self._vendor_objections(domain.profiles))
        if len({host.lacked_cpu_features for host in domain.profiles}) > 1:
            start = GuestStart(baseline=baseline)
            yield demands_of(
                objection
                for host, target in product(domain.profiles, repeat=2)
                for objection in judge_cpu_features(
                    MigrationEdge(source=host, destination=target),
                    start,
                    self.knowledge,
                    self.policy.management,
                )
            )

    def _vendor_objections(self, hosts: frozenset[HostProfile]) -> Iterator[Objection]:
        """Yield what the stated CPU vendors of the hosts object to."""
        named = {host.cpu_vendor: host for host in hosts if host.cpu_vendor}
        for source, destination in product(named.values(), repeat=2):
            edge = MigrationEdge(source=source, destination=destination)
            for objection in judge_vendors(edge, self.knowledge):
                if accepted(self.policy, objection) is None:
                    yield objection

    def narrow(self, profiles: Iterable[HostProfile]) -> None:
        """Leave out the plain units that object to no ordered pair of all `profiles`."""
        for arch in sorted({profile.arch for profile in profiles}):
            judged = self._plain_units(arch)
            hosts = [host for host in profiles if host.arch == arch]
            table = list(self._looks(judged, hosts, NO_BASELINE))
            kept = [
                place
                for place, column in enumerate(zip(*table, strict=True))
                if self._column_demands(judged, place, frozenset(column))
            ]
            units = tuple(judged.units[place] for place in kept)
            self._plain[arch] = _Units(units=units)

    def _plain_units(self, arch: str) -> _Units:
        """Return the units that no property gates: they do not depend on the baseline."""
        if arch not in self._plain:
            self._plain[arch] = _Units(units=tuple(self._some_units(arch, gated=False)))
        return self._plain[arch]

    def _gated_units(self, arch: str) -> _Units:
        if arch not in self._gated:
            self._gated[arch] = _Units(units=tuple(self._some_units(arch, gated=True)))
        return self._gated[arch]

    def _some_units(self, arch: str, *, gated: bool) -> Iterator[MigratedUnit]:
        for unit in self.knowledge.units_of(arch):
            if bool(unit.gates) is gated and not unit.cpu_features:
                yield unit

    def _unit_demands(
        self, judged: _Units, hosts: frozenset[HostProfile], baseline: Baseline
    ) -> Demands:
        """Return what the units object to on any ordered pair of hosts."""
        table = frozenset(self._looks(judged, hosts, baseline))
        if table not in judged.by_tables:
            found: dict[tuple[Assumed, ...], Objection] = {}
            for place, column in enumerate(zip(*table, strict=True)):
                found.update(self._column_demands(judged, place, frozenset(column)))
            judged.by_tables[table] = found
        return judged.by_tables[table]

    def _column_demands(self, judged: _Units, place: int, column: frozenset[int]) -> Demands:
        """Return what one unit objects to on any ordered pair of the looks in a column."""
        key = (place, column)
        if key not in judged.by_columns:
            judged.by_columns[key] = demands_of(
                objection
                for source, destination in product(column, repeat=2)
                for objection in self._pair_objections(judged, place, source, destination)
            )
        return judged.by_columns[key]

    def _looks(
        self, judged: _Units, hosts: Iterable[HostProfile], baseline: Baseline
    ) -> Iterator[tuple[int, ...]]:
        """Yield the numbers of each host's looks under a baseline, one per unit."""
        known = judged.looks.setdefault(baseline, {})
        numbers = judged.numbers
        for host in hosts:
            if host not in known:
                known[host] = tuple(
                    numbers.setdefault(self._look(unit, host, baseline), len(numbers))
                    for unit in judged.units
                )
            yield known[host]

    def _look(self, unit: MigratedUnit, profile: HostProfile, baseline: Baseline) -> Look:
        seen = view(
            unit,
            profile,
            machine_type=baseline.machine_type,
            flags=baseline.flags,
            knowledge=self.knowledge,
        )
        hosts_open, build_open = open_view(seen)
        return Look(
            view=seen,
            kernel=profile.kernel_token if hosts_open else "",
            cpu=profile.cpu_model if unit.requires else "",
            build=profile.qemu if build_open else None,
        )

    def _pair_objections(
        self, judged: _Units, place: int, source: int, destination: int
    ) -> tuple[Objection, ...]:
        key = (place, source, destination)
        if key not in judged.by_looks:
            looks = list(judged.numbers)
            judged.by_looks[key] = self._judge_looks(
                judged.units[place], looks[source], looks[destination]
            )
        return judged.by_looks[key]

    def _judge_looks(
        self, unit: MigratedUnit, source: Look, destination: Look
    ) -> tuple[Objection, ...]:
        """Judge one unit for a guest of which nothing is said."""
        start = GuestStart(baseline=NO_BASELINE)
        applies = unit_applies(unit, start, self.knowledge, frozenset())
        case = UnitCase(
            unit=unit,
            applies=applies,
            boot=source.view,
            source=source.view,
            destination=destination.view,
            libvirt=self.policy.management == "libvirt",
            same_kernel=bool(source.kernel) and source.kernel == destination.kernel,
            same_cpu=not source.cpu or not destination.cpu or source.cpu == destination.cpu,
            same_build=source.build is not None and source.build == destination.build,
        )
        found = judge_unit(case).objections
        return tuple(one for one in found if accepted(self.policy, one) is None)

    def _build_demands(self, baseline: Baseline, builds: frozenset[QemuBuild]) -> Demands:
        """Return what the rules about builds object to on any ordered pair of `builds`."""
        key = (baseline, builds)
        if key not in self._builds:
            start = GuestStart(baseline=baseline)
            self._builds[key] = demands_of(
                objection
                for source, destination in product(builds, repeat=2)
                for objection in judge_builds(source, destination, start, self.knowledge)
                if accepted(self.policy, objection) is None
            )
        return self._builds[key]

    def _demand_excluded(self, objection: Objection, assumed: Assumed, baseline: Baseline) -> None:
        if not any(claims_of(clause) <= assumed for clause in objection.depends_on):
            raise CertificationError(f"{baseline.machine_type}: {objection}")


def claims_of(clause: Clause) -> Assumed:
    """Return the claims that no guest has anything that the clause speaks of."""
    return frozenset((clause.kind.value, word) for word in clause.any_of)


def demands_of(objections: Iterable[Objection]) -> Demands:
    """Return objections by the claims that would exclude them."""
    return {
        tuple(claims_of(clause) for clause in objection.depends_on): objection
        for objection in objections
    }


def assumed_by(chosen: ChosenBaseline) -> Assumed:
    """Return the claims about guests that an answer's conditions exclude, as (kind, word)."""
    return frozenset().union(*(assumed_words(condition.words) for condition in chosen.conditions))


@cache
def assumed_words(words: tuple[str, ...]) -> Assumed:
    """Return `kind:word` texts as pairs."""
    parts = (word.partition(":") for word in words)
    return frozenset((kind, name) for kind, _, name in parts)
