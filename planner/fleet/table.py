"""Read fleet.csv and guests.csv, CSV or Parquet, and group equal rows; all problems at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from planner.domain.errors import FleetError, Location, Problem, nearest

if TYPE_CHECKING:
    import pandas as pd

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a file format: `keys` group rows, `name` is the row's own name."""

    name: str
    keys: tuple[str, ...]
    required: tuple[str, ...]
    allowed: tuple[str, ...]
    unique: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedRows:
    """Rows that agree in every key column; `line` is the first one's in the file."""

    values: dict[str, str]
    names: tuple[str, ...]
    line: int


def read_grouped(path: Path, columns: Columns, *, location: str | None = None) -> list[GroupedRows]:
    """Read a table and group its rows by the key columns, in file order of first appearance.

    Raises `FleetError` with every unknown or missing column, empty required cell and double name.
    """
    name = location or str(path)
    try:
        present = _header(path, name)
        _check_header(present, columns, name)
        frame = _read(
            path, [column for column in (columns.name, *columns.keys) if column in present]
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise FleetError([Problem(location=Location(file=name), what=reason)]) from error
    except (UnicodeDecodeError, ValueError) as error:
        raise FleetError([_parse_problem(name, error)]) from error
    problems = list(_problems(frame, columns, name))
    if problems:
        raise FleetError(problems)
    return list(_groups(frame, columns))


def _header(path: Path, name: str) -> tuple[str, ...]:
    if path.suffix == ".parquet":
        from pyarrow import parquet

        return tuple(parquet.read_schema(path).names)
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = next(csv.reader(file), None)
    if first is None:
        raise FleetError([Problem(location=Location(file=name), what="the file is empty")])
    return tuple(first)


def _check_header(present: Sequence[str], columns: Columns, name: str) -> None:
    place = Location(file=name, line=1)
    allowed = sorted({columns.name, *columns.keys, *columns.required, *columns.allowed})
    problems = [
        Problem(
            location=place,
            what=f"unknown column '{column}'",
            remedy=nearest(column, allowed) or f"allowed: {', '.join(allowed)}",
        )
        for column in present
        if column not in allowed
    ]
    problems += [
        Problem(
            location=place,
            what=f"column '{column}' is missing",
            remedy=f"required: {', '.join(columns.required)}",
        )
        for column in columns.required
        if column not in present
    ]
    problems += [
        Problem(location=place, what=f"column '{column}' appears twice")
        for column in dict.fromkeys(present)
        if list(present).count(column) > 1
    ]
    if problems:
        raise FleetError(problems)


def _read(path: Path, wanted: list[str]) -> pd.DataFrame:
    import pandas as pd

    if path.suffix == ".parquet":
        frame = pd.read_parquet(path, columns=wanted)
        return frame.fillna("").astype(str)
    return pd.read_csv(
        path,
        usecols=wanted,
        dtype=str,
        na_filter=False,
        encoding="utf-8-sig",
        skipinitialspace=True,
        engine="c",
    )


def _parse_problem(name: str, error: Exception) -> Problem:
    text = " ".join(str(error).split())
    line = re.search(r"line (\d+)", text)
    fields = re.search(r"Expected (\d+) fields in line \d+, saw (\d+)", text)
    if fields:
        text = f"{fields[2]} fields where the header has {fields[1]}"
    elif isinstance(error, UnicodeDecodeError):
        text = f"not UTF-8 at byte {error.start}"
    return Problem(location=Location(file=name, line=int(line[1]) if line else None), what=text)


def _problems(frame: pd.DataFrame, columns: Columns, name: str) -> Iterator[Problem]:
    if not len(frame):
        yield Problem(location=Location(file=name), what="no rows below the header")
    for column in columns.required:
        empty = frame.index[frame[column].str.strip() == ""]
        yield from _limited(
            Problem(
                location=Location(file=name, line=int(row) + 2, column=column),
                what="empty, but required",
            )
            for row in empty
        )
    if columns.unique:
        names = frame[columns.name]
        yield from _limited(
            Problem(
                location=Location(file=name, line=int(row) + 2, column=columns.name),
                what=f"'{names[row]}' appears a second time",
                remedy="every name once",
            )
            for row in frame.index[names.duplicated()]
        )


def _limited(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the first problems of a kind and, if there are more, one that counts the rest."""
    found = list(problems)
    yield from found[:MOST_PROBLEMS]
    if len(found) > MOST_PROBLEMS:
        rest = len(found) - MOST_PROBLEMS
        yield Problem(location=found[-1].location, what=f"and {rest} more of this kind above")


def _groups(frame: pd.DataFrame, columns: Columns) -> Iterator[GroupedRows]:
    import numpy as np
    import pandas as pd

    keys = [column for column in columns.keys if column in frame.columns]
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in keys:
        part, values = pd.factorize(frame[column])
        codes = codes * (len(values) + 1) + part
        codes, _ = pd.factorize(codes)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    stops = np.append(starts[1:], len(order))
    firsts = frame[keys].iloc[order[starts]]
    names = frame[columns.name].to_numpy(dtype=object)[order]
    texts = [firsts[column].str.strip().to_numpy(dtype=object) for column in keys]
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        yield GroupedRows(
            values={column: str(texts[place][index]) for place, column in enumerate(keys)},
            names=tuple(names[start:stop]),
            line=int(order[start]) + 2,
        )
