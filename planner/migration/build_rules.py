"""What the QEMU builds alone decide: machine type, flags, property values, known faults."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.guest import GuestStart
from planner.domain.host import QemuBuild
from planner.domain.migrated import Clause, ClauseKind, Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.sites import Fault
from planner.migration.applies import Assumed, clause_truth
from planner.migration.property_rules import judge_flags, judge_values


def judge_builds(
    source: QemuBuild,
    destination: QemuBuild,
    start: GuestStart,
    knowledge: KnowledgeBase,
    *,
    booted: QemuBuild | None = None,
    assumed: Assumed = frozenset(),
) -> Iterator[Objection]:
    """Yield what the QEMU builds alone decide: type, flags, property values, known faults."""
    hop = start.baseline.flags + start.hop_flags
    yield from _judge_machine_type(source, destination, start, knowledge)
    yield from judge_flags(source, start.baseline.flags, knowledge)
    if destination != source or start.hop_flags:
        yield from judge_flags(destination, hop, knowledge)
    builds = (source, destination, booted or source)
    yield from judge_values(builds, start, knowledge, assumed)
    yield from _judge_faults(builds, start, knowledge, assumed)


def _judge_machine_type(
    source: QemuBuild, destination: QemuBuild, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    name = start.baseline.machine_type
    row = knowledge.machine_type(name)
    if row is None:
        alias = knowledge.machines.is_alias(name)
        fact = (
            f"the versioned machine type behind the alias '{name}'"
            if alias
            else f"a row for the machine type '{name}'"
        )
        yield knowledge_gap(fact, Consequence.CANNOT_START, "machine type tables")
        return
    for build in dict.fromkeys((source, destination)):
        offered = knowledge.machines.offers(build, name)
        if offered is Truth.NO:
            yield Objection(
                rule=Rule.MACHINE_TYPE_NOT_OFFERED,
                consequence=Consequence.CANNOT_START,
                facts=(name, str(build)),
                source=row.source,
            )
        elif offered is Truth.UNKNOWN:
            fact = f"whether QEMU {build} offers {name}"
            yield knowledge_gap(fact, Consequence.CANNOT_START, row.source)


def _judge_faults(
    builds: tuple[QemuBuild, QemuBuild, QemuBuild],
    start: GuestStart,
    knowledge: KnowledgeBase,
    assumed: Assumed,
) -> Iterator[Objection]:
    """Object to known faults between builds. `builds`: source, destination, booted on."""
    source, destination, booted = builds
    for fault in knowledge.faults:
        origins = {source.lower, booted.lower} if fault.carried else {source.lower}
        if not any(fault_bites(fault, one, destination.lower, start) for one in origins):
            continue
        clause = fault_clause(fault)
        truth, facts = Truth.YES, tuple[str, ...]()
        if clause is not None:
            applies = clause_truth(clause, start, knowledge.guests, assumed)
            truth, facts = applies.truth, applies.open_facts
        if truth is Truth.NO:
            continue
        yield Objection(
            rule=Rule.KNOWN_FAULT if truth is Truth.YES else Rule.KNOWLEDGE_GAP,
            consequence=fault.consequence,
            unit=fault.id,
            severity="functional",
            facts=facts or (fault.reason,),
            depends_on=(clause,) if clause is not None else (),
            source=fault.source,
        )


def fault_bites(fault: Fault, origin: str, destination: str, start: GuestStart) -> bool:
    """Whether a fault row speaks of these known builds and this machine type.

    `origin` is the source, or for a carried fault also the build that the guest booted on.
    """
    if fault.machine_types and start.baseline.machine_type not in fault.machine_types:
        return False
    pairs = {
        "forward": ((origin, destination),),
        "backward": ((destination, origin),),
        "both": ((origin, destination), (destination, origin)),
    }[fault.direction]
    return any(
        one in fault.builds
        and (other in fault.against if fault.against else other not in fault.builds)
        for one, other in pairs
    )


def fault_clause(fault: Fault) -> Clause | None:
    """Return the claim about the guest under which a fault matters."""
    if not fault.devices:
        return None
    if fault.devices[0].startswith("cpu:"):
        names = tuple(device.removeprefix("cpu:") for device in fault.devices)
        return Clause(kind=ClauseKind.CPU, any_of=names)
    return Clause(kind=ClauseKind.DEVICE, any_of=fault.devices)
