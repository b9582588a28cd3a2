"""Read fleet.csv and guests.csv, CSV or Parquet, and group equal rows; all problems at once."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from planner.domain.errors import FleetError, Location, Problem, nearest

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a file format: `keys` group rows, `name` is the row's own name.

    Of the names of a group at most `most_names` are kept (None: all).
    """

    name: str
    keys: tuple[str, ...]
    required: tuple[str, ...]
    allowed: tuple[str, ...]
    unique: bool = True
    most_names: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedRows:
    """Rows that agree in every key column; `line` is the first one's in the file.

    `count` rows have the `names`, or those and more.
    """

    values: dict[str, str]
    names: tuple[str, ...]
    count: int
    line: int


def read_grouped(path: Path, columns: Columns, *, location: str | None = None) -> list[GroupedRows]:
    """Read a table and group its rows by the key columns, in file order of first appearance.

    Raises `FleetError` with every unknown or missing column, empty required cell and double name.
    """
    name = location or str(path)
    try:
        present = _header(path, name)
        _check_header(present, columns, name)
        wanted = dict.fromkeys((columns.name, *columns.keys))
        frame = _read(path, columns, [column for column in wanted if column in present])
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


def _read(path: Path, columns: Columns, wanted: list[str]) -> pd.DataFrame:
    """Read the wanted columns: names as objects, keys as categories, for they repeat.

    The other columns are read and dropped, so that a row with too many fields is noticed.
    """
    import pandas as pd

    own = {columns.name} - set(columns.keys)
    kinds = {column: object if column in own else "category" for column in wanted}
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path, columns=wanted)
        return frame.fillna("").astype(str).astype(kinds)
    frame = pd.read_csv(
        path,
        dtype=defaultdict(lambda: "category", kinds),
        na_filter=False,
        encoding="utf-8-sig",
        skipinitialspace=True,
        engine="c",
        low_memory=False,  # by pieces, the categories of each piece would be merged
    )
    if not isinstance(frame.index, pd.RangeIndex):
        fields = len(frame.columns)
        raise ValueError(f"Expected {fields} fields in line 2, saw {fields + frame.index.nlevels}")
    return frame[wanted]


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
        yield from _limited(
            Problem(
                location=Location(file=name, line=row + 2, column=column),
                what="empty, but required",
            )
            for row in _empty_rows(frame, column)
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


def _empty_rows(frame: pd.DataFrame, column: str) -> Iterator[int]:
    """Yield the numbers of the rows whose cell is blank."""
    values = frame[column]
    if values.dtype == object:
        blank = values.isin(["", " "])
    else:
        blank = values.isin([text for text in values.cat.categories if not text.strip()])
    for row in frame.index[blank]:
        yield int(row)


def _limited(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the first problems of a kind and, if there are more, one that counts the rest."""
    found = list(problems)
    yield from found[:MOST_PROBLEMS]
    if len(found) > MOST_PROBLEMS:
        rest = len(found) - MOST_PROBLEMS
        yield Problem(location=found[-1].location, what=f"and {rest} more of this kind above")


def _groups(frame: pd.DataFrame, columns: Columns) -> Iterator[GroupedRows]:
    """Yield rows of equal keys together, in order of first appearance."""
    import numpy as np
    import pandas as pd

    keys = [column for column in columns.keys if column in frame.columns]
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in keys:
        part = frame[column].cat.codes.to_numpy(dtype=np.int64)
        codes, _ = pd.factorize(codes * (part.max(initial=0) + 1) + part)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    stops = [*starts[1:].tolist(), len(order)]
    firsts = order[starts]
    names = frame[columns.name].to_numpy(dtype=object)
    texts = [_texts(frame[column], firsts) for column in keys]
    for index, (start, stop) in enumerate(zip(starts.tolist(), stops, strict=True)):
        yield GroupedRows(
            values={column: texts[place][index] for place, column in enumerate(keys)},
            names=tuple(names[order[start:stop][: columns.most_names]]),
            count=stop - start,
            line=int(firsts[index]) + 2,
        )


def _texts(values: pd.Series[str], rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    """Return the stripped texts of a category column at some rows."""
    words = [str(word).strip() for word in values.cat.categories]
    return [words[code] for code in values.cat.codes.to_numpy()[rows]]
