"""Readers of values: every problem is told with its way, whatever stands there; none raises."""

from __future__ import annotations

from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.documents.complaints import Complaints
from planner.documents.values import Reader, known, list_of, member, optional, record, text, whole


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


COUNT = whole("a number from 1 to 9", least=1, most=9)
POINT = record(lambda **found: found, {"x": ("x", COUNT), "names": ("names", list_of(text))})
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def told(reader: Reader[object], value: object) -> list[str]:
    complaints = Complaints("f")
    reader(value, (), complaints)
    return [str(problem) for problem in complaints.told()]


def test_all_problems_of_a_record_are_told_with_their_ways() -> None:
    assert told(POINT, {"x": 10, "names": ["a", 3], "nmaes": []}) == [
        "f: nmaes: unknown key; did you mean 'names'?",
        "f: x: 10 is not a number from 1 to 9",
        "f: names[2]: 3 is not a text",
    ]
    assert told(POINT, {"x": 1}) == ["f: the key 'names' is missing"]
    assert told(POINT, []) == ["f: [] is not an object"]
    assert told(POINT, {"x": 1, "names": []}) == []


@pytest.mark.parametrize(
    ("reader", "value", "said"),
    [
        (known("boat", {"punt", "raft"}), "rafft", "'rafft' is no boat; did you mean 'raft'?"),
        (known("boat", {"punt", "raft"}), "xyz", "'xyz' is no boat; allowed: punt, raft"),
        (member(Colour), "green", '"green" is none of red, blue'),
        (COUNT, True, "true is not a number from 1 to 9"),
        (COUNT, "x" * 99, f'"{"x" * 36}... is not a number from 1 to 9'),
    ],
)
def test_what_is_wrong_is_shown_with_what_is_allowed(
    reader: Reader[object], value: object, said: str
) -> None:
    assert told(reader, value) == [f"f: {said}"]


def test_what_is_optional_may_be_null() -> None:
    assert told(optional(COUNT), None) == []
    assert told(optional(COUNT), 0) == told(COUNT, 0)


@given(anything)
def test_a_value_is_read_or_complained_about_and_never_raises(value: object) -> None:
    complaints = Complaints("f")
    found = POINT(value, (), complaints)
    assert (found is None) is bool(complaints.problems)
