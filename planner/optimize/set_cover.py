"""The fewest sets that together hold everything: exact where that is quick, else with a proven bound.

Elements that the same sets hold are one, and one whose holders include those of another follows from it.
What is left is chosen greedily first; the bound of that is the number of elements of which no set holds
two. Where the two differ CP-SAT decides.

>>> least_cover({0: frozenset("ab"), 1: frozenset("bc"), 2: frozenset("ac")}).taken
(0, 1)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Holders = frozenset[int]


@dataclass(frozen=True, slots=True)
class Cover:
    """The sets that are taken, by their numbers in order, a proven lower bound, and how it was found."""

    taken: tuple[int, ...]
    bound: int
    method: str


def least_cover(sets: Mapping[int, frozenset[str]]) -> Cover:
    """Return the fewest sets that hold every element of any; ties go to the first numbers."""
    holders: dict[str, set[int]] = {}
    for number, elements in sorted(sets.items()):
        for element in elements:
            holders.setdefault(element, set()).add(number)
    needs = _needed({frozenset(numbers) for numbers in holders.values()})
    if not needs:
        return Cover((), 0, "closed-form")
    greedy, bound = _greedily(needs), _apart(needs)
    if len(greedy) == bound:
        return Cover(greedy, bound, "closed-form")
    return _searched(needs, greedy, bound)


def _needed(every: set[Holders]) -> list[Holders]:
    """Return the needs that do not follow from another: who meets the smaller one meets the larger."""
    least = [need for need in every if not any(smaller < need for smaller in every)]
    return sorted(least, key=lambda need: (len(need), sorted(need)))


def _greedily(needs: list[Holders]) -> tuple[int, ...]:
    """Return sets that meet all needs, each time the one that meets most."""
    open_needs, taken = list(needs), list[int]()
    while open_needs:
        counts: dict[int, int] = {}
        for need in open_needs:
            for number in need:
                counts[number] = counts.get(number, 0) + 1
        best = min(counts, key=lambda number: (-counts[number], number))
        taken.append(best)
        open_needs = [need for need in open_needs if best not in need]
    return tuple(sorted(taken))


def _apart(needs: list[Holders]) -> int:
    """Return the number of needs of which no set meets two: as many sets are needed at least."""
    chosen = list[Holders]()
    for need in needs:
        if all(need.isdisjoint(earlier) for earlier in chosen):
            chosen.append(need)
    return len(chosen)


def _searched(needs: list[Holders], greedy: tuple[int, ...], bound: int) -> Cover:
    from ortools.sat.python import cp_model

    from planner.optimize.cpsat import a_solver, has_answer, whole_bound

    model = cp_model.CpModel()
    numbers = sorted(frozenset[int]().union(*needs))
    taken = {number: model.new_bool_var(str(number)) for number in numbers}
    for need in needs:
        model.add_bool_or([taken[number] for number in sorted(need)])
    model.minimize(sum(taken.values()))
    for number in numbers:
        model.add_hint(taken[number], int(number in greedy))
    solver = a_solver()
    status = solver.solve(model)
    if not has_answer(status):
        return Cover(greedy, bound, "heuristic")
    chosen = tuple(number for number in numbers if solver.boolean_value(taken[number]))
    method = "optimal" if status == cp_model.OPTIMAL else "heuristic"
    return Cover(chosen, max(bound, whole_bound(solver.best_objective_bound)), method)
