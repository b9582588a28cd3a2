"""The reader of a dataclass by its types: what it takes, what it refuses, and what it cannot read."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import pytest

from planner.documents.complaints import Complaints
from planner.documents.typed import reader_of


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    name: str
    before: int


@dataclass(frozen=True)
class Whole:
    colour: Colour
    kind: Literal["a", "b"]
    parts: tuple[Part, ...]
    day: datetime.date | None


WHOLE = {
    "colour": "red",
    "kind": "b",
    "parts": [{"name": "x", "from": 3}],
    "day": "2026-12-01",
}


def read(value: object) -> tuple[object, list[str]]:
    complaints = Complaints("f")
    return reader_of(Whole, {})(value, (), complaints), [
        str(problem) for problem in complaints.told()
    ]


def test_a_document_is_its_value() -> None:
    found, told = read(WHOLE)
    assert not told
    assert found == Whole(Colour.RED, "b", (Part("x", 3),), datetime.date(2026, 12, 1))
    found, told = read(WHOLE | {"day": None})
    assert not told and isinstance(found, Whole) and found.day is None


def test_every_problem_is_told_with_its_way() -> None:
    wrong = {"colour": "rde", "kind": "c", "parts": [{"name": 1, "before": 3}], "dya": None}
    found, told = read(wrong)
    assert found is None
    assert [line.split(": ")[1] for line in told] == [
        "dya",
        "the key 'day' is missing",
        "colour",
        "kind",
        "parts[1].before",
        "parts[1]",
        "parts[1].name",
    ]


def test_a_type_that_nobody_reads_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="has no reader"):
        reader_of(complex, {})
