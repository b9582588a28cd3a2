"""What the two hosts of an edge decide, whatever unit travels: registers, CPUs, devices unknown."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.errors import nearest
from planner.domain.guest import GuestStart
from planner.domain.host import HostProfile, MigrationEdge, unplaced_texts
from planner.domain.migrated import Consequence
from planner.domain.verdict import Objection, Remark, Rule, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.migration.guest_devices import unknown_devices
from planner.migration.rules.hardware_rules import SAME_HARDWARE

NO_VENDOR = "cpu_vendors.toml has no row for one of them"


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
