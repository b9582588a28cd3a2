"""A JSON file to a value; keys that appear twice and numbers that are none are refused."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from pathlib import Path

from planner.documents.complaints import Complaints, Lines
from planner.documents.places import json_lines
from planner.documents.sources import MOST_DOCUMENT, read_source
from planner.domain.errors import Location, Problem, quoted

MOST_DIGITS = 400
"""Digits of a number; no float has as many."""


def load_json(
    path: Path, complaints: Complaints, *, most: int = MOST_DOCUMENT, pipes: bool = True
) -> object:
    """Return the JSON value of a file, None with a complaint if there is none.

    From then on the complaints know the lines of the file. `most`: its bytes. `pipes`: it may be one.
    """
    try:
        data = read_source(path, most, pipes=pipes)
    except OSError as error:
        complaints.add((), error.strerror or "cannot be read")
        return None
    return parse_json(data, complaints)


def parse_json(data: bytes, complaints: Complaints) -> object:
    """Return the JSON value of bytes, None with a complaint if they are none."""
    try:
        text = data.decode("utf-8-sig")
        value: object = json.loads(
            text, object_pairs_hook=_once, parse_int=_whole, parse_constant=_no_number
        )
    except RecursionError:
        complaints.add((), "not JSON: nested too deeply")
    except json.JSONDecodeError as error:
        place = Location(file=complaints.file, line=error.lineno, column=str(error.colno))
        complaints.problems.append(Problem(location=place, what=f"not JSON: {error.msg}"))
    except ValueError as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        complaints.add((), f"not JSON: {reason}")
    else:
        complaints.line_of = Lines(partial(json_lines, text)).line_of
        return value
    return None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        (double, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"the key {quoted(double)} appears twice in one object")
    return found


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text):,} digits")
    return int(text)


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")
