"""A plan against the fleet as it is: checked, its failures drawn, and its rest replayed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from planner.domain.errors import PlanError
from planner.domain.guest import GuestGroup
from planner.domain.plans.plan import Plan
from planner.domain.plans.simulation import PlanStatus
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.policy import Policy
from planner.knowledge.base import KnowledgeBase
from planner.replay.plan_status import status_of
from planner.replay.plan_validation import check_failures, check_plan, check_words, contradictions
from planner.replay.simulate import ReplayRequest, drawn_failures

__all__ = ["check_consistent", "check_failures", "check_plan", "drawn_failures", "plan_status"]


def check_consistent(made: Plan, hosts: Sequence[UpgradeHost], knowledge: KnowledgeBase) -> None:
    """Raise `PlanError` for a plan that contradicts itself or names what does not exist."""
    wrong = tuple(contradictions(made))
    if wrong:
        raise PlanError(wrong)
    check_words(made, hosts, knowledge)


def plan_status(
    made: Plan,
    hosts: Sequence[UpgradeHost],
    *,
    guests: Iterable[GuestGroup] | None,
    policy: Policy,
    knowledge: KnowledgeBase,
    today: datetime.date,
) -> PlanStatus:
    """Return what of a plan is done, drifted and due, and whether the rest is safe as it is.

    `guests` None: not given. The plan must be consistent (`check_consistent`).
    """
    request = ReplayRequest(
        plan=made,
        hosts=hosts,
        guests=None if guests is None else tuple(guests),
        knowledge=knowledge,
        policy=policy,
    )
    return status_of(request, today)
