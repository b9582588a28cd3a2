"""Group the rows of fleet.csv and guests.csv, and read small tables; all problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING

from planner.domain.errors import FleetError, Location, Problem, nearest, quoted
from planner.fleet.tables.columns import foreign_columns, found_for, like
from planner.fleet.tables.sources import MOST_PROBLEMS, limited
from planner.fleet.tables.table_file import TableFile, open_table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


MOST_UNREAD = 8
"""Columns that a message about those which nobody reads names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a file format: `keys` group rows, `name` is the row's own name.

    `numbers` are those that may hold fractions. No two rows agree in all of `unique`. Of the names
    of a group at most `most_names` are kept, the first in order of text (None: all). `open`: a table may
    have other columns too, which nobody reads; one that is nearly a known column that is not there is a
    problem all the same.
    `others` are columns of which one tells that it is another format's file, each with what to do then.
    """

    name: str
    keys: tuple[str, ...]
    required: tuple[str, ...]
    allowed: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    most_names: int | None = None
    open: bool = False
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedRows:
    """Rows that agree in every key column; `line` is the first one's, None if a file has none.

    `count` rows have the `names`, or those and more.
    """

    values: dict[str, str]
    names: tuple[str, ...]
    count: int
    line: int | None


class RowProblems:
    """Gathers what is wrong with the rows of a table: of every column the first ones, and how many."""

    def __init__(self, file: str) -> None:
        """Begin with nothing wrong in `file`."""
        self._file = file
        self._found: dict[str, list[Problem]] = {}
        self._more = Counter[str]()

    def add(
        self, line: int | None, column: str, what: str, remedy: Callable[[], str] = str
    ) -> None:
        """Note a problem of a cell; the remedy is asked for only if it will be shown."""
        found = self._found.setdefault(column, [])
        if len(found) == MOST_PROBLEMS:
            self._more[column] += 1
            return
        place = Location(file=self._file, line=line, column=column)
        found.append(Problem(location=place, what=what, remedy=remedy()))

    def all(self) -> list[Problem]:
        """Return what was found, column by column."""
        problems = []
        for column, found in self._found.items():
            problems += found
            if more := self._more[column]:
                what = f"and {more:,} more in this column"
                problems.append(
                    Problem(location=Location(file=self._file, column=column), what=what)
                )
        return problems


@dataclass(frozen=True, slots=True)
class Grouped:
    """Grouped rows in file order of first appearance, and what is wrong with the others.

    `unread` names the columns that nobody reads.
    """

    rows: Sequence[GroupedRows]
    problems: list[Problem] = field(default_factory=list)
    unread: tuple[Problem, ...] = ()


def read_grouped(file: TableFile, columns: Columns) -> Grouped:
    """Group the rows of a table by the key columns.

    Problems are rows of other width, unknown columns, empty required cells, double names and control
    characters. Raises `FleetError` if the rows cannot be read or a column is missing.
    """
    allowed = {columns.name, *columns.keys, *columns.required, *columns.allowed}
    _refuse_other(file, columns)
    foreign = foreign_columns(file.header, allowed) if columns.open else ()
    problems = [*_header_problems(file, allowed, columns.required, foreign), *file.problems]
    wanted = dict.fromkeys((columns.name, *columns.keys))
    names = [column for column in wanted if column in file.header]
    frame = file.frame(names, columns.keys, columns.numbers)
    problems += _problems(frame, columns, file)
    rows = list(_groups(frame, columns, file)) if len(frame) else []
    return Grouped(rows, problems, tuple(_unread(file, foreign, allowed)))


def _refuse_other(file: TableFile, columns: Columns) -> None:
    """Raise `FleetError` if a required column is missing and another one is of another format."""
    missing = [column for column in columns.required if column not in file.header]
    told = [remedy for column, remedy in columns.others if column in file.header]
    if missing and told:
        place = Location(file=file.name, line=file.head_line)
        what = f"column '{missing[0]}' is missing"
        raise FleetError(
            [Problem(location=place, what=what, remedy=told[0].format(file=file.name))]
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a small table as (line, cells), and what is wrong with the others."""

    rows: Sequence[tuple[int | None, dict[str, str]]]
    problems: list[Problem]


