"""Which parts a build of any vendor has: devices, objects, CPU models and features, options, properties.

What was read whole answers first; what a vendor leaves out or brings over is a row, and so is what
QEMU had before the first build that was read. What nobody knows is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.qemu.inventory import Inventory
from planner.knowledge.qemu.read_tables import NOT_TOLD, ReadBuild
from planner.knowledge.qemu.vendor_rows import (
    ANY,
    EarlyParts,
    HarmlessDefault,
    StableSeries,
    UnusableDevice,
    VendorParts,
)

DEVICE, PROPERTY, OPTION = "device", "property", "machine-option"

KINDS = (DEVICE, "object", "cpu-model", "cpu-feature", "machine-option")
"""Kinds of parts that have a name of their own."""

Asked = Callable[[str, QemuBuild], Truth]
"""What the inventory says of one part, by architecture and build."""


@dataclass(frozen=True, eq=False)
class OfferedParts:
    """Look-ups over the inventories and the rows about vendors and early releases."""

    inventory: Inventory
    vendors: tuple[VendorParts, ...]
    early: tuple[EarlyParts, ...]
    unusable: tuple[UnusableDevice, ...] = ()
    harmless: tuple[HarmlessDefault, ...] = ()
    stable: tuple[StableSeries, ...] = ()
    _known: dict[tuple[str, str, QemuBuild, str], Truth] = field(default_factory=dict)

    def has(self, kind: str, arch: str, build: QemuBuild, name: str) -> Truth:
        """Return whether a build has a part by name."""
        key = (kind, arch, build, name)
        if key not in self._known:
            self._known[key] = self._has(kind, arch, build, name)
        return self._known[key]

    def _has(self, kind: str, arch: str, build: QemuBuild, name: str) -> Truth:
        if not (build.version and self.is_a_name(kind, arch, name)):
            return Truth.UNKNOWN

        if kind == DEVICE and any(row.is_of(arch, build, name) for row in self.unusable):
            return Truth.NO
        asked = self.inventory_of(kind, name)
        told = self._early(kind, build, name)
        told = self._anywhere(kind, arch, build, asked) if told is None else told
        return self._of_vendor(kind, arch, build, name, told, asked)

    def has_property(self, arch: str, build: QemuBuild, qom_type: str, name: str) -> Truth:
        """Return whether objects of a type take a property; unknown of a type that nobody read."""
        if not (build.version and self.is_a_type(arch, qom_type)):
            return Truth.UNKNOWN

        def asked(of_arch: str, of_build: QemuBuild) -> Truth:
            """Ask the inventory of one architecture."""
            if not self.is_a_type(of_arch, qom_type):
                return Truth.UNKNOWN
            return self.inventory.has_property(of_arch, of_build, qom_type, name)

        told = self._anywhere(PROPERTY, arch, build, asked)
        if not self.inventory.is_read(arch, build, "properties"):
            told = self._between(arch, build, told, asked)
        return self._of_vendor(PROPERTY, arch, build, name, told, asked)

    def inventory_of(self, kind: str, name: str) -> Asked:
        """Return how to ask the inventories for a part by name."""

        def asked(arch: str, build: QemuBuild) -> Truth:
            """Ask the inventory of one architecture."""
            if kind == DEVICE and self._is_creatable(name):
                return self.inventory.of(arch).is_creatable(build, name)
            return self.inventory.has(kind, arch, build, name)

        return asked

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def _is_creatable(self, device: str) -> bool:
        """Whether some build that was read takes a device by `-device`; others are parts of boards."""
        return any(
            self.inventory.of(row.arch).is_creatable(_as_build(row), device) is Truth.YES
            for row in self.inventory.builds
        )

    def has_machine_option(
        self, arch: str, build: QemuBuild, machine_type: str, option: str
    ) -> Truth:
        """Return whether a machine type of a build takes an option of `-machine`."""
        if build.version and option in self.optional_options:
            since = self.optional_options[option]
            is_older = build.version < since[: len(build.version)]
            return Truth.NO if is_older else Truth.UNKNOWN
        if not (build.version and self.is_a_name(OPTION, arch, option)):
            return Truth.UNKNOWN
        return self.inventory.has_machine_option(arch, build, machine_type, option)

    @cached_property
    def optional_options(self) -> Mapping[str, tuple[int, ...]]:
        """Options of `-machine` that builds may be made without and no read one has, by release."""
        return {
            name: row.since
            for row in self.early
            if row.kind == OPTION
            for name in row.names - self.machine_option_kinds.keys()
        }

    @cached_property
    def machine_option_kinds(self) -> Mapping[str, frozenset[str]]:
        """The kinds of value of every option of `-machine`, in QEMU's words, over all read builds."""
        found: dict[str, set[str]] = {}
        for arch in self.inventory.architectures:
            for name, kind in self.inventory.of(arch).option_kinds():
                found.setdefault(name, set()).add(kind)
        return {name: frozenset(kinds) for name, kinds in found.items()}

    def is_a_name(self, kind: str, arch: str, name: str) -> bool:
        """Whether some build that was read has a part of this name, on any architecture."""
        return any(name in self.inventory.names(kind, one) for one in (arch, *self._others(arch)))

    def is_a_type(self, arch: str, qom_type: str) -> bool:
        """Whether some build that was read has devices of this type, an abstract one included."""
        return self.inventory.of(arch).is_type(qom_type)

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def options_of(self, device: str) -> frozenset[str]:
        """Return every option of a device that some read build takes, none if one does not tell."""
        found = frozenset(
            name
            for row in self.inventory.builds
            for name in self.inventory.of(row.arch).properties_of(row, device)
        )
        return frozenset() if NOT_TOLD in found else found

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def value_kinds(self, qom_type: str, name: str) -> frozenset[str]:
        """Return the kinds of value that a property has in builds that were read, none if untold."""
        found = {
            self.inventory.of(row.arch).value_kind(_as_build(row), qom_type, name)
            for row in self.inventory.builds
        }
        return frozenset(kind for kind in found if kind is not None)

    def is_kept(
        self,
        kind: str,
        arch: str,
        builds: tuple[QemuBuild, QemuBuild],
        name: str,
        qom_type: str = "",
    ) -> bool:
        """Whether what one build has must be on another: the nearest read one beyond it has it."""
        source, destination = builds
        later = destination.version >= source.version
        rows = [
            row
            for row in self.inventory.of(arch).builds
            if (row.version >= destination.version if later else row.version <= destination.version)
        ]
        if kind == OPTION or not rows or self._leaves_out(kind, arch, destination, name):
            return False
        nearest = _as_build(rows[0] if later else rows[-1])
        if kind == PROPERTY:
            return self.inventory.has_property(arch, nearest, qom_type, name) is Truth.YES
        return self.inventory_of(kind, name)(arch, nearest) is Truth.YES

    def _leaves_out(self, kind: str, arch: str, build: QemuBuild, name: str) -> bool:
        """Whether the vendor of a build may have left a device out that its release has."""
        return (
            kind == DEVICE
            and self._of_vendor(kind, arch, build, name, Truth.YES, self.inventory_of(kind, name))
            is not Truth.YES
        )

    def differ(self, arch: str, builds: Iterable[QemuBuild]) -> bool:
        """Whether some of the builds may have devices, CPU models or CPU features that others lack."""
        alike = {(build.line, build.version[:2]): build for build in builds}
        if len(alike) < 2:
            return False
        return any(
            {self.has(kind, arch, build, name) for build in alike.values()}
            not in ({Truth.YES}, {Truth.NO})
            for kind in ("device", "cpu-model", "cpu-feature")
            for name in sorted(self.inventory.names(kind, arch))
        )

    def _between(self, arch: str, build: QemuBuild, told: Truth, asked: Asked) -> Truth:
        """Return what holds of a release that was not read: fixes bring properties into a series.

        One that only later builds have may have come before or after this release, unless a later
        release of its own series has none.
        """
        if told is Truth.NO:
            series = build.version[:2]
            if any(
                row.version[:2] == series and build.version <= row.version
                for row in self.inventory.of(arch).builds
                if asked(arch, _as_build(row)) is Truth.NO
            ):
                return Truth.NO
            return Truth.UNKNOWN if self._comes_later(arch, build, asked) else Truth.NO
        if told is Truth.YES:
            rows = self.inventory.of(arch).builds
            before = (asked(arch, _as_build(row)) for row in rows if row.version <= build.version)
            return Truth.YES if Truth.YES in before else Truth.UNKNOWN
        return told

    def _others(self, arch: str) -> tuple[str, ...]:
        return tuple(one for one in self.inventory.architectures if one != arch)

    def _anywhere(self, kind: str, arch: str, build: QemuBuild, asked: Asked) -> Truth:
        """Return what builds of an architecture say, else those of others of the same release."""
        told = asked(arch, build)
        if told is not Truth.UNKNOWN:
            return told
        ever = {asked(arch, _as_build(row)) for row in self.inventory.of(arch).builds}
        if ever != {Truth.YES, Truth.NO}:
            return Truth.UNKNOWN
        found = {asked(other, build) for other in self._others(arch)} - {Truth.UNKNOWN}
        return found.pop() if len(found) == 1 else Truth.UNKNOWN

    def _early(self, kind: str, build: QemuBuild, name: str) -> Truth | None:
        """Return what rows say of releases before the first that was read, None of all others."""
        first = self.inventory.builds[0].version if self.inventory.builds else ()
        if build.version[:2] >= first[:2]:
            return None
        since = next(
            (row.since for row in self.early if row.kind == kind and name in row.names), ()
        )
        if not since:
            return None
        if build.version[: len(since)] >= since[: len(build.version)]:
            return Truth.YES
        return Truth.NO

    def _row(self, line: str, arch: str) -> VendorParts | None:
        return next(
            (row for row in self.vendors if row.line == line and row.arch in {ANY, arch}), None
        )

    def _of_vendor(
        self, kind: str, arch: str, build: QemuBuild, name: str, told: Truth, asked: Asked
    ) -> Truth:
        """Return what a vendor makes of what the upstream release has."""
        row = self._row(build.line, arch)
        if told is Truth.NO:
            adds = row is None or kind in row.adds or self._adds_in_series(kind, arch, build)
            return Truth.UNKNOWN if adds and self._comes_later(arch, build, asked) else Truth.NO
        if kind != DEVICE or (row is not None and row.devices is None):
            return told
        if row is None:
            return told if name in self.common(arch) else Truth.UNKNOWN
        if name in (row.devices or ()):
            return told
        return Truth.NO if row.rest is Truth.NO else Truth.UNKNOWN

    def _adds_in_series(self, kind: str, arch: str, build: QemuBuild) -> bool:
        """Whether a release that nobody read may have got a part that its series began without."""
        if not any(kind in row.adds for row in self.stable):
            return False
        return not any(row.version == build.version for row in self.inventory.of(arch).builds)

    def _comes_later(self, arch: str, build: QemuBuild, asked: Asked) -> bool:
        """Whether a later release has a part that this one and every earlier one lacks."""
        rows = self.inventory.of(arch).builds
        earlier = (asked(arch, _as_build(row)) for row in rows if row.version < build.version)
        later = (asked(arch, _as_build(row)) for row in rows if row.version >= build.version)
        return Truth.YES not in earlier and Truth.YES in later

    def common(self, arch: str) -> frozenset[str]:
        """Return the devices that every vendor's list has."""
        lists = [row.devices for row in self.vendors if row.arch == arch and row.devices]
        return lists[0].intersection(*lists[1:]) if lists else frozenset()


def _as_build(row: ReadBuild) -> QemuBuild:
    """Return a build that was read as one to ask about."""
    return QemuBuild(line=row.line, release=row.release, version=row.version)
