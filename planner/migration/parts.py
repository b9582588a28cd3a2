"""Whether the destination's build has the devices and the CPU that the guest is started with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge, QemuBuild
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import Parts
from planner.migration.applies import device_name

NAMED = {"device": "the device", "cpu-model": "the CPU model", "cpu-feature": "the CPU feature"}


def judge_parts(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to parts that the destination's QEMU does not have; parts not given are not judged."""
    asked = _asked(start)
    for row in knowledge.guests.parts:
        found = sorted(row.names & asked[row.kind]) if row.arch in {"any", edge.source.arch} else ()
        offered = row.offered_by(edge.destination.qemu.version) if found else Truth.YES
        for name in found:
            if offered is Truth.NO:
                yield Objection(
                    rule=Rule.PART_NOT_OFFERED,
                    consequence=Consequence.CANNOT_START,
                    facts=(f"QEMU {edge.destination.qemu} does not have {NAMED[row.kind]} {name}",),
                    source=row.source,
                )
            elif offered is Truth.UNKNOWN and not _implied(row, edge):
                fact = f"whether QEMU {edge.destination.qemu} has {NAMED[row.kind]} {name}"
                yield knowledge_gap(fact, Consequence.CANNOT_START, row.source)


def absent_parts(
    start: GuestStart, arch: str, builds: Iterable[QemuBuild], knowledge: KnowledgeBase
) -> tuple[str, ...]:
    """Return the names of a guest's parts that some of the builds certainly do not have, in order."""
    asked, versions = _asked(start), {build.version for build in builds}
    found = {
        name
        for row in knowledge.guests.parts
        if row.arch in {"any", arch}
        for name in row.names & asked[row.kind]
        if any(row.offered_by(version) is Truth.NO for version in versions)
    }
    return tuple(sorted(found))


def _asked(start: GuestStart) -> dict[str, frozenset[str]]:
    """Return the names of a guest's parts by their kind."""
    cpu = start.cpu
    return {
        "device": frozenset(device_name(device) for device in start.devices or ()),
        "cpu-model": frozenset() if cpu is None else frozenset({cpu.model}),
        "cpu-feature": frozenset() if cpu is None else cpu.enabled | cpu.disabled,
    }


def _implied(row: Parts, edge: MigrationEdge) -> bool:
    """Whether what runs on the source must be on the destination: it came before, or goes later."""
    source, destination = edge.source.qemu.version[:2], edge.destination.qemu.version[:2]
    coming = not row.since or destination >= min(source, row.since[:2])
    staying = not row.last or destination <= max(source, row.last[:2])
    return coming and staying
