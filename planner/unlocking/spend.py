"""All wants of a fleet answered, and what a budget of hosts is best spent on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from planner.domain.host import HostGroup
from planner.domain.unlock import BudgetBound, Goal, Unlocks, UnlockStatus, UnlockTarget
from planner.optimize.knapsack import Allotment, Bundle, OpeningFloor, components, most_valuable
from planner.optimize.upgrade_choice import STAYS, UNFINISHED
from planner.unlocking.results import GoalResult, classes_of
from planner.unlocking.search import UnlockSearch

GRAIN = 1000
"""Values are compared in thousandths of a host."""


def unlocks(unlocker: UnlockSearch, wants: Iterable[Goal], budget: int | None = None) -> Unlocks:
    """Return the cheapest upgrades for every want; with a `budget` in hosts, what to spend it on."""
    worth = worths(unlocker)
    openings = [unlocker.open(want, worth[want.domain]) for want in wants]
    digest = unlocker.knowledge.digest
    targets = tuple(opening.target for opening in openings)
    if budget is None:
        return Unlocks(targets=targets, knowledge_digest=digest)
    offered = _worth_offering(openings)
    parcels = [_parcel(opening) for opening in offered]
    allotment = most_valuable(
        parcels,
        _least(openings),
        budget,
        lambda numbers: _hold(unlocker, [offered[number] for number in numbers]),
    )
    chosen = tuple(offered[number].target for number in allotment.chosen)
    spent = sum(
        {move: n for i in allotment.chosen for move, n in parcels[i].moves.items()}.values()
    )
    return Unlocks(
        targets=targets,
        knowledge_digest=digest,
        chosen=chosen,
        bound=_bound(allotment, [parcels[number] for number in allotment.chosen], budget, spent),
    )


def worths(unlocker: UnlockSearch) -> dict[str, float]:
    """Return what each pool is worth: its hosts times the weight that the policy's plan gives it."""
    weights = dict(unlocker.landscape.policy.plan.weights)
    hosts: dict[str, int] = {}
    for group in unlocker.landscape.fleet.groups:
        hosts[group.pool] = hosts.get(group.pool, 0) + len(group.hosts)
    return {name: round(count * weights.get(name, 1.0), 3) for name, count in hosts.items()}


def _worth_offering(openings: Iterable[GoalResult]) -> list[GoalResult]:
    """Return what costs something; of a pool that shares no hosts with others the cheapest only."""
    opened = [one for one in openings if one.target.cost]
    shared = {
        one.subject for group in components(_least(opened)) if len(group) > 1 for one in group
    }
    cheapest: dict[object, GoalResult] = {}
    for one in opened:
        want = one.target.want
        key = want if want.domain in shared else want.domain
        known = cheapest.get(key)
        if known is None or (one.target.cost or 0) < (known.target.cost or 0):
            cheapest[key] = one
    return list(cheapest.values())


def _parcel(opening: GoalResult) -> Bundle:
    moves: dict[tuple[Hashable, Hashable], int] = {}
    for member, ways, number in zip(
        opening.domain.members, opening.ways, opening.choice, strict=True
    ):
        if number != STAYS:
            seat = (str(member.groups[0].pool), member.profile)
            moves[seat, ways[number].profiles] = member.hosts
    return Bundle(opening.target.want.domain, _grains(opening.target), moves)


def _grains(target: UnlockTarget) -> int:
    return round(target.value * GRAIN)


def _least(openings: Iterable[GoalResult]) -> list[OpeningFloor]:
    """Return per pool the fewest hosts that can open any of its wants for sure.

    What only missing facts forbid cannot be opened for sure; a search that ended early leaves it open.
    """
    best: dict[str, GoalResult] = {}
    for one in openings:
        target = one.target
        unsettled = target.status is UnlockStatus.UNDECIDED and target.bound.method == UNFINISHED
        if not target.cost and not unsettled:
            continue
        known = best.get(target.want.domain)
        if known is None or target.bound.cost < known.target.bound.cost:
            best[target.want.domain] = one
    return [
        OpeningFloor(name, _grains(one.target), one.target.bound.cost, frozenset(classes_of(one)))
        for name, one in best.items()
    ]


def _hold(unlocker: UnlockSearch, chosen: Sequence[GoalResult]) -> bool:
    """Whether all of them hold together; those that share no hosts were verified alone."""
    seats = [seat for one in chosen for seat in classes_of(one)]
    if unlocker.landscape.arrows is None and len(seats) == len(set(seats)):
        return True
    changed: dict[HostGroup, HostGroup] = {}
    for one in chosen:
        changed |= one.changed()
    return unlocker.holds([one.target.want for one in chosen], changed)


def _bound(allotment: Allotment, chosen: Sequence[Bundle], budget: int, spent: int) -> BudgetBound:
    value = sum(parcel.value for parcel in chosen)
    gap = allotment.bound - value
    return BudgetBound(
        budget=budget,
        spent=spent,
        value=allotment.bound / GRAIN,
        method="heuristic" if gap else "optimal",
        gap=gap / GRAIN,
    )
