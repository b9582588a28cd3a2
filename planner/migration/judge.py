"""Judge one edge for one guest start; pure: the heart of the house, no policy and no choice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from planner.domain.errors import nearest
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge, QemuBuild
from planner.domain.migrated import Clause, ClauseKind, Consequence, MigratedUnit
from planner.domain.truth import Truth, all_of
from planner.domain.verdict import Objection, Remark, Rule, Verdict
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.sites import Fault, Observation
from planner.migration.applies import (
    Applicability,
    Assumed,
    clause_truth,
    devices_match,
    unknown_devices,
)
from planner.migration.emulation import judge_emulation
from planner.migration.property_rules import judge_flags, judge_values
from planner.migration.unit_rules import UnitCase, UnitJudgement, judge_unit
from planner.migration.views import UnitView, view


def judge(
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    *,
    management: str = "plain",
    assumed: Assumed = frozenset(),
) -> Verdict:
    """Return every objection against moving a guest over an edge.

    The guest has booted on `start.booted_on`, or on the source if that is None. `assumed` are claims
    about the guest that count as excluded. An observed pair decides alone. Rules: docs/judgement.md.
    """
    start = _resolved(edge, start, knowledge)
    observed = _observation(edge, start, knowledge)
    if observed is not None:
        return _observed(edge, start, observed)
    booted = start.booted_on or edge.source
    source, destination = edge.source.qemu, edge.destination.qemu
    objections = list(
        judge_builds(source, destination, start, knowledge, booted=booted.qemu, assumed=assumed)
    )
    objections += _judge_coverage(edge, knowledge)
    objections += judge_vendors(edge, knowledge)
    objections += judge_emulation(edge, start, knowledge)
    objections += _judge_unknown_devices(edge, start, knowledge)
    remarks = list(_inferred(edge))
    for unit, applies in applicable_units(edge.source.arch, start, knowledge, assumed):
        judged = _judge_unit(unit, applies, edge, start, knowledge, management)
        objections += judged.objections
        remarks += judged.remarks
    objections += judge_cpu_features(edge, start, knowledge, management)
    return Verdict(
        edge=edge,
        start=start,
        objections=tuple(dict.fromkeys(objections)),
        remarks=tuple(dict.fromkeys(remarks)),
    )


def _resolved(edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase) -> GuestStart:
    """Return the start with its boot host filled in."""
    if start.booted_on is not None:
        return start
    return GuestStart(
        baseline=start.baseline,
        booted_on=edge.source,
        devices=start.devices,
        cpu=start.cpu,
        traits=start.traits,
        hop_flags=start.hop_flags,
    )


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
        yield _gap(fact, Consequence.CANNOT_START, "machine type tables")
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
            yield _gap(f"whether QEMU {build} offers {name}", Consequence.CANNOT_START, row.source)


def _gap(fact: str, consequence: Consequence, source: str) -> Objection:
    return Objection(rule=Rule.KNOWLEDGE_GAP, consequence=consequence, facts=(fact,), source=source)


def _judge_unit(
    unit: MigratedUnit,
    applies: Applicability,
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    management: str,
) -> UnitJudgement:
    machine_type, flags = start.baseline.machine_type, start.baseline.flags
    boot = start.booted_on or edge.source
    producer = boot if unit.state == "boot" else edge.source

    def seen(profile: HostProfile, *, hop: bool) -> UnitView:
        return view(
            unit,
            profile,
            machine_type=machine_type,
            flags=flags + start.hop_flags if hop else flags,
            knowledge=knowledge,
        )

    source = seen(edge.source, hop=False)
    return judge_unit(
        UnitCase(
            unit=unit,
            applies=applies,
            boot=source if boot is edge.source else seen(boot, hop=False),
            source=source,
            destination=seen(edge.destination, hop=True),
            libvirt=management == "libvirt",
            same_kernel=bool(producer.kernel_token)
            and producer.kernel_token == edge.destination.kernel_token,
            same_cpu=producer is edge.destination
            or not producer.cpu_model
            or not edge.destination.cpu_model
            or producer.cpu_model == edge.destination.cpu_model,
            same_build=producer.qemu == edge.destination.qemu and not start.hop_flags,
        )
    )


def applicable_units(
    arch: str, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> tuple[tuple[MigratedUnit, Applicability], ...]:
    """Return the units that a guest may have, with how certain that is.

    Only a CPU model that follows its host makes this depend on the boot host.
    """
    follows = start.cpu is not None and start.cpu.follows_host
    guest = GuestStart(
        baseline=Baseline(machine_type=""),
        booted_on=start.booted_on if follows else None,
        devices=start.devices,
        cpu=start.cpu,
        traits=start.traits,
    )
    return _applicable_units(arch, guest, knowledge, assumed)


@cache
def _applicable_units(
    arch: str, guest: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> tuple[tuple[MigratedUnit, Applicability], ...]:
    found = (
        (unit, unit_applies(unit, guest, knowledge, assumed))
        for unit in knowledge.units_of(arch)
        if not unit.cpu_features
    )
    return tuple((unit, applies) for unit, applies in found if applies.truth is not Truth.NO)


def unit_applies(
    unit: MigratedUnit, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> Applicability:
    """Return whether a guest has `unit`: every clause holds; an idle guest has changed nothing."""
    if unit.sent == "value" and unit.state == "run" and start.trait("idle") is Truth.YES:
        return Applicability(Truth.NO)
    parts = [clause_truth(clause, start, knowledge.guests, assumed) for clause in unit.when]
    facts = tuple(dict.fromkeys(fact for part in parts for fact in part.open_facts))
    return Applicability(all_of(part.truth for part in parts), facts)


def judge_cpu_features(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase, management: str
) -> tuple[Objection, ...]:
    """Return the objections of the unit that stands for every CPUID bit."""
    if not edge.destination.lacked_cpu_features:
        return ()
    units = [unit for unit in knowledge.units_of(edge.source.arch) if unit.cpu_features]
    return tuple(
        objection
        for unit in units
        for objection in _judge_cpu_features(unit, edge, start, knowledge, management).objections
    )


def _judge_cpu_features(
    unit: MigratedUnit,
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    management: str,
) -> UnitJudgement:
    """Object to every CPU feature that the guest has and the destination is known to lack."""
    boot = start.booted_on or edge.source
    lack = unit.lack_libvirt if management == "libvirt" else unit.lack_plain
    objections = []
    for capability in sorted(edge.destination.capabilities.absent):
        if not capability.startswith("cpu.") or capability in boot.capabilities.absent:
            continue
        feature = capability.removeprefix("cpu.")
        clause = Clause(kind=ClauseKind.CPU, any_of=(feature,))
        applies = clause_truth(clause, start, knowledge.guests, frozenset())
        if applies.truth is Truth.NO:
            continue
        open_facts = applies.open_facts
        objections.append(
            Objection(
                rule=Rule.KNOWLEDGE_GAP if open_facts else Rule.CAPABILITY_MISSING,
                consequence=lack,
                unit=unit.id,
                capability=capability,
                severity=unit.severity,
                facts=open_facts or (feature,),
                depends_on=(clause,),
                source=unit.source,
            )
        )
    return UnitJudgement(objections=tuple(objections))


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


def _judge_coverage(edge: MigrationEdge, knowledge: KnowledgeBase) -> Iterator[Objection]:
    """Object to architectures whose registers nobody listed, unless both hosts run one kernel."""
    if edge.source.arch != edge.destination.arch:
        yield Objection(
            rule=Rule.CAPABILITY_MISSING,
            consequence=Consequence.CANNOT_START,
            facts=(edge.source.arch, edge.destination.arch),
            source="architectures differ",
        )
        return
    if knowledge.covered.get(edge.source.arch) == "listed":
        return
    if edge.source.kernel_token != edge.destination.kernel_token or not edge.source.kernel_token:
        yield _gap(
            f"the registers that each kernel exposes on {edge.source.arch}",
            Consequence.FAILS_CLEANLY,
            "coverage of this architecture",
        )


def judge_vendors(edge: MigrationEdge, knowledge: KnowledgeBase) -> Iterator[Objection]:
    """Object to a move between CPUs that the fleet says are of different vendors."""
    one, other = edge.source.cpu_vendor, edge.destination.cpu_vendor
    crossing = knowledge.host_cpus.crossing(one, other)
    if crossing is not None:
        yield Objection(
            rule=Rule.CPU_VENDOR_DIFFERS,
            consequence=crossing.consequence,
            unit=crossing.id,
            severity="functional",
            facts=(f"{one} to {other}", crossing.reason),
            source=crossing.source,
        )


def _judge_unknown_devices(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Name the devices without a row: nobody knows what they migrate between differing hosts."""
    if edge.source == edge.destination:
        return
    for name in unknown_devices(start.devices, knowledge.guests):
        hint = nearest(name, knowledge.guests.devices)
        fact = f"what the device '{name}' migrates (no row; {hint})"
        yield _gap(fact, Consequence.FAILS_CLEANLY, "devices.toml")


