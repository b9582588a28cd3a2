"""Every row can be listed and shown, as it stands in its file: the tables, names, keys and values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.knowledge.files.catalogue import TABLES, Table
from planner.knowledge.files.folder import Folder
from planner.knowledge.files.rows import Row

LAST = ("evidence", "source")
OF_A_FILE = ("schema",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row for people: its name in its table, what it is about, and its keys and values as texts.

    A value that is a list of tables has one cell per table.
    """

    table: str
    name: str
    about: str
    cells: tuple[tuple[str, str], ...]


def count_rows(folder: Folder) -> Iterator[tuple[str, int]]:
    """Yield every table with the number of its rows that hold."""
    for table in TABLES:
        yield table.name, sum(1 for _ in folder.rows(table))


def rows_of(table: Table, folder: Folder) -> Iterator[ShownRow]:
    """Yield the rows of a table that hold, in the order of their files."""
    for row in folder.rows(table):
        yield _shown(table, row)


def find(names: set[str], folder: Folder) -> Iterator[ShownRow]:
    """Yield the rows of any table that have one of `names`."""
    for table in TABLES:
        for row in folder.rows(table):
            if table.name_of(row) in names:
                yield _shown(table, row)


def names(folder: Folder) -> Iterator[str]:
    """Yield every name that `find` knows."""
    for table in TABLES:
        for row in folder.rows(table):
            yield table.name_of(row)


def _shown(table: Table, row: Row) -> ShownRow:
    own = {key: value for key, value in row.cells.items() if key not in _hidden(table)}
    last = [key for key in LAST if key in own]
    keys = [*(key for key in own if key not in last), *last]
    cells = [(key, text) for key in keys for text in _texts(own[key])]
    about = next((_texts(own[key]) for key in table.about if key in own), ())
    return ShownRow(
        table=table.name,
        name=table.name_of(row),
        about=", ".join(about),
        cells=(*cells, ("file", row.file)),
    )


def _hidden(table: Table) -> frozenset[str]:
    """Return the keys of a file that are other tables."""
    if table.key:
        return frozenset()
    return frozenset((*OF_A_FILE, *(one.key for one in TABLES if one.files == table.files)))


def _texts(value: object) -> tuple[str, ...]:
    """Return a value as texts, one per table or list inside a list."""
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return tuple(_cell_text(item) for item in value)
    return (_cell_text(value),)


def _cell_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_cell_text(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_cell_text(item) for item in value) or "none"
    return str(value)
