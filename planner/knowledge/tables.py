"""Machine types and compat properties of known builds; no judgement of pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from planner.domain.capability import Evidence
from planner.domain.compat import DEFAULT, PropertyKey, ValueDifference, plain_value
from planner.domain.host import QemuBuild
from planner.domain.machine_type import MachineType
from planner.domain.truth import Truth
from planner.knowledge.builds import BuildLines, KnownBuild

ANALOGY = frozenset({Evidence.INFERRED, Evidence.MEMORY})
Intervals = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedType:
    """A machine type with the known builds that offer and deprecate it, as refs."""

    machine_type: MachineType
    offered: frozenset[str]
    deprecated: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompatSet:
    """What one machine type adds to the list of the next newer one, on some known builds."""

    machine_type: str
    extends: str
    builds: frozenset[str]
    entries: tuple[tuple[PropertyKey, str], ...]
    source: str


class MachineTables:
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
        self._builds = builds
        self.types = {row.machine_type.name: row for row in types}
        self._sets = sets
        self._indexes: dict[str, Mapping[str, tuple[CompatSet, ...]]] = {}
        self.effective = cache(self._effective)
        self.differences = cache(self._differences)
        self._values = cache(self._all_values)
        self._list = cache(self._build_list)
        self._default_list = cache(self._find_default_list)

    def offers(self, build: QemuBuild, machine_type: str) -> Truth:
        """Return whether `build` can create `machine_type`.

        Tables of another line say nothing about a vendor's own types.
        """
        row = self.types.get(machine_type)
        if row is None or not build.lower:
            return Truth.UNKNOWN
        if row.machine_type.line == build.line and not build.lower.startswith(f"{build.line} "):
            return Truth.UNKNOWN
        has = build.lower in row.offered
        if build.upper and (build.upper in row.offered) != has:
            return Truth.UNKNOWN
        return Truth.of(has)

    def dropped_in(self, machine_type: MachineType) -> KnownBuild | None:
        """Return the first reference release past the last one with a type, None if none is known."""
        row = self.types[machine_type.name]
        builds = [build for build in self._reference_builds() if not build.candidate_of]
        offering = [place for place, build in enumerate(builds) if build.ref in row.offered]
        later = builds[offering[-1] + 1 :] if offering else []
        return later[0] if later else None

    def deprecates(self, build: QemuBuild, machine_type: str) -> bool:
        """Return whether `build` warns that `machine_type` will go."""
        row = self.types.get(machine_type)
        return row is not None and build.lower in row.deprecated

    def alias(self, build: QemuBuild, name: str) -> str | None:
        """Return the versioned type that an alias such as `q35` means on `build`, if certain."""
        names = {
            self._builds.known[ref].aliases.get(name) for ref in (build.lower, build.upper) if ref
        }
        return names.pop() if len(names) == 1 else None

    def is_alias(self, name: str) -> bool:
        """Return whether any known build uses `name` as an alias."""
        return any(name in build.aliases for build in self._builds.known.values())

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
        board = self.types[machine_type].machine_type.board
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
                one = None if self._is_weak(source) else one
                other = None if self._is_weak(destination) else other
            if one is None or other is None or one != other:
                found.append(ValueDifference(key=key, source_value=one, destination_value=other))
        return tuple(found)

    def _all_values(self, build: QemuBuild, machine_type: str) -> Mapping[PropertyKey, str | None]:
        """Return the effective values of all properties that some list of a build names."""
        keys = self._keys(build, machine_type)
        return {key: self._effective(build, machine_type, key) for key in keys}

    def _is_weak(self, build: QemuBuild) -> bool:
        """Whether the lists of a build were filled by analogy: they can agree but not disagree."""
        return any(
            self._builds.known[ref].evidence in ANALOGY for ref in (build.lower, build.upper) if ref
        )

    def _keys(self, build: QemuBuild, machine_type: str) -> set[PropertyKey]:
        keys = set[PropertyKey]()
        board = self.types[machine_type].machine_type.board
        for ref in {build.lower, build.upper} - {""}:
            keys |= set(self._list(ref, machine_type) or ())
            keys |= set(self._default_list(self._builds.known[ref].version[:2], board))
        return keys

    def _find_default_list(self, version: tuple[int, ...], board: str) -> Mapping[PropertyKey, str]:
        """Return what the newest known reference build gives to the type named after `version`.

        Where that type has expired since, later properties have the value of the oldest type left,
        and what its last build did not set had that build's default.
        """
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

    def _reference_builds(self) -> tuple[KnownBuild, ...]:
        return () if self._builds.reference is None else self._builds.reference.builds

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
        row = self.types.get(machine_type)
        if row is None:
            return None
        for found in reversed(self._index(row.machine_type.board).get(machine_type, ())):
            if ref in found.builds:
                below = self._list(ref, found.extends) if found.extends else {}
                if below is None:
                    return None
                return {**below, **{key: plain_value(value) for key, value in found.entries}}
        return None

    def _index(self, board: str) -> Mapping[str, tuple[CompatSet, ...]]:
        if board not in self._indexes:
            index: dict[str, tuple[CompatSet, ...]] = {}
            for found in self._sets(board):
                index[found.machine_type] = (*index.get(found.machine_type, ()), found)
            self._indexes[board] = index
        return self._indexes[board]


def expand(builds: BuildLines, line: str, intervals: Iterable[str]) -> frozenset[str]:
    """Return the refs of the known builds of `line` inside `first..last` intervals."""
    known = builds.by_name[line].builds
    places = {build.release: index for index, build in enumerate(known)}
    refs = set[str]()
    for interval in intervals:
        first, _, last = interval.partition("..")
        if first not in places or (last and last not in places):
            raise KeyError(interval)
        stop = places[last] if last else len(known) - 1
        refs.update(build.ref for build in known[places[first] : stop + 1])
    return frozenset(refs)
