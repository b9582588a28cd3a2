"""Read every file under `data/` and the overlays into one `KnowledgeBase`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from planner.domain.capability import Capability, CapabilityId, FixedBy
from planner.domain.compat import PropertyKey, PropertyRow
from planner.domain.errors import KnowledgeError, Problem
from planner.domain.migrated import ClauseKind, Consequence, MigratedUnit
from planner.domain.policy import Policy
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.cpu_errata import CpuErrata
from planner.knowledge.cpu_models import CpuModels
from planner.knowledge.files.catalogue import BY_NAME
from planner.knowledge.files.folder import Folder, shipped_data
from planner.knowledge.files.rows import made
from planner.knowledge.guests import Device, FeatureBit, GuestImpact, GuestWords, Hiding
from planner.knowledge.hardware import (
    FeaturesOfVendor,
    HardwareFact,
    HostCpus,
    UnreadKernels,
    VendorCrossing,
)
from planner.knowledge.kernel.kernel_tables import KernelTables
from planner.knowledge.kernel.kernels import KernelLines
from planner.knowledge.qemu.board_parts import BoardParts, read_board
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.qemu.compat_lists import CompatSet, MachineTables
from planner.knowledge.qemu.device_state import DeviceStates, KeptElsewhere
from planner.knowledge.qemu.inventory import Inventory
from planner.knowledge.qemu.offered import OfferedParts
from planner.knowledge.qemu.roms import Rom, Roms, read_rom_size
from planner.knowledge.qemu.sections import Sections, SettledLayout
from planner.knowledge.qemu.vendor_rows import HarmlessDefault, StableSeries, UnusableDevice
from planner.knowledge.readers.read_compat import (
    read_compat_set,
    read_drift,
    read_machine_type,
    read_property,
    read_removal,
)
from planner.knowledge.readers.read_guest_formats import read_guest_formats
from planner.knowledge.readers.read_guests import (
    read_backend,
    read_cpu_generation,
    read_cpu_model,
    read_default_policy,
    read_early_parts,
    read_fault,
    read_general_option,
    read_guest_profiles,
    read_libvirt_feature,
    read_observation,
    read_trait,
    read_unblocking_option,
    read_variant,
    read_vendor_parts,
)
from planner.knowledge.readers.read_hosts import (
    read_architecture,
    read_calendar,
    read_cpu_erratum,
    read_cpu_features,
    read_cpu_row,
    read_cpu_vendor,
    read_features_of_cpu,
    read_vendor_release,
)
from planner.knowledge.readers.read_late import read_cpu_word, read_message
from planner.knowledge.readers.read_lines import read_build_line, read_capability, read_kernel_line
from planner.knowledge.readers.read_packages import read_packages
from planner.knowledge.readers.read_planes import read_late, read_planes
from planner.knowledge.readers.read_state import read_property_kind, read_unit, read_unit_kind
from planner.knowledge.sites import Observation
from planner.knowledge.value_kinds import read_value_kind

T = TypeVar("T")
SETS = BY_NAME["compat-sets"]


def load_knowledge(*overlays: Path, root: Path | None = None) -> KnowledgeBase:
    """Read the shipped rows and lay `overlays` over them; raises `KnowledgeError`."""
    folder = _checked(root or shipped_data(), *overlays)
    capabilities = {row.id: row for row in folder.read("capabilities", read_capability)}
    builds = BuildLines(folder.read("build-lines", read_build_line))
    kinds = dict(folder.read("property-kinds", read_property_kind))
    units = _units(folder, capabilities)
    parts = _parts(folder)
    kernels = _kernels(folder, capabilities)
    machines = _machines(folder, builds)
    seen = tuple(folder.read("observations", read_observation))
    words = _guest_words(folder, parts, machines, units, capabilities, _read_features(kernels))
    base = KnowledgeBase(
        capabilities=capabilities,
        kernels=kernels,
        builds=builds,
        machines=machines,
        properties=_properties(folder, kinds),
        property_kinds=kinds,
        drifts=tuple(folder.read("drifts", read_drift)),
        units=units,
        calendars=tuple(folder.read("calendars", read_calendar)),
        releases=tuple(folder.read("vendor-releases", read_vendor_release)),
        guests=_with_types_of(words, seen),
        guest_profiles=read_guest_profiles(folder.rows(BY_NAME["guest-profiles"])),
        host_cpus=_host_cpus(folder),
        faults=tuple(folder.read("faults", partial(read_fault, builds=builds))),
        observations=seen,
        removals={row.machine_type: row for row in folder.read("removals", read_removal)},
        policy=next(iter(folder.read("default-policy", read_default_policy)), Policy()),
        architectures=tuple(folder.read("architectures", read_architecture)),
        unread_kernels=tuple(folder.read("unread-kernels", made(UnreadKernels))),
        inventory=parts.inventory,
        parts=parts,
        boards=BoardParts(parts.inventory, folder.read("boards", read_board)),
        device_states=_device_states(folder, parts.inventory),
        sections=Sections(folder.roots, folder.read("settled-layouts", made(SettledLayout))),
        roms=_roms(folder),
        read_messages=partial(read_late, folder, "messages", read_message),
        read_cpu_words=partial(read_late, folder, "cpu-words", read_cpu_word),
        planes=read_planes(folder),
        digest=folder.digest(),
    )
    folder.done()
    return base


def _properties(
    folder: Folder, kinds: Mapping[str, Consequence]
) -> Mapping[PropertyKey, PropertyRow]:
    rows = folder.read("properties", partial(read_property, kinds=kinds))
    return {row.key: row for row in rows}


def _checked(*roots: Path) -> Folder:
    folder = Folder(roots=roots)
    folder.check()
    return folder


def _with_types_of(words: GuestWords, observations: Iterable[Observation]) -> GuestWords:
    """Return words that know the machine types which guests were seen to run as."""
    seen = frozenset(name for row in observations for name in row.machine_types)
    return replace(words, observed_types=seen)


def _kernels(folder: Folder, capabilities: Mapping[CapabilityId, Capability]) -> KernelLines:
    """Read the kernel lines; the tables behind them are read when they are first asked about."""
    lines = folder.read("kernel-lines", read_kernel_line)
    return KernelLines(lines, capabilities, KernelTables(folder.roots))


def _parts(folder: Folder) -> OfferedParts:
    """Read what builds have of devices, options and CPUs: inventories, and rows beside them."""
    stable = tuple(folder.read("stable-series", made(StableSeries)))
    return OfferedParts(
        inventory=Inventory(folder.roots, series_alike=bool(stable)),
        vendors=tuple(folder.read("vendor-parts", read_vendor_parts)),
        early=tuple(folder.read("early-parts", read_early_parts)),
        harmless=tuple(folder.read("harmless-defaults", made(HarmlessDefault))),
        unusable=tuple(folder.read("unusable-devices", made(UnusableDevice))),
        stable=stable,
    )


def _device_states(folder: Folder, inventory: Inventory) -> DeviceStates:
    """Read which devices are sent by something else than themselves."""
    return DeviceStates(inventory, tuple(folder.read("kept-elsewhere", made(KeptElsewhere))))


def _roms(folder: Folder) -> Roms:
    """Read which ROM files devices load, and how large they are."""
    roms, sizes = folder.read("roms", made(Rom)), folder.read("rom-sizes", read_rom_size)
    return Roms(roms, sizes, partial(read_packages, folder.roots))


def _host_cpus(folder: Folder) -> HostCpus:
    """Read what is known of hosts' CPUs: vendors, moves between them, what probes tell, faults."""
    return HostCpus(
        vendors=tuple(folder.read("cpu-vendors", read_cpu_vendor)),
        crossings=tuple(folder.read("vendor-crossings", made(VendorCrossing))),
        facts=tuple(folder.read("hardware", made(HardwareFact))),
        of_cpu=tuple(folder.read("features-of-the-cpu", read_features_of_cpu)),
        of_vendors=tuple(folder.read("of-vendor", made(FeaturesOfVendor))),
        errata=_cpu_errata(folder),
    )


