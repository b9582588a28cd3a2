"""Objections on ordered pairs of hosts, each pair of looks judged once for the whole fleet.

A rule looks at little of a host. Hosts that look the same to some rules are one class for them, and
what is judged between two classes is judged for every two hosts of them. Nothing here is shared with
the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from itertools import chain, product
from operator import or_

from planner.domain.capability import CapabilityId
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import (
    CpuName,
    HostProfile,
    MigrationEdge,
    QemuBuild,
    Tables,
    are_other_cpus,
)
from planner.domain.migrated import ClauseKind, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.domain.verdict import Objection
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import accepted
from planner.migration.applies import Assumed, claims_of
from planner.migration.reach import with_reach
from planner.migration.rules.build_rules import judge_builds
from planner.migration.rules.host_rules import judge_cpu_features, judge_vendors
from planner.migration.rules.unit_rules import judge_unit
from planner.migration.unit_case import UnitCase
from planner.migration.units import unit_applies
from planner.migration.views import UnitView, gate, open_view, ungated_view

NO_BASELINE = Baseline(machine_type="")
Gates = tuple[Truth, ...]


@dataclass(slots=True)
class ObjectionTable:
    """Objections that policy leaves, numbered by what would exclude them; a set of them is bits."""

    policy: Policy
    _numbers: dict[tuple[Assumed, ...], int] = field(default_factory=dict)
    _examples: list[Objection] = field(default_factory=list)
    _excluded: dict[Assumed, tuple[int, int]] = field(default_factory=dict)

    def enter(self, objections: Iterable[Objection]) -> int:
        """Return the bits of objections, without those that policy accepts."""
        bits = 0
        for objection in objections:
            if accepted(self.policy, objection) is not None:
                continue
            ways_out = tuple(claims_of(clause) for clause in objection.depends_on)
            number = self._numbers.setdefault(ways_out, len(self._examples))
            if number == len(self._examples):
                self._examples.append(objection)
            bits |= 1 << number
        return bits

    def standing(self, bits: int, assumed: Assumed) -> Objection | None:
        """Return an objection that these claims about guests do not exclude, None if all are."""
        left = bits & ~self._excluded_by(assumed)
        return self._examples[left.bit_length() - 1] if left else None

    def _excluded_by(self, assumed: Assumed) -> int:
        """Return the bits of every objection known so far that these claims exclude."""
        seen, excluded = self._excluded.get(assumed, (0, 0))
        if seen < len(self._numbers):
            for ways_out, number in list(self._numbers.items())[seen:]:
                excluded |= any(claims <= assumed for claims in ways_out) << number
            self._excluded[assumed] = (len(self._numbers), excluded)
        return excluded


@dataclass(slots=True)
class Pairs:
    """What is judged between two classes: remembered per ordered pair and per set of classes."""

    between: Callable[[int, int], int]
    _pairs: dict[tuple[int, int], int] = field(default_factory=dict)
    _sets: dict[frozenset[int], int] = field(default_factory=dict)

    def within(self, classes: frozenset[int]) -> int:
        """Return what is judged on any ordered pair of `classes`, a class with itself included."""
        if classes not in self._sets:
            pairs = [
                self._pair(source, destination) for source in classes for destination in classes
            ]
            self._sets[classes] = reduce(or_, pairs, 0)
        return self._sets[classes]

    def _pair(self, source: int, destination: int) -> int:
        bits = self._pairs.get((source, destination))
        if bits is None:
            bits = self._pairs[source, destination] = self.between(source, destination)
        return bits


@dataclass(frozen=True, slots=True)
class HostAspect:
    """All that the rules of one unit see of a host; the names are there only where a fact is open.

    `cut`: no guest that boots on the host has what the unit asks of its CPU.
    """

    view: UnitView
    kernel: str
    cpu: CpuName
    build: Tables | None
    cut: bool


@dataclass(slots=True)
class UnitPairs:
    """Some units between hosts; hosts of one class have equal looks for every unit."""

    units: tuple[MigratedUnit, ...]
    knowledge: KnowledgeBase
    table: ObjectionTable
    management: str
    _pairs: Pairs = field(init=False)
    _aspects: list[HostAspect] = field(default_factory=list)
    _numbers: dict[HostAspect, int] = field(default_factory=dict)
    _classes: dict[tuple[int, ...], int] = field(default_factory=dict)
    _vectors: list[tuple[int, ...]] = field(default_factory=list)
    _gates: dict[tuple[Baseline, QemuBuild], int] = field(default_factory=dict)
    _gate_lists: list[Gates] = field(default_factory=list)
    _class_of: dict[tuple[HostProfile, int], int] = field(default_factory=dict)
    _under: dict[Baseline, dict[HostProfile, int]] = field(default_factory=dict)
    _by_aspects: dict[tuple[int, int, int], int] = field(default_factory=dict)
    _moot_among: dict[frozenset[int], frozenset[int]] = field(default_factory=dict)
    _without_moot: dict[tuple[frozenset[int], frozenset[int]], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remember what is judged between two classes."""
        self._pairs = Pairs(self._between)

    def demands(self, hosts: Iterable[HostProfile], baseline: Baseline) -> int:
        """Return what the units object to on any ordered pair of hosts under a baseline."""
        classes = frozenset(self._classes_of(hosts, baseline))
        moot = self._moot(classes)
        if not moot:
            return self._pairs.within(classes)
        key = (classes, moot)
        if key not in self._without_moot:
            rows = [self._vectors[number] for number in classes]
            bits = (
                self._between_vectors(source, destination, moot)
                for source in rows
                for destination in rows
            )
            self._without_moot[key] = reduce(or_, bits, 0)
        return self._without_moot[key]

    def _moot(self, classes: frozenset[int]) -> frozenset[int]:
        """Return the units of which no guest of these classes has what they ask of its CPU."""
        if classes not in self._moot_among:
            columns = zip(*(self._vectors[number] for number in classes), strict=True)
            self._moot_among[classes] = frozenset(
                index
                for index, column in enumerate(columns)
                if all(self._aspects[aspect].cut for aspect in column)
            )
        return self._moot_among[classes]

    def narrowed(self, hosts: Iterable[HostProfile], baseline: Baseline) -> UnitPairs:
        """Return these units without those that object to no ordered pair of `hosts`."""
        rows = [self._vectors[number] for number in set(self._classes_of(hosts, baseline))]
        kept = [
            unit
            for index, unit in enumerate(self.units)
            if any(
                self._judged(index, source, destination)
                for source, destination in product({row[index] for row in rows}, repeat=2)
            )
        ]
        return UnitPairs(tuple(kept), self.knowledge, self.table, self.management)

    def _classes_of(self, hosts: Iterable[HostProfile], baseline: Baseline) -> Iterator[int]:
        """Yield the class of each host: all that look the same to every unit under a baseline."""
        known = self._under.setdefault(baseline, {})
        for host in hosts:
            number = known.get(host)
            if number is None:
                number = known[host] = self._class(host, self._gates_of(host.qemu, baseline))
            yield number

    def _class(self, host: HostProfile, gates: int) -> int:
        key = (host, gates)
        if key not in self._class_of:
            aspects = zip(self.units, self._gate_lists[gates], strict=True)
            vector = tuple(self._number(_aspect(unit, host, opened)) for unit, opened in aspects)
            number = self._classes.setdefault(vector, len(self._vectors))
            if number == len(self._vectors):
                self._vectors.append(vector)
            self._class_of[key] = number
        return self._class_of[key]

    def _number(self, aspect: HostAspect) -> int:
        number = self._numbers.setdefault(aspect, len(self._aspects))
        if number == len(self._aspects):
            self._aspects.append(aspect)
        return number

    def _gates_of(self, build: QemuBuild, baseline: Baseline) -> int:
        """Return a number for which units a process of this build lets out under a baseline."""
        key = (baseline, build)
        if key not in self._gates:
            reaching = with_reach(GuestStart(baseline=baseline), self.knowledge).baseline
            name, flags = reaching.machine_type, reaching.flags
            gates = tuple(gate(unit, build, name, flags, self.knowledge) for unit in self.units)
            if gates not in self._gate_lists:
                self._gate_lists.append(gates)
            self._gates[key] = self._gate_lists.index(gates)
        return self._gates[key]

    def _between(self, source: int, destination: int) -> int:
        return self._between_vectors(self._vectors[source], self._vectors[destination], frozenset())

    def _between_vectors(
        self, sources: tuple[int, ...], destinations: tuple[int, ...], moot: frozenset[int]
    ) -> int:
        pairs = enumerate(zip(sources, destinations, strict=True))
        bits = (self._judged(index, *pair) for index, pair in pairs if index not in moot)
        return reduce(or_, bits, 0)

    def _judged(self, index: int, source: int, destination: int) -> int:
        key = (index, source, destination)
        if key not in self._by_aspects:
            aspects = (self._aspects[source], self._aspects[destination])
            self._by_aspects[key] = self.table.enter(self._judge(self.units[index], *aspects))
        return self._by_aspects[key]

    def _judge(
        self, unit: MigratedUnit, source: HostAspect, destination: HostAspect
    ) -> tuple[Objection, ...]:
        """Judge one unit for a guest of which nothing is said."""
        if unit.state == "boot" and source.cut:
            return ()
        start = GuestStart(baseline=NO_BASELINE)
        case = UnitCase(
            unit=unit,
            applies=unit_applies(unit, start, self.knowledge, frozenset()),
            boot=source.view,
            source=source.view,
            destination=destination.view,
            libvirt=self.management == "libvirt",
            same_kernel=bool(source.kernel) and source.kernel == destination.kernel,
            same_cpu=not are_other_cpus(source.cpu, destination.cpu),
            same_build=source.build is not None and source.build == destination.build,
        )
        return judge_unit(case).objections


