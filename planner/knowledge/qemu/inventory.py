"""Whole builds of QEMU as they were read: devices, properties, options, blockers, CPU models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from functools import cache, cached_property
from pathlib import Path

from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.files.rows import release_key
from planner.knowledge.qemu.read_devices import ITSELF, ReadDevices
from planner.knowledge.qemu.read_models import ReadModels
from planner.knowledge.qemu.read_tables import FOLDER, NOT_TOLD, ReadBuild, strongest_table

BUILDS = "builds.csv"

BEHIND = "virtio-backend"
"""The property of a virtio proxy that holds the device itself."""


class KeptState(Enum):
    """What a build sends of a device over a migration.

    `BLOCKED`: its description is that of a device that may not be migrated; `NONE`: nothing, seen of
    a started guest; `UNDESCRIBED`: its class has no description, and it was not started.
    """

    WHOLE = "whole"
    WITHOUT_PCI = "without-pci"
    BLOCKED = "blocked"
    NONE = "none"
    UNDESCRIBED = "undescribed"


class Inventory:
    """Look-ups over every read build; `roots` in order of increasing strength."""

    def __init__(self, roots: Sequence[Path], *, series_alike: bool = False) -> None:
        """Keep the folders; nothing is read yet. `series_alike`: releases of one series are equal."""
        self._roots = tuple(roots)
        self._series_alike = series_alike
        self._arch = cache(self._of_arch)

    @cached_property
    def builds(self) -> tuple[ReadBuild, ...]:
        """Every read build in order of upstream version, architecture by architecture."""
        found = strongest_table(self._roots, BUILDS)
        return tuple(_read_build(cells, parts) for cells, parts in found.rows) if found else ()

    @property
    def architectures(self) -> tuple[str, ...]:
        """The architectures of which some build was read."""
        return tuple(dict.fromkeys(row.arch for row in self.builds))

    def _of_arch(self, arch: str) -> ArchInventory:
        own = tuple(row for row in self.builds if row.arch == arch)
        folders = tuple(root / FOLDER / arch for root in self._roots)
        return ArchInventory(folders, own, series_alike=self._series_alike)

    def of(self, arch: str) -> ArchInventory:
        """Return the inventories of one architecture."""
        return self._arch(arch)

    def is_read(self, arch: str, build: QemuBuild, part: str) -> bool:
        """Whether this very build, or one of its version, was read for `part` (a file's stem)."""
        return self.of(arch).is_read(build, part)

    def has(self, kind: str, arch: str, build: QemuBuild, name: str) -> Truth:
        """Return whether a build has a device, object, cpu-model, cpu-feature or machine-option."""
        return self.of(arch).has(kind, build, name)

    def names(self, kind: str, arch: str) -> frozenset[str]:
        """Return every name of a kind that some read build has."""
        return self.of(arch).names(kind)

    def has_property(self, arch: str, build: QemuBuild, device_or_type: str, name: str) -> Truth:
        """Return whether objects of a type take a property; unknown where only some of them do."""
        return self.of(arch).has_property(build, device_or_type, name)

    def default_of(self, arch: str, build: QemuBuild, device: str, name: str) -> str | None:
        """Return the default of a device's property under the newest type, None if nobody knows."""
        return self.of(arch).default_of(build, device, name)

    def shown_of(self, arch: str, build: QemuBuild, device: str, name: str) -> str | None:
        """Return what a device that was given nothing shows in a started guest of one vCPU."""
        return self.of(arch).shown_of(build, device, name)

    def has_machine_option(
        self, arch: str, build: QemuBuild, machine_type: str, option: str
    ) -> Truth:
        """Return whether a machine type of a build takes an option of `-machine`."""
        return self.of(arch).has_machine_option(build, machine_type, option)

    def blocks(self, arch: str, build: QemuBuild, device: str) -> Truth:
        """Return whether a guest with the device, at its defaults, refuses to migrate."""
        return self.of(arch).blocks(build, device)

    def model_features(
        self, arch: str, build: QemuBuild, model: str, machine_type: str
    ) -> frozenset[str] | None:
        """Return the features that a CPU model has under a machine type with KVM; None: unknown."""
        return self.of(arch).model_features(build, model, machine_type)


class ArchInventory(ReadDevices, ReadModels):
    """Look-ups over the read builds of one architecture."""

    def has_machine_option(self, build: QemuBuild, machine_type: str, option: str) -> Truth:
        """Return whether a machine type takes an option of `-machine`."""
        return self._agreed(
            build, "machines", lambda place: self._option(place, machine_type, option)
        )

    def _option(self, place: int, machine_type: str, option: str) -> Truth:
        kind = f"{machine_type}-machine"
        chain = self._chain("objects", place, kind)
        told = {
            cells[0]
            for bearer in (f"{ITSELF}{kind}", *chain)
            for cells, bits in self._table("machines").get(bearer, ())
            if bits >> place & 1
        }
        if not chain or (NOT_TOLD in told and option not in told):
            return Truth.UNKNOWN
        return Truth.of(option in told)

    def option_kinds(self) -> Iterator[tuple[str, str]]:
        """Yield the options of all machine types with the kinds of their values."""
        for rows in self._table("machines").values():
            yield from ((cells[0], cells[1]) for cells, _ in rows if cells[0] != NOT_TOLD)

    def blocks(self, build: QemuBuild, device: str) -> Truth:
        """Return whether a guest with the device refuses to migrate."""
        return self._agreed(build, "blockers", lambda place: self._blocked(place, device))

    def kept_states(self, build: QemuBuild, device: str) -> frozenset[KeptState]:
        """Return what the builds that answer for `build` send of a device, of what it is a proxy of."""
        places = self.places(build, "device_state")
        return frozenset(
            state for place in places.read for state in self._kept(place, device) if state
        )

    def _kept(self, place: int, device: str) -> Iterator[KeptState]:
        """Yield what a read build sends of a device; a proxy that has no row is asked of its device."""
        kind = self.real_name(place, device)
        behind = self._property(place, kind, BEHIND) or ("", "")
        inner = behind[0].removeprefix("child<").removesuffix(">")
        for name in (kind, inner):
            rows = self._table("device_state").get(name, ())
            here = [KeptState(cells[0]) for cells, bits in rows if bits >> place & 1]
            if here:
                yield here[0]
                return

    def _blocked(self, place: int, device: str) -> Truth:
        rows = self._table("blockers").get(self.real_name(place, device), ())
        here = {cells[0] for cells, bits in rows if bits >> place & 1}
        return Truth(here.pop()) if len(here) == 1 else Truth.UNKNOWN


def _read_build(cells: tuple[str, ...], parts: str) -> ReadBuild:
    name, line, release, version, arch, source = cells[:6]
    return ReadBuild(
        name=name,
        line=line,
        release=release,
        version=release_key(version),
        arch=arch,
        source=source,
        parts=frozenset(parts.split()),
    )
