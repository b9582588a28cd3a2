"""The cheapest set of hosts to touch so that a refused type becomes safe; chooses nothing else.

Every requirement is met by one of a few host sets (upgrade those that lack, or mask those that have).
With one way each the answer is their union; a dozen choices are tried one by one; beyond that CP-SAT
decides and reports its bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from planner.domain.host import HostProfile

FEW_CHOICES = 4096
"""Combinations that are tried one by one faster than the solver starts (about a second)."""
ProfileSet = frozenset[HostProfile]


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something to be mended, and the sets of profiles any of which mends it if all are touched."""

    subject: str
    ways: tuple[ProfileSet, ...]


@dataclass(frozen=True, slots=True)
class CheapestSet:
    """The profiles to touch, their hosts, a proven lower bound and how it was found."""

    profiles: ProfileSet
    hosts: int
    bound: int
    method: str

    @property
    def gap(self) -> int:
        """Hosts by which the answer may exceed the optimum."""
        return self.hosts - self.bound


def cheapest(requirements: Sequence[Requirement], hosts: Mapping[HostProfile, int]) -> CheapestSet:
    """Return the set of profiles with the fewest hosts that meets every requirement.

    Ties go to the set that comes first when ways are tried in order. `hosts` counts the hosts of each
    profile.
    """
    choices = 1
    for requirement in requirements:
        choices *= len(requirement.ways)
    if choices > FEW_CHOICES:
        return cheapest_by_search(requirements, hosts)
    best = min(
        (frozenset[HostProfile]().union(*chosen) for chosen in _every_choice(requirements)),
        key=lambda way: sum(hosts[profile] for profile in way),
    )
    cost = sum(hosts[profile] for profile in best)
    return CheapestSet(best, cost, cost, "closed-form" if choices == 1 else "exhaustive")


def _every_choice(requirements: Sequence[Requirement]) -> product[tuple[ProfileSet, ...]]:
    return product(*(requirement.ways for requirement in requirements))


def cheapest_by_search(
    requirements: Sequence[Requirement], hosts: Mapping[HostProfile, int]
) -> CheapestSet:
    """Return the set of profiles with the fewest hosts that meets every requirement."""
    from ortools.sat.python import cp_model

    from planner.optimize.cpsat import a_solver, has_answer, whole_bound

    model = cp_model.CpModel()
    order = list(hosts)
    touched = {profile: model.new_bool_var(f"touch{index}") for index, profile in enumerate(order)}
    for number, requirement in enumerate(requirements):
        taken = []
        for index, way in enumerate(requirement.ways):
            chosen = model.new_bool_var(f"way{number}.{index}")
            for profile in order:
                if profile in way:
                    model.add_implication(chosen, touched[profile])
            taken.append(chosen)
        model.add(sum(taken) >= 1)
    model.minimize(sum(hosts[profile] * touched[profile] for profile in order))
    for profile in order:
        model.add_hint(touched[profile], 1)
    solver = a_solver()
    status = solver.solve(model)
    if not has_answer(status):
        return CheapestSet(frozenset(order), sum(hosts.values()), 0, "heuristic")
    cheapest_set = frozenset(profile for profile in order if solver.boolean_value(touched[profile]))
    method = "optimal" if status == cp_model.OPTIMAL else "heuristic"
    return CheapestSet(
        cheapest_set,
        sum(hosts[profile] for profile in cheapest_set),
        whole_bound(solver.best_objective_bound),
        method,
    )
