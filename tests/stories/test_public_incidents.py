"""Public incidents that nobody here had worked from: none is wrongly safe, most are right."""

from __future__ import annotations

from functools import cache

import pytest

from tests.stories.public_incidents import Asked, Table, asked, cases

CASES = list(cases())
LEAST = 94


@cache
def _asked() -> dict[str, Asked]:
    return {one.case["id"]: one for one in asked()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_public_incident_is_told_right(case: Table) -> None:
    """A case that is not right yet says why in `known`; it is printed, never hidden."""
    one = _asked()[case["id"]]
    if one.right:
        return
    words = f"{one.says}, right is {' or '.join(case['accept'])}: {case['why']}; {one.why}"
    if not case.get("known"):
        pytest.fail(words)
    pytest.xfail(f"{case['known']}: {words}")


def test_most_are_right_and_a_quarter_are_controls() -> None:
    right = sum(one.right for one in _asked().values())
    wrong = sorted(name for name, one in _asked().items() if one.wrongly_safe)
    print(f"{right} of {len(CASES)} public incidents are told right; wrongly safe: {wrong}")
    assert right >= LEAST
    assert len(CASES) >= 60
    assert sum(bool(case.get("control")) for case in CASES) * 4 >= len(CASES)


def test_a_case_is_named_once_and_says_where_it_is_from() -> None:
    names = [case["id"] for case in CASES]
    assert len(set(names)) == len(names)
    assert all(case["source"] and case["why"] and case["found"] for case in CASES)
