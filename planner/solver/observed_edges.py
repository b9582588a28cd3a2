"""Edges that a site has seen: those that pass for every guest ask nothing more, those that fail do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from planner.domain.host import HostProfile
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.sites import Observation
from planner.migration.graph import Edge, MigrationDomain
from planner.solver.difference_issues import DifferenceIssue


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
    edges = frozenset(domain.pairs())
    kept = edges.difference(_lifted(domain, machine_type, knowledge))
    return domain if kept == edges else replace(domain, edges=kept)


def relied_on(
    domain: MigrationDomain, machine_type: str, knowledge: KnowledgeBase
) -> tuple[Observation, ...]:
    """Return the rows by which edges of the domain are lifted under a machine type."""
    if not domain.is_observed:
        return ()
    return tuple(dict.fromkeys(_lifted(domain, machine_type, knowledge).values()))


def set_aside(
    domain: MigrationDomain, machine_types: Collection[str], knowledge: KnowledgeBase
) -> tuple[Observation, ...]:
    """Return the passing rows of edges of the domain that speak of some guests only.

    An answer is for every guest, so they lift no edge; they decide where one guest is judged.
    """
    if not domain.is_observed:
        return ()
    rows = [
        row
        for row in knowledge.observations
        if row.passes
        and (not row.machine_types or set(row.machine_types) & set(machine_types))
        and not _speaks_of_all(row, domain)
    ]
    return tuple(
        row
        for row in rows
        if any(_is_of(row, source, destination) for source, destination in domain.pairs())
    )


def _lifted(
    domain: MigrationDomain, machine_type: str, knowledge: KnowledgeBase
) -> dict[Edge, Observation]:
    """Return every lifted edge with the row that lifts it."""
    rows = [
        row
        for row in knowledge.observations
        if not row.machine_types or machine_type in row.machine_types
    ]
    lifted = (
        (edge, _passing(edge, domain, rows))
        for edge in domain.pairs()
        if _can_be_observed(edge, knowledge)
    )
    return {edge: row for edge, row in lifted if row is not None}


def _can_be_observed(edge: Edge, knowledge: KnowledgeBase) -> bool:
    """Whether a row, which speaks of builds and kernels only, can speak of the machines too."""
    source, destination = edge
    crossing = knowledge.host_cpus.crossing(source.cpu_vendor, destination.cpu_vendor)
    return source.arch == destination.arch and crossing is None


def _passing(edge: Edge, domain: MigrationDomain, rows: list[Observation]) -> Observation | None:
    """Return the last row that speaks of the edge if it is a pass for every guest."""
    source, destination = edge
    passing = None
    for row in rows:
        if _is_of(row, source, destination):
            if not row.passes:
                passing = None
            elif _speaks_of_all(row, domain):
                passing = row
    return passing


def _is_of(row: Observation, source: HostProfile, destination: HostProfile) -> bool:
    return f"{row.id}:from" in source.observed and f"{row.id}:to" in destination.observed


def _speaks_of_all(row: Observation, domain: MigrationDomain) -> bool:
    boots = row.boot_side is None or all(
        f"{row.id}:boot" in member.profile.observed for member in domain.starts
    )
    return boots and not row.devices and not row.traits


def observed_issues(
    routes: Iterable[tuple[HostProfile, HostProfile]], machine_type: str, knowledge: KnowledgeBase
) -> Iterator[DifferenceIssue]:
    """Yield the observed failures on routes."""
    failing = [row for row in knowledge.observations if not row.passes]
    for row in failing:
        if row.machine_types and machine_type not in row.machine_types:
            continue
        if not any(
            f"{row.id}:from" in source.observed and f"{row.id}:to" in destination.observed
            for source, destination in routes
        ):
            continue
        clause = None
        if row.devices:
            clause = Clause(kind=ClauseKind.DEVICE, any_of=row.devices)
        elif row.traits:
            clause = Clause(kind=ClauseKind.GUEST, any_of=row.traits[:1])
        yield DifferenceIssue(
            rule=Rule.OBSERVED_FAILURE.value,
            unit=row.id,
            clause=clause,
            source=row.source,
            text=f"observed to fail: {row.id}",
        )
