"""What the two hosts of an edge decide, whatever unit travels: registers, CPUs, devices unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from planner.domain.capability import CapabilityId
from planner.domain.errors import nearest
from planner.domain.guest import GuestStart
from planner.domain.host import HostProfile, MigrationEdge, unplaced_texts
from planner.domain.migrated import Clause, ClauseKind, Consequence, MigratedUnit
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Remark, Rule, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.migration.applies import clause_truth
from planner.migration.claims import Assumed
from planner.migration.guest_cpu import has_feature
from planner.migration.guest_devices import unknown_devices
from planner.migration.rules.hardware_rules import SAME_HARDWARE
from planner.migration.rules.other_cpu_rules import open_features

NO_VENDOR = "cpu_vendors.toml has no row for one of them"
NO_FAULTY_CPU = "no CPU from which one of the kernels alone takes a feature: {}"
KERNEL_DIFFERS = "kernel differs"
MAY_TAKE = "kernel may take it unless {} (a probe tells)"


def judge_coverage(edge: MigrationEdge, knowledge: KnowledgeBase) -> Iterator[Objection]:
    """Object to architectures whose registers or boards nobody read, unless both hosts' are the same."""
    if edge.source.arch != edge.destination.arch:
        yield Objection(
            rule=Rule.CAPABILITY_MISSING,
            consequence=Consequence.CANNOT_START,
            facts=(edge.source.arch, edge.destination.arch),
            source="architectures differ",
        )
        return
    source, destination = edge.source.qemu, edge.destination.qemu
    if knowledge.has_unread_boards(edge.source.arch) and not source.is_same_as(destination):
        yield knowledge_gap(
            f"what machines of {edge.source.arch} send of their own on QEMU {source} and {destination}",
            Consequence.FAILS_CLEANLY,
            "coverage of this architecture",
        )
    listed = knowledge.covered.get(edge.source.arch) == "listed"
    if not listed and not edge.source.has_registers_of(edge.destination):
        yield knowledge_gap(
            f"the registers that each kernel exposes on {edge.source.arch}",
            Consequence.FAILS_CLEANLY,
            "coverage of this architecture",
        )


def judge_unplaced(edge: MigrationEdge, booted: HostProfile) -> Iterator[Objection]:
    """Object to kernels and builds that fit no line: nothing else can be said of them."""
    for fact in unplaced_texts((edge.source, edge.destination, booted)):
        yield knowledge_gap(fact, Consequence.LOSES_STATE, "kernel_caps, qemu_builds")


def unlisted_hardware(edge: MigrationEdge, knowledge: KnowledgeBase) -> Iterator[Remark]:
    """Yield what is asked of hosts whose hardware decides about registers that nobody listed."""
    if knowledge.covered.get(edge.source.arch) != "listed":
        yield SAME_HARDWARE


