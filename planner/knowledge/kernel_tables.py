"""What was read in the sources of whole kernels: exact for those, inferred between, else unknown."""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from planner.domain.capability import CapabilityId, Evidence, Presence
from planner.domain.errors import KnowledgeError, Location, Problem

Key = tuple[int, ...]
Told = tuple[Presence, Evidence]
Cells = Mapping[str, str]

FOLDER = "harvested/kernels"
RELEASES, VOCABULARY = "releases", "vocabulary"
CPUID = "cpuid"
"""The part in which a kernel's sources tell of CPU features."""
HEADS = {
    RELEASES: ("line", "release", "arch", "source", "parts"),
    VOCABULARY: ("arch", "part", "name", "first_seen"),
    "": ("arch", "name", "given", "condition", "releases"),
}
"""The columns of the two tables of all lines, and of the table of each line."""
GIVEN = {
    "yes": Presence.PRESENT,
    "hardware": Presence.POSSIBLE,
    "param": Presence.POSSIBLE,
    "vendor": Presence.POSSIBLE,
}
MAY_GIVE = frozenset({Presence.PRESENT, Presence.POSSIBLE})
UNKNOWN: Told = (Presence.UNKNOWN, Evidence.INFERRED)
LAST = (1 << 62,)
"""After every number of a release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """How releases of a line follow each other: the first `numbers` of a release name its branch.

    A release of a branch gives what earlier ones of the branch gave, but for what is in `loses`, and
    gains nothing but what is in `gains`; None: anything. `onward`: what a branch gives, later ones
    give from their first release on. `is_trunk`: vendors take from this line.
    """

    numbers: int
    loses: frozenset[str] = frozenset()
    gains: frozenset[str] | None = None
    onward: bool = False
    is_trunk: bool = False
    evidence: Evidence = Evidence.INFERRED
    source: str = ""

    def of(self, key: Key) -> Key:
        """Return the branch of a release."""
        return key[: self.numbers]

    def is_steady(self, name: str) -> bool:
        """Whether all releases of a branch are alike about `name`."""
        return self.gains is not None and name not in self.gains and name not in self.loses


@dataclass(frozen=True, slots=True)
class _Place:
    """The releases around a key among those that were read, by number, -1 if there is none.

    `exact` is the release itself, `before` and `after` its neighbours inside the branch, `older` and
    `newer` the nearest ones of other branches.
    """

    exact: int
    before: int
    after: int
    older: int
    newer: int

    @property
    def nearest(self) -> tuple[int, ...]:
        """The release itself, else its neighbours in the branch, else those of other branches."""
        around = ((self.exact,), (self.before, self.after), (self.older, self.newer))
        found = (tuple(one for one in places if one >= 0) for places in around)
        return next((places for places in found if places), ())


@dataclass(frozen=True, slots=True, eq=False)
class _Reads:
    """The releases of a line in which one part was read, in order."""

    keys: tuple[Key, ...]
    numbers: tuple[int, ...]
    branch: Branch
    _places: dict[Key, _Place] = field(default_factory=dict)

    def place(self, key: Key) -> _Place:
        """Return the releases around a key."""
        if key not in self._places:
            at, own = bisect_left(self.keys, key), self.branch.of(key)
            start, end = bisect_left(self.keys, own), bisect_right(self.keys, own + LAST)
            exact = at < len(self.keys) and self.keys[at] == key
            self._places[key] = _Place(
                exact=at if exact else -1,
                before=at - 1 if at > start else -1,
                after=at if at < end else -1,
                older=start - 1,
                newer=end if end < len(self.keys) else -1,
            )
        return self._places[key]


@dataclass(frozen=True, slots=True, eq=False)
class _Looks:
    """What was read of one capability on one line: `given` by intervals of the line's releases."""

    name: str
    reads: _Reads
    given: tuple[tuple[int, int, Presence], ...]
    is_nowhere: bool

    def at(self, key: Key) -> Told:
        """Return whether the release gives the capability."""
        place, branch = self.reads.place(key), self.reads.branch
        if place.exact >= 0:
            return self._look(place.exact), Evidence.SOURCE
        if place.before >= 0 and place.after >= 0:
            return _both(self._look(place.before), self._look(place.after))
        if branch.is_steady(self.name) and (place.before >= 0 or place.after >= 0):
            return _inferred(self._look(max(place.before, place.after)))
        if place.before >= 0:
            return self._after(self._look(place.before), key)
        if place.after >= 0:
            return self._before(self._look(place.after), place, key)
        return self._between_branches(place, key)

    def over(self, key: Key) -> Told:
        """Return what holds for every release of a branch, of which a text names no release."""
        own = self.reads.branch.of(key)
        found = {self.at(own)[0], self.at(own + LAST)[0]}
        found.update(
            self._look(number)
            for number in range(
                bisect_left(self.reads.keys, own), bisect_right(self.reads.keys, own + LAST)
            )
        )
        if found <= MAY_GIVE:
            return _inferred(Presence.POSSIBLE if Presence.POSSIBLE in found else Presence.PRESENT)
        return _inferred(found.pop()) if len(found) == 1 else UNKNOWN

    def is_lost_after(self, key: Key) -> bool:
        """Whether a later release was read and lacks the capability."""
        start = bisect_right(self.reads.keys, key)
        return any(not self._gives(number) for number in range(start, len(self.reads.keys)))

    def _look(self, place: int) -> Presence:
        number = self.reads.numbers[place]
        for first, last, presence in self.given:
            if first <= number <= last:
                return presence
        return Presence.ABSENT

    def _gives(self, place: int) -> bool:
        return self._look(place) is not Presence.ABSENT

    def _after(self, last: Presence, key: Key) -> Told:
        """Return what is known after the last release of a branch that was read."""
        if last is not Presence.ABSENT:
            return UNKNOWN if self.name in self.reads.branch.loses else _inferred(last)
        return self._not_yet(key)

    def _before(self, first: Presence, place: _Place, key: Key) -> Told:
        """Return what is known before the first release of a branch that was read."""
        if self.name in self.reads.branch.loses:
            return UNKNOWN
        if first is Presence.ABSENT:
            return _inferred(Presence.ABSENT)
        if self.reads.branch.onward and place.older >= 0 and self._gives(place.older):
            return _inferred(first)
        begun = self._begun_with(self.reads.branch.of(key))
        return _inferred(first) if begun is True else UNKNOWN

    def _between_branches(self, place: _Place, key: Key) -> Told:
        """Return what is known of a branch of which no release was read."""
        if place.newer < 0:
            return self._after(self._look(place.older), key)
        branch, begins = self.reads.branch, key <= (*self.reads.branch.of(key), 0)
        if place.older < 0:
            if self.name in branch.loses or self._gives(place.newer):
                return UNKNOWN
            alike = branch.is_steady(self.name) or begins
            return _inferred(Presence.ABSENT) if alike else self._not_yet(key)
        older, newer = self._look(place.older), self._look(place.newer)
        if branch.is_steady(self.name) or (branch.onward and older in MAY_GIVE):
            return UNKNOWN if self.name in branch.loses else _both(older, newer)
        return self._at_branch(key, begins=begins)

    def _at_branch(self, key: Key, *, begins: bool) -> Told:
        """Return what the trunk gave a branch of which no release was read, as far as that decides."""
        branch = self.reads.branch
        had = self._begun_with(branch.of(key))
        if had is None or self.name in branch.loses:
            return UNKNOWN
        if had:
            return _inferred(Presence.POSSIBLE)
        return _inferred(Presence.ABSENT) if begins else self._not_yet(key)

    def _not_yet(self, key: Key) -> Told:
        """Return what is known where a capability was not there: what nobody has, came to nobody."""
        has_come = self.reads.branch.is_trunk and key > self.reads.keys[-1]
        return _inferred(Presence.ABSENT) if self.is_nowhere and not has_come else UNKNOWN

    def _begun_with(self, branch: Key) -> bool | None:
        """Return whether a branch had the capability where it left the trunk; None: nobody knows.

        The first release of a branch is of the trunk. What a later one lacks, the trunk lacked too.
        """
        told = [
            (self.reads.branch.of(key), gives)
            for place, key in enumerate(self.reads.keys)
            if (gives := self._told_of_trunk(place, key)) is not None
        ]
        older = [gives for other, gives in told if other <= branch]
        newer = [gives for other, gives in told if other > branch]
        if any(other == branch for other, _ in told):
            return older[-1]
        if older and newer:
            return older[-1] if older[-1] == newer[0] else None
        return False if newer and not newer[0] else None

    def _told_of_trunk(self, place: int, key: Key) -> bool | None:
        """Return what a release tells of the trunk where its branch left it."""
        gives = self._gives(place)
        if key <= (*self.reads.branch.of(key), 0):
            return gives
        return False if not gives and self.name not in self.reads.branch.loses else None


