"""Typed reading of one row of a data file; knows no meaning beyond names and types."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TypeVar, cast

from planner.domain.errors import KnowledgeError, Location, Problem, nearest

E = TypeVar("E", bound=Enum)


@dataclass(slots=True)
class Row:
    """A table of a data file that remembers which keys were asked for."""

    cells: Mapping[str, object]
    file: str
    name: str
    asked: set[str] = field(default_factory=set)

    def fail(self, what: str, remedy: str = "") -> KnowledgeError:
        """Return the error that says `what` is wrong with this row."""
        place = Location(file=self.file, column=self.name)
        return KnowledgeError([Problem(location=place, what=what, remedy=remedy)])

    def _cell(self, key: str, kind: type, default: object) -> object:
        self.asked.add(key)
        value = self.cells.get(key, default)
        if value is None:
            raise self.fail(f"key '{key}' is missing")
        if not isinstance(value, kind):
            raise self.fail(f"key '{key}' is {value!r}, not a {kind.__name__}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default the key is required."""
        return cast("str", self._cell(key, str, default))

    def number(self, key: str, default: int | None = None) -> int:
        """Return an integer."""
        return cast("int", self._cell(key, int, default))

    def truth(self, key: str, *, default: bool = False) -> bool:
        """Return a boolean."""
        return cast("bool", self._cell(key, bool, default))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty if the key is absent."""
        values = cast("list[object]", self._cell(key, list, []))
        if not all(isinstance(value, str) for value in values):
            raise self.fail(f"key '{key}' holds something that is not a text")
        return tuple(cast("list[str]", values))

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of integers, empty if the key is absent."""
        values = cast("list[object]", self._cell(key, list, []))
        if not all(isinstance(value, int) for value in values):
            raise self.fail(f"key '{key}' holds something that is not an integer")
        return tuple(cast("list[int]", values))

    def mapping(self, key: str) -> Mapping[str, object]:
        """Return a nested table, empty if the key is absent."""
        return cast("Mapping[str, object]", self._cell(key, dict, {}))

    def rows(self, key: str) -> Iterator[Row]:
        """Return the rows of a nested array of tables."""
        for index, cells in enumerate(cast("list[object]", self._cell(key, list, [])), start=1):
            if not isinstance(cells, dict):
                raise self.fail(f"{key}[{index}] is not a table")
            yield Row(cells=cells, file=self.file, name=f"{key}[{index}]")

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E:
        """Return a member of the enumeration `kind` by its value."""
        text = self.text(key, None if default is None else str(default.value))
        for member in kind:
            if member.value == text:
                return member
        words = [str(member.value) for member in kind]
        raise self.fail(
            f"key '{key}' is '{text}'", f"allowed: {', '.join(words)} {nearest(text, words)}"
        )

    def done(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self.cells:
            if key not in self.asked:
                raise self.fail(f"unknown key '{key}'", nearest(key, self.asked))


def read_toml(path: Path, root: Path) -> Row:
    """Read a data file as one row; `schema = 1` is required."""
    file = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    try:
        cells = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = Location(file=file)
        raise KnowledgeError([Problem(location=place, what=f"not TOML: {error}")]) from error
    row = Row(cells=cells, file=file, name="file")
    if row.number("schema", 0) != 1:
        raise row.fail("first line must be `schema = 1`")
    return row


def release_key(text: str) -> tuple[int, ...]:
    """Return the integers of a release text in order, `'9.1.0-19'` as `(9, 1, 0, 19)`.

    A release candidate sorts before its release: `4.1.0-rc2` is `(4, 1, -1, 2)`.
    """
    plain = re.sub(r"\.0-rc", ".-rc", text) if "-rc" in text else text
    parts = re.findall(r"rc|\d+", plain)
    return tuple(-1 if part == "rc" else int(part) for part in parts)


def versions(texts: Iterable[str]) -> tuple[tuple[int, ...], ...]:
    """Return the keys of several release texts."""
    return tuple(release_key(text) for text in texts)
