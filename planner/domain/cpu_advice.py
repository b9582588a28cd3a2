"""Which named CPU models an answer allows, per vendor, and what keeps newer ones out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class KeptOut(Enum):
    """What keeps a CPU model out of a pool.

    `GENERATION`: hosts have older CPUs. `LACK`: kernel, QEMU or microcode of hosts lacks features.
    `UNKNOWN`: nobody knows whether hosts have them; a probe tells.
    """

    GENERATION = "generation"
    LACK = "lack"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Hosts that keep a model out: of a generation, or of a QEMU and kernel."""

    label: str
    hosts: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedModel:
    """A CPU model that is not safe in a pool, the features that not every host gives, who lacks them."""

    name: str
    features: tuple[str, ...]
    why: KeptOut = KeptOut.LACK
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAdvice:
    """The newest named model of a vendor that every host of a pool can carry, and newer ones.

    `title` is the vendor's name as it is written. `newest` is empty if none of the vendor's models is
    safe, `generation` is its name without version; `refused` are newer ones, oldest first: up to the
    newest generation among the hosts (`bound`), all if some host's is not known (empty).
    """

    vendor: str
    title: str
    newest: str
    generation: str = ""
    refused: tuple[RefusedModel, ...] = ()
    bound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuAdvice:
    """What a pool allows of guest CPUs: per vendor the newest model, and what host CPUs must hide.

    `hidden` are the features of the pool's CPUs that a guest with its host's CPU must do without,
    `unnamed` those that nobody denies of some host and that no named model of its time has, and
    `unprotected` those hidden ones by which guests protect themselves, `for_libvirt` the hidden ones by
    libvirt's names. `unstated` hosts do not say which CPU they have.
    """

    vendors: tuple[VendorAdvice, ...] = ()
    hidden: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    unprotected: tuple[str, ...] = ()
    for_libvirt: tuple[str, ...] = ()
    unstated: int = 0

    @property
    def is_open(self) -> bool:
        """Whether every named model is safe."""
        return not any(one.refused or one.bound for one in self.vendors)

    @property
    def is_unbounded(self) -> bool:
        """Whether nothing is refused, and some host's CPU, which bounds the models, is not stated."""
        of_vendors = any(one.newest for one in self.vendors)
        return self.is_open and of_vendors and self.unstated > 0


ANY_CPU = CpuAdvice()


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuLaggard:
    """Hosts of one class or generation without which a pool could have newer CPU models, and which."""

    label: str
    hosts: int
    examples: tuple[str, ...]
    gained: tuple[str, ...]
    generation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCpu:
    """What a pool allows of guest CPUs under its recommended machine type, and who holds it back."""

    domain: str
    hosts: int
    machine_type: str
    advice: CpuAdvice
    laggards: tuple[CpuLaggard, ...]
