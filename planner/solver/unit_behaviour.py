"""Rows of units, numbered: a host is a vector of numbers, and equal vectors are one class of hosts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.domain.compat import CompatFlag
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import MigratedUnit
from planner.knowledge.base import KnowledgeBase
from planner.solver.levels import Level, gate_level
from planner.solver.unit_facts import UnitBehaviour, behaviour_of

Vector = tuple[int, ...]


@dataclass(slots=True)
class BehaviourTable:
    """Some units over the hosts of a fleet; `flags` are set on every host."""

    units: tuple[MigratedUnit, ...]
    knowledge: KnowledgeBase
    flags: tuple[CompatFlag, ...]
    rows: list[UnitBehaviour] = field(default_factory=list)
    vectors: list[Vector] = field(default_factory=list)
    _numbers: dict[UnitBehaviour, int] = field(default_factory=dict)
    _classes: dict[Vector, int] = field(default_factory=dict)
    _levels: dict[tuple[QemuBuild, str], int] = field(default_factory=dict)
    _level_lists: list[tuple[Level, ...]] = field(default_factory=list)
    _class_of: dict[tuple[HostProfile, int], int] = field(default_factory=dict)
    _under: dict[str, dict[HostProfile, int]] = field(default_factory=dict)
    _row_of: dict[tuple[int, HostProfile, Level], int] = field(default_factory=dict)

    def classes(self, hosts: Iterable[HostProfile], machine_type: str) -> frozenset[int]:
        """Return the classes of some hosts; without a machine type every gate is open."""
        known = self._under.setdefault(machine_type, {})
        numbers = set()
        for host in hosts:
            number = known.get(host)
            if number is None:
                number = known[host] = self._class(host, self._levels_of(host.qemu, machine_type))
            numbers.add(number)
        return frozenset(numbers)

    def number_of(self, row: UnitBehaviour) -> int:
        """Return the number of a row of some host."""
        return self._numbers[row]

    def vector_of(self, host: HostProfile, machine_type: str) -> Vector:
        """Return the numbers of a host's rows, one per unit."""
        (number,) = self.classes([host], machine_type)
        return self.vectors[number]

    def _class(self, host: HostProfile, levels: int) -> int:
        key = (host, levels)
        if key not in self._class_of:
            vector = self._vector(host, self._level_lists[levels])
            number = self._classes.setdefault(vector, len(self.vectors))
            if number == len(self.vectors):
                self.vectors.append(vector)
            self._class_of[key] = number
        return self._class_of[key]

    def _levels_of(self, build: QemuBuild, machine_type: str) -> int:
        """Return a number for how far each unit is let out by a build under a machine type."""
        key = (build, machine_type)
        if key not in self._levels:
            levels = tuple(
                gate_level(unit, build, machine_type, self.flags, self.knowledge)
                for unit in self.units
            )
            if levels not in self._level_lists:
                self._level_lists.append(levels)
            self._levels[key] = self._level_lists.index(levels)
        return self._levels[key]

    def _vector(self, host: HostProfile, levels: tuple[Level, ...]) -> Vector:
        return tuple(self._row(index, host, level) for index, level in enumerate(levels))

    def _row(self, index: int, host: HostProfile, level: Level) -> int:
        key = (index, host, level)
        if key not in self._row_of:
            row = behaviour_of(self.units[index], host, level)
            number = self._numbers.setdefault(row, len(self.rows))
            if number == len(self.rows):
                self.rows.append(row)
            self._row_of[key] = number
        return self._row_of[key]
