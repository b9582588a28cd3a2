"""The knowledge as one value with typed look-ups; no file access."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from planner.domain.capability import NEVER, Capability, CapabilityId, CapabilitySet, CpuWord
from planner.domain.compat import DEFAULT, SWITCH, BuildDrift, CompatFlag, PropertyKey, PropertyRow
from planner.domain.diagnosis import KnownMessage
from planner.domain.errors import quoted
from planner.domain.guest_profile import GuestProfile
from planner.domain.host import QemuBuild
from planner.domain.machine_type import MachineType, TypeRemoval
from planner.domain.migrated import ClauseKind, Consequence, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.knowledge.calendar import ReleaseCalendar, VendorRelease
from planner.knowledge.files.rows import release_key
from planner.knowledge.guests import GuestWords
from planner.knowledge.hardware import Architecture, HostCpus, UnreadKernels
from planner.knowledge.kernel.kernel_line import KernelRelease, unplaced_kernel
from planner.knowledge.kernel.kernels import KernelLines
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.qemu.compat_lists import MachineTables
from planner.knowledge.qemu.device_state import DeviceStates
from planner.knowledge.qemu.inventory import Inventory
from planner.knowledge.qemu.offered import OfferedParts
from planner.knowledge.qemu.roms import Roms
from planner.knowledge.qemu.sections import Sections
from planner.knowledge.sites import Fault, Observation

REGISTER = re.compile(r"(?<=msr\.0x)[0-9a-f]+$")
"""The number of a register at the end of a capability's name."""
DIGEST = re.compile(r"\.[0-9a-f]{8,64}$")
"""The digest at the end of a capability's name that stands for a whole list."""


