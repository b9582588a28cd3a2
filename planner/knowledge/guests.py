"""Devices, CPU models, traits and wire feature names that guests are described with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from planner.domain.capability import Evidence
from planner.domain.guest import FOLLOWS_HOST
from planner.domain.guest_formats import GuestFormats
from planner.knowledge.cpu_generations import CpuGeneration, brought_after
from planner.knowledge.cpu_models import CpuModels
from planner.knowledge.device_backends import Backend
from planner.knowledge.qemu.compat_lists import MachineTables
from planner.knowledge.qemu.offered import OfferedParts
from planner.knowledge.value_kinds import ValueKind

BEYOND = "beyond-"
"""In a clause about CPUs: what some CPU lacks and the generation after it is not known to have."""
BEYOND_COMMON = f"{BEYOND}common"
"""In a clause about CPUs: anything that some CPU lacks on which KVM runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A `-device` name, the families it belongs to and the QOM types whose properties it has."""

    name: str
    families: tuple[str, ...]
    qom_types: tuple[str, ...]
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A wrapper of a type for one bus or CPU; `usual`: what guests have whose devices nobody gives."""

    base: str
    usual: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulation:
    """What builds emulate of a CPU, read from version `first` to `last`.

    They emulate the CPU `models` alike, and every feature but the `differing` ones. Of the CPU models
    `parted` no series of `parts` loads what another one of them sends.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    models: frozenset[str]
    differing: frozenset[str]
    parted: frozenset[str] = frozenset()
    parts: tuple[tuple[int, ...], ...] = ()

    def parts_between(
        self, model: str, one: tuple[int, ...], other: tuple[int, ...]
    ) -> tuple[tuple[int, ...], ...]:
        """Return the series of two versions if a CPU model cannot move between them, else nothing."""
        found = tuple(
            series
            for version in (one, other)
            for series in self.parts
            if version[: len(series)] == series
        )
        return found if model in self.parted and len(set(found)) > 1 else ()

    def covers(self, version: tuple[int, ...]) -> bool:
        """Return whether a build of this version is among those that were read, or between them."""
        return self.first[: len(version)] <= version <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """A named fact about the use of a guest; `words` says its absence as a condition.

    `needed` says its presence as a condition, where some row asks for it. `opposites` are other names
    for its absence. `emulation` is there if the trait means that QEMU emulates the guest's CPU.
    """

    name: str
    kind: str
    meaning: str
    words: str
    needed: str = ""
    opposites: tuple[str, ...]
    emulation: Emulation | None
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestImpact:
    """What a guest with a trait notices when its machine type is raised to `crossing` or beyond."""

    id: str
    board: str
    crossing: str
    trait: str
    text: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureBit:
    """A bit of the `Features 0x...` message of one device class."""

    device: str
    bit: int
    name: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """CPU features by which guests protect themselves, and libvirt's other names of features."""

    mitigations: frozenset[str]
    libvirt_names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestWords:
    """The vocabulary of guests.

    `cpu_settings` are properties of CPUs that take a value, `settings_of_host` those that ask something
    of a host; `backends` are words after a device. `model_features` are those
    that some row or kernel speaks of; `common` are features that every CPU has on which KVM runs,
    `beyond_common` those of the hardware that some CPU lacks. `not_of_host` are those that a model that
    follows its host has only if named, `unmigratable` those that it has with migratable=off alone,
    `not_of_kernel` settings of QEMU of which no kernel decides, `security` those without which a guest
    is less protected, `hiding` what to know of those that are to be hidden. `general_options` are of
    every device, `machine_sugar` of `-machine` for other parts.
    """

    devices: Mapping[str, Device]
    backends: Mapping[str, Backend]
    variants: Mapping[str, Variant]
    cpu_models: CpuModels
    traits: Mapping[str, Trait]
    cpu_features: frozenset[str]
    cpu_settings: frozenset[str]
    model_features: frozenset[str]
    common: frozenset[str]
    beyond_common: frozenset[str]
    not_of_host: frozenset[str]
    unmigratable: frozenset[str]
    settings_of_host: frozenset[str]
    not_of_kernel: frozenset[str]
    security: frozenset[str]
    hiding: Hiding
    general_options: frozenset[str]
    machine_sugar: frozenset[str]
    unblocking: frozenset[tuple[str, str, str]]
    parts: OfferedParts
    value_kinds: Mapping[str, ValueKind]
    feature_bits: tuple[FeatureBit, ...]
    impacts: tuple[GuestImpact, ...]
    cpu_generations: tuple[CpuGeneration, ...] = ()
    formats: GuestFormats = field(default_factory=GuestFormats)
    machines: MachineTables | None = None
    observed_types: frozenset[str] = frozenset()
    _features: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def generation_of(self, text: str) -> str:
        """Return the generation whose hardware a text of the column `cpu` names, empty if it is open."""
        rows = [row for row in self.cpu_generations if row.match is not None]
        named = [row.model for row in rows if row.match is not None and row.match.search(text)]
        return named[0] if len(named) == 1 else ""

    def features_of(self, generation: str) -> frozenset[str]:
        """Return what a generation's hardware has: what all versions of its models have, and more.

        A name belongs to the longest generation that it begins with. Empty for no generation.
        """
        if generation not in self._features:
            own = (
                model.features
                for name, model in self.cpu_models.items()
                if generation and self.generation_in(name) == generation
            )
            first = next(own, frozenset[str]())
            also = (row.also for row in self.cpu_generations if row.model == generation)
            self._features[generation] = first.intersection(*own).union(*also)
        return self._features[generation]

    def lacked_by(self, generation: str) -> frozenset[str]:
        """Return the features that no hardware of a generation has: what later ones brought."""
        return brought_after(generation, self.cpu_generations)

    def generation_in(self, name: str) -> str:
        """Return the generation that a model is of: the longest that its name begins with, or none."""
        begun = (
            row.model
            for row in self.cpu_generations
            if name == row.model or name.startswith(f"{row.model}-")
        )
        return max(begun, key=len, default="")

    def beyond(self, word: str) -> frozenset[str]:
        """Return the features that `beyond-common` or `beyond-GENERATION` speaks of, none for others."""
        if not word.startswith(BEYOND):
            return frozenset()
        return self.beyond_common - self.features_of(word.removeprefix(BEYOND))

    def trait_of(self, name: str) -> tuple[str, bool] | None:
        """Return the trait that a name means, and whether it means that the guest has it."""
        if name in self.traits:
            return name, True
        found = (row.name for row in self.traits.values() if name in row.opposites)
        return next(((trait, False) for trait in found), None)

    @property
    def cpu_names(self) -> frozenset[str]:
        """Every CPU model of any architecture by every name that programs give it.

        libvirt writes in capitals what QEMU of some architectures reads in either case.
        """
        inventory = self.parts.inventory
        read = frozenset[str]().union(
            *(inventory.names("cpu-model", arch) for arch in inventory.architectures)
        )
        capitals = {name.upper() for name in read if name.islower()}
        of_programs = {place for _, place in self.formats.cpus if " " not in place}
        return read | capitals | of_programs | FOLLOWS_HOST | frozenset(self.cpu_models)

    def is_machine_type(self, name: str) -> bool:
        """Whether a name is a machine type by a row, an alias, seen to run, or may be one unread."""
        tables = self.machines
        if tables is None or name in self.observed_types:
            return True
        if tables.row(name) is not None or tables.is_alias(name):
            return True
        return tables.may_be_unread(name)

    @property
    def machine_types(self) -> Collection[str]:
        """Every machine type that has a row."""
        return () if self.machines is None else self.machines.types

    @property
    def device_names(self) -> frozenset[str]:
        """Every device that some row or some build that was read has."""
        inventory = self.parts.inventory
        read = (inventory.names("device", arch) for arch in inventory.architectures)
        return frozenset(self.devices).union(*read)

    def is_read_device(self, name: str) -> bool:
        """Whether some build that was read has a device of this name."""
        return any(
            name in self.parts.inventory.names("device", arch)
            for arch in self.parts.inventory.architectures
        )

    def lets_migrate(self, device: str, options: Iterable[tuple[str, str]]) -> bool:
        """Whether an option of a device lifts what blocks the migration of it otherwise."""
        return any(
            (device, name, one) in self.unblocking
            for name, value in options
            for one in (value, "*")
        )

    def options_of(self, device: str) -> frozenset[str]:
        """Return every option of a device that some build takes, none if nobody read the device."""
        found = self.parts.options_of(device)
        return found | self.general_options if found else found

    @property
    def machine_options(self) -> frozenset[str]:
        """Every option that some machine type takes on some build."""
        return frozenset({*self.parts.machine_option_kinds, *self.parts.optional_options})

    def allowed_for_machine(self, option: str, value: str) -> str:
        """Return what an option takes if no machine type that was read takes the value, else nothing."""
        return self._allowed(self.parts.machine_option_kinds.get(option, frozenset()), value)

    def allowed_for(self, qom_type: str, name: str, value: str) -> str:
        """Return what a property takes if no build that was read takes the value, else nothing."""
        kinds = self.parts.value_kinds(qom_type, name)
        special = {kind: f"{kind}:{name}" for kind in kinds}
        named = {own if own in self.value_kinds else kind for kind, own in special.items()}
        return self._allowed(named, value)

    def _allowed(self, kinds: Collection[str], value: str) -> str:
        """Return what values of some of the kinds are if this is of none, else nothing."""
        rows = [self.value_kinds[kind] for kind in kinds if kind in self.value_kinds]
        if not kinds or len(rows) < len(kinds) or any(row.takes(value) for row in rows):
            return ""
        return " or ".join(sorted({row.allowed for row in rows}))

    def base_type(self, qom_type: str) -> str:
        """Return the QOM type that a bus variant such as `virtio-net-pci` is the wrapper of."""
        variant = self.variants.get(qom_type)
        return qom_type if variant is None else variant.base

    def is_usual(self, qom_type: str) -> bool:
        """Whether a flag on a type speaks of all devices of its base type, if none are given."""
        variant = self.variants.get(qom_type)
        return variant is None or variant.usual