def judge_board(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to a machine type of another architecture: the QEMU of these hosts has none."""
    row = knowledge.machine_type(start.baseline.machine_type)
    if row is not None and row.arch != edge.source.arch:
        yield Objection(
            rule=Rule.MACHINE_TYPE_NOT_OFFERED,
            consequence=Consequence.CANNOT_START,
            facts=(f"{row.name} is a type for {row.arch} hosts, not for {edge.source.arch}",),
            source=row.source,
        )


def judge_vendors(edge: MigrationEdge, knowledge: KnowledgeBase) -> Iterator[Objection]:
    """Object to a move between CPUs that the fleet says are of different vendors, or may be."""
    source, destination = edge.source.cpu_vendor, edge.destination.cpu_vendor
    matters = knowledge.host_cpus.vendors_matter(edge.source.arch)
    if matters and edge.source.may_be_of_another_vendor_than(edge.destination):
        texts = f"'{edge.source.cpu_model}' and '{edge.destination.cpu_model}'"
        yield knowledge_gap(
            f"whether the CPUs {texts} are of one vendor", Consequence.CRASHES_GUEST, NO_VENDOR
        )
    crossing = knowledge.host_cpus.crossing(source, destination)
    if crossing is not None:
        yield Objection(
            rule=Rule.CPU_VENDOR_DIFFERS,
            consequence=crossing.consequence,
            unit=crossing.id,
            severity="functional",
            facts=(f"{source} to {destination}", crossing.reason),
            source=crossing.source,
        )


def judge_unknown_devices(start: GuestStart, knowledge: KnowledgeBase) -> Iterator[Objection]:
    """Name the devices without a row: nobody knows what they migrate, or whether at all.

    Equal hosts do not settle it: what refuses to migrate does so between equal hosts too.
    """
    for name in unknown_devices(start.devices, knowledge.guests):
        fact = _no_row(name, knowledge)
        yield knowledge_gap(fact, Consequence.FAILS_CLEANLY, "devices.toml")


def _no_row(name: str, knowledge: KnowledgeBase) -> str:
    """Return the missing fact of a device or backend without a row."""
    words = knowledge.guests
    backend = name.startswith("+")
    hint = nearest(name.removeprefix("+"), words.backends if backend else words.devices)
    known = f" (no row; {hint})" if hint else " (no row)"
    if backend:
        return f"what the device backend '{name.removeprefix('+')}' is{known}"
    return f"what the device '{name}' migrates{known}"


def judge_cpu_features(
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    management: str,
    assumed: Assumed = frozenset(),
) -> tuple[Objection, ...]:
    """Return the objections of the unit that stands for every CPUID bit."""
    boot = start.booted_on or edge.source
    differs = boot.has_other_cpu_than(edge.destination)
    lacking = sorted(edge.destination.lacked_cpu_features - boot.cpu_features.of_no_guest)
    doubtful = dict(_taken(boot, edge.destination, knowledge))
    if not boot.runs_kernel_of(edge.destination):
        doubtful |= dict.fromkeys(_doubtful(boot, edge.destination), KERNEL_DIFFERS)
    if not (differs or lacking or doubtful):
        return ()
    units = [unit for unit in knowledge.units_of(edge.source.arch) if unit.cpu_features]
    objections = [
        objection
        for unit in units
        for objection in _FeatureCase(unit, start, knowledge, management, assumed).objections(
            lacking, doubtful
        )
    ]
    if differs and knowledge.covered.get(edge.source.arch) != "listed":
        objections.append(unlisted_cpus(edge))
    elif differs:
        for unit in units:
            objections += open_features(unit, edge, start, knowledge, management, assumed)
    return tuple(objections)


def judge_cpu_settings(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Name the settings of the guest's CPU that ask something of a host which no row tells."""
    boot, destination = start.booted_on or edge.source, edge.destination
    if boot.runs_kernel_of(destination) and not boot.has_other_cpu_than(destination):
        return
    for name, value in start.cpu.settings if start.cpu is not None else ():
        if name in knowledge.guests.settings_of_host:
            fact = f"whether the destination's kernel and CPU can do {name}={value}"
            yield knowledge_gap(fact, Consequence.CANNOT_START, "cpu_features.toml")


def unlisted_cpus(edge: MigrationEdge) -> Objection:
    """Return the gap of CPUs that differ on an architecture of which no feature has a row."""
    source, destination = edge.source.cpu_model, edge.destination.cpu_model
    fact = f"what a guest sees of the CPUs '{source}' and '{destination}' ({edge.source.arch})"
    return knowledge_gap(fact, Consequence.FAILS_CLEANLY, "coverage of this architecture")


def _doubtful(boot: HostProfile, destination: HostProfile) -> tuple[CapabilityId, ...]:
    """Return the CPU features that a guest may have and another kernel may not give.

    What both kernels give on CPUs of one vendor only, a guest of the boot host finds there again.
    """
    of_one_vendor = destination.one_vendor_cpu_features - boot.one_vendor_cpu_features
    unsure = destination.unsure_cpu_features | of_one_vendor
    return tuple(sorted(unsure - boot.cpu_features.of_no_guest))


def _taken(
    boot: HostProfile, destination: HostProfile, knowledge: KnowledgeBase
) -> Iterator[tuple[CapabilityId, str]]:
    """Yield the CPU features that the destination's kernel may take from a CPU for a fault, and why."""
    for taken in destination.taken_cpu_features - boot.taken_cpu_features:
        if taken.feature not in boot.cpu_features.of_no_guest:
            unless = knowledge.host_cpus.errata.unless(taken.fault)
            yield taken.feature, MAY_TAKE.format(unless) if unless else KERNEL_DIFFERS


def open_faults(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Remark]:
    """Yield the check that the destination has no CPU from which its kernel alone takes features."""
    boot, errata = start.booted_on or edge.source, knowledge.host_cpus.errata
    names = {
        fault.fault
        for fault in edge.destination.open_faults
        if fault.is_new_after(boot.open_faults)
        and fault.feature not in boot.cpu_features.of_no_guest
        and has_feature(fault.feature.removeprefix("cpu."), start.cpu, start, knowledge.guests)
        is not Truth.NO
    }
    if names:
        text = NO_FAULTY_CPU.format(errata.words(frozenset(names)))
        yield Remark(kind="host-condition", text=text, subject="host:cpu-faults", polarity="equal")


@dataclass(frozen=True, slots=True)
class _FeatureCase:
    """The unit that stands for every CPUID bit, and a guest."""

    unit: MigratedUnit
    start: GuestStart
    knowledge: KnowledgeBase
    management: str
    assumed: Assumed

    def objections(
        self, lacking: Iterable[CapabilityId], doubtful: Mapping[CapabilityId, str]
    ) -> Iterator[Objection]:
        """Object to each feature that the guest has and the destination lacks, or may lack."""
        for name in lacking:
            yield from self._objections(name)
        for name, why in sorted(doubtful.items()):
            yield from self._objections(name, f"{name} on the destination, whose {why}")

    def _objections(self, name: CapabilityId, doubt: str = "") -> Iterator[Objection]:
        unit, libvirt = self.unit, self.management == "libvirt"
        feature = name.removeprefix("cpu.")
        clause = Clause(kind=ClauseKind.CPU, any_of=(feature,))
        applies = clause_truth(clause, self.start, self.knowledge.guests, self.assumed)
        if applies.truth is Truth.NO:
            return
        facts = applies.open_facts or ((doubt,) if doubt else ())
        yield Objection(
            rule=Rule.KNOWLEDGE_GAP if facts else Rule.CAPABILITY_MISSING,
            consequence=unit.lack_libvirt if libvirt else unit.lack_plain,
            unit=unit.id,
            capability=name,
            severity=unit.severity,
            facts=facts or (feature,),
            depends_on=(clause,),
            source=unit.source,
        )


def doubts(edge: MigrationEdge) -> Iterator[Remark]:
    """Yield what is inferred of the hosts: tables of a build, capabilities of a kernel, the build."""
    source, destination = edge.source.qemu, edge.destination.qemu
    if source.is_promised_as(destination):
        yield Remark(kind="inferred", text=f"QEMU {source} and {destination}: {source.promise}")
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
