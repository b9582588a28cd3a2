"""The versioned machine type behind an alias such as `q35`, where every build means the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.verdict import Remark
from planner.knowledge.base import KnowledgeBase
from planner.migration.guest_devices import device_name


def with_type(edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase) -> GuestStart:
    """Return the start under the type that its alias means on all builds; as it is if they differ.

    Old builds may have had a type of the name itself.
    """
    name = start.baseline.machine_type
    if not knowledge.machines.is_alias(name):
        return start
    booted = start.booted_on or edge.source
    builds = {booted.qemu, edge.source.qemu, edge.destination.qemu}
    types = {knowledge.machines.alias(build, name) for build in builds}
    meant = types.pop() if len(types) == 1 else None
    if meant is None:
        return start
    return replace(start, baseline=replace(start.baseline, machine_type=meant))


def with_devices(edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase) -> GuestStart:
    """Return the start with the devices that other names of `-device` mean on every build alike."""
    if start.devices is None:
        return start
    real = knowledge.inventory.of(edge.source.arch).meant_by
    devices = tuple(_under_its_name(device, real) for device in start.devices)
    return start if devices == start.devices else replace(start, devices=devices)


def _under_its_name(device: str, real: Callable[[str], str]) -> str:
    name = device_name(device)
    return real(name) + device[len(name) :]


def resolved(given: GuestStart, taken: GuestStart) -> Iterator[Remark]:
    """Yield which type stands behind the alias that was given."""
    name, meant = given.baseline.machine_type, taken.baseline.machine_type
    if name != meant:
        yield Remark(kind="assumed", text=f"'{name}' is {meant} on every QEMU of this edge")
