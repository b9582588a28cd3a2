"""Units between hosts: hosts of equal aspects are one class, judged once for the whole fleet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from itertools import product
from operator import or_

from planner.certificate.pairs import NO_BASELINE, ObjectionTable, Pairs
from planner.domain.capability import CapabilityId
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import (
    CpuName,
    HostProfile,
    QemuBuild,
    Tables,
    are_other_cpus,
)
from planner.domain.migrated import ClauseKind, MigratedUnit
from planner.domain.truth import Truth
from planner.domain.verdict import Objection
from planner.knowledge.base import KnowledgeBase
from planner.migration.reach import with_reach
from planner.migration.rules.unit_rules import judge_unit
from planner.migration.unit_case import UnitCase
from planner.migration.units import unit_applies
from planner.migration.views import UnitView, gate, open_view, ungated_view

Gates = tuple[Truth, ...]


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
    """Some units between hosts; hosts of one class have equal aspects for every unit."""

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

    def restricted_to(self, hosts: Iterable[HostProfile], baseline: Baseline) -> UnitPairs:
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
    seen, hosts_open, build_open = _behind_gate(ungated_view(unit, host), opened)
    return HostAspect(
        view=seen,
        kernel=host.kernel_token if hosts_open else "",
        cpu=host.cpu_name if unit.requires and unit.by_cpu else ((), ""),
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
def _behind_gate(ungated: UnitView, gate: Truth) -> tuple[UnitView, bool, bool]:
    """Return a view behind its gate, and whether it leaves capabilities and the build open."""
    seen = replace(ungated, gate=gate)
    return seen, *open_view(seen)
