"""Documents by the types of a dataclass: every problem with its way and what is allowed instead."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.documents.complaints import Complaints
from planner.documents.typed import model_of, read

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ax"), inner, max_size=3)
    ),
    max_leaves=8,
)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    x: int
    colour: Colour = Colour.RED
    size: float | None = None
    form: Literal["round", "flat"] = "flat"
    day: datetime.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    before: tuple[Spot, ...]


SPOT: dict[str, object] = {
    "x": 1,
    "colour": "blue",
    "size": None,
    "form": "round",
    "day": "2026-12-01",
}


def told(value: object) -> list[str]:
    complaints = Complaints("f")
    found = read(model_of(Sheet), value, complaints)
    assert (found is None) is bool(complaints.problems)
    return [str(problem) for problem in complaints.told()]


def test_a_document_is_read_into_its_type_and_every_key_must_be_there() -> None:
    found = read(model_of(Sheet), {"from": [SPOT]}, Complaints("f"))
    assert found.before == (
        Spot(x=1, colour=Colour.BLUE, form="round", day=datetime.date(2026, 12, 1)),
    )
    assert told({"from": [{"x": 1}]}) == [
        f"f: from[1]: the key '{key}' is missing" for key in ("colour", "size", "form", "day")
    ]
    assert told({"before": []}) == [
        "f: the key 'from' is missing",
        "f: before: unknown key; allowed: from",
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"x": -1}, ".x: -1 is not 0 or more"),
        ({"x": True}, ".x: true is not a whole number"),
        ({"x": 1.0}, ".x: 1.0 is not a whole number"),
        ({"colour": "green"}, '.colour: "green" is none of red, blue'),
        ({"form": ["x" * 99]}, f'.form: ["{"x" * 35}... is none of round, flat'),
        ({"size": "1"}, '.size: "1" is not a number'),
        ({"size": 1e15}, ".size: 1000000000000000.0 is not less than 1e+15"),
        ({"size": float("inf")}, ".size: Infinity is not less than 1e+15"),
        ({"clour": 1}, ".clour: unknown key; did you mean 'colour'?"),
        ({"day": "1.12.2026"}, '.day: "1.12.2026" is not a day such as 2026-12-01'),
        ({"zz": 1}, ".zz: unknown key; allowed: x, colour, size, form, day"),
    ],
)
def test_what_is_wrong_is_shown_with_what_is_allowed(wrong: dict[str, object], said: str) -> None:
    assert told({"from": [SPOT | wrong]}) == [f"f: from[1]{said}"]


@given(anything)
def test_a_value_is_read_or_complained_about_and_never_raises(value: object) -> None:
    told(value)
    told({"from": value})
