"""Whether both builds have the devices, their options and the CPU that the guest is started with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from planner.domain.guest import FOLLOWS_HOST, GuestStart
from planner.domain.host import MigrationEdge, QemuBuild
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.qemu.offered import OPTION, PROPERTY
from planner.migration.guest_devices import device_backends, device_name, device_options

BACKEND = "backend"
NAMED = {
    "device": "the device",
    BACKEND: "the back end",
    "cpu-model": "the CPU model",
    "cpu-feature": "the CPU feature",
    "cpu-setting": "the setting of CPUs",
    PROPERTY: "the option",
    OPTION: "the machine option",
}
SOURCE = "inventories of whole builds (harvested/qemu), vendor_parts.toml"


class Part(NamedTuple):
    """A part of a guest by kind and name; an option has the device that it is of."""

    kind: str
    name: str
    device: str = ""

    def __str__(self) -> str:
        """Write the part for people."""
        of = f" of {self.device}" if self.device else ""
        return f"{NAMED[self.kind]} {self.name}{of}"


def judge_parts(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to parts that a QEMU does not have; parts not given are not judged.

    The guest runs on the source: what nobody knows of it there is there.
    """
    source, destination = edge.source.qemu, edge.destination.qemu
    for part in _parts(start, knowledge):
        for build in dict.fromkeys((source, destination)):
            if _offered(part, edge.source.arch, build, knowledge) is Truth.NO:
                yield _absent(part, build)
        there = _offered(part, edge.source.arch, destination, knowledge)
        if there is Truth.UNKNOWN and not _is_implied(part, edge, knowledge):
            fact = f"whether QEMU {destination} has {part}"
            yield knowledge_gap(fact, Consequence.CANNOT_START, SOURCE)


def judge_blockers(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to devices with which the source's build was seen to refuse to migrate."""
    for device in dict.fromkeys(start.devices or ()):
        name, options = device_name(device), device_options(device)
        blocks = knowledge.inventory.blocks(edge.source.arch, edge.source.qemu, name)
        if blocks is Truth.YES and not knowledge.guests.lets_migrate(name, options):
            yield Objection(
                rule=Rule.MIGRATION_BLOCKED,
                consequence=Consequence.BLOCKED_AT_SOURCE,
                unit=f"blocker/{name}",
                severity="functional",
                facts=(f"QEMU {edge.source.qemu} does not migrate the device {name}",),
                source="blockers of whole builds (harvested/qemu)",
            )


def absent_parts(
    start: GuestStart, arch: str, builds: Iterable[QemuBuild], knowledge: KnowledgeBase
) -> tuple[str, ...]:
    """Return the names of a guest's parts that some of the builds certainly do not have, in order."""
    builds = tuple(builds)
    absent = {
        f"{part.device},{part.name}" if part.device else part.name
        for part in _parts(start, knowledge)
        if any(_offered(part, arch, build, knowledge) is Truth.NO for build in builds)
    }
    return tuple(sorted(absent))


def uncommon_devices(
    start: GuestStart, arch: str, builds: Iterable[QemuBuild], knowledge: KnowledgeBase
) -> tuple[str, ...]:
    """Return the devices of a guest that only some of the builds are known to have, in order."""
    builds = tuple(builds)
    known = ({Truth.YES}, {Truth.NO})
    return tuple(
        sorted(
            part.name
            for part in _parts(start, knowledge)
            if part.kind == "device"
            and {_offered(part, arch, build, knowledge) for build in builds} not in known
        )
    )


def are_common(
    start: GuestStart, arch: str, builds: Iterable[QemuBuild], knowledge: KnowledgeBase
) -> bool:
    """Whether it is known of each of a guest's parts that all of the builds have it, or none."""
    builds = tuple(builds)
    known = ({Truth.YES}, {Truth.NO})
    return all(
        {_offered(part, arch, build, knowledge) for build in builds} in known
        for part in _parts(start, knowledge)
    )


def _absent(part: Part, build: QemuBuild) -> Objection:
    is_option = part.kind == PROPERTY
    return Objection(
        rule=Rule.PROPERTY_NOT_OFFERED if is_option else Rule.PART_NOT_OFFERED,
        consequence=Consequence.CANNOT_START,
        property_key=f"{part.device}.{part.name}" if is_option else "",
        facts=(f"QEMU {build} does not have {part}",),
        source=SOURCE,
    )


def _parts(start: GuestStart, knowledge: KnowledgeBase) -> Iterator[Part]:
    """Yield a guest's devices with their options, its CPU model and the features that it names."""
    for device in dict.fromkeys(start.devices or ()):
        name = device_name(device)
        if name in knowledge.guests.devices or knowledge.guests.is_read_device(name):
            yield Part("device", name)
        yield from (
            Part(BACKEND, word)
            for word in device_backends(device)
            if word in knowledge.guests.backends
        )
        for option, _ in device_options(device):
            if option not in knowledge.guests.general_options:
                yield Part(PROPERTY, option, name)
    for option in start.machine_options:
        yield Part(OPTION, option.partition("=")[0], start.baseline.machine_type)
    cpu = start.cpu
    if cpu is None:
        return
    if cpu.model not in FOLLOWS_HOST:
        yield Part("cpu-model", cpu.model)
    yield from (Part("cpu-feature", name) for name in sorted(cpu.enabled | cpu.disabled))
    yield from (Part("cpu-setting", name) for name, _ in cpu.settings)


def _offered(part: Part, arch: str, build: QemuBuild, knowledge: KnowledgeBase) -> Truth:
    if part.kind == BACKEND:
        return knowledge.guests.backends[part.name].is_of(build)
    if part.kind == OPTION:
        return knowledge.parts.has_machine_option(arch, build, part.device, part.name)
    if part.kind == PROPERTY:
        return knowledge.parts.has_property(arch, build, part.device, part.name)
    return knowledge.parts.has(part.kind, arch, build, part.name)


def _is_implied(part: Part, edge: MigrationEdge, knowledge: KnowledgeBase) -> bool:
    """Whether what runs on the source must be on the destination: one build, or read ones beyond it."""
    source, destination = edge.source.qemu, edge.destination.qemu
    builds = (source, destination)
    if source.is_same_as(destination) or part.kind == BACKEND:
        return source.is_same_as(destination)
    return knowledge.parts.is_kept(part.kind, edge.source.arch, builds, part.name, part.device)
