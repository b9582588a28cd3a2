"""A CSV file as a table: each line is looked at if the file is not plain; knows no column's meaning."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from planner.documents.sources import PIECE
from planner.domain.errors import FleetError, Location, Problem
from planner.fleet.tables.columns import arrow_table, frame_of
from planner.fleet.tables.sources import limited, opened, refused

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(slots=True, kw_only=True)
class CsvFile:
    """A CSV file. If it is not plain, `rows` has its columns and `lines` the line of every row.

    `problems` are the rows that have more or fewer fields than the header; they are left out.
    """

    path: Path
    name: str
    header: tuple[str, ...]
    head_line: int | None
    rows: Mapping[str, Sequence[str]] | None = None
    lines: Sequence[int] = ()
    problems: Sequence[Problem] = ()

    def frame(
        self, names: Sequence[str], keys: Collection[str], numbers: Collection[str] = ()
    ) -> pd.DataFrame:
        """Return the columns `names`."""
        if self.rows is not None:
            return frame_of(arrow_table({name: self.rows[name] for name in names}), keys)
        return frame_of(self._plain_table(names, keys), keys)

    def line(self, row: int) -> int | None:
        """Return the line on which a row begins."""
        return row + 2 if self.rows is None else self.lines[row]

    def _plain_table(self, names: Sequence[str], keys: Collection[str]) -> pa.Table:
        """Read a file without quotes in which every line is a row."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        word = pa.dictionary(pa.int32(), pa.string())
        with opened(self.path) as file:
            try:
                return arrow_csv.read_csv(
                    file,
                    arrow_csv.ReadOptions(column_names=list(self.header), skip_rows=1),
                    arrow_csv.ParseOptions(quote_char=False),
                    arrow_csv.ConvertOptions(
                        column_types={
                            name: word if name in keys else pa.string() for name in names
                        },
                        include_columns=list(names),
                        strings_can_be_null=False,
                    ),
                )
            except pa.ArrowInvalid as error:
                *_, wrong = _read_rows(self.path, self.name, self.header)
                if wrong:
                    raise FleetError(wrong) from error
                raise refused(self.name, " ".join(str(error).split())) from error


def open_csv(path: Path, name: str) -> CsvFile:
    """Open a CSV file; raises `FleetError` with every line that is not UTF-8."""
    head_line, header = _header(path, name)
    file = CsvFile(path=path, name=name, header=header, head_line=head_line)
    if head_line > 1 or len(set(header)) < len(header) or not _is_plain(path, len(header)):
        file.lines, file.rows, file.problems = _read_rows(path, name, header)
    return file


def _header(path: Path, name: str) -> tuple[int, tuple[str, ...]]:
    """Return the first line that is not blank, and its cells."""
    with opened(path) as file:
        reader = csv.reader(_texts(file, name), skipinitialspace=True)
        try:
            cells = next((row for row in reader if row), [])
        except csv.Error as error:
            raise refused(name, f"line 1: {error}") from error
    header = tuple(cell.strip() for cell in cells)
    if not header:
        raise refused(name, "the file is empty")
    if len(header) == 1:
        for letter, word in ((";", "';'"), ("\t", "tabs"), ("|", "'|'")):
            if letter in header[0]:
                raise refused(name, f"columns are separated by {word}", "separate them by ','")
    return reader.line_num, header


def _texts(file: BinaryIO, name: str) -> Iterator[str]:
    """Yield the lines of a file as texts; raises `FleetError` with every line that is not UTF-8."""
    wrong = []
    for number, line in enumerate(file, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            place = Location(file=name, line=number)
            what = f"byte 0x{line[error.start]:02x} is not UTF-8"
            wrong.append(Problem(location=place, what=what, remedy="save the file as UTF-8"))
            continue
        yield text
    if wrong:
        raise FleetError(limited(wrong))


def _is_plain(path: Path, columns: int) -> bool:
    """Whether each line is one row with a cell for each column, by counting bytes: no quotes in it."""
    commas = lines = 0
    last = b"\n"
    with opened(path) as file:
        while piece := file.read(PIECE):
            if b'"' in piece or not piece.isascii():
                return False
            commas += piece.count(b",")
            lines += piece.count(b"\n")
            last = piece[-1:]
    lines += last != b"\n"
    return lines > 1 and commas == lines * (columns - 1)


def _read_rows(
    path: Path, name: str, header: Sequence[str]
) -> tuple[Sequence[int], Mapping[str, Sequence[str]], Sequence[Problem]]:
    """Return the line on which every row begins, the columns, and the rows of other width."""
    lines: list[int] = []
    columns: list[list[str]] = [[] for _ in header]
    wrong: list[Problem] = []
    known: dict[str, str] = {}
    for line, cells in _rows(path, name, wrong):
        if len(cells) != len(header):
            what = f"{len(cells)} fields where the header has {len(header)}"
            wrong.append(Problem(location=Location(file=name, line=line), what=what))
            continue
        lines.append(line)
        for column, cell in zip(columns, cells, strict=True):
            column.append(known.setdefault(cell, cell))
    return lines, dict(zip(header, columns, strict=True)), tuple(limited(wrong))


def _rows(path: Path, name: str, wrong: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header with the line on which each begins."""
    with opened(path) as file:
        reader = csv.reader(_texts(file, name), skipinitialspace=True, strict=True)
        ended, head = 0, True
        try:
            for cells in reader:
                begun, ended = ended + 1, reader.line_num
                if cells and not head:
                    yield begun, cells
                head = head and not cells
        except csv.Error as error:
            place = Location(file=name, line=ended + 1)
            wrong.append(Problem(location=place, what=f"is not CSV: {error}"))
