"""The tables of what was read in the sources of whole kernels, line by line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from planner.domain.capability import CapabilityId, Presence
from planner.domain.errors import KnowledgeError, Location, Problem
from planner.knowledge.files.rows import release_key
from planner.knowledge.kernel.kernel_line import KernelLine
from planner.knowledge.kernel.kernel_looks import Branch, Key, Looks, Reads, Told

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


@dataclass(frozen=True, slots=True, eq=False)
class _LineTable:
    """What was read of one line: its releases in order by architecture, and who gives what."""

    line: str
    releases: Mapping[str, Sequence[Cells]]
    given: Mapping[tuple[str, str], Sequence[Cells]]
    branch: Branch
    key_of: Callable[[str], Key]
    _reads: dict[tuple[str, str], Reads] = field(default_factory=dict)
    _places: dict[str, dict[str, int]] = field(default_factory=dict)
    _looks: dict[tuple[str, str], Looks | None] = field(default_factory=dict)

    def looks(self, arch: str, name: str, part: str, *, is_nowhere: bool) -> Looks | None:
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
            self._looks[key] = Looks(name, reads, given, is_nowhere) if reads.keys else None
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

    def _read(self, arch: str, part: str) -> Reads:
        if (arch, part) not in self._reads:
            rows = enumerate(self.releases.get(arch, ()))
            found = sorted(
                (self.key_of(row["release"]), number)
                for number, row in rows
                if part in row["parts"].split()
            )
            keys, numbers = tuple(key for key, _ in found), tuple(number for _, number in found)
            self._reads[arch, part] = Reads(keys, numbers, self.branch)
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

    def past_reading(self, line: KernelLine, base: Key, arch: str) -> str:
        """Return why a version is past what was read of a line with `ends`, empty if it is not."""
        major, minor = (*base, 0, 0)[:2]
        last = next((end for end in line.ends if end[:1] == (major,)), None)
        if not line.ends or not base:
            return ""
        if last is not None and last < (major, minor):
            return (
                f"no Linux {major}.{minor} is known, {major}.{last[1]} was the last of its kind: "
                "what lies around it is taken"
            )
        newest = self._newest.get((line.name, arch, (major, minor)), ())
        if len(base) < 3 or not newest or base <= newest:
            return ""
        words = ".".join(map(str, newest))
        return f"Linux {major}.{minor} was read up to {words}: later ones are taken to keep what it has"

    @cached_property
    def _newest(self) -> Mapping[tuple[str, str, Key], Key]:
        """The newest release that was read of each series of a line, by architecture."""
        found: dict[tuple[str, str, Key], Key] = {}
        for row in self.releases:
            key = release_key(row["release"].partition("-")[0])
            name = (row["line"], row["arch"], key[:2])
            found[name] = max(key, found.get(name, ()))
        return found

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

    def _looks(self, line: str, name: CapabilityId, arch: str) -> Looks | None:
        table = self._lines.get(line)
        part, first_seen = self.vocabulary.get((arch, name), ("", ""))
        if table is None or not part:
            return None
        return table.looks(arch, name, part, is_nowhere=not first_seen)


def _wrong(stem: str, what: str, remedy: str = "") -> KnowledgeError:
    place = Location(file=f"{FOLDER}/{stem}.csv")
    return KnowledgeError([Problem(location=place, what=what, remedy=remedy)])
