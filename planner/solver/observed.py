"""Edges that a site has seen to pass for every guest: they ask nothing more of an answer."""

from __future__ import annotations

from dataclasses import replace

from planner.knowledge.base import KnowledgeBase
from planner.knowledge.sites import Observation
from planner.migration.graph import Edge, MigrationDomain


def without_observed_passes(
    domain: MigrationDomain, machine_type: str, knowledge: KnowledgeBase
) -> MigrationDomain:
    """Return the domain without the edges that observation rows declare to pass.

    A row counts only if it speaks of every guest of the machine type: one that names devices, traits
    or a boot host that not every start matches lifts nothing, and any later failing row restores
    the edge. The domain itself is returned if no edge is lifted.
    """
    if not domain.is_observed:
        return domain
    rows = [
        row
        for row in knowledge.observations
        if not row.machine_types or machine_type in row.machine_types
    ]
    edges = tuple(domain.pairs())
    kept = frozenset(edge for edge in edges if not _passes(edge, domain, rows))
    return domain if len(kept) == len(set(edges)) else replace(domain, edges=kept)


def _passes(edge: Edge, domain: MigrationDomain, rows: list[Observation]) -> bool:
    """Whether the last row that speaks of the edge is a pass for every guest."""
    source, destination = edge
    passes = False
    for row in rows:
        if f"{row.id}:from" in source.observed and f"{row.id}:to" in destination.observed:
            if not row.passes:
                passes = False
            elif _speaks_of_all(row, domain):
                passes = True
    return passes


def _speaks_of_all(row: Observation, domain: MigrationDomain) -> bool:
    boots = row.boot_side is None or all(
        f"{row.id}:boot" in member.profile.observed for member in domain.starts
    )
    return boots and not row.devices and not row.traits
