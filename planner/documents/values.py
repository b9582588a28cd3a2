"""Readers of the values of a document, that collect every problem with its way; know no format."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from planner.documents.complaints import Complaints, Steps, written
from planner.domain.errors import nearest

T = TypeVar("T")
MOST_SHOWN = 40
"""Characters of a value that a message shows."""
FEW = 8
"""So many names are listed where none is near."""
MOST = 1e15
"""No number of a document is as large."""
Reader = Callable[[object, Steps, Complaints], T]


def shown(value: object) -> str:
    """Return a value as a message shows it, cut short."""
    text = ""
    for piece in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
        text += piece
        if len(text) > MOST_SHOWN:
            return f"{text[: MOST_SHOWN - 3]}..."
    return text


def _unknown_keys(
    value: Mapping[str, object], keys: Collection[str], steps: Steps, complaints: Complaints
) -> None:
    for key in value:
        if key not in keys:
            allowed = f"allowed: {', '.join(keys)}"
            remedy = "" if complaints.is_full else nearest(key, keys) or allowed
            complaints.add((steps, key), "unknown key", remedy)


def some_of(
    keys: Mapping[str, Reader[Any]], required: Collection[str] = ()
) -> Reader[dict[str, Any]]:
    """Return the reader of a table with some of these keys; what cannot be read is left out.

    A required key must not be empty.
    """

    def read(value: object, steps: Steps, complaints: Complaints) -> dict[str, Any]:
        """Read a table key by key."""
        if not isinstance(value, dict):
            complaints.add(steps, f"{shown(value)} is not a table")
            return {}
        _unknown_keys(value, keys, steps, complaints)
        found: dict[str, Any] = {}
        for key, reader in keys.items():
            if key in required and value.get(key) in (None, "", []):
                complaints.add((steps, key), "is required")
            elif key in value:
                before = len(complaints.problems)
                one = reader(value[key], (steps, key), complaints)
                if len(complaints.problems) == before:
                    found[key] = one
        return found

    return read


def parts_of(keys: Mapping[str, Reader[Any]]) -> Reader[dict[str, Any]]:
    """Return the reader of an object of which only these keys are looked at, where they are there."""

    def read(value: object, steps: Steps, complaints: Complaints) -> dict[str, Any]:
        """Read what is known of an object."""
        if not isinstance(value, dict):
            complaints.add(steps, f"{shown(value)} is not an object")
            return {}
        return {
            key: reader(value[key], (steps, key), complaints)
            for key, reader in keys.items()
            if key in value
        }

    return read


def made(make: Callable[..., T], reader: Reader[dict[str, Any]]) -> Reader[T | None]:
    """Return the reader of what `make` makes of a table, None with complaints."""

    def read(value: object, steps: Steps, complaints: Complaints) -> T | None:
        """Read a table as a whole."""
        before = len(complaints.problems)
        found = reader(value, steps, complaints)
        return make(**found) if len(complaints.problems) == before else None

    return read


def pairs_of(
    reader: Reader[T], named: Reader[str] | None = None
) -> Reader[tuple[tuple[str, T], ...]]:
    """Return the reader of a table with free names, as (name, value) in name order."""

    def read(value: object, steps: Steps, complaints: Complaints) -> tuple[tuple[str, T], ...]:
        """Read a table name by name."""
        if not isinstance(value, dict):
            complaints.add(steps, f"{shown(value)} is not a table")
            return ()
        if named is not None:
            for name in value:
                named(name, (steps, name), complaints)
        return tuple(
            (name, reader(value[name], (steps, name), complaints)) for name in sorted(value)
        )

    return read


def list_of(reader: Reader[T | None]) -> Reader[tuple[T, ...]]:
    """Return the reader of a list."""

    def read(value: object, steps: Steps, complaints: Complaints) -> tuple[T, ...]:
        """Read a list element by element."""
        if not isinstance(value, list):
            complaints.add(steps, f"{shown(value)} is not a list")
            return ()
        found = [reader(one, (steps, place), complaints) for place, one in enumerate(value)]
        return tuple(one for one in found if one is not None)

    return read


def set_of(reader: Reader[T | None]) -> Reader[frozenset[T]]:
    """Return the reader of a list whose order says nothing."""
    several = list_of(reader)

    def read(value: object, steps: Steps, complaints: Complaints) -> frozenset[T]:
        """Read a list as a set."""
        return frozenset(several(value, steps, complaints))

    return read


def one_or_more(reader: Reader[T | None]) -> Reader[tuple[T, ...]]:
    """Return the reader of a list of tables; one table alone stands for a list of one."""
    several = list_of(reader)

    def read(value: object, steps: Steps, complaints: Complaints) -> tuple[T, ...]:
        """Read tables."""
        if isinstance(value, dict):
            alone = reader(value, steps, complaints)
            return () if alone is None else (alone,)
        if not isinstance(value, list):
            complaints.add(steps, f"{shown(value)} is not a table", f"write [[{written(steps)}]]")
            return ()
        return several(value, steps, complaints)

    return read


def optional(reader: Reader[T]) -> Reader[T | None]:
    """Return the reader of a value that may be null."""

    def read(value: object, steps: Steps, complaints: Complaints) -> T | None:
        """Read null, or what else it may be."""
        return None if value is None else reader(value, steps, complaints)

    return read


def text(value: object, steps: Steps, complaints: Complaints) -> str:
    """Read a text."""
    if isinstance(value, str):
        return value
    complaints.add(steps, f"{shown(value)} is not a text")
    return ""


def flag(value: object, steps: Steps, complaints: Complaints) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    complaints.add(steps, f"{shown(value)} is not true or false")
    return False


def day(value: object, steps: Steps, complaints: Complaints) -> datetime.date | None:
    """Read a day such as 2026-12-01."""
    try:
        if isinstance(value, str) or type(value) is datetime.date:
            return datetime.date.fromisoformat(str(value))
    except ValueError:
        pass
    complaints.add(steps, f"{shown(value)} is not a day such as 2026-12-01")
    return None


def whole(wish: str, *, least: int, most: int = int(MOST)) -> Reader[int]:
    """Return the reader of a whole number from `least` to `most`, that `wish` describes."""

    def read(value: object, steps: Steps, complaints: Complaints) -> int:
        """Read a whole number."""
        if type(value) is int and least <= value <= most:
            return value
        complaints.add(steps, f"{shown(value)} is not {wish}")
        return least

    return read


def above_zero(wish: str, *, most: float = MOST) -> Reader[float]:
    """Return the reader of a number above 0 and at most `most`, that `wish` describes."""

    def read(value: object, steps: Steps, complaints: Complaints) -> float:
        """Read a number above 0."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most:
            return float(value)
        complaints.add(steps, f"{shown(value)} is not {wish}")
        return most

    return read


def known(what: str, names: Collection[str]) -> Reader[str]:
    """Return the reader of a text that is one of some names."""

    def read(value: object, steps: Steps, complaints: Complaints) -> str:
        """Read a name."""
        name = text(value, steps, complaints)
        if isinstance(value, str) and name not in names:
            remedy = "" if complaints.is_full else _instead(name, names)
            complaints.add(steps, f"'{name[:40]}' is no {what}", remedy)
        return name

    return read


def _instead(name: str, names: Collection[str]) -> str:
    few = f"allowed: {', '.join(sorted(names))}" if 0 < len(names) <= FEW else ""
    return nearest(name, names) or few