def _inferred(edge: MigrationEdge) -> Iterator[Remark]:
    for profile in dict.fromkeys((edge.source, edge.destination)):
        if profile.qemu.lower and not profile.qemu.is_known:
            yield Remark(
                kind="inferred",
                text=f"tables of QEMU {profile.qemu} are inferred from {profile.qemu.lower}"
                + (f" and {profile.qemu.upper}" if profile.qemu.upper else ""),
            )
        if profile.kernel_doubt:
            yield Remark(kind="inferred", text=profile.kernel_doubt)
        if profile.build_doubt:
            yield Remark(kind="inferred", text=profile.build_doubt)


def _observation(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Observation | None:
    """Return the observation row that speaks of this edge and guest; later rows win."""
    found = None
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
        found = row
    return found


def _observed(edge: MigrationEdge, start: GuestStart, row: Observation) -> Verdict:
    if row.passes:
        remark = Remark(kind="observed", text=f"observed to pass: {row.id}", source=row.source)
        return Verdict(edge=edge, start=start, objections=(), remarks=(remark,))
    objection = Objection(
        rule=Rule.OBSERVED_FAILURE,
        consequence=row.consequence or Consequence.FAILS_CLEANLY,
        unit=row.id,
        source=row.source,
    )
    return Verdict(edge=edge, start=start, objections=(objection,))
