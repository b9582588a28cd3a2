"""Pairs that somebody has tried: a row that speaks of an edge and a guest decides alone."""

from __future__ import annotations

from collections.abc import Iterable

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Remark, Rule, Verdict
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.sites import Observation
from planner.migration.guest_devices import devices_match


def observation_of(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Observation | None:
    """Return the observation row that speaks of this edge and guest; later rows win."""
    latest = None
    for row in knowledge.observations:
        if f"{row.id}:from" not in edge.source.observed:
            continue
        if f"{row.id}:to" not in edge.destination.observed:
            continue
        if row.boot_side is not None and (
            start.booted_on is None or f"{row.id}:boot" not in start.booted_on.observed
        ):
            continue
        if row.machine_types and start.baseline.machine_type not in row.machine_types:
            continue
        if (
            row.devices
            and devices_match(row.devices, start.devices, knowledge.guests) is not Truth.YES
        ):
            continue
        if any(start.trait(name) is not Truth.YES for name in row.traits):
            continue
        latest = row
    return latest


def observed(
    edge: MigrationEdge, start: GuestStart, row: Observation, standing: Iterable[Objection]
) -> Verdict:
    """Return the verdict that a row gives; objections that are `standing` outlast a pass."""
    if row.passes:
        remark = Remark(kind="observed", text=f"observed to pass: {row.id}", source=row.source)
        kept = tuple(dict.fromkeys(standing))
        return Verdict(edge=edge, start=start, objections=kept, remarks=(remark,))
    objection = Objection(
        rule=Rule.OBSERVED_FAILURE,
        consequence=row.consequence or Consequence.FAILS_CLEANLY,
        unit=row.id,
        source=row.source,
    )
    return Verdict(edge=edge, start=start, objections=(objection,))