def _cpu_errata(folder: Folder) -> CpuErrata:
    cpus = tuple(folder.read("cpu-rows", read_cpu_row))
    read = partial(read_cpu_erratum, cpus=frozenset(row.name for row in cpus))
    return CpuErrata(cpus, tuple(folder.read("cpu-errata", read)))


def _machines(folder: Folder, builds: BuildLines) -> MachineTables:
    types = folder.read("machine-types", partial(read_machine_type, builds=builds))
    boards = {row.machine_type.board for row in types}
    folder.check_stems(SETS.files, boards)
    return MachineTables(
        builds=builds, types=types, sets=lambda board: _compat_sets(folder, builds, board)
    )


def _compat_sets(folder: Folder, builds: BuildLines, board: str) -> Iterator[CompatSet]:
    """Yield the compat sets of a board; its files are read when it is first asked about."""
    problems: list[Problem] = []
    for file in folder.files(SETS.files.replace("*", f"{board}*")):
        if file.text("board") != board:
            continue
        file.text("arch")
        for row in file.rows(SETS.key):
            try:
                yield read_compat_set(row, builds)
            except KnowledgeError as error:
                problems += error.problems
        problems += file.surplus()
    if problems:
        raise KnowledgeError(problems)


def _units(
    folder: Folder, catalogue: Mapping[CapabilityId, Capability]
) -> tuple[MigratedUnit, ...]:
    for file in folder.files(BY_NAME["units"].files):
        file.text("file")
    foreign = dict(folder.read("unit-kinds", read_unit_kind))
    units: Sequence[MigratedUnit] = folder.read("units", partial(read_unit, foreign=foreign))
    of_parameters = {row.id for row in catalogue.values() if row.fixed_by is FixedBy.PARAMETER}
    units = [replace(unit, by_cpu=not unit.requires <= of_parameters) for unit in units]
    return tuple(sorted(units, key=lambda unit: unit.id))


