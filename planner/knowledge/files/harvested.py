"""Harvested tables: CSV files that only a command writes, one fact a line with the builds that have it.

The last column lists builds as intervals over those that were read, in the order of `builds.csv`:
`a..b;c;d..`. An interval that is open at its end reaches to the last build that was read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.domain.errors import KnowledgeError, Location, Problem

Fact = tuple[str, ...]
MARK = "# written by: "


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestedTable:
    """The rows of a file: each fact with its intervals as they stand in the last column."""

    columns: Fact
    rows: Sequence[tuple[Fact, str]]


def read_table(path: Path) -> HarvestedTable:
    """Read a harvested file; raises `KnowledgeError` for one that no command wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        first = file.readline()
        if not first.startswith(MARK):
            what = f"first line is not '{MARK}...': no harvested table"
            raise KnowledgeError([Problem(location=Location(file=path.name, line=1), what=what)])
        lines = csv.reader(file)
        columns = next(lines, [])
        rows = []
        for number, cells in enumerate(lines, start=3):
            if len(cells) != len(columns):
                what = f"{len(cells)} cells, not {len(columns)}"
                place = Location(file=path.name, line=number)
                raise KnowledgeError([Problem(location=place, what=what)])
            rows.append((tuple(cells[:-1]), cells[-1]))
    return HarvestedTable(columns=tuple(columns), rows=rows)


def write_table(path: Path, command: str, columns: Fact, rows: Iterable[Fact]) -> None:
    """Write a harvested file, sorted; the same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{MARK}{command}; do not edit\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


class Intervals:
    """Sets of read builds as bits, and as texts over their order."""

    def __init__(self, order: Sequence[str]) -> None:
        """Give each build of `order` a bit."""
        self.order = tuple(order)
        self.place: Mapping[str, int] = {name: bit for bit, name in enumerate(self.order)}
        self._known: dict[str, int] = {}

    def bits(self, text: str) -> int:
        """Return the builds of `a..b;c` as bits; raises KeyError for a build that has no row."""
        found = self._known.get(text)
        if found is None:
            found = 0
            for part in text.split(";") if text else ():
                found |= self._part(part)
            self._known[text] = found
        return found

    def _part(self, part: str) -> int:
        first, dots, last = part.partition("..")
        low = self.place[first]
        high = low if not dots else self.place[last] if last else len(self.order) - 1
        return (2 << high) - (1 << low)

    def text(self, bits: int) -> str:
        """Return builds as the shortest intervals; one that reaches the last build stays open."""
        parts, place, end = [], 0, len(self.order)
        while place < end:
            if not bits >> place & 1:
                place += 1
                continue
            stop = place
            while stop + 1 < end and bits >> (stop + 1) & 1:
                stop += 1
            if stop == end - 1:
                parts.append(f"{self.order[place]}..")
            elif stop == place:
                parts.append(self.order[place])
            else:
                parts.append(f"{self.order[place]}..{self.order[stop]}")
            place = stop + 1
        return ";".join(parts)
