"""Machine types and compat properties of known builds; no judgement of pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from planner.domain.capability import Evidence
from planner.domain.compat import DEFAULT, PropertyKey, ValueDifference, plain_value
from planner.domain.host import QemuBuild
from planner.domain.machine_type import MachineType
from planner.domain.truth import Truth
from planner.knowledge.builds import BuildLines, Grammar, KnownBuild
from planner.knowledge.files.rows import release_key

ANALOGY = frozenset({Evidence.INFERRED, Evidence.MEMORY})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedType:
    """A machine type with the known builds that offer and deprecate it, as refs.

    `suffixed` is the type that this one is made of by a vendor's suffix.
    """

    machine_type: MachineType
    offered: frozenset[str]
    deprecated: frozenset[str]
    suffixed: str = ""


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
        self.types |= _plain_suffixes(builds, self.types)
        self._suffixed = cache(self._make_suffixed)
        self._sets = sets
        self._indexes: dict[str, Mapping[str, tuple[CompatSet, ...]]] = {}
        self.effective = cache(self._effective)
        self.differences = cache(self._differences)
        self._values = cache(self._all_values)
        self._list = cache(self._build_list)
        self._default_list = cache(self._find_default_list)

    def offers(self, build: QemuBuild, machine_type: str) -> Truth:
        """Return whether `build` can create `machine_type`.

        Tables of another line say nothing about a vendor's own types. A build that nobody read offers
        what the known builds on both sides offer. With one of them only, what it has may be gone after
        it and what it lacks may come: a promise of the vendor, or the release that a type is named
        after, decides.
        """
        row = self.row(machine_type)
        if row is None or not (build.below or build.above):
            return Truth.UNKNOWN
        if row.suffixed and not self._reads_suffix(build, row):
            return Truth.NO
        own = row.machine_type.line == build.line and not row.suffixed
        if own and not (build.below or build.above).startswith(f"{build.line} "):
            return Truth.UNKNOWN
        found = self._between(build, row)
        if found is Truth.UNKNOWN and self._is_kept_by_line(build, row):
            return Truth.YES
        return found

    def _reads_suffix(self, build: QemuBuild, row: OfferedType) -> bool:
        """Whether a build's line makes types by this suffix, since its version or before."""
        grammars = self._builds.by_name[row.machine_type.line].grammars
        own = build.line == row.machine_type.line
        return own and any(build.version >= grammar.since for grammar in grammars)

    def _between(self, build: QemuBuild, row: OfferedType) -> Truth:
        """Return what the known builds around a build say of a type that one of them has or lacks."""
        below = build.below in row.offered if build.below else None
        above = build.above in row.offered if build.above else None
        if below is not None and above is not None and below == above:
            return Truth.of(below)
        if below and (self._is_kin(build, build.below) or self._is_kept(build, row)):
            return Truth.YES
        if above is False and self._is_kin(build, build.above):
            return Truth.NO
        if below is False and above is None and self._is_closed(build):
            return Truth.NO
        named = row.machine_type.release
        if named and not row.machine_type.variant and build.version < named[: len(build.version)]:
            return Truth.NO
        return Truth.NO if below is None and above is False else Truth.UNKNOWN

    def _is_kin(self, build: QemuBuild, ref: str) -> bool:
        """Whether a known build is an update of the same package, by the vendor's word."""
        same = self._builds.known[ref].line == build.line
        return same and bool(build.kin) and self._builds.kin_of(ref) == build.kin

    def _is_kept(self, build: QemuBuild, row: OfferedType) -> bool:
        """Whether a vendor says that a build has every type of the known one before it."""
        line, known = self._builds.by_name[build.line], self._builds.known[build.below]
        arch = row.machine_type.arch
        return known.line == build.line and any(
            not word.of_reference and word.holds_between(known.release, build.release, arch)
            for word in line.keeps
        )

    def _is_closed(self, build: QemuBuild) -> bool:
        """Whether a vendor's word is that no build brings a type after the known one before this."""
        line, known = self._builds.by_name[build.line], self._builds.known[build.below]
        places = {one.release: place for place, one in enumerate(line.builds)}
        return known.line == build.line and any(
            word.added_until in places and places[word.added_until] <= places[known.release]
            for word in line.keeps
        )

    def lost_against_word(self, before: KnownBuild, after: KnownBuild) -> tuple[str, ...]:
        """Return the types of a known build that a later one lacks although a vendor keeps them."""
        line = self._builds.by_name[before.line]
        kin = self._builds.kin_of(before.ref)
        alike = bool(kin) and kin == self._builds.kin_of(after.ref)
        return tuple(
            name
            for name, row in self.types.items()
            if before.ref in row.offered
            and after.ref not in row.offered
            and not row.suffixed
            and (
                alike
                or any(
                    not word.of_reference
                    and word.holds_between(before.release, after.release, row.machine_type.arch)
                    for word in line.keeps
                )
            )
        )

    def _is_kept_by_line(self, build: QemuBuild, row: OfferedType) -> bool:
        """Whether a vendor says to keep every type of the reference line, and it has this one."""
        line, reference = self._builds.by_name[build.line], self._builds.reference
        if reference is None or not any(keeps.of_reference for keeps in line.keeps):
            return False
        if row.machine_type.line != reference.name:
            return False
        same = [one for one in reference.builds if one.version[:2] == build.version[:2]]
        return bool(same) and all(one.ref in row.offered for one in same)

    def row(self, name: str) -> OfferedType | None:
        """Return a machine type by its name, one that a vendor makes by a suffix included."""
        found = self.types.get(name)
        return found if found is not None else self._suffixed(name)

    def _make_suffixed(self, name: str) -> OfferedType | None:
        """Return the type that some vendor's builds read in `name`: another type and a suffix."""
        for line in self._builds.lines:
            for grammar in line.grammars:
                base = self.types.get(grammar.base_of(name))
                if base is not None and self._builds.is_reference(base.machine_type.line):
                    return suffixed_type(base, name, line.name, grammar)
        return None

    def dropped_in(self, machine_type: MachineType) -> KnownBuild | None:
        """Return the first reference release past the last one with a type, None if none is known."""
        row = self.row(machine_type.name)
        assert row is not None
        builds = [build for build in self._reference_builds() if not build.candidate_of]
        offering = [place for place, build in enumerate(builds) if build.ref in row.offered]
        later = builds[offering[-1] + 1 :] if offering else []
        return later[0] if later else None

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


def suffixed_type(base: OfferedType, name: str, line: str, grammar: Grammar) -> OfferedType:
    """Return the type that builds of `line` make of another one by a suffix."""
    number = release_key(name[len(base.machine_type.name) :])
    made = replace(
        base.machine_type,
        name=name,
        line=line,
        rank=base.machine_type.rank + (number[0] if number else 0),
        evidence=grammar.evidence,
        source=grammar.source,
    )
    return replace(base, machine_type=made, suffixed=base.machine_type.name)


def _plain_suffixes(
    builds: BuildLines, types: Mapping[str, OfferedType]
) -> Mapping[str, OfferedType]:
    """Return what vendors make of every type of the reference line for a fresh guest."""
    return {
        name: suffixed_type(row, name, line.name, grammar)
        for line in builds.lines
        for grammar in line.grammars
        for row in types.values()
        if builds.is_reference(row.machine_type.line) and not row.machine_type.unversioned
        for name in (f"{row.machine_type.name}{grammar.plain}",)
        if name not in types
    }


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
