"""Which machine types the builds of a domain have in common; remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.domain.host import QemuBuild
from planner.domain.machine_type import MachineType
from planner.domain.policy import Policy
from planner.domain.truth import Truth, all_of
from planner.knowledge.base import KnowledgeBase


@dataclass(slots=True)
class Offers:
    """Machine types by board and line, and who offers them."""

    knowledge: KnowledgeBase
    policy: Policy
    _common: dict[tuple[str, frozenset[QemuBuild]], Truth] = field(default_factory=dict)
    _columns: dict[tuple[str, str, frozenset[QemuBuild]], tuple[Truth, ...]] = field(
        default_factory=dict
    )
    _common_lines: dict[frozenset[QemuBuild], frozenset[tuple[str, str]]] = field(
        default_factory=dict
    )
    _newest: dict[tuple[str, str, frozenset[QemuBuild]], MachineType | None] = field(
        default_factory=dict
    )
    _offered_lines: dict[QemuBuild, frozenset[tuple[str, str]]] = field(default_factory=dict)
    _candidates: dict[tuple[str, str, str], tuple[MachineType, ...]] = field(default_factory=dict)

    def candidates(self, arch: str, board: str, line: str) -> tuple[MachineType, ...]:
        """Return the types of a board and line, newest first, inside floor and ceiling."""
        key = (arch, board, line)
        if key not in self._candidates:
            floor = self._bound(self.policy.floors, board, line)
            ceiling = self._bound(self.policy.ceilings, board, line)
            rows = [
                row.machine_type
                for row in self.knowledge.machines.types.values()
                if (row.machine_type.arch, row.machine_type.board, row.machine_type.line) == key
                and (floor is None or row.machine_type.rank >= floor.rank)
                and (ceiling is None or row.machine_type.rank <= ceiling.rank)
            ]
            self._candidates[key] = tuple(sorted(rows, key=lambda row: row.rank, reverse=True))
        return self._candidates[key]

    def offer(self, builds: frozenset[QemuBuild], machine_type: str) -> Truth:
        """Return whether every one of `builds` offers a type; NO beats UNKNOWN."""
        key = (machine_type, builds)
        if key not in self._common:
            self._common[key] = all_of(
                self.knowledge.machines.offers(build, machine_type) for build in builds
            )
        return self._common[key]

    def offers_of(
        self, builds: frozenset[QemuBuild], types: tuple[MachineType, ...]
    ) -> tuple[Truth, ...]:
        """Return for each type whether every build offers it."""
        key = (types[0].board, types[0].line, builds) if types else ("", "", builds)
        if key not in self._columns:
            self._columns[key] = tuple(self.offer(builds, row.name) for row in types)
        return self._columns[key]

    def newest_of_any(
        self, builds: frozenset[QemuBuild], board: str, line: str, arch: str
    ) -> MachineType | None:
        """Return the newest type of a line that some build certainly offers."""
        key = (board, line, builds)
        if key not in self._newest:
            offers = self.knowledge.machines.offers
            those = [build for build in builds if (board, line) in self.lines_of(build)]
            self._newest[key] = next(
                (
                    row
                    for row in (self.candidates(arch, board, line) if those else ())
                    if any(offers(build, row.name) is Truth.YES for build in those)
                ),
                None,
            )
        return self._newest[key]

    def common_lines(self, builds: frozenset[QemuBuild]) -> frozenset[tuple[str, str]]:
        """Return the boards and lines of which every build may offer some type."""
        if builds not in self._common_lines:
            lines = [self.lines_of(build) for build in builds]
            self._common_lines[builds] = lines[0].intersection(*lines[1:])
        return self._common_lines[builds]

    def lines_of(self, build: QemuBuild) -> frozenset[tuple[str, str]]:
        """Return the boards and lines of which a build may offer some type."""
        if build not in self._offered_lines:
            self._offered_lines[build] = frozenset(
                (row.machine_type.board, row.machine_type.line)
                for name, row in self.knowledge.machines.types.items()
                if self.knowledge.machines.offers(build, name) is not Truth.NO
            )
        return self._offered_lines[build]

    def bounds(self, board: str, line: str) -> tuple[str, ...]:
        """Return what the policy bounds a board and line with: `floor TYPE`, `ceiling TYPE`."""
        found = (
            ("floor", self._bound(self.policy.floors, board, line)),
            ("ceiling", self._bound(self.policy.ceilings, board, line)),
        )
        return tuple(f"{word} {row.name}" for word, row in found if row is not None)

    def _bound(
        self, bounds: Iterable[tuple[str, str]], board: str, line: str
    ) -> MachineType | None:
        for name, machine_type in bounds:
            row = self.knowledge.machine_type(machine_type)
            if name == board and row is not None and row.line == line:
                return row
        return None
