"""The knowledge as one value with typed look-ups; no file access."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from planner.domain.capability import NEVER, Capability, CapabilityId, CapabilitySet, CpuWord
from planner.domain.diagnosis import KnownMessage
from planner.domain.errors import quoted
from planner.domain.guest_profile import GuestProfile
from planner.domain.host import QemuBuild
from planner.domain.machine_type import TypeRemoval
from planner.domain.migrated import ClauseKind, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.knowledge.calendar import ReleaseCalendar, VendorRelease
from planner.knowledge.files.rows import release_key
from planner.knowledge.hardware import Architecture, HostCpus, UnreadKernels
from planner.knowledge.kernel.kernel_line import KernelRelease, unplaced_kernel
from planner.knowledge.kernel.kernels import KernelLines
from planner.knowledge.loose_texts import LooseTexts
from planner.knowledge.plane_rows import PlaneRows
from planner.knowledge.properties import PropertyFacts
from planner.knowledge.qemu.device_state import DeviceStates
from planner.knowledge.qemu.roms import Roms
from planner.knowledge.qemu.sections import Sections
from planner.knowledge.sites import Fault, Observation

REGISTER = re.compile(r"(?<=msr\.0x)[0-9a-f]+$")
"""The number of a register at the end of a capability's name."""

DIGEST = re.compile(r"\.[0-9a-f]{8,64}$")
"""The digest at the end of a capability's name that stands for a whole list."""


@dataclass(frozen=True, kw_only=True, eq=False)
class KnowledgeBase(PropertyFacts):
    """Everything under `data/`, overlaid rows included; `digest` names this very content."""

    capabilities: Mapping[CapabilityId, Capability]
    kernels: KernelLines
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
    roms: Roms
    device_states: DeviceStates
    sections: Sections
    read_messages: Callable[[], tuple[KnownMessage, ...]]
    read_cpu_words: Callable[[], tuple[CpuWord, ...]]
    planes: PlaneRows
    digest: str

    @cached_property
    def _alias(self) -> Mapping[str, CapabilityId]:
        """The id of each capability by its aliases."""
        return {alias: row.id for row in self.capabilities.values() for alias in row.aliases}

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
            for word in (pattern.partition(",")[0] for pattern in clause.any_of)
        )

    @cached_property
    def asked_options(self) -> frozenset[str]:
        """The options of devices that some row asks about, whatever else compares them."""
        clauses = (clause for unit in self.units for clause in unit.when)
        patterns = [
            *(word for one in clauses if one.kind is ClauseKind.DEVICE for word in one.any_of),
            *(word for fault in self.faults for word in fault.devices),
        ]
        asked = (pattern.partition(",")[2].removeprefix("!") for pattern in patterns)
        told = frozenset(option.partition("=")[0] for option in asked if option)
        return told | {option for _, option, _ in self.guests.unblocking}

    @cached_property
    def asked_of_all_hosts(self) -> frozenset[str]:
        """The units that every guest has and that ask something of hosts which probes tell."""
        return frozenset(unit.id for unit in self.units if unit.host_facts and not unit.when)

    @cached_property
    def covered(self) -> Mapping[str, str]:
        """What is known of the registers of each architecture."""
        return {row.name: row.registers for row in self.architectures}

    def has_unread_boards(self, arch: str) -> bool:
        """Whether nobody read what the machines of an architecture send of their own."""
        return all(row.boards != "read" for row in self.architectures if row.name == arch)

    def asked_alike(self, arch: str) -> str:
        """Return what of two hosts of an architecture must be equal; empty: what x86 hosts are asked."""
        return next((row.same for row in self.architectures if row.name == arch), "")

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
        by_number = lower.replace("kvm.msr.", "kvm.feature_msr.")
        found = self._alias.get(lower) or self._alias.get(by_number)
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

    def loose(
        self, *, arch: str, kernel: str, qemu: str, cpu: str
    ) -> tuple[tuple[str, str, str, bool], ...]:
        """Return which texts of a host are hardly read as they were meant, and how they may be."""
        return tuple(self._loose.of(arch=arch, kernel=kernel, qemu=qemu, cpu=cpu))

    @cached_property
    def _loose(self) -> LooseTexts:
        return LooseTexts(self)

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


def _plain_number(found: re.Match[str]) -> str:
    """Return a hexadecimal number without zeros before it."""
    return f"{int(found[0], 16):x}"
