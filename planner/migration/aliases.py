"""The versioned machine type behind an alias such as `q35`, where every build means the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.verdict import Remark
from planner.knowledge.base import KnowledgeBase


def with_type(edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase) -> GuestStart:
    """Return the start under the type that its alias means on all builds; as it is if they differ.

    Old builds may have had a type of the name itself.
    """
    name = start.baseline.machine_type
    if not knowledge.machines.is_alias(name):
        return start
    booted = start.booted_on or edge.source
    builds = {booted.qemu, edge.source.qemu, edge.destination.qemu}
    found = {knowledge.machines.alias(build, name) for build in builds}
    meant = found.pop() if len(found) == 1 else None
    if meant is None:
        return start
    return replace(start, baseline=replace(start.baseline, machine_type=meant))


def resolved(given: GuestStart, taken: GuestStart) -> Iterator[Remark]:
    """Yield which type stands behind the alias that was given."""
    name, meant = given.baseline.machine_type, taken.baseline.machine_type
    if name != meant:
        yield Remark(kind="assumed", text=f"'{name}' is {meant} on every QEMU of this edge")
