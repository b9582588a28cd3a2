"""Rows as text: one row is one line of a data file, and unchanged rows keep their bytes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from planner.domain.errors import HarvestError, Location, Problem

ROW = re.compile(r"^  (\{.*\}),$")


def written(value: object) -> str:
    """Return a value in the one-line style of the data files."""
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_key(key)} = {written(one)}" for key, one in value.items()) + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


@cache
def _parsed(text: str) -> Mapping[str, Any]:
    row: Mapping[str, Any] = tomllib.loads(f"row = {text}")["row"]
    return row


@dataclass(slots=True)
class RowFile:
    """A data file whose rows stand one a line; `lines` holds text, `rows` what it means."""

    path: Path
    lines: list[str]
    head: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> RowFile:
        """Read a data file; raises `HarvestError`."""
        try:
            text = path.read_text(encoding="utf-8")
            head = tomllib.loads(text)
        except (OSError, ValueError) as error:
            raise HarvestError(
                [Problem(location=Location(file=str(path)), what=str(error))]
            ) from error
        return cls(path=path, lines=text.splitlines(), head=head)

    @property
    def text(self) -> str:
        """Return the file as it would be written."""
        return "\n".join(self.lines) + "\n"

    def rows(self, table: str) -> list[tuple[int, dict[str, Any]]]:
        """Return (line index, row) of the rows of a table, in file order."""
        found = []
        inside = False
        for index, line in enumerate(self.lines):
            if line == f"{table} = [":
                inside = True
            elif line == "]":
                inside = False
            match = ROW.match(line) if inside else None
            if match:
                found.append((index, dict(_parsed(match[1]))))
        return found

    def replace(self, index: int, row: Mapping[str, Any]) -> None:
        """Write a row in place of a line."""
        self.lines[index] = f"  {written(row)},"

    def insert(self, after: int, row: Mapping[str, Any]) -> None:
        """Write a row as a new line below a line."""
        self.lines.insert(after + 1, f"  {written(row)},")

    def remove(self, index: int) -> None:
        """Drop a line."""
        del self.lines[index]


def in_intervals(intervals: Iterable[str], known: list[str], release: str) -> bool:
    """Say whether `release` lies in one of the intervals over the known releases of a line."""
    return release in covered(intervals, known)


def covered(intervals: Iterable[str], known: list[str]) -> set[str]:
    """Return the known releases inside `first..last` intervals."""
    found: set[str] = set()
    for interval in intervals:
        first, _, last = interval.partition("..")
        stop = known.index(last) if last else len(known) - 1
        found.update(known[known.index(first) : stop + 1])
    return found


def intervals_of(releases: set[str], known: list[str], former: Iterable[str] = ()) -> list[str]:
    """Return the shortest intervals that hold `releases`; an open end of `former` stays open."""
    runs: list[list[str]] = []
    for before, release in zip([None, *known], known, strict=False):
        if release not in releases:
            continue
        if runs and before is not None and runs[-1][-1] == before:
            runs[-1].append(release)
        else:
            runs.append([release])
    open_end = any(not interval.partition("..")[2] for interval in former)
    return [
        f"{run[0]}.." if open_end and run[-1] == known[-1] else f"{run[0]}..{run[-1]}"
        for run in runs
    ]