def _inferred(presence: Presence) -> Told:
    return presence, Evidence.INFERRED


def _both(one: Presence, other: Presence) -> Told:
    """Return what two neighbours agree about."""
    if one is other:
        return _inferred(one)
    return UNKNOWN if Presence.ABSENT in (one, other) else _inferred(Presence.POSSIBLE)


@dataclass(frozen=True, slots=True, eq=False)
class _LineTable:
    """What was read of one line: its releases in order by architecture, and who gives what."""

    line: str
    releases: Mapping[str, Sequence[Cells]]
    given: Mapping[tuple[str, str], Sequence[Cells]]
    branch: Branch
    key_of: Callable[[str], Key]
    _reads: dict[tuple[str, str], _Reads] = field(default_factory=dict)
    _places: dict[str, dict[str, int]] = field(default_factory=dict)
    _looks: dict[tuple[str, str], _Looks | None] = field(default_factory=dict)

    def looks(self, arch: str, name: str, part: str, *, is_nowhere: bool) -> _Looks | None:
        """Return what was read of a capability, None if its part was read in no release."""
        key = (arch, name)
        if key not in self._looks:
            reads = self._read(arch, part)
            rows = self.given.get(key, ())
            given = tuple(
                (first, last, GIVEN[row["given"]])
                for row in rows
                for first, last in self._intervals(arch, row["releases"])
            )
            self._looks[key] = _Looks(name, reads, given, is_nowhere) if reads.keys else None
        return self._looks[key]

    def bound_to_vendor(self, arch: str, key: Key) -> dict[CapabilityId, str] | None:
        """Return the CPU features that a release, or one beside it, gives to one vendor's CPUs only.

        None if no release of the line was read for this architecture.
        """
        reads = self._read(arch, CPUID)
        if not reads.keys:
            return None
        near = reads.place(key).nearest
        return {
            CapabilityId(name): row["condition"]
            for (of, name), rows in self.given.items()
            if of == arch and name.startswith("cpu.")
            for row in rows
            if row["given"] == "vendor"
            for first, last in self._intervals(arch, row["releases"])
            if any(first <= reads.numbers[place] <= last for place in near)
        }

    def _read(self, arch: str, part: str) -> _Reads:
        if (arch, part) not in self._reads:
            rows = enumerate(self.releases.get(arch, ()))
            found = sorted(
                (self.key_of(row["release"]), number)
                for number, row in rows
                if part in row["parts"].split()
            )
            keys, numbers = tuple(key for key, _ in found), tuple(number for _, number in found)
            self._reads[arch, part] = _Reads(keys, numbers, self.branch)
        return self._reads[arch, part]

    def _intervals(self, arch: str, text: str) -> Iterator[tuple[int, int]]:
        """Yield the numbers of `a..b;c` among the releases of the line that were read."""
        if arch not in self._places:
            rows = enumerate(self.releases.get(arch, ()))
            self._places[arch] = {row["release"]: number for number, row in rows}
        places = self._places[arch]
        for interval in text.split(";"):
            first, _, last = interval.partition("..")
            if first not in places or (last and last not in places):
                what = f"'{interval}' names a release that is not in {RELEASES}.csv"
                raise _wrong(self.line, what)
            yield places[first], places[last or first]


