"""Upgrades: plans made and replayed phase by phase, and the cheapest ones that open more."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from planner.domain.errors import PlanError
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.domain.plans.plan import Plan
from planner.domain.plans.simulation import HostFailure, Simulation
from planner.domain.plans.unlock import Unlocks
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.policy import Policy
from planner.domain.verdict import Outcome
from planner.fleet.edges import Arrows
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge
from planner.migration.profiles import Profiler, profile_fleet
from planner.replay.plan_validation import check_plan
from planner.replay.simulate import ReplayRequest
from planner.replay.simulate import simulate as replay
from planner.rollout import make_plan as make
from planner.unlocking.goals import named, next_types
from planner.unlocking.modified_fleet import ModifiedFleet
from planner.unlocking.search import UnlockSearch
from planner.unlocking.spend import unlocks


def make_plan(
    hosts: Sequence[UpgradeHost],
    *,
    guests: Iterable[GuestGroup] | None = None,
    start: datetime.date | None = None,
    policy: Policy | None = None,
    knowledge: KnowledgeBase | None = None,
    fleet_digest: str = "",
    progress: Callable[[int], None] | None = None,
) -> Plan:
    """Return upgrade waves, and after which of them each machine type and flag may be raised.

    `hosts` are those of `read_upgrades`; `guests` None: not given; `start` is the day of wave 1. A plan
    that cannot exist has no waves, and `relaxations` that say what has to give. A loss that is accepted
    until a day before the last wave or flip is not accepted. Raises `FleetError`.
    """
    rows = knowledge or load_knowledge()
    rules = policy or rows.policy
    first = start or rules.plan.start
    task = make.PlanRequest(
        hosts=tuple(hosts),
        guests=None if guests is None else tuple(guests),
        knowledge=rows,
        policy=replace(rules, plan=replace(rules.plan, start=first)),
        fleet_digest=fleet_digest,
        today=datetime.datetime.now(tz=datetime.UTC).date() if first else None,
    )
    made = make.make_plan(task, progress=progress)
    while (day := last_day(made)) and task.policy.on(day) != task.policy:
        task = replace(task, policy=task.policy.on(day))
        made = make.make_plan(task, progress=progress)
    return made


def last_day(made: Plan) -> datetime.date | None:
    """Return the last day on which a plan does something, None if it is not dated."""
    days = [wave.day for wave in made.waves] + [flip.not_before for flip in made.flips]
    return max((day for day in days if day is not None), default=None)


def simulate(
    made: Plan,
    hosts: Sequence[UpgradeHost],
    *,
    guests: Iterable[GuestGroup] | None = None,
    failures: Iterable[HostFailure] = (),
    abort_after: int | None = None,
    policy: Policy | None = None,
    knowledge: KnowledgeBase | None = None,
) -> Simulation:
    """Replay a plan phase by phase by rules that share nothing with the planner of waves.

    `failures` are hosts that may die in the middle of a wave; `abort_after`: go back after this wave.
    With a `policy` the waves must keep to the bounds of its `plan`.
    Raises `PlanError` for a plan that contradicts itself, its fleet or the rows.
    """
    rows = knowledge or load_knowledge()
    check_plan(made, hosts, rows)
    day, rules = last_day(made), policy or rows.policy
    simulation = replay(
        ReplayRequest(
            plan=made,
            hosts=tuple(hosts),
            guests=None if guests is None else tuple(guests),
            knowledge=rows,
            policy=rules if day is None else rules.on(day),
            failures=tuple(dict.fromkeys(failures)),
            abort_after=abort_after,
            bounded=policy is not None,
        )
    )
    if simulation.contradictions and simulation.outcome is not Outcome.UNSAFE:
        raise PlanError(simulation.contradictions)
    return simulation


def unlock(
    fleet: Fleet,
    *,
    wants: Sequence[str] = (),
    budget: int | None = None,
    edges: Arrows | None = None,
    policy: Policy | None = None,
    knowledge: KnowledgeBase | None = None,
) -> Unlocks:
    """Return which hosts to upgrade, to what the fleet already runs, to open more at the least cost.

    `wants` are words such as `POOL:TYPE` or `POOL:FLAG` (none: the next type of every pool); `budget`
    is a number of hosts to spend. Raises `FleetError`, `UsageError`.
    """
    rows = knowledge or load_knowledge()
    profile_fleet(fleet, rows)
    landscape = ModifiedFleet(
        fleet=fleet, arrows=edges, policy=policy or rows.policy, profiler=Profiler(rows)
    )
    unlocker = UnlockSearch(knowledge=rows, fleet_now=landscape)
    asked = named(wants, unlocker.answers, rows) if wants else next_types(unlocker.answers)
    return unlocks(unlocker, asked, None if budget is None else min(budget, fleet.size))
