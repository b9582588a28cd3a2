"""What the readers must be told so that they can refuse wrong names; judges nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from planner.domain.capability import Capability, CapabilityId
from planner.domain.guest_formats import GuestFormats


class Vocabulary(Protocol):
    """Names of capabilities, kernels and builds: the knowledge base is one."""

    @property
    def capabilities(self) -> Mapping[CapabilityId, Capability]:
        """Every row of the catalogue by id."""
        ...

    @property
    def capability_names(self) -> Collection[str]:
        """Every name that `canonical` understands, without aliases."""
        ...

    def canonical(self, name: str) -> CapabilityId | None:
        """Return the id behind a name or alias, None if there is none."""
        ...

    def arch_of(self, text: str) -> str:
        """Return the architecture that a kernel names, or another word for it; empty if none."""
        ...

    def misfit(self, column: str, text: str) -> tuple[str, str] | None:
        """Return what is wrong with a `kernel` or `qemu`, and what is expected; None if it fits."""
        ...

    def loose(
        self, *, arch: str, kernel: str, qemu: str, cpu: str
    ) -> Iterable[tuple[str, str, str, bool]]:
        """Return which texts of a host are hardly read as they were meant.

        Column, what is wrong, what would be right, and whether no row reads the text at all.
        """
        ...

    def expand(self, capability: CapabilityId) -> tuple[CapabilityId, ...]:
        """Return the parts of a composite capability."""
        ...


class GuestVocabulary(Protocol):
    """Names that guests are described with."""

    @property
    def traits(self) -> Mapping[str, object]:
        """Every trait by name."""
        ...

    def trait_of(self, name: str) -> tuple[str, bool] | None:
        """Return the trait that a name means, and whether it means that the guest has it."""
        ...

    @property
    def cpu_names(self) -> Collection[str]:
        """Every CPU model of any architecture by every name that programs give it."""
        ...

    @property
    def formats(self) -> GuestFormats:
        """The words of programs that describe guests."""
        ...

    @property
    def cpu_features(self) -> Collection[str]:
        """Every CPU feature that a guest can be started with or without."""
        ...

    @property
    def cpu_settings(self) -> Collection[str]:
        """Every property of a CPU that takes a value."""
        ...

    def allowed_for(self, qom_type: str, name: str, value: str) -> str:
        """Return what a property takes if no QEMU takes the value, else nothing."""
        ...

    def is_machine_type(self, name: str) -> bool:
        """Whether a name is a machine type or an alias of one; any name is if nobody knows them."""
        ...

    @property
    def machine_types(self) -> Collection[str]:
        """Every machine type, to name the nearest one."""
        ...

    @property
    def device_names(self) -> Collection[str]:
        """Every device that some row or some QEMU has."""
        ...

    @property
    def backends(self) -> Collection[str]:
        """Every word that may stand behind a device."""
        ...

    @property
    def machine_options(self) -> Collection[str]:
        """Every option that some machine type takes in some QEMU, none if nobody knows them."""
        ...

    @property
    def machine_sugar(self) -> Collection[str]:
        """Options that `-machine` takes for other parts than the machine type."""
        ...

    def allowed_for_machine(self, option: str, value: str) -> str:
        """Return what an option of `-machine` takes if no QEMU takes the value, else nothing."""
        ...

    def options_of(self, device: str) -> Collection[str]:
        """Return every option that a device takes in some QEMU, none if nobody knows them."""
        ...
