"""Readers of JSON values that collect every problem with its path instead of stopping at the first."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from planner.domain.errors import Location, Problem, nearest

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Steps = tuple[object, ...]
"""The way to a value: the way to what holds it, then a key or a place."""
MOST_PROBLEMS = 20
MOST = 1e15
"""No number of a plan is as large."""


@dataclass(slots=True)
class Complaints:
    """Problems of one file, in order of discovery."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, steps: Steps, what: str, remedy: str = "") -> None:
        """Note a problem at a path such as `waves[2].flips[0].to`; after many, only their count."""
        place = Location(file=self.file, column=written(steps) or None)
        self.problems.append(Problem(location=place, what=what, remedy=remedy))

    def told(self) -> tuple[Problem, ...]:
        """Return the first problems and, if there are more, one that counts the rest."""
        rest = len(self.problems) - MOST_PROBLEMS
        if rest <= 0:
            return tuple(self.problems)
        more = Problem(location=Location(file=self.file), what=f"and {rest} more problems")
        return (*self.problems[:MOST_PROBLEMS], more)


Reader = Callable[[object, Steps, Complaints], T]


def written(steps: Steps) -> str:
    """Write a path as `waves[2].number`, places counted from 1."""
    text = ""
    while steps:
        held, step = steps
        text = (f"[{step + 1}]" if isinstance(step, int) else f".{step}") + text
        steps = held if isinstance(held, tuple) else ()
    return text.removeprefix(".")


def load_json(path: Path, complaints: Complaints) -> object:
    """Return the JSON value of a file, None with a complaint if there is none."""
    try:
        return json.loads(
            path.read_text(encoding="utf-8"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except OSError as error:
        complaints.add((), error.strerror or "cannot be read")
    except RecursionError:
        complaints.add((), "not a plan: nested too deeply")
    except json.JSONDecodeError as error:
        place = Location(file=complaints.file, line=error.lineno, column=str(error.colno))
        complaints.problems.append(Problem(location=place, what=f"not JSON: {error.msg}"))
    except ValueError as error:
        text = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        complaints.add((), f"not JSON: {text}")
    return None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{double}' appears twice in one object")
    return found


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def shown(value: object) -> str:
    """Return a value as a message shows it, cut short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."


def record(make: Callable[..., T], keys: Mapping[str, tuple[str, Reader[Any]]]) -> Reader[T | None]:
    """Return the reader of an object with exactly these keys: (argument of `make`, its reader)."""

    def read(value: object, steps: Steps, complaints: Complaints) -> T | None:
        """Read an object key by key."""
        if not isinstance(value, dict):
            complaints.add(steps, f"{shown(value)} is not an object")
            return None
        before = len(complaints.problems)
        if value.keys() != keys.keys():
            _other_keys(value, keys, steps, complaints)
        found = {
            name: reader(value[key], (steps, key), complaints)
            for key, (name, reader) in keys.items()
            if key in value
        }
        return make(**found) if len(complaints.problems) == before else None

    return read


def _other_keys(
    value: Mapping[str, object], keys: Mapping[str, object], steps: Steps, complaints: Complaints
) -> None:
    for key in value:
        if key not in keys:
            complaints.add((steps, key), "unknown key", nearest(key, keys))
    for key in keys:
        if key not in value:
            complaints.add(steps, f"the key '{key}' is missing")


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


def count(value: object, steps: Steps, complaints: Complaints) -> int:
    """Read a whole number from 0 on."""
    if type(value) is int and value >= 0:
        return value
    complaints.add(steps, f"{shown(value)} is not a whole number from 0 on")
    return 0


def integer(value: object, steps: Steps, complaints: Complaints) -> int:
    """Read a whole number, also a negative one."""
    if type(value) is int:
        return value
    complaints.add(steps, f"{shown(value)} is not a whole number")
    return 0


def number(value: object, steps: Steps, complaints: Complaints) -> float:
    """Read a number from 0 on."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST:
        return float(value)
    complaints.add(steps, f"{shown(value)} is not a number from 0 on")
    return 0.0


def flag(value: object, steps: Steps, complaints: Complaints) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    complaints.add(steps, f"{shown(value)} is not true or false")
    return False


def day(value: object, steps: Steps, complaints: Complaints) -> datetime.date | None:
    """Read a day such as 2026-12-01."""
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError:
        complaints.add(steps, f"{shown(value)} is not a day such as 2026-12-01")
        return None


def member(kind: type[E]) -> Reader[E | None]:
    """Return the reader of one of some words."""
    words = {one.value: one for one in kind}

    def read(value: object, steps: Steps, complaints: Complaints) -> E | None:
        """Read a word."""
        found = words.get(value) if isinstance(value, str) else None
        if found is None:
            complaints.add(steps, f"{shown(value)} is none of {', '.join(words)}")
        return found

    return read
