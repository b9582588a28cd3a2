"""Defaults of devices that changed between builds and that no machine type keeps as they were."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from planner.domain.compat import DEFAULT, CompatFlag, PropertyKey, Visible, plain_value
from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge, QemuBuild
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.guest_devices import device_name, device_options

MOST_DEVICES = 1 << 14
"""Devices on pairs of builds whose changed defaults are remembered."""
SOURCE = "defaults of both builds (harvested/qemu)"


def judge_defaults(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to defaults that differ on a device of the guest, where neither it nor a flag sets them.

    What only the stream shows is compared with the source, all else with the host of the boot.
    """
    booted = (start.booted_on or edge.source).qemu
    name, flags = start.baseline.machine_type, start.baseline.flags + start.hop_flags
    if knowledge.machine_type(name) is None:
        return
    for device in dict.fromkeys(start.devices or ()):
        set_options = {option for option, _ in device_options(device)}
        kind = device_name(device)
        for origin, on_stream in ((edge.source.qemu, True), (booted, False)):
            defaults = changed(
                origin, edge.destination.qemu, name, kind, edge.source.arch, knowledge
            )
            for key, ours, theirs in defaults:
                row = knowledge.property_row(key)
                is_stream = row is not None and row.visible is Visible.STREAM
                if is_stream is on_stream and key.property not in set_options:
                    yield from _differing(key, ours, theirs, flags, knowledge)


def _differing(
    key: PropertyKey,
    ours: str,
    theirs: str,
    flags: tuple[CompatFlag, ...],
    knowledge: KnowledgeBase,
) -> Iterator[Objection]:
    """Yield the objection to a default that differs, unless a flag may set it."""
    if any(flag.key.property == key.property for flag in flags):
        return
    row = knowledge.property_row(key)
    yield Objection(
        rule=Rule.COMPAT_VALUE_DIFFERS,
        consequence=knowledge.consequence_of(key),
        property_key=str(key),
        facts=(f"{ours} there, {theirs} here, by the defaults of the builds",),
        source=row.source if row is not None else SOURCE,
        severity="functional",
    )


@lru_cache(maxsize=MOST_DEVICES)
def changed(
    origin: QemuBuild,
    destination: QemuBuild,
    machine_type: str,
    device: str,
    arch: str,
    knowledge: KnowledgeBase,
) -> tuple[tuple[PropertyKey, str, str], ...]:
    """Return (property, value there, value here) of a device where no list of a machine type speaks."""
    if origin.is_same_as(destination):
        return ()
    builds = knowledge.inventory.of(arch)
    there, here = builds.defaults_of(origin, device), builds.defaults_of(destination, device)
    differing = []
    for name in sorted(there.keys() & here.keys()):
        ours, theirs = plain_value(there[name]), plain_value(here[name])
        key = PropertyKey(qom_type=device, property=name)
        if ours == theirs or _is_settled(key, machine_type, knowledge):
            continue
        kinds = dict.fromkeys(
            (*builds.ancestors(origin, device), *builds.ancestors(destination, device))
        )
        keys = [PropertyKey(qom_type=kind, property=name) for kind in kinds]
        if not any(
            _is_listed(listed, origin, destination, machine_type, knowledge) for listed in keys
        ):
            differing.append((key, ours, theirs))
    return tuple(differing)


def _is_settled(key: PropertyKey, machine_type: str, knowledge: KnowledgeBase) -> bool:
    """Whether a property is judged with its unit, or builds may disagree about it."""
    base = knowledge.base_key(key)
    gated = knowledge.gating_properties
    return (
        key in gated
        or base in gated
        or knowledge.is_benign(key, machine_type)
        or knowledge.is_benign(base, machine_type)
        or any(row.is_of(key.qom_type, key.property) for row in knowledge.parts.harmless)
    )


def _is_listed(
    key: PropertyKey,
    origin: QemuBuild,
    destination: QemuBuild,
    machine_type: str,
    knowledge: KnowledgeBase,
) -> bool:
    """Whether a list of either build names a property under a machine type: it is compared as such."""
    values = (
        knowledge.machines.effective(build, machine_type, key) for build in (origin, destination)
    )
    return any(value != DEFAULT for value in values)
