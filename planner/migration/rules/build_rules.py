"""What the QEMU builds alone decide: machine type, flags, property values, known faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from planner.domain.errors import advised, nearest
from planner.domain.guest import GuestStart
from planner.domain.host import QemuBuild
from planner.domain.migrated import Clause, ClauseKind, Consequence
from planner.domain.truth import Truth, all_of, any_of
from planner.domain.verdict import Objection, Rule, knowledge_gap, unfixed
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.sites import Fault
from planner.migration.applies import clause_truth
from planner.migration.claims import Assumed
from planner.migration.rules.property_rules import arch_of, judge_flags, judge_values


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
    arch = arch_of(start, knowledge)
    yield from judge_machine_type(source, destination, start, knowledge)
    yield from judge_flags(source, arch, start.baseline.flags, knowledge)
    if destination != source or start.hop_flags:
        yield from judge_flags(destination, arch, hop, knowledge)
    builds = (source, destination, booted or source)
    yield from judge_values(builds, start, knowledge, assumed)
    yield from _judge_faults(builds, start, knowledge, assumed)


def judge_machine_type(
    source: QemuBuild, destination: QemuBuild, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to a machine type that a build does not offer, or that nobody knows."""
    name = start.baseline.machine_type
    row = knowledge.machine_type(name)
    if row is None:
        fact = _unnamed(name, (source, destination), knowledge)
        yield knowledge_gap(fact, Consequence.CANNOT_START, "machine type tables")
        return
    if not (source.is_read_as(destination) or row.is_settled_on((source, destination))):
        yield knowledge_gap(unfixed(name), Consequence.LOSES_STATE, row.source)
    for build in dict.fromkeys((source, destination)):
        offered = knowledge.machines.offers(build, name)
        if offered is Truth.NO:
            yield Objection(
                rule=Rule.MACHINE_TYPE_NOT_OFFERED,
                consequence=Consequence.CANNOT_START,
                facts=(f"{name} is not offered by QEMU {build}",),
                source=row.source,
            )
        elif offered is Truth.UNKNOWN:
            fact = f"whether QEMU {build} offers {name}"
            yield knowledge_gap(fact, Consequence.CANNOT_START, row.source)


def _unnamed(name: str, builds: Iterable[QemuBuild], knowledge: KnowledgeBase) -> str:
    """Return what is missing about a name that is no machine type."""
    if not knowledge.machines.is_alias(name):
        return advised(f"a row for the machine type '{name}'", _meant(name, knowledge))
    meant = {build: knowledge.machines.alias(build, name) for build in builds}
    texts = [f"{type_} on QEMU {build}" for build, type_ in meant.items() if type_ is not None]
    meanings = f" ({', '.join(texts)})" if texts else ""
    return f"the versioned machine type behind the alias '{name}'{meanings}"


@cache
def _meant(name: str, knowledge: KnowledgeBase) -> str:
    return nearest(name, knowledge.machines.types)


def _judge_faults(
    builds: tuple[QemuBuild, QemuBuild, QemuBuild],
    start: GuestStart,
    knowledge: KnowledgeBase,
    assumed: Assumed,
) -> Iterator[Objection]:
    """Object to known faults between builds. `builds`: source, destination, booted on."""
    source, destination, booted = builds
    name = start.baseline.machine_type
    known = knowledge.machine_type(name)
    for fault in knowledge.faults:
        release, arch = (known.release, known.arch) if known is not None else ((), "")
        if not fault.speaks_of(name, release, arch):
            continue
        origins = (source, booted) if fault.carried else (source,)
        bites = any_of(
            fault_bites(fault, origin, destination, knowledge.builds) for origin in origins
        )
        if bites is Truth.NO:
            continue
        clauses = fault_clauses(fault)
        applies = [clause_truth(clause, start, knowledge.guests, assumed) for clause in clauses]
        truth = all_of(claim.truth for claim in applies)
        facts = tuple(fact for claim in applies for fact in claim.open_facts)
        if truth is Truth.NO or (fault.only_certain and truth is Truth.UNKNOWN):
            continue
        if bites is Truth.UNKNOWN:
            facts = (*facts, f"whether {_unread(fault, *origins, destination)} has this fault")
        yield Objection(
            rule=Rule.KNOWLEDGE_GAP if Truth.UNKNOWN in (truth, bites) else Rule.KNOWN_FAULT,
            consequence=fault.consequence,
            unit=fault.id,
            severity="functional",
            facts=facts or (fault.reason,),
            depends_on=clauses,
            source=fault.source,
        )


def fault_bites(
    fault: Fault, origin: QemuBuild, destination: QemuBuild, builds: BuildLines
) -> Truth:
    """Return whether a fault row speaks of these builds.

    `origin` is the source, or for a carried fault also the build that the guest booted on. A build
    between two known ones has what both have. A vendor's build may carry the fix of a later release of
    its series.
    """
    alike = origin.is_read_as(destination)
    answers = {
        fault.is_between(there, here)
        for there in fault.known_as(origin)
        for here in fault.known_as(destination)
        if there == here or not alike
    }
    if answers == {Truth.YES} and any(
        _may_be_fixed(fault, there, builds) for there in (origin, destination)
    ):
        return Truth.UNKNOWN
    return answers.pop() if len(answers) == 1 else Truth.UNKNOWN if answers else Truth.NO


def _may_be_fixed(fault: Fault, build: QemuBuild, builds: BuildLines) -> bool:
    known_as = fault.known_as(build)
    if fault.builds.isdisjoint(known_as):
        return False
    if not fault.numbers.isdisjoint(known_as):
        return build.is_own or not builds.is_reference(build.line)
    return not fault.builds.issuperset(builds.may_carry(build))


def _unread(fault: Fault, *builds: QemuBuild) -> str:
    """Name the builds of which nobody knows on which side of a fault they are."""
    unread = [
        build
        for build in builds
        if len(fault.known_as(build)) > 1 or not fault.unread.isdisjoint(fault.known_as(build))
    ]
    return ", ".join(f"QEMU {build}" for build in dict.fromkeys(unread or builds))


def fault_clauses(fault: Fault) -> tuple[Clause, ...]:
    """Return the claims about the guest under which a fault matters."""
    traits = tuple(Clause(kind=ClauseKind.GUEST, any_of=(word,)) for word in fault.trait.split())
    if not fault.devices:
        return traits
    if fault.devices[0].startswith("cpu:"):
        names = tuple(device.removeprefix("cpu:") for device in fault.devices)
        return (Clause(kind=ClauseKind.CPU, any_of=names), *traits)
    return (Clause(kind=ClauseKind.DEVICE, any_of=fault.devices), *traits)
