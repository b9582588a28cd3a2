"""What machine types set on known builds, and where that differs; no judgement of pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from planner.domain.capability import Evidence
from planner.domain.compat import DEFAULT, PropertyKey, ValueDifference, plain_value
from planner.domain.host import QemuBuild
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.qemu.machine_types import MachineTypes, OfferedType

ANALOGY = frozenset({Evidence.INFERRED, Evidence.MEMORY})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompatSet:
    """What one machine type adds to the list of the next newer one, on some known builds."""

    machine_type: str
    extends: str = ""
    builds: frozenset[str]
    entries: tuple[tuple[PropertyKey, str], ...]
    source: str


class MachineTables(MachineTypes):
    """Look-ups over `(build, machine type, property)`.

    A build between two known ones has what both have; what differs is unknown. A property that no
    entry sets has the value that newer builds give to the machine type named after the build's own
    version: a release's own newest type is its default.
    """

    def __init__(
        self,
        *,
        builds: BuildLines,
        types: Iterable[OfferedType],
        sets: Callable[[str], Iterable[CompatSet]],
    ) -> None:
        """Keep the types; `sets` reads the compat sets of one board when they are first needed."""
        super().__init__(builds, types)
        self._sets = sets
        self._indexes: dict[str, Mapping[str, tuple[CompatSet, ...]]] = {}
        self.effective = cache(self._effective)
        self.differences = cache(self._differences)
        self._values = cache(self._all_values)
        self._list = cache(self._build_list)
        self._default_list = cache(self._find_default_list)

    def entries(self, ref: str, machine_type: str) -> Mapping[PropertyKey, str] | None:
        """Return the compat properties of a type on a known build, None if nobody read them."""
        return self._list(ref, machine_type)

    def _effective(self, build: QemuBuild, machine_type: str, key: PropertyKey) -> str | None:
        """Return the value of a property, `DEFAULT` where nothing sets it, None if unknown."""
        values = {
            self._known_value(ref, machine_type, key)
            for ref in {build.lower, build.upper or build.lower}
        }
        return values.pop() if len(values) == 1 else None

    def _known_value(self, ref: str, machine_type: str, key: PropertyKey) -> str | None:
        if not ref:
            return None
        entries = self._list(ref, machine_type)
        if entries is None:
            return None
        if key in entries:
            return entries[key]
        board = self._board_of(machine_type)
        return self._default_list(self._builds.known[ref].version[:2], board).get(key, DEFAULT)

    def _differences(
        self, source: QemuBuild, destination: QemuBuild, machine_type: str
    ) -> tuple[ValueDifference, ...]:
        """Return the properties whose effective values differ or cannot be told, in key order."""
        if source.is_read_as(destination):
            return ()
        ours, theirs = self._values(source, machine_type), self._values(destination, machine_type)
        unlike = {key for key, _ in ours.items() ^ theirs.items()}
        unlike.update(key for key, value in ours.items() if value is None)
        found = []
        for key in sorted(unlike):
            one = self.effective(source, machine_type, key)
            other = self.effective(destination, machine_type, key)
            if one is not None and other is not None and one != other:
                weak = self._may_be(source, machine_type, key, other)
                other = None if self._may_be(destination, machine_type, key, one) else other
                one = None if weak else one
            if one is None or other is None or one != other:
                found.append(ValueDifference(key=key, source_value=one, destination_value=other))
        return tuple(found)

    def _all_values(self, build: QemuBuild, machine_type: str) -> Mapping[PropertyKey, str | None]:
        """Return the effective values of all properties that some list of a build names."""
        keys = self._keys(build, machine_type)
        return {key: self._effective(build, machine_type, key) for key in keys}

    def _may_be(self, build: QemuBuild, machine_type: str, key: PropertyKey, value: str) -> bool:
        """Whether a build may give a property another's value: by a fix that its vendor carries, too."""
        fixed = self._builds.may_carry(build)
        return self._is_weak(build) or any(
            self._known_value(ref, machine_type, key) == value for ref in fixed
        )

    def _is_weak(self, build: QemuBuild) -> bool:
        """Whether the lists of a build were filled by analogy: they can agree but not disagree."""
        return any(
            self._builds.known[ref].evidence in ANALOGY for ref in (build.lower, build.upper) if ref
        )

    def _keys(self, build: QemuBuild, machine_type: str) -> set[PropertyKey]:
        keys = set[PropertyKey]()
        board = self._board_of(machine_type)
        for ref in {build.lower, build.upper} - {""}:
            keys |= set(self._list(ref, machine_type) or ())
            keys |= set(self._default_list(self._builds.known[ref].version[:2], board))
        return keys

    def _board_of(self, machine_type: str) -> str:
        row = self.row(machine_type)
        return "" if row is None else row.machine_type.board

    def _find_default_list(self, version: tuple[int, ...], board: str) -> Mapping[PropertyKey, str]:
        """Return what the newest known reference build gives to the type named after `version`.

        Where that type has expired since, later properties have the value of the oldest type left,
        and what its last build did not set had that build's default.
        """
        if not any(row.machine_type.release for row in self._reference_types(board)):
            return self._common_defaults(version, board)
        named = [
            row
            for row in self._reference_types(board)
            if row.machine_type.release == version and not row.machine_type.variant
        ]
        for row in named:
            last = self._last_offering(row)
            if last:
                own = self._list(last, row.machine_type.name) or {}
                then = self._builds.known[last].version[:2]
                since = self._default_list(then, board) if then > version else {}
                return {**since, **self._later_than(last, board), **own}
        return {}

    def _common_defaults(self, version: tuple[int, ...], board: str) -> Mapping[PropertyKey, str]:
        """Return what every board of an architecture with types of its releases says of defaults.

        A board without versions is made by the defaults of its build alone.
        """
        archs = {row.machine_type.arch for row in self._reference_types(board)}
        others = {
            row.machine_type.board
            for row in self.types.values()
            if row.machine_type.arch in archs and row.machine_type.release
        }
        lists = [self._default_list(version, other) for other in sorted(others)]
        told = [set(one.items()) for one in lists if one]
        return dict(told[0].intersection(*told[1:])) if told else {}

    def _reference_types(self, board: str) -> list[OfferedType]:
        """Return the types of a board that the reference line names, oldest first."""
        rows = [
            row
            for row in self.types.values()
            if row.machine_type.board == board and self._builds.is_reference(row.machine_type.line)
        ]
        return sorted(rows, key=lambda row: row.machine_type.rank)

    def _last_offering(self, row: OfferedType) -> str:
        builds = self._reference_builds()
        return next((build.ref for build in reversed(builds) if build.ref in row.offered), "")

    def _later_than(self, ref: str, board: str) -> Mapping[PropertyKey, str]:
        """Return the properties of the oldest type left that no list of the build `ref` knows."""
        newest = self._reference_builds()[-1].ref
        if ref == newest:
            return {}
        oldest_then, oldest_now = self._oldest(ref, board), self._oldest(newest, board)
        return {key: value for key, value in oldest_now.items() if key not in oldest_then}

    def _oldest(self, ref: str, board: str) -> Mapping[PropertyKey, str]:
        """Return the list of the oldest type that a build offers."""
        row = next((row for row in self._reference_types(board) if ref in row.offered), None)
        return {} if row is None else self._list(ref, row.machine_type.name) or {}

    def _build_list(self, ref: str, machine_type: str) -> Mapping[PropertyKey, str] | None:
        row = self.row(machine_type)
        if row is None:
            return None
        for found in reversed(self._index(row.machine_type.board).get(machine_type, ())):
            if ref in found.builds:
                below = self._list(ref, found.extends) if found.extends else {}
                if below is None:
                    return None
                return {**below, **{key: plain_value(value) for key, value in found.entries}}
        if row.suffixed:
            return self._list(ref, row.suffixed)
        if row.machine_type.unversioned and ref in row.offered:
            return {}
        known = self._builds.known[ref]
        return (
            self._list(f"{known.line} {known.lists_of}", machine_type) if known.lists_of else None
        )

    def _index(self, board: str) -> Mapping[str, tuple[CompatSet, ...]]:
        if board not in self._indexes:
            index: dict[str, tuple[CompatSet, ...]] = {}
            for found in self._sets(board):
                index[found.machine_type] = (*index.get(found.machine_type, ()), found)
            self._indexes[board] = index
        return self._indexes[board]
