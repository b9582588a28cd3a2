"""Rehearsals: which real migrations would prove the answer of each pool."""

from __future__ import annotations

from collections.abc import Iterator

from planner.answers.answer import solve as solve_domains
from planner.domain.host import Fleet
from planner.domain.plans.rehearsal import PoolRehearsal
from planner.domain.policy import Policy
from planner.fleet.edges import Arrows
from planner.knowledge.base import KnowledgeBase
from planner.library.answers import domains_of
from planner.migration.profiles import profile_fleet
from planner.rehearsal.rehearse import Rehearser


def rehearsals_of(
    fleet: Fleet,
    policy: Policy,
    knowledge: KnowledgeBase,
    *,
    edges: Arrows | None = None,
    pool: str = "",
) -> Iterator[PoolRehearsal]:
    """Yield per pool the fewest migrations that show every risk of its answer.

    Raises `FleetError` for a kernel or QEMU that the knowledge cannot place.
    """
    domains = [
        one for one in domains_of(profile_fleet(fleet, knowledge), edges) if pool in {"", one.name}
    ]
    solution = solve_domains(domains, knowledge, policy)
    by_name = {domain.name: domain for domain in domains}
    rehearser = Rehearser(knowledge, policy)
    for one in solution.domains:
        yield rehearser.rehearsal(by_name[one.domain], one)
