"""What a guest is taken to be where nobody describes it."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.guest import Baseline, GuestStart

CPU_KINDS = ("named", "host", "any")
"""How a profile's guests get their CPU: a named model, that of the boot host, or nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestProfile:
    """A kind of guest that stands in for those that nobody described.

    `devices` None means that it may have any; every such guest has the `core` devices. `features` are
    CPU features that its guests add to a named model, `traits` (name, value) pairs as in `GuestStart`.
    """

    name: str
    meaning: str
    cpu: str
    devices: tuple[str, ...] | None
    core: tuple[str, ...]
    features: frozenset[str]
    traits: frozenset[tuple[str, bool]]
    source: str

    @property
    def start(self) -> GuestStart:
        """The profile as a guest start, without machine type and CPU."""
        return GuestStart(
            baseline=Baseline(machine_type=""), devices=self.devices, traits=self.traits
        )

    @property
    def least(self) -> GuestStart:
        """What every guest of the profile has for certain."""
        return GuestStart(baseline=Baseline(machine_type=""), devices=self.core, traits=self.traits)