@dataclass(frozen=True, eq=False)
class KernelTables:
    """Every table of `harvested/kernels/`, each read when it is first asked for."""

    roots: tuple[Path, ...] = ()
    _lines: dict[str, _LineTable | None] = field(default_factory=dict)

    @cached_property
    def vocabulary(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """The part that each capability is in and where it was first seen, by architecture and name."""
        rows = self.rows(VOCABULARY)
        return {(row["arch"], row["name"]): (row["part"], row["first_seen"]) for row in rows}

    @cached_property
    def releases(self) -> tuple[Cells, ...]:
        """Every release that was read, lines in order of name, releases in their own."""
        return tuple(self.rows(RELEASES))

    @cached_property
    def _names(self) -> Mapping[str, frozenset[CapabilityId]]:
        names: dict[str, set[CapabilityId]] = {}
        for arch, name in self.vocabulary:
            names.setdefault(arch, set()).add(CapabilityId(name))
        return {arch: frozenset(found) for arch, found in names.items()}

    @property
    def architectures(self) -> tuple[str, ...]:
        """The architectures of which sources were read."""
        return tuple(self._names)

    def names(self, arch: str) -> frozenset[CapabilityId]:
        """Return every capability that was looked for in sources of an architecture."""
        return self._names.get(arch, frozenset())

    def is_seen_nowhere(self, arch: str, name: CapabilityId) -> bool:
        """Whether a capability was looked for in every release that was read, and found in none."""
        row = self.vocabulary.get((arch, name))
        return row is not None and not row[1]

    def presence(
        self, line: str, key: Key, name: CapabilityId, *, arch: str, is_open: bool
    ) -> Told | None:
        """Return whether a release of a line gives a capability; None if the tables do not say.

        `is_open`: the release is one of its branch, nobody knows which.
        """
        looks = self._looks(line, name, arch)
        if looks is None:
            return None
        return looks.over(key) if is_open else looks.at(key)

    def bound_to_vendor(self, line: str, key: Key, arch: str) -> Mapping[CapabilityId, str] | None:
        """Return the CPU features that a release gives on CPUs of one vendor only; None: no table."""
        table = self._lines.get(line)
        return None if table is None else table.bound_to_vendor(arch, key)

    def is_lost_after(self, line: str, key: Key, name: CapabilityId, arch: str) -> bool:
        """Whether a release of a line after `key` was read and lacks a capability."""
        looks = self._looks(line, name, arch)
        return looks is not None and looks.is_lost_after(key)

    def is_before_all(self, line: str, key: Key, name: CapabilityId, arch: str) -> bool:
        """Whether a release is older than every one of its line that was read."""
        looks = self._looks(line, name, arch)
        return looks is not None and key < looks.reads.keys[0]

    def open(self, line: str, branch: Branch, key_of: Callable[[str], Key]) -> None:
        """Read the table of a line, if there is one and it was not read before."""
        if line in self._lines:
            return
        releases: dict[str, list[Cells]] = {}
        for row in self.releases:
            if row["line"] == line:
                releases.setdefault(row["arch"], []).append(row)
        given: dict[tuple[str, str], list[Cells]] = {}
        for row in self.rows(line) if releases else ():
            given.setdefault((row["arch"], row["name"]), []).append(row)
        table = _LineTable(line, releases, given, branch, key_of)
        self._lines[line] = table if releases else None

    def rows(self, stem: str) -> Iterator[Cells]:
        """Yield the rows of a table as its strongest root has it; the first line says who wrote it."""
        paths = [root / FOLDER / f"{stem}.csv" for root in self.roots]
        path = next((path for path in reversed(paths) if path.is_file()), None)
        if path is None:
            return
        head = HEADS.get(stem, HEADS[""])
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.reader(line for line in file if not line.startswith("#"))
            found = tuple(next(table, ()))
            if found != head:
                raise _wrong(stem, f"columns are {', '.join(found)}", f"expected {', '.join(head)}")
            for cells in table:
                yield dict(zip(head, cells, strict=True))

    def _looks(self, line: str, name: CapabilityId, arch: str) -> _Looks | None:
        table = self._lines.get(line)
        part, first_seen = self.vocabulary.get((arch, name), ("", ""))
        if table is None or not part:
            return None
        return table.looks(arch, name, part, is_nowhere=not first_seen)


def _wrong(stem: str, what: str, remedy: str = "") -> KnowledgeError:
    place = Location(file=f"{FOLDER}/{stem}.csv")
    return KnowledgeError([Problem(location=place, what=what, remedy=remedy)])
