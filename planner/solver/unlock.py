"""The cheapest set of hosts to touch so that a refused type becomes safe; chooses nothing else.

Every requirement is met by one of a few host sets (upgrade those that lack, or mask those that have).
With one way each the answer is their union; a dozen choices are tried one by one; beyond that CP-SAT
decides and reports its bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from planner.domain.host import HostProfile
from planner.solver.requirement import Requirement, Unlock, Way

FEW_CHOICES = 4096


def cheapest(requirements: Sequence[Requirement], hosts: Mapping[HostProfile, int]) -> Unlock:
    """Return the set of profiles with the fewest hosts that meets every requirement.

    Ties go to the set that comes first when ways are tried in order. `hosts` counts the hosts of each
    profile.
    """
    choices = 1
    for requirement in requirements:
        choices *= len(requirement.ways)
    if choices > FEW_CHOICES:
        from planner.solver.cpsat import cheapest_by_search

        return cheapest_by_search(requirements, hosts)
    best = min(
        (frozenset[HostProfile]().union(*chosen) for chosen in _every_choice(requirements)),
        key=lambda way: sum(hosts[profile] for profile in way),
    )
    cost = sum(hosts[profile] for profile in best)
    return Unlock(best, cost, cost, "closed-form" if choices == 1 else "exhaustive")


def _every_choice(requirements: Sequence[Requirement]) -> product[tuple[Way, ...]]:
    return product(*(requirement.ways for requirement in requirements))
