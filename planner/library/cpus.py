"""Guest CPUs of a fleet: per pool the newest safe named models, and the hosts that hold them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.answers.answer import solve as solve_domains
from planner.answers.cpu_laggards import guest_cpus, pool_cpu
from planner.domain.cpu_advice import PoolCpu
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.domain.policy import Policy
from planner.domain.solution import Status
from planner.fleet.edges import Arrows
from planner.knowledge.base import KnowledgeBase
from planner.library.answers import domains_of
from planner.migration.profiles import profile_fleet
from planner.solver.closed_form import ClosedForm


def cpus_of(
    fleet: Fleet,
    edges: Arrows | None,
    policy: Policy,
    knowledge: KnowledgeBase,
    *,
    guests: Sequence[GuestGroup] | None = None,
) -> tuple[tuple[PoolCpu, ...], Status]:
    """Return what each pool with an answer allows of guest CPUs, and the status of the whole answer.

    `guests` are those of today (None: not given): each pool says how their CPUs stand to that.
    Raises `FleetError` for a kernel or QEMU that the knowledge cannot place.
    """
    domains = domains_of(profile_fleet(fleet, knowledge), edges)
    solution = solve_domains(domains, knowledge, policy)
    by_name = {domain.name: domain for domain in domains}
    form = ClosedForm(knowledge, policy)
    pools = (pool_cpu(by_name[one.domain], one, form) for one in solution.domains)
    found = [one for one in pools if one is not None]
    if guests is not None:
        found = [_with_guests(one, guests, knowledge) for one in found]
    return tuple(found), solution.status


def _with_guests(pool: PoolCpu, guests: Sequence[GuestGroup], knowledge: KnowledgeBase) -> PoolCpu:
    own = [group for group in guests if group.pool == pool.domain]
    return replace(pool, guests=guest_cpus(pool.advice, own, knowledge))
