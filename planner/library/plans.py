"""Upgrades: plans made and replayed phase by phase, and the cheapest ones that open more."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from planner.domain.errors import PlanError
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.domain.machine_type import MachineType
from planner.domain.plans.plan import Plan
from planner.domain.plans.simulation import HostFailure, Simulation
from planner.domain.plans.unlock import Unlocks, UnlockTarget
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.policy import Policy
from planner.domain.solution import DomainSolution
from planner.domain.verdict import Outcome
from planner.fleet.edges import Arrows
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge
from planner.migration.profiles import Profiler, profile_fleet
from planner.replay.plan_validation import check_plan
from planner.replay.simulate import ReplayRequest
from planner.replay.simulate import simulate as replay
from planner.rollout import cautions
from planner.rollout import make_plan as make
from planner.unlocking.goals import Answers, named, next_types
from planner.unlocking.modified_fleet import ModifiedFleet
from planner.unlocking.search import UnlockSearch
from planner.unlocking.spend import unlocks

MOST_CLASSES = 40
"""Kinds of host in a pool up to which an answer says itself what opens its next type."""


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


def older_targets(hosts: Iterable[UpgradeHost], knowledge: KnowledgeBase) -> tuple[str, ...]:
    """Return in words which hosts would get an older kernel or QEMU than they run."""
    return tuple(cautions.older_targets(hosts, knowledge))


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
    pools: Collection[str] | None = None,
) -> Unlocks:
    """Return which hosts to upgrade to what, to open more at the least cost.

    They become what the fleet already runs or, where that does not do, a release that their vendor
    mends. `wants` are words such as `POOL:TYPE` or `POOL:FLAG` (none: the next types of every pool, or
    of `pools`); `budget` is a number of hosts to spend. Raises `FleetError`, `UsageError`.
    """
    rows = knowledge or load_knowledge()
    profile_fleet(fleet, rows)
    landscape = ModifiedFleet(
        fleet=fleet, arrows=edges, policy=policy or rows.policy, profiler=Profiler(rows)
    )
    unlocker = UnlockSearch(
        knowledge=rows, fleet_now=landscape, pools=None if edges is not None else pools
    )
    asked = named(wants, unlocker.answers, rows) if wants else next_types(*_rungs(unlocker, budget))
    found = unlocks(unlocker, asked, None if budget is None else min(budget, fleet.size))
    return replace(found, next_types=unlocker.next_types())


def _rungs(
    unlocker: UnlockSearch, budget: int | None
) -> tuple[Answers, Callable[[str, MachineType], MachineType | None]]:
    """Return the answers of a fleet, and what the next type of a pool is above another one.

    A budget is spent on next types alone.
    """
    offers = unlocker.solver.form.offers

    def above(pool: str, row: MachineType) -> MachineType | None:
        return None if budget is not None else offers.next_above(unlocker.domains[pool], row)

    return unlocker.answers, above


def next_rungs(
    fleet: Fleet,
    domains: Iterable[DomainSolution],
    *,
    edges: Arrows | None = None,
    policy: Policy | None = None,
    knowledge: KnowledgeBase | None = None,
) -> tuple[UnlockTarget, ...]:
    """Return what opens the next type above the recommended answer of some pools, as `unlock` says it.

    A pool of more kinds of host than `MOST_CLASSES` is left to `unlock`.
    """
    wanted = {
        one.domain: best.why_not_newer.machine_type
        for one in domains
        if len(one.classes) <= MOST_CLASSES
        if (best := one.recommended) is not None and best.why_not_newer is not None
    }
    if not wanted:
        return ()
    words = [f"{pool}:{name}" for pool, name in wanted.items()]
    return unlock(
        fleet, wants=words, edges=edges, policy=policy, knowledge=knowledge, pools=wanted
    ).targets


def raised_by(
    targets: Iterable[UnlockTarget], guests: Iterable[GuestGroup], knowledge: KnowledgeBase
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return, by pool and type that opens, how many guests of its board and line are older, and all.

    The older ones take it when they are started anew.
    """
    given = tuple(guests)
    found = {}
    for one in targets:
        wanted = one.goal.machine_type
        if wanted is None or not one.cost:
            continue
        place = (wanted.board, wanted.line)
        ranks = [
            (row.rank, group.count)
            for group in given
            if group.pool == one.goal.domain
            and (row := knowledge.machine_type(group.machine_type)) is not None
            and (row.board, row.line) == place
        ]
        older = sum(count for rank, count in ranks if rank < wanted.rank)
        found[one.goal.domain, wanted.name] = older, sum(count for _, count in ranks)
    return found