def _asked_of_models(
    units: Sequence[MigratedUnit], catalogue: Collection[CapabilityId]
) -> frozenset[str]:
    """Return the CPU features that the table of models was filled for, had by a model or not."""
    clauses = (clause for unit in units for clause in unit.when)
    asked = {
        word
        for clause in clauses
        if clause.kind in {ClauseKind.CPU, ClauseKind.CPU_LACKS}
        for word in clause.any_of
    }
    return frozenset(asked) | _features(catalogue)


def _read_features(kernels: KernelLines) -> frozenset[str]:
    """Return the CPU features of which kernels tell."""
    names = (kernels.cpu_features(arch) for arch in kernels.tables.architectures)
    return frozenset(name.removeprefix("cpu.") for name in frozenset[str]().union(*names))


def _features_in(folder: Folder, table: str) -> frozenset[str]:
    """Return the CPU features that the rows of a table name, over all architectures."""
    return frozenset[str]().union(*folder.read(table, read_cpu_features))


def _features(catalogue: Collection[CapabilityId]) -> frozenset[str]:
    """Return the CPU features of hosts that have a row."""
    return frozenset(name.removeprefix("cpu.") for name in catalogue if name.startswith("cpu."))


def _hiding(folder: Folder) -> Hiding:
    return Hiding(
        mitigations=_features_in(folder, "mitigations"),
        libvirt_names=dict(folder.read("libvirt-features", read_libvirt_feature)),
    )


def _guest_words(
    folder: Folder,
    parts: OfferedParts,
    machines: MachineTables,
    units: Sequence[MigratedUnit],
    catalogue: Collection[CapabilityId],
    of_kernels: frozenset[str],
) -> GuestWords:
    inventory = parts.inventory
    read = [inventory.of(arch) for arch in inventory.architectures]
    common = _features_in(folder, "common-cpu-features")
    models = {row.name: row for row in folder.read("cpu-models", read_cpu_model)}
    listed = (model.features for model in models.values())
    asked = _asked_of_models(units, catalogue).union(of_kernels, *listed)
    everyday = common | _features(catalogue) | of_kernels
    return GuestWords(
        devices={row.name: row for row in folder.read("devices", made(Device))},
        backends={row.name: row for row in folder.read("backends", read_backend)},
        variants=dict(folder.read("variants", read_variant)),
        cpu_models=CpuModels(inventory, models, asked, everyday | _features_in(folder, "unasked")),
        model_features=asked,
        common=common,
        beyond_common=(_features(catalogue) | _features_in(folder, "of-hardware")) - common,
        hiding=_hiding(folder),
        not_of_host=_features_in(folder, "not-of-host"),
        unmigratable=_features_in(folder, "unmigratable-features"),
        settings_of_host=_features_in(folder, "settings-of-host"),
        not_of_kernel=_features_in(folder, "not-of-kernel"),
        security=_features_in(folder, "security-features"),
        traits={row.name: row for row in folder.read("traits", read_trait)},
        cpu_features=_features_in(folder, "cpu-features").union(
            *(build.feature_names for build in read)
        ),
        cpu_settings=frozenset().union(*(build.setting_names for build in read)),
        general_options=frozenset(folder.read("general-options", read_general_option)),
        machine_sugar=frozenset(folder.read("machine-sugar", read_general_option)),
        unblocking=frozenset(folder.read("unblocking-options", read_unblocking_option)),
        parts=parts,
        machines=machines,
        value_kinds={row.name: row for row in folder.read("value-kinds", read_value_kind)},
        feature_bits=tuple(folder.read("feature-bits", made(FeatureBit))),
        impacts=tuple(folder.read("guest-impacts", made(GuestImpact))),
        cpu_generations=tuple(folder.read("cpu-generations", read_cpu_generation)),
        formats=read_guest_formats(folder),
    )
