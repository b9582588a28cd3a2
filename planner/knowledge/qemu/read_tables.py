"""Tables of builds that were read whole, and which read builds answer for a build.

A build that was read is answered exactly. A build between two read ones, by upstream version, has
what both have; what differs is unknown. Before the first read build what that one lacks is absent,
and after the last one nothing is certain. Each file is read when it is first asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.files.harvested import HarvestedTable, Intervals, read_table

T = TypeVar("T")

BitRows = tuple[tuple[tuple[str, ...], int], ...]
"""Rows of a table without their first cell, each with the builds that have it as bits."""

FOLDER = Path("harvested") / "qemu"

NOT_TOLD = "?"
"""A property of this name stands for those of a device that the build would not list."""

USER, BOARD, ABSTRACT, ALIAS = "user", "board", "abstract", "alias"

SWITCH = "bool"
"""QEMU's word for what is on or off."""

ANY_MODEL = "*"
"""Rows of every model are settings of QEMU, not features of a CPU."""

STEMS: Mapping[str, str] = {
    "device": "devices",
    "object": "objects",
    "cpu-model": "cpu_aliases",
    "cpu-feature": "cpu_features",
    "cpu-setting": "cpu_features",
    "machine-option": "machines",
}
"""The kinds of names, and the file that each stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBuild:
    """A build that was read for one architecture, and which `parts` of it were."""

    name: str
    line: str
    release: str
    version: tuple[int, ...]
    arch: str
    source: str
    parts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The read builds that answer for a build, as places in order, and whether one side is open."""

    read: tuple[int, ...]
    is_exact: bool = False
    before_first: bool = False
    after_last: bool = False


class ReadTables:
    """The tables of one architecture, and which read builds answer for a build."""

    def __init__(
        self, folders: Sequence[Path], builds: Sequence[ReadBuild], *, series_alike: bool = False
    ) -> None:
        """Keep the folders and the builds, which are in order of version."""
        self._folders = tuple(folders)
        self._series_alike = series_alike
        self.builds = tuple(builds)
        self._intervals = Intervals([row.name for row in builds])
        self.places = cache(self._places)
        self._table = cache(self._bits_of)
        self._kind = cache(self._names)
        self._chain = cache(self._ancestors)

    def _places(self, build: QemuBuild, part: str) -> Places:
        """Return the builds of its version that were read for `part`, else the neighbours that were."""
        rows = [(bit, row) for bit, row in enumerate(self.builds) if part in row.parts]
        exact = [bit for bit, row in rows if row.version == build.version]
        named = [bit for bit, row in rows if _is_package(row, build)]
        if exact or named:
            own = [bit for bit in exact if self.builds[bit].line == build.line]
            return Places(read=tuple(named or own or exact), is_exact=True)
        series = [bit for bit, row in rows if row.version[:2] == build.version[:2]]
        if series and self._series_alike:
            return Places(read=tuple(series))
        low = build.version
        high = (*low, 1 << 30) if len(low) < 3 else low
        below = [bit for bit, row in rows if row.version < low]
        inside = [bit for bit, row in rows if low <= row.version <= high]
        above = [bit for bit, row in rows if row.version > high]
        newest = self.builds[below[-1]].version if below else ()
        oldest = self.builds[above[0]].version if above else ()
        sides = [bit for bit in below if self.builds[bit].version == newest]
        sides += inside
        sides += [bit for bit in above if self.builds[bit].version == oldest]
        return Places(read=tuple(sides), before_first=not below, after_last=not above)

    def is_read(self, build: QemuBuild, part: str) -> bool:
        """Whether a build of this very upstream version was read for `part`."""
        return self.places(build, part).is_exact

    def _agreed(self, build: QemuBuild, part: str, ask: Callable[[int], Truth]) -> Truth:
        """Return what all read builds that answer for `build` say; unknown past the last."""
        places = self.places(build, part)
        told = {ask(place) for place in places.read}
        if len(told) != 1 or places.after_last:
            return Truth.UNKNOWN
        answer = told.pop()
        return Truth.UNKNOWN if places.before_first and answer is not Truth.NO else answer

    def _one(self, build: QemuBuild, part: str, ask: Callable[[int], T | None]) -> T | None:
        """Return the one value that all answering builds give; None past the ends."""
        places = self.places(build, part)
        told = {ask(place) for place in places.read}
        if len(told) != 1 or places.after_last or places.before_first:
            return None
        return told.pop()

    def _bits_of(self, stem: str) -> Mapping[str, BitRows]:
        """Return a file's rows by their first cell, with builds as bits."""
        table = strongest_table(self._folders, f"{stem}.csv", inside=Path())
        found: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        bits = self._intervals.bits
        for cells, text in table.rows if table else ():
            found.setdefault(cells[0], []).append((cells[1:], bits(text)))
        return {name: tuple(rows) for name, rows in found.items()}

    def rows_of(self, stem: str, name: str) -> BitRows:
        """Return the rows of a file that begin with a name."""
        return self._table(stem).get(name, ())

    def tables(self, stem: str) -> Iterator[tuple[str, BitRows]]:
        """Yield every name with which rows of a file begin, and the rows."""
        yield from self._table(stem).items()

    def has(self, kind: str, build: QemuBuild, name: str) -> Truth:
        """Return whether a build has something of a kind by name."""
        bits = self._kind(kind).get(name, 0)
        return self._agreed(build, STEMS[kind], lambda place: Truth.of(bool(bits >> place & 1)))

    def names(self, kind: str) -> frozenset[str]:
        """Return every name of a kind."""
        return frozenset(self._kind(kind))

    def _names(self, kind: str) -> Mapping[str, int]:
        """Return the bits of every name of a kind."""
        return dict(_merged(self._names_with_builds(kind)))

    def _names_with_builds(self, kind: str) -> Iterator[tuple[str, int]]:
        """Yield names with the builds that have them: what is abstract or no switch is none."""
        for name, rows in self._table(STEMS[kind]).items():
            for cells, bits in rows:
                if kind == "machine-option":
                    yield from ((cells[0], bits),) if cells[0] != NOT_TOLD else ()
                elif kind in {"cpu-feature", "cpu-setting"}:
                    is_switch = kind == "cpu-feature"
                    yield from ((name, bits),) if (cells[0] == SWITCH) is is_switch else ()
                elif name != ANY_MODEL and not (
                    kind in {"device", "object"} and cells[1] == ABSTRACT
                ):
                    yield name, bits

    def _ancestors(self, table: str, place: int, name: str) -> tuple[str, ...]:
        """Return a type and what it descends from on a read build; empty if it is not there."""
        chain: list[str] = []
        types = self._table(table)
        while name:
            rows = [cells for cells, bits in types.get(name, ()) if bits >> place & 1]
            real = [cells for cells in rows if cells[1] != ALIAS]
            if not real:
                break
            chain.append(name)
            name = real[0][0]
        return tuple(chain)


def _is_package(row: ReadBuild, build: QemuBuild) -> bool:
    """Whether a read build is this very package: its vendor's text begins the text that was read."""
    words = row.release.partition(":")[2] or row.release
    return row.line == build.line and words.startswith(build.release)


def strongest_table(
    roots: Iterable[Path], name: str, *, inside: Path = FOLDER
) -> HarvestedTable | None:
    """Return the table of the strongest root that has it."""
    found = [path for root in roots if (path := root / inside / name).is_file()]
    return read_table(found[-1]) if found else None


def _merged(pairs: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    found: dict[str, int] = {}
    for name, bits in pairs:
        found[name] = found.get(name, 0) | bits
    yield from found.items()
