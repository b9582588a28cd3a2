"""Which named CPU models an answer allows, per vendor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedModel:
    """A CPU model that is not safe in a pool, and the features that not every host gives."""

    name: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAdvice:
    """The newest named model of a vendor that every host of a pool can carry, and newer ones.

    `title` is the vendor's name as it is written. `newest` is empty if none of the vendor's models is
    safe, `generation` is its name without version; `refused` are the generations after it, oldest first.
    """

    vendor: str
    title: str
    newest: str
    generation: str = ""
    refused: tuple[RefusedModel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuAdvice:
    """What a pool allows of guest CPUs: per vendor the newest model, and what host CPUs must hide.

    `hidden` are the features that a guest with its host's CPU must do without.
    """

    vendors: tuple[VendorAdvice, ...] = ()
    hidden: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether every named model is safe."""
        return not any(one.refused for one in self.vendors)


ANY_CPU = CpuAdvice()


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuLaggard:
    """Hosts of one class without which a pool could have newer CPU models, and which."""

    label: str
    hosts: int
    examples: tuple[str, ...]
    gained: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCpu:
    """What a pool allows of guest CPUs under its recommended machine type, and who holds it back."""

    domain: str
    hosts: int
    machine_type: str
    advice: CpuAdvice
    laggards: tuple[CpuLaggard, ...]