def read_rows(path: Path, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Rows:
    """Read a small table; raises `FleetError` if a column is missing."""
    file = open_table(path)
    problems = [*_header_problems(file, {*required, *optional}, required), *file.problems]
    names = [column for column in file.header if column in {*required, *optional}]
    frame = file.frame(names, ())
    if not len(frame) and not file.problems:
        problems.append(Problem(location=Location(file=file.name), what="no rows below the header"))
    cells = zip(*(frame[column] for column in names), strict=True)
    rows = [
        (file.line(row), dict(zip(names, texts, strict=True))) for row, texts in enumerate(cells)
    ]
    return Rows(rows, problems)


def _unread(file: TableFile, foreign: Sequence[str], allowed: Iterable[str]) -> Iterator[Problem]:
    """Yield one problem that names the columns which nobody reads, each with a known one like it."""
    if not foreign:
        return
    shown = [_with_nearest(column, {*allowed}) for column in foreign[:MOST_UNREAD]]
    more = f" and {len(foreign) - MOST_UNREAD} more" if len(foreign) > MOST_UNREAD else ""
    noun = "column is" if len(foreign) == 1 else "columns are"
    what = f"{len(foreign)} {noun} not read: {', '.join(shown)}{more}"
    yield Problem(location=Location(file=file.name, line=file.head_line), what=what)


def _with_nearest(column: str, known: set[str]) -> str:
    found = like(column, known)
    return f"{quoted(column)} (nearest: '{found}')" if found else quoted(column)


def _header_problems(
    file: TableFile,
    allowed: Iterable[str],
    required: Iterable[str],
    unread: Iterable[str] = (),
) -> list[Problem]:
    """Return the columns that are unknown; raises `FleetError` if one is missing or there twice.

    `unread` are columns that are allowed and that nobody reads: one of them may be meant for another.
    """
    place = Location(file=file.name, line=file.head_line)
    known, foreign, there = {*allowed}, {*unread}, Counter(file.header)
    _refuse_capitals(file, place, known)
    unknown = [
        Problem(
            location=place,
            what=f"unknown column {quoted(column)}" if column else f"column {number} has no name",
            remedy=nearest(column.lower(), known) or f"allowed: {', '.join(sorted(known))}",
        )
        for number, column in enumerate(file.header, 1)
        if column not in known and column not in foreign
    ]
    others = [column for column in file.header if column and column not in known]
    grave = [
        Problem(
            location=place,
            what=f"column '{column}' is missing",
            remedy=_meant(column, others) or f"required: {', '.join(required)}",
        )
        for column in required
        if column not in file.header
    ]
    grave += [
        Problem(location=place, what=f"column {quoted(column)} appears twice")
        for column, times in there.items()
        if column and times > 1
    ]
    if grave:
        raise FleetError([*limited(unknown), *limited(grave)])
    return [*limited(unknown)]


def _refuse_capitals(file: TableFile, place: Location, known: Collection[str]) -> None:
    """Raise `FleetError` once if several columns are known ones but for capitals."""
    found = [one for one in file.header if one not in known and one.casefold() in known]
    if len(found) > 1:
        what = f"columns {', '.join(map(quoted, found))}: names of columns are lower case"
        remedy = f"write {', '.join(one.casefold() for one in found)}"
        raise FleetError([Problem(location=place, what=what, remedy=remedy)])


def _meant(column: str, others: Sequence[str]) -> str:
    """Return which column was found in place of a missing one, empty if none is like it."""
    found = found_for(column, others)
    return f"found {quoted(found)}; did you mean '{column}'?" if found else ""


def _problems(frame: pd.DataFrame, columns: Columns, file: TableFile) -> Iterator[Problem]:
    if not len(frame) and not file.problems:
        yield Problem(location=Location(file=file.name), what="no rows below the header")
    for column in columns.required:
        yield from limited(
            Problem(location=_place(file, row, column), what="empty, but required")
            for row in _rows_where(frame, column, _is_blank)
        )
    for column in frame.columns:
        yield from limited(
            Problem(
                location=_place(file, row, column),
                what=f"{quoted(frame[column].iloc[row])} has characters that cannot be printed",
            )
            for row in _rows_where(frame, column, _is_unprintable)
        )
    if columns.unique:
        keys = [column for column in columns.unique if column in frame.columns]
        twice = frame.index[frame.duplicated(subset=keys)]
        yield from limited(
            Problem(
                location=_place(file, int(row), columns.name),
                what=f"{quoted(frame[columns.name].iloc[row])} appears a second time",
                remedy="every name once",
            )
            for row in twice
            if frame[columns.name].iloc[row]
        )


def _place(file: TableFile, row: int, column: str) -> Location:
    return Location(file=file.name, line=file.line(row), column=column)


def _is_blank(text: str) -> bool:
    return not text


def _is_unprintable(text: str) -> bool:
    return not text.isprintable()


def _rows_where(frame: pd.DataFrame, column: str, wrong: Callable[[str], bool]) -> Iterator[int]:
    """Yield the numbers of the rows whose text in a column is wrong."""
    values = frame[column]
    if values.dtype == object:
        texts = values.tolist()
        some = "" in texts if wrong is _is_blank else wrong("".join(texts))  # a million at once
        if some:
            yield from (row for row, text in enumerate(texts) if wrong(text))
        return
    bad = [text for text in values.cat.categories if wrong(text)]
    if bad:
        yield from (int(row) for row in frame.index[values.isin(bad)])


def _groups(frame: pd.DataFrame, columns: Columns, file: TableFile) -> Iterator[GroupedRows]:
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
        found = names[order[start:stop]].tolist()
        if columns.most_names is not None:
            found = nsmallest(columns.most_names, found)
        yield GroupedRows(
            values={column: texts[place][index] for place, column in enumerate(keys)},
            names=tuple(found),
            count=stop - start,
            line=file.line(int(firsts[index])),
        )


def _texts(values: pd.Series[str], rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    """Return the texts of a category column at some rows."""
    words = values.cat.categories.tolist()
    return [words[code] for code in values.cat.codes.to_numpy()[rows]]
