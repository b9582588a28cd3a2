"""Why an answer is as it is: every edge judged, types tried, messages and standing conditions explained.

What commands show beside an answer. The names below it are those of `planner.answers` as they are.
"""

from __future__ import annotations

from planner.answers.always import always, explained
from planner.answers.answer import solve as solve_domains
from planner.answers.check_cases import CaseJudge
from planner.answers.edge_map import edge_maps
from planner.answers.messages import diagnose
from planner.answers.try_type import try_machine_type, try_next_newer
from planner.domain.host import Fleet
from planner.fleet.edges import Arrows
from planner.knowledge.base import KnowledgeBase
from planner.library.answers import domains_of
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import profile_fleet

__all__ = [
    "CaseJudge",
    "always",
    "diagnose",
    "edge_maps",
    "explained",
    "host_names",
    "pools_of",
    "solve_domains",
    "try_machine_type",
    "try_next_newer",
]


def pools_of(
    fleet: Fleet, edges: Arrows | None, knowledge: KnowledgeBase
) -> tuple[MigrationDomain, ...]:
    """Return the pools of a fleet as domains: who may send to whom. Raises `FleetError`."""
    return domains_of(profile_fleet(fleet, knowledge), edges)


def host_names(
    fleet: Fleet, edges: Arrows | None, knowledge: KnowledgeBase, pool: str
) -> dict[str, tuple[str, ...]]:
    """Return the names of all hosts of each kind in a pool, by its label. Raises `FleetError`."""
    found: dict[str, list[str]] = {}
    for domain in pools_of(fleet, edges, knowledge):
        for member in domain.members if domain.name == pool else ():
            names = (str(name) for group in member.groups for name in group.hosts)
            found.setdefault(member.label, []).extend(names)
    return {label: tuple(sorted(names)) for label, names in found.items()}