def _aspect(unit: MigratedUnit, host: HostProfile, opened: Truth) -> HostAspect:
    seen, hosts_open, build_open = _opened(ungated_view(unit, host), opened)
    return HostAspect(
        view=seen,
        kernel=host.kernel_token if hosts_open else "",
        cpu=host.cpu_name if unit.requires else ((), ""),
        build=host.qemu.token if build_open and not host.qemu.is_series else None,
        cut=bool(host.lacked_cpu_features) and _is_cut(unit, host.lacked_cpu_features),
    )


@cache
def _is_cut(unit: MigratedUnit, lacked: frozenset[CapabilityId]) -> bool:
    """Whether some clause of a unit names CPU features of which a host gives none."""
    return any(
        clause.kind is ClauseKind.CPU
        and all(CapabilityId(f"cpu.{name}") in lacked for name in clause.any_of)
        for clause in unit.when
    )


@cache
def _opened(ungated: UnitView, gate: Truth) -> tuple[UnitView, bool, bool]:
    """Return a view behind its gate, and whether it leaves capabilities and the build open."""
    seen = replace(ungated, gate=gate)
    return seen, *open_view(seen)


@dataclass(slots=True)
class BuildPairs:
    """The rules about builds, judged once for all releases that no table tells apart."""

    knowledge: KnowledgeBase
    table: ObjectionTable
    _pairs: dict[Baseline, Pairs] = field(default_factory=dict)
    _builds: list[QemuBuild] = field(default_factory=list)
    _tables: dict[Tables, int] = field(default_factory=dict)
    _class_of: dict[QemuBuild, int] = field(default_factory=dict)

    def demands(self, builds: Iterable[QemuBuild], baseline: Baseline) -> int:
        """Return what is objected to on any ordered pair of `builds` under a baseline."""
        pairs = self._pairs.get(baseline)
        if pairs is None:
            pairs = self._pairs[baseline] = self._pairs_under(baseline)
        return pairs.within(frozenset([self._class(build) for build in builds]))

    def _class(self, build: QemuBuild) -> int:
        if build not in self._class_of:
            number = self._tables.setdefault(build.tables, len(self._builds))
            if number == len(self._builds):
                self._builds.append(build)
            self._class_of[build] = number
        return self._class_of[build]

    def _pairs_under(self, baseline: Baseline) -> Pairs:
        start = with_reach(GuestStart(baseline=baseline), self.knowledge)

        def between(source: int, destination: int) -> int:
            pair = (self._builds[source], self._builds[destination])
            return self.table.enter(judge_builds(*pair, start, self.knowledge))

        return Pairs(between)


