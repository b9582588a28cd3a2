"""Write docs/reference/rows.md, the columns of data/: `python -m tests.house.row_reference`.

A row is asked for keys, by the types of a dataclass (`Row.make`) or one at a time, and refuses what
nobody asked for. So what the readers ask of all shipped rows is their schema; here it is noted.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from planner.knowledge.check import check_knowledge
from planner.knowledge.files.rows import NAMES, Row
from planner.knowledge.load import load_knowledge

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rows.md"
HEAD = """# Columns of the rows

What the planner asks of each table of `data/`, in the order it asks; any other key is an error. What
tables and columns mean is told in [the data format](data-format.md). `TABLE.key` is a key
of a table inside a row. Written by `make reference` from what the readers ask of the shipped rows.
"""
MOST_WORDS = 12
"""Words that a column may take up to which they are written out."""


@dataclass(slots=True)
class Column:
    """What is asked of a key: its kind, whether it must be there, its words, and who asked."""

    kind: str
    needed: bool = False
    words: tuple[str, ...] = ()
    by_type: bool = False


@dataclass(slots=True)
class Asked:
    """The columns of tables by (file or folder, table), in the order in which they were asked."""

    tables: dict[str, dict[str, Column]] = field(default_factory=dict)
    typed: int = 0
    """How many calls of `make` are open."""

    def column(self, row: Row, key: str, kind: type, default: object) -> Column:
        """Note that a key was asked."""
        name = "/".join(Path(row.file).parts[1 if row.file.startswith("data/") else 0 :])
        folder = re.sub(r"/[^/]+\.toml$", "/*.toml", name)
        table = self.tables.setdefault(folder, {})
        column = table.setdefault(way_of(row) + key, Column(NAMES[kind]))
        column.needed |= default is None
        column.by_type |= self.typed > 0
        return column


def way_of(row: Row) -> str:
    """Return the tables around a key, `row.` or `row.part.`, without their numbers."""
    way = ""
    steps: Any = row.steps
    while steps:
        steps, step = steps
        if isinstance(step, str):
            way = f"{step}.{way}"
    return way


def asked_of_rows() -> Asked:
    """Read the shipped rows and return what was asked of them."""
    asked = Asked()
    cell, word, make = Row._cell, Row.word, Row.make

    def noted_cell(row: Row, key: str, kind: type, default: object) -> object:
        asked.column(row, key, kind, default)
        return cell(row, key, kind, default)

    def noted_word(row: Row, key: str, allowed: Collection[str], default: str | None = None) -> str:
        text = word(row, key, allowed, default)
        column = asked.column(row, key, str, default)
        column.words = tuple(dict.fromkeys((*column.words, *allowed)))
        return text

    def noted_make(row: Row, kind: type, /, **given: object) -> object:
        asked.typed += 1
        try:
            return make(row, kind, **given)
        finally:
            asked.typed -= 1

    with (
        patch.object(Row, "_cell", noted_cell),
        patch.object(Row, "word", noted_word),
        patch.object(Row, "make", noted_make),
    ):
        check_knowledge(load_knowledge(), ())  # it reads what commands read late
    return asked


def page() -> str:
    """Return the page."""
    lines = [HEAD]
    for name, columns in sorted(asked_of_rows().tables.items()):
        lines += [
            f"## {name}",
            "",
            "| Column | Type | Needed | Words |",
            "| --- | --- | --- | --- |",
        ]
        for key, column in columns.items():
            words = sorted(column.words) if len(column.words) <= MOST_WORDS else ()
            shown = ", ".join(f"`{one}`" for one in words)
            lines.append(
                f"| `{key}` | {column.kind} | {'yes' if column.needed else ''} | {shown} |"
            )
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
