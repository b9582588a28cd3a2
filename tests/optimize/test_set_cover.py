"""The fewest sets: as good as trying all, never below the bound, the same whatever the order."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.optimize.set_cover import Cover, least_cover

SETS = st.dictionaries(
    st.integers(0, 7), st.frozensets(st.sampled_from("abcdefg"), max_size=5), max_size=7
)


def fewest(sets: dict[int, frozenset[str]]) -> int:
    every = frozenset[str]().union(*sets.values())
    for size in range(len(sets) + 1):
        for chosen in combinations(sets.values(), size):
            if frozenset[str]().union(*chosen) == every:
                return size
    raise AssertionError


@settings(max_examples=150, deadline=None)
@given(SETS)
def test_it_is_as_good_as_trying_all(sets: dict[int, frozenset[str]]) -> None:
    found = least_cover(sets)
    taken = frozenset[str]().union(*(sets[number] for number in found.taken))
    assert taken == frozenset[str]().union(*sets.values())
    assert len(found.taken) == found.bound == fewest(sets)


def test_nothing_needs_nothing() -> None:
    assert least_cover({}) == least_cover({1: frozenset()}) == Cover((), 0, "closed-form")


def test_a_search_is_asked_where_the_first_choice_is_not_proven() -> None:
    sets = {
        0: frozenset("abcd"),
        1: frozenset("abe"),
        2: frozenset("cdf"),
        3: frozenset("ef"),
    }
    found = least_cover(sets)
    assert len(found.taken) == found.bound == 2 and found.method in {"closed-form", "optimal"}
    triangle = {0: frozenset("ab"), 1: frozenset("bc"), 2: frozenset("ac")}
    assert least_cover(triangle).method == "optimal"
