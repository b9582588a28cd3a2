"""Defaults of devices that differ between builds under every machine type: an issue per property."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from planner.domain.compat import DEFAULT, PropertyKey, plain_value
from planner.domain.host import QemuBuild
from planner.domain.migrated import Clause, ClauseKind
from planner.knowledge.base import KnowledgeBase
from planner.solver.difference_issues import DifferenceIssue

Changed = frozenset[tuple[str, str]]
"""Devices, each with a property whose default differs."""
MOST_PAIRS = 1 << 14
"""Pairs of builds under a machine type of which the changed defaults are remembered."""


def default_issues(
    pairs: Iterable[tuple[QemuBuild, QemuBuild]],
    arch: str,
    machine_type: str,
    knowledge: KnowledgeBase,
) -> Iterator[DifferenceIssue]:
    """Yield the properties whose defaults differ on devices with a row: no guest may have one.

    Devices without a row are unknown anyway.
    """
    devices_of: dict[str, set[str]] = {}
    for source, destination in pairs:
        if not source.is_same_as(destination):
            for device, name in _changed(source, destination, arch, machine_type, knowledge):
                devices_of.setdefault(name, set()).add(device)
    for name, devices in sorted(devices_of.items()):
        words = tuple(sorted(devices))
        yield DifferenceIssue(
            property_key=f"{words[0]}.{name}",
            clause=Clause(kind=ClauseKind.DEVICE, any_of=words),
            source="defaults of the builds (harvested/qemu)",
            text=f"builds have different defaults of {name}, which {machine_type} does not keep",
        )


@lru_cache(maxsize=MOST_PAIRS)
def _changed(
    source: QemuBuild,
    destination: QemuBuild,
    arch: str,
    machine_type: str,
    knowledge: KnowledgeBase,
) -> Changed:
    if knowledge.machine_type(machine_type) is None:
        return frozenset()
    return frozenset(
        (device, name)
        for device, name in _unequal(source, destination, arch, knowledge)
        if not _set_by_lists(device, name, (source, destination), arch, machine_type, knowledge)
        and not _is_judged_elsewhere(device, name, machine_type, knowledge)
    )


@lru_cache(maxsize=MOST_PAIRS)
def _unequal(
    source: QemuBuild, destination: QemuBuild, arch: str, knowledge: KnowledgeBase
) -> tuple[tuple[str, str], ...]:
    """Return devices with a row and their properties of which the builds have other defaults."""
    inventory, unequal = knowledge.inventory.of(arch), []
    for device in sorted(knowledge.guests.devices):
        here = inventory.defaults_of(source, device)
        there = inventory.defaults_of(destination, device) if here else {}
        for name in here.keys() & there.keys():
            harmless = any(row.is_of(device, name) for row in knowledge.parts.harmless)
            if plain_value(here[name]) != plain_value(there[name]) and not harmless:
                unequal.append((device, name))
    return tuple(sorted(unequal))


def _set_by_lists(
    device: str,
    name: str,
    builds: tuple[QemuBuild, QemuBuild],
    arch: str,
    machine_type: str,
    knowledge: KnowledgeBase,
) -> bool:
    """Whether a list of some build sets the property on any type of the device."""
    inventory = knowledge.inventory.of(arch)
    return any(
        knowledge.machines.effective(build, machine_type, PropertyKey(qom_type=kind, property=name))
        != DEFAULT
        for build in builds
        for at in builds
        for kind in inventory.ancestors(at, device)
    )


def _is_judged_elsewhere(
    device: str, name: str, machine_type: str, knowledge: KnowledgeBase
) -> bool:
    device_key = PropertyKey(qom_type=device, property=name)
    keys = {device_key, knowledge.base_key(device_key)}
    gates = {
        key
        for unit in knowledge.units
        for gate in unit.gates
        for key in (gate.key, unit.flag or gate.key)
    }
    return bool(keys & gates) or any(knowledge.is_benign(key, machine_type) for key in keys)
