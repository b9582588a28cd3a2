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

    `newest` is empty if none of the vendor's models is safe; `refused` are the generations after it,
    oldest first.
    """

    vendor: str
    newest: str
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
