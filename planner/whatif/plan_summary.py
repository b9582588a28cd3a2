"""The outline of the upgrade plan that a scenario would need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from planner.domain.guest import GuestGroup
from planner.domain.host import HostGroup, HostName
from planner.domain.plans.plan import Plan
from planner.domain.plans.scenario import PlanOutline
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.policy import Policy
from planner.knowledge.base import KnowledgeBase
from planner.rollout.make_plan import PlanRequest, make_plan

MOST_REASONS = 3


def outline_of(
    pools: Mapping[str, Sequence[HostGroup]],
    upgraded: Iterable[tuple[HostGroup, HostGroup]],
    guests: Sequence[GuestGroup] | None,
    policy: Policy,
    knowledge: KnowledgeBase,
) -> PlanOutline:
    """Return what a plan for some pools would look like; room is not checked, for no host has a size."""
    targets = {name: after for _, after in upgraded for name in after.hosts}
    task = PlanRequest(
        hosts=tuple(_hosts(pools, targets)),
        guests=None if guests is None else tuple(guests),
        knowledge=knowledge,
        policy=policy,
        fleet_digest="",
    )
    return _outline(make_plan(task))


def _hosts(
    pools: Mapping[str, Sequence[HostGroup]], targets: Mapping[HostName, HostGroup]
) -> Iterator[UpgradeHost]:
    for groups in pools.values():
        for group in groups:
            for name in group.hosts:
                yield UpgradeHost(name=name, pool=group.pool, group=group, target=targets.get(name))


def _outline(plan: Plan) -> PlanOutline:
    points = [domain.point_of_no_return for domain in plan.domains]
    known = [point for point in points if point is not None]
    counts = [wave.one_way_guests for wave in plan.waves]
    return PlanOutline(
        waves=len(plan.waves),
        bound=plan.bounds.waves,
        point_of_no_return=min(known, default=None),
        flips=len(plan.flips),
        one_way_guests=None if None in counts else max((one or 0 for one in counts), default=0),
        forbidden=tuple(one.text for one in plan.relaxations)[:MOST_REASONS],
    )
