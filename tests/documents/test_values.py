"""Readers of values: every problem is told with its way, whatever stands there; none raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.documents.complaints import Complaints
from planner.documents.values import Reader, known, list_of, made, optional, some_of, text, whole

COUNT = whole("a number from 1 to 9", least=1, most=9)
POINT: Reader[dict[str, object] | None] = made(
    dict, some_of({"x": COUNT, "names": list_of(text)}, required=("names",))
)
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


@pytest.mark.parametrize(
    ("reader", "value", "said"),
    [
        (known("boat", {"punt", "raft"}), "rafft", "'rafft' is no boat; did you mean 'raft'?"),
        (known("boat", {"punt", "raft"}), "xyz", "'xyz' is no boat; allowed: punt, raft"),
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
