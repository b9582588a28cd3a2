"""Which machine types the builds of a domain have in common; remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.domain.host import QemuBuild, Tables
from planner.domain.machine_type import MachineType
from planner.domain.policy import Policy
from planner.domain.truth import Truth, all_of
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.calendar import supported_releases
from planner.migration.graph import MigrationDomain


@dataclass(slots=True)
class AvailableTypes:
    """Machine types by board and line, and who offers them."""

    knowledge: KnowledgeBase
    policy: Policy
    _offered: dict[tuple[str, QemuBuild], Truth] = field(default_factory=dict)
    _column_of: dict[tuple[str, str, QemuBuild], tuple[Truth, ...]] = field(default_factory=dict)
    _columns: dict[tuple[str, str, frozenset[Tables]], tuple[Truth, ...]] = field(
        default_factory=dict
    )
    _common_lines: dict[frozenset[QemuBuild], frozenset[tuple[str, str]]] = field(
        default_factory=dict
    )
    _newest: dict[tuple[str, str, frozenset[QemuBuild]], MachineType | None] = field(
        default_factory=dict
    )
    _next_above: dict[tuple[str, frozenset[QemuBuild]], MachineType | None] = field(
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
                and row.machine_type.name not in self.policy.retired_types
            ]
            self._candidates[key] = tuple(sorted(rows, key=lambda row: row.rank, reverse=True))
        return self._candidates[key]

    def offers_of(
        self, domain: MigrationDomain, types: tuple[MachineType, ...]
    ) -> tuple[Truth, ...]:
        """Return for each type of one board and line whether every build of a domain offers it."""
        if not types:
            return ()
        key = (types[0].board, types[0].line, domain.tables)
        if key not in self._columns:
            columns = [self._column(build, types) for build in domain.builds]
            self._columns[key] = tuple(map(all_of, zip(*columns, strict=True)))
        return self._columns[key]

    def _column(self, build: QemuBuild, types: tuple[MachineType, ...]) -> tuple[Truth, ...]:
        """Return for each type whether one build offers it."""
        key = (types[0].board, types[0].line, build)
        if key not in self._column_of:
            self._column_of[key] = tuple(self.of_build(build, row.name) for row in types)
        return self._column_of[key]

    def of_build(self, build: QemuBuild, machine_type: str) -> Truth:
        """Return whether a build offers a type."""
        key = (machine_type, build)
        if key not in self._offered:
            self._offered[key] = self.knowledge.machines.offers(build, machine_type)
        return self._offered[key]

    def newest_of_any(
        self, builds: frozenset[QemuBuild], board: str, line: str, arch: str
    ) -> MachineType | None:
        """Return the newest type of a line that some build certainly offers."""
        key = (board, line, builds)
        if key not in self._newest:
            those = [build for build in builds if (board, line) in self.lines_of(build)]
            self._newest[key] = next(
                (
                    row
                    for row in (self.candidates(arch, board, line) if those else ())
                    if any(self.of_build(build, row.name) is Truth.YES for build in those)
                ),
                None,
            )
        return self._newest[key]

    def next_above(self, domain: MigrationDomain, chosen: MachineType) -> MachineType | None:
        """Return the next type of a board and line to go for, None if there is none.

        The lowest above `chosen` that every build of the domain offers already, or that is the newest
        of one of its builds or of a release that its hosts' own vendors bring and mend. Where nobody has
        written down a vendor's releases: the next one that is known.
        """
        key = (chosen.name, domain.builds)
        if key not in self._next_above:
            self._next_above[key] = self._find_next(domain, chosen)
        return self._next_above[key]

    def _find_next(self, domain: MigrationDomain, chosen: MachineType) -> MachineType | None:
        arch, board, line = chosen.arch, chosen.board, chosen.line
        types = self.candidates(arch, board, line)
        offers = self.offers_of(domain, types)
        lines = frozenset(build.line for build in domain.builds)
        releases = supported_releases(self.knowledge.releases, lines)
        brought = (self.knowledge.build_of(release.qemu) for release in releases or ())
        newest = {self._newest_plain(build, types) for build in (*domain.builds, *brought)}
        above = (
            row
            for row, offer in zip(reversed(types), reversed(offers), strict=True)
            if row.rank > chosen.rank
            and not row.variant
            and (releases is None or offer is Truth.YES or row in newest)
        )
        return next(above, None)

    def _newest_plain(self, build: QemuBuild, types: tuple[MachineType, ...]) -> MachineType | None:
        """Return the newest of types that a build certainly offers, variants left out."""
        return next(
            (
                row
                for row, offer in zip(types, self._column(build, types), strict=True)
                if offer is Truth.YES and not row.variant
            ),
            None,
        )

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
        limits = (
            ("floor", self._bound(self.policy.floors, board, line)),
            ("ceiling", self._bound(self.policy.ceilings, board, line)),
        )
        return tuple(f"{word} {row.name}" for word, row in limits if row is not None)

    def _bound(
        self, bounds: Iterable[tuple[str, str]], board: str, line: str
    ) -> MachineType | None:
        for name, machine_type in bounds:
            row = self.knowledge.machine_type(machine_type)
            if name == board and row is not None and row.line == line:
                return row
        return None
