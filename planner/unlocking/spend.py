"""All goals of a fleet answered, and what a budget of hosts is best spent on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from planner.domain.host import HostGroup
from planner.domain.plans.unlock import BudgetBound, Goal, Unlocks, UnlockStatus, UnlockTarget
from planner.optimize.knapsack import Allotment, Bundle, OpeningFloor, components, most_valuable
from planner.optimize.upgrade_choice import STAYS, UNFINISHED
from planner.unlocking.results import GoalResult, classes_of
from planner.unlocking.search import UnlockSearch

THOUSANDTHS = 1000
"""Values are compared in thousandths of a host."""


def unlocks(unlocker: UnlockSearch, goals: Iterable[Goal], budget: int | None = None) -> Unlocks:
    """Return the cheapest upgrades for every goal; with a `budget` in hosts, what to spend it on."""
    worth = worths(unlocker)
    goal_results = [unlocker.open(goal, worth[goal.domain]) for goal in goals]
    digest = unlocker.knowledge.digest
    targets = tuple(result.target for result in goal_results)
    if budget is None:
        return Unlocks(targets=targets, knowledge_digest=digest)
    offered = _worth_offering(goal_results)
    bundles = [_bundle(result) for result in offered]
    allotment = most_valuable(
        bundles,
        _fewest_hosts(goal_results),
        budget,
        lambda numbers: _hold(unlocker, [offered[number] for number in numbers]),
    )
    chosen = tuple(offered[number].target for number in allotment.chosen)
    spent = sum(
        {move: n for i in allotment.chosen for move, n in bundles[i].moves.items()}.values()
    )
    return Unlocks(
        targets=targets,
        knowledge_digest=digest,
        chosen=chosen,
        bound=_bound(allotment, [bundles[number] for number in allotment.chosen], budget, spent),
    )


def worths(unlocker: UnlockSearch) -> dict[str, float]:
    """Return what each pool is worth: its hosts times the weight that the policy's plan gives it."""
    weights = dict(unlocker.fleet_now.policy.plan.weights)
    hosts: dict[str, int] = {}
    for group in unlocker.fleet_now.fleet.groups:
        hosts[group.pool] = hosts.get(group.pool, 0) + len(group.hosts)
    return {name: round(count * weights.get(name, 1.0), 3) for name, count in hosts.items()}


def _worth_offering(goal_results: Iterable[GoalResult]) -> list[GoalResult]:
    """Return what costs something; of a pool that shares no hosts with others the cheapest only."""
    opened = [offer for offer in goal_results if offer.target.cost]
    shared = {
        offer.subject
        for group in components(_fewest_hosts(opened))
        if len(group) > 1
        for offer in group
    }
    cheapest: dict[object, GoalResult] = {}
    for offer in opened:
        goal = offer.target.goal
        key = goal if goal.domain in shared else goal.domain
        known = cheapest.get(key)
        if known is None or (offer.target.cost or 0) < (known.target.cost or 0):
            cheapest[key] = offer
    return list(cheapest.values())


def _bundle(result: GoalResult) -> Bundle:
    moves: dict[tuple[Hashable, Hashable], int] = {}
    for member, paths, number in zip(
        result.domain.members, result.paths, result.choice, strict=True
    ):
        if number != STAYS:
            mover = (str(member.groups[0].pool), member.profile)
            moves[mover, paths[number].profiles] = member.hosts
    return Bundle(result.target.goal.domain, _in_thousandths(result.target), moves)


def _in_thousandths(target: UnlockTarget) -> int:
    return round(target.value * THOUSANDTHS)


def _fewest_hosts(goal_results: Iterable[GoalResult]) -> list[OpeningFloor]:
    """Return per pool the fewest hosts that can open any of its goals for sure.

    What only missing facts forbid cannot be opened for sure; a search that ended early leaves it open.
    """
    best: dict[str, GoalResult] = {}
    for opened in goal_results:
        target = opened.target
        unsettled = target.status is UnlockStatus.UNDECIDED and target.bound.method == UNFINISHED
        if not target.cost and not unsettled:
            continue
        known = best.get(target.goal.domain)
        if known is None or target.bound.cost < known.target.bound.cost:
            best[target.goal.domain] = opened
    return [
        OpeningFloor(
            name, _in_thousandths(item.target), item.target.bound.cost, frozenset(classes_of(item))
        )
        for name, item in best.items()
    ]


def _hold(unlocker: UnlockSearch, chosen: Sequence[GoalResult]) -> bool:
    """Whether all of them hold together; those that share no hosts were verified alone."""
    movers = [mover for opened_goal in chosen for mover in classes_of(opened_goal)]
    if unlocker.fleet_now.arrows is None and len(movers) == len(set(movers)):
        return True
    changed: dict[HostGroup, HostGroup] = {}
    for opened_goal in chosen:
        changed |= opened_goal.changed()
    return unlocker.holds([opened_goal.target.goal for opened_goal in chosen], changed)


def _bound(allotment: Allotment, chosen: Sequence[Bundle], budget: int, spent: int) -> BudgetBound:
    value = sum(bundle.value for bundle in chosen)
    gap = allotment.bound - value
    return BudgetBound(
        budget=budget,
        spent=spent,
        value=allotment.bound / THOUSANDTHS,
        method="heuristic" if gap else "optimal",
        gap=gap / THOUSANDTHS,
    )
