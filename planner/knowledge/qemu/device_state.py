"""What a build of any vendor sends of a device: as read builds told, and the rows about devices.

A class with no description sends nothing itself. Rows name the devices that need not: those that
another device's section holds, and those that have nothing to keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from planner.domain.capability import Evidence
from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.qemu.inventory import Inventory, KeptState

ON_A_BUS = ("pci-device", "virtio-device")
"""Types whose registers a guest writes to find and use a device: lost with what is not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptElsewhere:
    """Devices that lose nothing although their own classes send nothing."""

    devices: frozenset[str]
    reason: str
    evidence: Evidence
    source: str


class DeviceStates:
    """Look-ups over the inventories and the rows."""

    def __init__(self, inventory: Inventory, elsewhere: tuple[KeptElsewhere, ...]) -> None:
        """Keep both."""
        self._inventory = inventory
        self._elsewhere = {name: row for row in elsewhere for name in row.devices}
        self.states = cache(self._states)

    def row(self, device: str) -> KeptElsewhere | None:
        """Return the row that says why a device need send nothing, if there is one."""
        return self._elsewhere.get(device)

    def _states(self, arch: str, build: QemuBuild, device: str) -> frozenset[KeptState]:
        """Return what builds that answer for this one send of a device; empty: nobody read it.

        One class has one description on every architecture, so another's table answers for an
        architecture without one, and for a device that did not start there.
        """
        told = [
            found
            for own in dict.fromkeys((arch, *self._inventory.architectures))
            if (found := self._inventory.of(own).kept_states(build, device))
        ]
        started = (found for found in told if KeptState.UNDESCRIBED not in found)
        return next(started, told[0] if told else frozenset())

    def is_on_a_bus(self, arch: str, build: QemuBuild, device: str) -> bool:
        """Whether a device is one of PCI or virtio."""
        builds = self._inventory.of(arch)
        return any(builds.descends(build, device, kind) is Truth.YES for kind in ON_A_BUS)