@dataclass(slots=True)
class CpuPairs:
    """The rules about CPUs, between hosts by stated vendor, model and features.

    What nobody knows of a CPU feature cancels between hosts of one kernel. So a class of hosts comes
    with the kernel that all of them run, empty if they run several, and classes are judged as of one
    kernel only if both come with the same.
    """

    knowledge: KnowledgeBase
    table: ObjectionTable
    management: str
    _pairs: dict[tuple[int, int, bool], int] = field(default_factory=dict)
    _sets: dict[frozenset[tuple[int, str]], int] = field(default_factory=dict)
    _hosts: list[HostProfile] = field(default_factory=list)
    _classes: dict[tuple[object, ...], int] = field(default_factory=dict)
    _class_of: dict[HostProfile, int] = field(default_factory=dict)

    def demands(self, hosts: Iterable[HostProfile]) -> int:
        """Return what is objected to on any ordered pair of hosts."""
        kernels: dict[int, str] = {}
        for host in hosts:
            number = self._class(host)
            if kernels.setdefault(number, host.kernel_token) != host.kernel_token:
                kernels[number] = ""
        key = frozenset(kernels.items())
        if key not in self._sets:
            pairs = (
                self._pair(
                    source, destination, alike=bool(kernel) and kernel == kernels[destination]
                )
                for source, kernel in kernels.items()
                for destination in kernels
            )
            self._sets[key] = reduce(or_, pairs, 0)
        return self._sets[key]

    def _class(self, host: HostProfile) -> int:
        number = self._class_of.get(host)
        if number is None:
            stated = host.capabilities if any(host.cpu_name) else None
            known = None if stated is None else self.knowledge.open_cpu_features(stated)
            key = (host.arch, host.cpu_vendor, host.cpu_features, host.cpu_name, known)
            number = self._classes.setdefault(key, len(self._hosts))
            if number == len(self._hosts):
                self._hosts.append(host)
            self._class_of[host] = number
        return number

    def _pair(self, source: int, destination: int, *, alike: bool) -> int:
        key = (source, destination, alike)
        if key not in self._pairs:
            self._pairs[key] = self._judged(
                self._hosts[source], self._hosts[destination], alike=alike
            )
        return self._pairs[key]

    def _judged(self, left: HostProfile, right: HostProfile, *, alike: bool) -> int:
        """Judge two classes as hosts of one kernel or of two."""
        kernels = ("one", "one") if alike else ("one", "other")
        source = replace(left, kernel_token=kernels[0])
        destination = replace(right, kernel_token=kernels[1])
        edge = MigrationEdge(source=source, destination=destination)
        start = GuestStart(baseline=NO_BASELINE)
        features = judge_cpu_features(edge, start, self.knowledge, self.management)
        return self.table.enter(chain(judge_vendors(edge, self.knowledge), features))
