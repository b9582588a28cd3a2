"""A Parquet file as a table of texts; knows no column's meaning."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from planner.domain.errors import FleetError, Location, Problem, quoted
from planner.fleet.tables.columns import frame_of
from planner.fleet.tables.sources import opened, refused

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PARQUET = b"PAR1"
"""What a Parquet file begins with."""
INDEX = re.compile(r"__index_level_\d+__")
"""Columns of Parquet files that hold the row numbers of a frame."""

FRACTIONS = ("float", "double")
TEXTS = re.compile(
    r"(large_)?string(_view)?|u?int\d+|bool|null|dictionary<values=(large_)?string.*"
)
"""Types of Parquet columns."""


@dataclass(slots=True, kw_only=True)
class ParquetFile:
    """A Parquet file: texts and whole numbers; its rows count as lines, from 1."""

    path: Path
    name: str
    header: tuple[str, ...]
    head_line: int | None = field(default=None, init=False)
    problems: Sequence[Problem] = ()

    def frame(
        self, names: Sequence[str], keys: Collection[str], numbers: Collection[str] = ()
    ) -> pd.DataFrame:
        """Return the columns `names`; raises `FleetError` for what holds neither text nor numbers."""
        import pyarrow as pa
        from pyarrow import parquet

        try:
            with opened(self.path) as file:
                table = parquet.read_table(file, columns=list(names))
            table.validate(full=True)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise _damaged(self.name, error) from error
        problems = [
            Problem(
                location=Location(file=self.name, column=one.name),
                what=f"holds {one.type}",
                remedy="text or whole numbers are wanted",
            )
            for one in table.schema
            if not _is_text(one.type, fractions=one.name in numbers)
        ]
        if problems:
            raise FleetError(problems)
        return frame_of(pa.table({name: _texts(table.column(name)) for name in names}), keys)

    def line(self, row: int) -> int | None:
        """Return the number of a row, from 1: Parquet has no lines."""
        return row + 1


def _is_text(kind: pa.DataType, *, fractions: bool) -> bool:
    return TEXTS.match(str(kind)) is not None or (fractions and str(kind) in FRACTIONS)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as texts, empty where it has nothing."""
    import pyarrow as pa
    from pyarrow import compute

    return compute.fill_null(compute.cast(column, pa.string()), "")


def _damaged(name: str, error: Exception) -> FleetError:
    """Return the error of a file of which a part cannot be read."""
    what = quoted(" ".join(str(error).split()))
    return refused(name, f"is no whole Parquet file: {what}", "write it again")


def open_parquet(path: Path, name: str) -> ParquetFile:
    """Open a Parquet file; raises `FleetError` if it is not whole."""
    from pyarrow import ArrowException, parquet

    try:
        with opened(path) as file:
            names = parquet.read_schema(file).names
    except (ArrowException, OSError) as error:
        raise _damaged(name, error) from error
    header = tuple(column for column in names if not INDEX.fullmatch(column))
    return ParquetFile(path=path, name=name, header=header)
