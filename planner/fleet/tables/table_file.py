"""Open a table, CSV or Parquet: its header, its cells as texts, and the line of every row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from planner.documents.sources import PIECE
from planner.fleet.tables.csv_file import open_csv
from planner.fleet.tables.parquet_file import PARQUET, open_parquet
from planner.fleet.tables.sources import name_of, opened, refused

if TYPE_CHECKING:
    import pandas as pd

    from planner.domain.errors import Problem

BOM = b"\xef\xbb\xbf"
"""What Windows puts before UTF-8; a file of nothing else is empty."""
MOST_COLUMNS = 10_000
"""Columns of a table: no inventory has as many."""
STRANGERS = (
    (b"\x1f\x8b", "compressed with gzip; unpack it"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet; save the sheet as CSV"),
    (b"\xff\xfe", "UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16; save it as UTF-8"),
    (b"{", "JSON, not CSV or Parquet"),
    (b"[", "JSON, not CSV or Parquet"),
    (b"sep=", "a spreadsheet's CSV with a line 'sep='; remove that line"),
)
"""What a file may begin with that is no table that can be read, and what it is then."""


class TableFile(Protocol):
    """An open table; `problems` are those of rows that it leaves out."""

    name: str
    header: tuple[str, ...]
    head_line: int | None
    problems: Sequence[Problem]

    def frame(
        self, names: Sequence[str], keys: Collection[str], numbers: Collection[str] = ()
    ) -> pd.DataFrame:
        """Return columns as stripped texts: `keys` as categories, the others as objects.

        `numbers` may hold fractions. Raises `FleetError` for what cannot be read.
        """
        ...

    def line(self, row: int) -> int | None:
        """Return the line on which a row begins, or its number where a file has no lines."""
        ...


def open_table(path: Path) -> TableFile:
    """Open a table, from a pipe too; raises `FleetError` if it is none."""
    shown = name_of(path)
    try:
        with opened(path) as file:
            head = file.read(PIECE)
    except OSError as error:
        raise refused(shown, error.strerror or str(error)) from error
    if head.startswith(PARQUET):
        return _narrow(open_parquet(path, shown))
    _refuse_strangers(head, shown)
    return _narrow(open_csv(path, shown))


def _narrow(file: TableFile) -> TableFile:
    columns = len(file.header)
    if columns > MOST_COLUMNS:
        raise refused(file.name, f"has {columns:,} columns", f"at most {MOST_COLUMNS:,} are read")
    return file


def _refuse_strangers(head: bytes, name: str) -> None:
    if not head.removeprefix(BOM).strip():
        raise refused(name, "the file is empty")
    for start, what in STRANGERS:
        if head.startswith(start):
            raise refused(name, f"is {what}")
    if b"\0" in head:
        raise refused(name, "is not text: it has NUL bytes")
