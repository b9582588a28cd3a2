"""Typed reading of one row of a data file; knows no meaning beyond names and types."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from functools import cache
from operator import methodcaller
from pathlib import Path
from typing import Any, TypeVar, cast, get_origin, get_type_hints

from planner.documents.complaints import Complaints, Steps, no_line
from planner.documents.digits import whole_of
from planner.documents.toml_file import load_toml
from planner.domain.errors import KnowledgeError, Location, Problem, nearest

E = TypeVar("E", bound=Enum)
T = TypeVar("T")
LONGEST_VERSION = 255
"""Characters of a version: no package's and no kernel's has as many."""


@dataclass(slots=True)
class Row:
    """A table of a data file that remembers which keys were asked for; `head` is the file's own row."""

    cells: Mapping[str, object]
    file: str
    name: str
    head: Row | None = None
    steps: Steps = ()
    line_of: Callable[[Steps], int | None] = no_line
    asked: set[str] = field(default_factory=set)
    nested: list[Row] = field(default_factory=list)

    def fail(self, what: str, remedy: str = "") -> KnowledgeError:
        """Return the error that says `what` is wrong with this row."""
        return KnowledgeError([self._problem(what, remedy)])

    def _problem(self, what: str, remedy: str, key: str = "") -> Problem:
        line = self.line_of((self.steps, key) if key else self.steps)
        place = Location(file=self.file, line=line, column=self.name)
        return Problem(location=place, what=what, remedy=remedy)

    def _wrong(self, key: str, what: str, remedy: str = "") -> KnowledgeError:
        return KnowledgeError([self._problem(f"key '{key}' {what}", remedy, key)])

    def _cell(self, key: str, kind: type, default: object) -> object:
        self.asked.add(key)
        value = self.cells.get(key, default)
        if value is None:
            close = nearest(key, set(self.cells) - self.asked)
            raise self.fail(f"key '{key}' is missing", close and f"found another key, {close}")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self._wrong(key, f"is {value!r}, not a {NAMES[kind]}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default the key is required."""
        return cast("str", self._cell(key, str, default))

    def word(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """Return a text that is one of `allowed`, or the default."""
        text = self.text(key, default)
        if text not in allowed and text != default:
            hint = f"allowed: {', '.join(allowed)} {nearest(text, allowed)}".strip()
            raise self._wrong(key, f"is '{text}'", hint)
        return text

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E:
        """Return a member of the enumeration `kind` by its value."""
        words = [str(member.value) for member in kind]
        return kind(self.word(key, words, None if default is None else str(default.value)))

    def release(self, key: str, default: str | None = None) -> tuple[int, ...]:
        """Return the key of a release; a text without a number names none."""
        text = self.text(key, default)
        if text and not release_key(text):
            raise self._wrong(key, f"is '{text}', not a release")
        return release_key(text)

    def number(self, key: str, default: int | None = None) -> int:
        """Return an integer."""
        return cast("int", self._cell(key, int, default))

    def truth(self, key: str, *, default: bool | None = False) -> bool:
        """Return a boolean; with None as default the key is required."""
        return cast("bool", self._cell(key, bool, default))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty if the key is absent."""
        return cast("tuple[str, ...]", self._list(key, str))

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of integers, empty if the key is absent."""
        return cast("tuple[int, ...]", self._list(key, int))

    def lists(self, key: str, length: int) -> tuple[tuple[str, ...], ...]:
        """Return a list of lists of `length` texts, empty if the key is absent."""
        found = cast("tuple[list[object], ...]", self._list(key, list))
        for place, values in enumerate(found, start=1):
            if len(values) != length or not all(isinstance(value, str) for value in values):
                raise self.fail(f"{key}[{place}] is {values!r}, not {length} texts")
        return cast("tuple[tuple[str, ...], ...]", tuple(tuple(values) for values in found))

    def _list(self, key: str, kind: type) -> tuple[object, ...]:
        values = cast("list[object]", self._cell(key, list, []))
        if not all(isinstance(value, kind) for value in values):
            raise self._wrong(key, f"holds something that is not a {NAMES[kind]}")
        return tuple(values)

    def names(self, key: str) -> Mapping[str, object]:
        """Return a nested table whose keys are names and not ours to know, empty if it is absent."""
        return cast("Mapping[str, object]", self._cell(key, dict, {}))

    def table(self, key: str) -> Row:
        """Return a nested table, empty if the key is absent."""
        cells = cast("dict[str, object]", self._cell(key, dict, {}))
        return self._nested(cells, key, (self.steps, key))

    def rows(self, key: str) -> Iterator[Row]:
        """Return the rows of a nested array of tables; a file is the head of its rows."""
        for index, cells in enumerate(self._list(key, dict), start=1):
            steps = ((self.steps, key), index - 1)
            yield self._nested(cast("dict[str, object]", cells), f"{key}[{index}]", steps)

    def _nested(self, cells: Mapping[str, object], place: str, steps: Steps) -> Row:
        own = self.head is None
        known = cells.get("id") or cells.get("name")
        place = f"{place} '{known}'" if known else place
        row = Row(
            cells=cells,
            file=self.file,
            name=place if own else f"{self.name} {place}",
            head=self if own else self.head,
            steps=steps,
            line_of=self.line_of,
        )
        self.nested.append(row)
        return row

    def pattern(self, key: str) -> re.Pattern[str]:
        """Return a regular expression."""
        try:
            return re.compile(self.text(key))
        except re.error as error:
            raise self.fail(f"key '{key}' is not a pattern: {error}") from error

    def make(self, kind: type[T], /, **given: object) -> T:
        """Return a dataclass of which each field is the key of its name, read by its type, or `given`.

        A key may be absent whose field has a default; a truth value is false then and a list empty.
        """
        read = {name: reader(self) for name, reader in _readers(kind) if name not in given}  # type: ignore[arg-type]
        return kind(**given, **read)

    def for_people(self, *keys: str) -> None:
        """Allow keys that only people read."""
        self.asked.update(keys)

    def done(self) -> None:
        """Refuse the keys that nobody asked for, here and in every nested row that was read."""
        problems = tuple(self.surplus())
        if problems:
            raise KnowledgeError(problems)

    def surplus(self) -> Iterator[Problem]:
        """Yield one problem per key that nobody asked for, but for rows that others have replaced."""
        for key in self.cells:
            if key not in self.asked:
                hint = nearest(key, self.asked) or f"allowed: {', '.join(sorted(self.asked))}"
                yield self._problem(f"unknown key '{key}'", hint, key)
        for row in self.nested:
            if row.asked:
                yield from row.surplus()


NAMES = {
    str: "text",
    int: "integer",
    bool: "truth value",
    list: "list",
    dict: "table",
}


@cache
def _readers(kind: type) -> tuple[tuple[str, Callable[[Row], object]], ...]:
    """Return the fields of a dataclass that keys of a row can give, each with its reader."""
    types = get_type_hints(kind)
    return tuple(
        (field.name, _reader_of(field.name, types[field.name], field.default))
        for field in fields(kind)
        if field.init
    )


def _reader_of(key: str, kind: Any, default: Any) -> Callable[[Row], object]:
    """Return the reader of a key by the type of its field."""
    kind = getattr(kind, "__supertype__", kind)
    origin, known = get_origin(kind), None if default is MISSING else default
    if isinstance(kind, type) and issubclass(kind, Enum):
        return methodcaller("choice", key, kind, known)
    if origin is frozenset:
        return lambda row: frozenset(row.texts(key))
    if origin is tuple:
        is_release = kind == tuple[int, ...]
        return (
            methodcaller("release", key, None if known is None else "")
            if is_release
            else methodcaller("texts", key)
        )
    if kind is bool:
        return methodcaller("truth", key, default=bool(known))
    if origin is re.Pattern:
        return methodcaller("pattern", key)
    return methodcaller("number" if kind is int else "text", key, known)


def made(kind: type[T]) -> Callable[[Row], T]:
    """Return the reader of rows that are values of a dataclass, key by field."""
    return lambda row: row.make(kind)


def read_toml(path: Path, root: Path) -> Row:
    """Read a data file as one row; `schema = 1` is required. Messages name files from `root` on."""
    file = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    complaints = Complaints(file)
    cells = load_toml(path, complaints)
    if cells is None:
        raise KnowledgeError(complaints.told())
    row = Row(cells=cells, file=file, name="file", line_of=complaints.line_of)
    if row.number("schema", 0) != 1:
        raise row.fail("first line must be `schema = 1`")
    return row


def release_key(text: str) -> tuple[int, ...]:
    """Return the integers of a release text in order, `'9.1.0-19'` as `(9, 1, 0, 19)`.

    A release candidate sorts before its release: `4.1.0-rc2` is `(4, 1, -1, 2)`.
    """
    plain = re.sub(r"\.0-rc", ".-rc", text) if "-rc" in text else text
    parts = re.findall(r"rc|\d+", plain)
    return tuple(-1 if part == "rc" else whole_of(part) for part in parts)


def versions(texts: Iterable[str]) -> tuple[tuple[int, ...], ...]:
    """Return the keys of several release texts."""
    return tuple(release_key(text) for text in texts)