@dataclass(frozen=True, kw_only=True, eq=False)
class KnowledgeBase:
    """Everything under `data/`, overlaid rows included; `digest` names this very content."""

    capabilities: Mapping[CapabilityId, Capability]
    kernels: KernelLines
    builds: BuildLines
    machines: MachineTables
    properties: Mapping[PropertyKey, PropertyRow]
    property_kinds: Mapping[str, Consequence]
    drifts: tuple[BuildDrift, ...]
    units: tuple[MigratedUnit, ...]
    guests: GuestWords
    guest_profiles: Mapping[str, GuestProfile]
    host_cpus: HostCpus
    faults: tuple[Fault, ...]
    observations: tuple[Observation, ...]
    removals: Mapping[str, TypeRemoval]
    calendars: tuple[ReleaseCalendar, ...]
    releases: tuple[VendorRelease, ...]
    policy: Policy
    architectures: tuple[Architecture, ...]
    unread_kernels: tuple[UnreadKernels, ...]
    inventory: Inventory
    parts: OfferedParts
    roms: Roms
    device_states: DeviceStates
    sections: Sections
    read_messages: Callable[[], tuple[KnownMessage, ...]]
    read_cpu_words: Callable[[], tuple[CpuWord, ...]]
    digest: str

    def __post_init__(self) -> None:
        """Index the aliases of capabilities and the benign drifts."""
        names = {alias: row.id for row in self.capabilities.values() for alias in row.aliases}
        object.__setattr__(self, "_alias", names)
        benign: dict[PropertyKey, list[BuildDrift]] = {}
        for drift in self.drifts:
            if not drift.hazard:
                benign.setdefault(drift.key, []).append(drift)
        object.__setattr__(self, "_benign", benign)

    @cached_property
    def messages(self) -> tuple[KnownMessage, ...]:
        """The messages of QEMU and libvirt in their order; read when they are first needed."""
        return self.read_messages()

    @cached_property
    def cpu_words(self) -> tuple[CpuWord, ...]:
        """Which bit is which CPU feature; read when it is first needed."""
        return self.read_cpu_words()

    @cached_property
    def host_facts(self) -> Mapping[str, frozenset[str]]:
        """The facts about machines that meet what a unit asks of hosts, by the unit's id."""
        return {unit.id: unit.host_facts for unit in self.units if unit.host_facts}

    @cached_property
    def by_backend(self) -> Mapping[str, tuple[str, ...]]:
        """The devices of each unit whose condition on hosts is met where they say their backends."""
        return {
            unit.id: tuple(word for clause in unit.when for word in clause.any_of)
            for unit in self.units
            if unit.by_backend
        }

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def device_words(self, arch: str) -> frozenset[str]:
        """Return the devices and families whose whole state, or lack of it, is a unit of its own."""
        own = (unit for unit in self.units_of(arch) if len(unit.when) == 1)
        return frozenset(
            word
            for unit in own
            for clause in unit.when
            if clause.kind is ClauseKind.DEVICE and unit.is_of_a_device
            for word in clause.any_of
        )

    @cached_property
    def asked_of_all_hosts(self) -> frozenset[str]:
        """The units that every guest has and that ask something of hosts which probes tell."""
        return frozenset(unit.id for unit in self.units if unit.host_facts and not unit.when)

    @cached_property
    def covered(self) -> Mapping[str, str]:
        """What is known of the registers of each architecture."""
        return {row.name: row.registers for row in self.architectures}

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def arch_of(self, text: str) -> str:
        """Return the architecture that a text names, empty if it names none."""
        return next((row.name for row in self.architectures if row.is_named_in(text)), "")

    def canonical(self, name: str) -> CapabilityId | None:
        """Return the id of a capability by its id, alias, or `cpu.` and a known CPU feature.

        A register is known by its number too, however it is written and whatever lists it.
        """
        lower = CapabilityId(REGISTER.sub(_plain_number, name.lower()))
        if lower in self.capabilities:
            return lower
        aliases: Mapping[str, CapabilityId] = self._alias  # type: ignore[attr-defined]
        found = aliases.get(lower) or aliases.get(lower.replace("kvm.msr.", "kvm.feature_msr."))
        if found is None and self.register_list([lower]):
            return lower
        feature = lower.removeprefix("cpu.").replace("_", "-")
        if found is None and lower.startswith("cpu.") and feature in self.guests.cpu_features:
            return CapabilityId(f"cpu.{feature}")
        return found

    def register_list(self, names: Iterable[CapabilityId]) -> str:
        """Return the capability among `names` that is the digest of a list of registers, if any is."""
        for name in sorted(names):
            row = self.capabilities.get(CapabilityId(name.rpartition(".")[0]))
            if row is not None and row.kind == "digest" and DIGEST.search(name):
                return name
        return ""

    def misfit(self, column: str, text: str) -> tuple[str, str] | None:
        """Return what is wrong with a `kernel` or `qemu`, and what is expected; None if it fits."""
        lines = self.kernels if column == "kernel" else self.builds
        return lines.misfit(text)

    def build_of(self, text: str) -> QemuBuild:
        """Return the build that a text names; of a text that fits no line nothing is known."""
        placed = self.builds.place(text)
        return QemuBuild(line="", release=text, version=()) if placed is None else placed

    def kernel_of(self, text: str) -> KernelRelease:
        """Return the kernel that a text names; of a text that fits no line nothing is known."""
        placed = self.kernels.place(text)
        return unplaced_kernel(text) if placed is None else placed

    def unplaced(self, column: str, text: str) -> str:
        """Return the missing fact of a `kernel` or `qemu` that fits no line, empty if it fits one."""
        misfit = self.misfit(column, text)
        name = "QEMU" if column == "qemu" else "kernel"
        return "" if misfit is None else f"which {name} {quoted(text)} is: {misfit[1]}"

    def release_day(self, release: str) -> datetime.date | None:
        """Return the day of an upstream release: from its tag, else by the calendar of its line."""
        for line in (self.builds.by_name[calendar.line] for calendar in self.calendars):
            for build in line.builds:
                if build.release == release and build.date:
                    return datetime.date.fromisoformat(build.date)
        days = (calendar.forecast(release_key(release)) for calendar in self.calendars)
        return next((day for day in days if day is not None), None)

    @property
    def capability_names(self) -> tuple[str, ...]:
        """Every capability id, `cpu.<feature>` included."""
        features = (f"cpu.{name}" for name in sorted(self.guests.cpu_features))
        return (*self.capabilities, *features)

    def expand(self, capability: CapabilityId) -> tuple[CapabilityId, ...]:
        """Return the parts of a composite capability, or the capability itself."""
        row = self.capabilities.get(capability)
        return row.implies if row is not None and row.implies else (capability,)

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def units_of(self, arch: str) -> tuple[MigratedUnit, ...]:
        """Return the units that guests of `arch` can have."""
        return tuple(unit for unit in self.units if unit.arch in {"any", arch})

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def relevant(self, arch: str) -> frozenset[CapabilityId]:
        """Return every capability that some unit of `arch` asks about; `never` is no capability."""
        return frozenset(
            capability
            for unit in self.units_of(arch)
            for capability in unit.capabilities
            if capability != NEVER
        ) | self.kernels.cpu_features(arch)

    def unsure_cpu_features(self, arch: str, known: CapabilitySet) -> frozenset[CapabilityId]:
        """Return the CPU features of which nobody knows whether a kernel gives them to guests."""
        told = known.present | known.absent | known.possible
        return self.kernels.cpu_features(arch) - told

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def unoffered_cpu_features(self, arch: str, build: QemuBuild) -> frozenset[CapabilityId]:
        """Return the CPU features that a build certainly does not have, so that no guest gets them.

        Vendors whose builds have lists of their own take features from later releases.
        """
        follows = self.builds.follows_reference(build.line)
        return self.not_yet_in_release(arch, build) if follows else frozenset()

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def not_yet_in_release(self, arch: str, build: QemuBuild) -> frozenset[CapabilityId]:
        """Return the CPU features that the release does not have on which a build is based."""
        return frozenset(
            CapabilityId(f"cpu.{name}")
            for name in self.inventory.names("cpu-feature", arch)
            if self.inventory.has("cpu-feature", arch, build, name) is Truth.NO
        )

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def open_cpu_features(self, capabilities: CapabilitySet) -> frozenset[str]:
        """Return CPU features that not every CPU has and of which nobody says whether a host does."""
        stated = capabilities.present | capabilities.absent
        return frozenset(
            name for name in self.guests.beyond_common if CapabilityId(f"cpu.{name}") not in stated
        )

    def machine_type(self, name: str) -> MachineType | None:
        """Return a machine type by its exact name."""
        row = self.machines.row(name)
        return None if row is None else row.machine_type

    @cached_property
    def gating_properties(self) -> frozenset[PropertyKey]:
        """The properties that switch a unit: of their differences the unit is asked instead."""
        return frozenset(
            key
            for unit in self.units
            for gate in unit.gates
            for key in (gate.key, unit.flag or gate.key)
        )

    def same_value(self, one: str | None, other: str | None, key: PropertyKey) -> bool:
        """Whether two values of a property agree; a default is the row's where the row knows it."""
        row = self.property_row(key)
        default = row.default if row is not None and row.default else DEFAULT
        return (default if one == DEFAULT else one) == (default if other == DEFAULT else other)

    def is_benign(self, key: PropertyKey, machine_type: str) -> bool:
        """Whether builds may disagree about `key` under this machine type without anybody noticing.

        Rows that end at a release speak of types named after it or older ones, and of every
        vendor's type.
        """
        benign: Mapping[PropertyKey, list[BuildDrift]] = self._benign  # type: ignore[attr-defined]
        rows = benign.get(key, ())
        known = self.machine_type(machine_type)
        if known is None or not self.builds.is_reference(known.line):
            return bool(rows)
        return bool(known.release) and any(known.release <= row.up_to for row in rows)

    def same_property(self, one: PropertyKey, other: PropertyKey) -> bool:
        """Whether a flag on one key sets the other: it is on that very type, or on its base type."""
        return one == other or one == self.base_key(other)

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def base_key(self, key: PropertyKey) -> PropertyKey:
        """Return a property under the type that brings it: one key for variants and descendants."""
        base = PropertyKey(qom_type=self.guests.base_type(key.qom_type), property=key.property)
        if base in self.properties or key in self.properties:
            return base
        inherited = (
            known
            for known in self.properties
            if self._inherits(key, known) and not (key == base and self._is_variant(known, base))
        )
        return next(inherited, base)

    def _is_variant(self, key: PropertyKey, base: PropertyKey) -> bool:
        """Whether a property is that of a variant of a base type: the base's own is not behind it."""
        variant = self.guests.variants.get(key.qom_type)
        return variant is not None and variant.base == base.qom_type

    def may_set(self, one: PropertyKey, other: PropertyKey) -> bool:
        """Whether a flag on one key reaches some device that a flag on the other reaches."""
        return self._inherits(one, other) or self._inherits(other, one)

    def has_property(self, key: PropertyKey) -> bool:
        """Whether some row is of the property `key`, of its base type, or of a device's type."""
        return any(self._inherits(key, known) for known in self.properties)

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def kinds_of_device(self, arch: str, build: QemuBuild, device: str) -> tuple[str, ...]:
        """Return the types that a device is of, its own first: by its row, else by what was read."""
        row = self.guests.devices.get(device)
        if row is not None:
            return tuple(dict.fromkeys((device, *row.qom_types)))
        return self.inventory.of(arch).ancestors(build, device) or (device,)

    def is_no_value(self, flag: CompatFlag) -> bool:
        """Whether a flag sets a switch to something that is neither on nor off: QEMU would not start."""
        row = self.property_row(flag.key)
        return row is not None and row.default in SWITCH and flag.value not in (*SWITCH, DEFAULT)

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def offers_property(self, build: QemuBuild, key: PropertyKey, arch: str) -> Truth:
        """Return whether `build` accepts the property `key`: by what was read whole, else by rows."""
        told = self.parts.has_property(arch, build, key.qom_type, key.property)
        if told is not Truth.UNKNOWN:
            return told
        rows = [row for known, row in self.properties.items() if self._inherits(key, known)]
        if not rows:
            return Truth.UNKNOWN
        return max((self._offers(build, row) for row in rows), key=_certainty)

    def _inherits(self, key: PropertyKey, known: PropertyKey) -> bool:
        if key.property != known.property:
            return False
        base = self.guests.base_type
        ancestors = {key.qom_type, base(key.qom_type)}
        for device in self.guests.devices.values():
            if key.qom_type in device.qom_types or key.qom_type == device.name:
                ancestors.update(device.qom_types)
        return base(known.qom_type) in ancestors or known.qom_type in ancestors

    def _offers(self, build: QemuBuild, row: PropertyRow) -> Truth:
        version = build.version
        since = release_key(row.offered_since)
        if not since:
            return Truth.UNKNOWN
        if version < since[: len(version)]:
            return Truth.UNKNOWN if row.older_unknown else Truth.NO
        if version < since and any(since[len(version) :]):
            return Truth.UNKNOWN
        if row.gone_by and version >= release_key(row.gone_by)[: len(version)]:
            return Truth.NO
        if row.offered_until and version > release_key(row.offered_until):
            return Truth.UNKNOWN
        return Truth.YES

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def property_row(self, key: PropertyKey) -> PropertyRow | None:
        """Return the row of a property, found through the base type if need be."""
        found = self.properties.get(key)
        if found is not None:
            return found
        rows = [row for known, row in self.properties.items() if self._inherits(key, known)]
        return rows[0] if rows else None

    def consequence_of(self, key: PropertyKey) -> Consequence:
        """Return what a difference of a property leads to; loss, if no row says its kind."""
        row = self.property_row(key)
        return Consequence.LOSES_STATE if row is None else self.property_kinds[row.kind]

    @property
    def property_keys(self) -> frozenset[PropertyKey]:
        """Every property that has a row or gates a unit: what an answer can set."""
        gates = ((gate.key, unit.flag) for unit in self.units for gate in unit.gates)
        return frozenset(key for keys in gates for key in keys if key is not None) | frozenset(
            self.properties
        )

    def flag_for(self, flags: Iterable[CompatFlag], keys: Iterable[PropertyKey]) -> str | None:
        """Return the value that `flags` give to any of `keys`; the last one wins.

        A flag speaks of its own type and, if that is a base type, of its variants.
        """
        value = None
        wanted = tuple(keys)
        for flag in flags:
            if any(self.same_property(flag.key, key) for key in wanted):
                value = flag.value
        return value

    def unreached(
        self, flags: Iterable[CompatFlag], keys: Iterable[PropertyKey]
    ) -> tuple[CompatFlag, ...]:
        """Return the flags on variants that may or may not be the guest's, of the same properties."""
        wanted = tuple(keys)
        bases = {self.base_key(key) for key in wanted}
        return tuple(
            flag
            for flag in flags
            if self.base_key(flag.key) in bases
            and not any(self.same_property(flag.key, key) for key in wanted)
        )


def _certainty(truth: Truth) -> int:
    """Order truths so that a certain YES wins over UNKNOWN and NO."""
    return (Truth.NO, Truth.UNKNOWN, Truth.YES).index(truth)


def _plain_number(found: re.Match[str]) -> str:
    """Return a hexadecimal number without zeros before it."""
    return f"{int(found[0], 16):x}"
