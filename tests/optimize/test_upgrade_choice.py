"""The search for the cheapest upgrade, and the use of a budget, equal brute force; bounds are true."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planner.optimize import upgrade_choice as upgrade_search
from planner.optimize.knapsack import Bundle, OpeningFloor, components, most_valuable
from planner.optimize.upgrade_choice import (
    Choice,
    Cut,
    HostsToMove,
    Judged,
    cheapest_choice,
    cheapest_upgrade,
    cost_of,
    forbids,
)

SEATS = 4


@st.composite
def seats(draw: st.DrawFn) -> tuple[HostsToMove, ...]:
    return tuple(
        HostsToMove(
            draw(st.integers(1, 9)),
            tuple(sorted(draw(st.sets(st.integers(0, 2), min_size=1)))),
        )
        for _ in range(SEATS)
    )


pick = st.tuples(st.integers(0, SEATS - 1), st.integers(0, 2))
cut = st.lists(st.frozensets(pick, min_size=1, max_size=4), min_size=1, max_size=3).map(tuple)
rules = st.lists(cut, max_size=10)


def choices(given_seats: tuple[HostsToMove, ...]) -> list[Choice]:
    return list(product(*(seat.options for seat in given_seats)))


class Judge:
    """Refuses what some rule forbids, and tells one rule at a time."""

    def __init__(self, forbidden: list[Cut], doubtful: int = 0) -> None:
        self.forbidden = forbidden
        self.doubtful = forbidden[:doubtful]

    def __call__(self, choice: Choice) -> Judged:
        for rule in self.forbidden:
            if forbids(rule, choice):
                return Judged(opens=False, cut=rule, certain=rule not in self.doubtful)
        return Judged(opens=True)


@settings(max_examples=300, deadline=None)
@given(drawn=seats(), forbidden=rules)
def test_the_cheapest_upgrade_equals_brute_force(
    drawn: tuple[HostsToMove, ...], forbidden: list[Cut]
) -> None:
    costs = [
        cost_of(drawn, one)
        for one in choices(drawn)
        if not any(forbids(rule, one) for rule in forbidden)
    ]
    found = cheapest_upgrade(drawn, Judge(forbidden))
    assert (found.choice is None) is (not costs)
    if found.choice is not None:
        assert cost_of(drawn, found.choice) == found.bound == min(costs)


@settings(max_examples=60, deadline=None)
@given(drawn=seats(), forbidden=rules)
def test_the_search_for_many_choices_equals_brute_force(
    drawn: tuple[HostsToMove, ...], forbidden: list[Cut]
) -> None:
    few = cheapest_upgrade(drawn, Judge(forbidden))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upgrade_search, "FEW_CHOICES", 0)
        many = cheapest_upgrade(drawn, Judge(forbidden))
    assert ((few.choice is None), few.certain) == ((many.choice is None), many.certain)
    assert many.method == "optimal"
    if few.choice is not None and many.choice is not None:
        assert few.bound == many.bound
        assert cost_of(drawn, few.choice) == cost_of(drawn, many.choice)


@settings(max_examples=60, deadline=None)
@given(drawn=seats(), forbidden=rules)
def test_a_bound_of_the_solver_is_never_above_the_truth(
    drawn: tuple[HostsToMove, ...], forbidden: list[Cut]
) -> None:
    costs = [
        cost_of(drawn, one)
        for one in choices(drawn)
        if not any(forbids(rule, one) for rule in forbidden)
    ]
    proposal = cheapest_choice(drawn, forbidden)
    assert proposal.proven
    assert (proposal.choice is None) is (not costs)
    assert proposal.bound <= min(costs, default=proposal.bound)


@settings(max_examples=100, deadline=None)
@given(drawn=seats(), forbidden=rules, doubtful=st.integers(0, 3))
def test_nothing_is_called_impossible_that_only_missing_facts_forbid(
    drawn: tuple[HostsToMove, ...], forbidden: list[Cut], doubtful: int
) -> None:
    found = cheapest_upgrade(drawn, Judge(forbidden, doubtful))
    possible = [
        one
        for one in choices(drawn)
        if not any(forbids(rule, one) for rule in forbidden[doubtful:])
    ]
    if found.choice is None and found.certain:
        assert not possible
    if found.choice is None and not found.certain:
        assert found.bound <= min((cost_of(drawn, one) for one in possible), default=found.bound)


def test_a_search_that_ends_early_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade_search, "MOST_JUDGED", 2)
    drawn = (HostsToMove(1, (0, 1)), HostsToMove(2, (0, 1)))
    found = cheapest_upgrade(
        drawn, lambda choice: Judged(opens=choice == (1, 1), cut=upgrade_search.only(choice))
    )
    assert (found.choice, found.method, found.certain) == (None, "unfinished", False)
    assert found.bound == 2


hosts = st.lists(st.integers(1, 6), min_size=5, max_size=5)
moves = st.frozensets(st.tuples(st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=3)
wishes = st.lists(st.tuples(st.integers(0, 3), moves), min_size=1, max_size=6)


def parcels_of(
    drawn: list[tuple[int, frozenset[tuple[int, int]]]], counts: list[int]
) -> list[Bundle]:
    values = (7, 4, 4, 9)
    return [
        Bundle(str(subject), values[subject], {move: counts[move[0]] for move in sorted(wanted)})
        for subject, wanted in drawn
        if len({seat for seat, _ in wanted}) == len(wanted)
    ]


def worth(chosen: tuple[Bundle, ...], budget: int) -> int | None:
    """Return the value of parcels taken together, None if they cannot be."""
    taken = {move: count for one in chosen for move, count in one.moves.items()}
    once = len({seat for seat, _ in taken}) == len(taken)
    apart = len({one.subject for one in chosen}) == len(chosen)
    fits = sum(taken.values()) <= budget
    return sum(one.value for one in chosen) if once and apart and fits else None


@settings(max_examples=80, deadline=None)
@given(drawn=wishes, counts=hosts, budget=st.integers(0, 25))
def test_a_budget_is_spent_as_brute_force_does(
    drawn: list[tuple[int, frozenset[tuple[int, int]]]], counts: list[int], budget: int
) -> None:
    parcels = parcels_of(drawn, counts)
    best = max(
        value
        for size in range(len(parcels) + 1)
        for chosen in combinations(parcels, size)
        if (value := worth(chosen, budget)) is not None
    )
    least = [
        OpeningFloor(
            name,
            next(one.value for one in parcels if one.subject == name),
            min(one.cost for one in parcels if one.subject == name),
            frozenset(move[0] for one in parcels if one.subject == name for move in one.moves),
        )
        for name in dict.fromkeys(one.subject for one in parcels)
    ]
    found = most_valuable(parcels, least, budget, lambda _: True)
    chosen = tuple(parcels[number] for number in found.chosen)
    assert worth(chosen, budget) == best
    assert found.bound >= best
    if all(len(group) == 1 for group in components(least)):
        assert found.bound == best


@settings(max_examples=40, deadline=None)
@given(drawn=wishes, counts=hosts)
@example(
    drawn=[(subject, frozenset({(0, 0)})) for subject in (0, 0, 0, 1, 2, 3)], counts=[1] * 5
).via("more choices than are tried look better than each alone")
def test_what_does_not_hold_together_is_not_chosen(
    drawn: list[tuple[int, frozenset[tuple[int, int]]]], counts: list[int]
) -> None:
    parcels = parcels_of(drawn, counts)
    found = most_valuable(parcels, [], 100, lambda numbers: len(numbers) < 2)
    assert len(found.chosen) < 2
    if parcels:
        assert len(found.chosen) == 1
