"""Devices of which a build sends nothing, or not all, whatever the migration says: their state stays."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge, QemuBuild
from planner.domain.migrated import Consequence
from planner.domain.verdict import Objection, Rule, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.qemu.inventory import KeptState
from planner.migration.guest_devices import device_name

SOURCE = "descriptions and streams of whole builds (harvested/qemu/*/device_state.csv)"
LOST = {KeptState.NONE, KeptState.WITHOUT_PCI}
TOLD = {
    KeptState.NONE: "sends nothing of the device {}",
    KeptState.WITHOUT_PCI: "sends the device {} without its PCI registers",
}


def judge_device_states(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to the devices of a guest that the source's build does not send whole."""
    for device in dict.fromkeys(map(device_name, start.devices or ())):
        objection = unkept(device, edge.source.arch, edge.source.qemu, knowledge)
        if objection is not None:
            yield objection


def unkept(device: str, arch: str, build: QemuBuild, knowledge: KnowledgeBase) -> Objection | None:
    """Return what speaks against sending a device from a build, None if nothing or a row decides."""
    if _is_decided(device, arch, knowledge):
        return None
    states = knowledge.device_states.states(arch, build, device)
    if states <= {KeptState.WHOLE}:
        return None
    if states == {KeptState.BLOCKED}:
        return _certain(device, build, Rule.MIGRATION_BLOCKED, "does not migrate the device {}")
    on_a_bus = knowledge.device_states.is_on_a_bus(arch, build, device)
    if len(states) == 1 and states <= LOST and on_a_bus:
        return _certain(device, build, Rule.STATE_NOT_SENT, TOLD[next(iter(states))])
    fact = f"what {device} keeps over a migration: QEMU {build} may send nothing of it"
    return knowledge_gap(fact, Consequence.LOSES_STATE, SOURCE)


def _certain(device: str, build: QemuBuild, rule: Rule, text: str) -> Objection:
    blocks = rule is Rule.MIGRATION_BLOCKED
    return Objection(
        rule=rule,
        consequence=Consequence.BLOCKED_AT_SOURCE if blocks else Consequence.LOSES_STATE,
        unit=f"{'blocker' if blocks else 'device'}/{device}",
        severity="functional",
        facts=(f"QEMU {build} {text.format(device)}",),
        source=SOURCE,
    )


def _is_decided(device: str, arch: str, knowledge: KnowledgeBase) -> bool:
    """Whether a row says that a device need send nothing, or a unit of its family is judged instead."""
    known = knowledge.guests.devices.get(device)
    families = {device, *(known.families if known else ())}
    return knowledge.device_states.row(device) is not None or not families.isdisjoint(
        knowledge.device_words(arch)
    )
