"""What is taken of guests that nobody describes, and how those that are described stand to an answer."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestTally:
    """How the guests of a pool stand to one condition of its answer, by the condition's id."""

    condition: str
    met: int = 0
    violated: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestFinding:
    """Guests of today that stand alike to the answer: their own machine type, and how they stand.

    `kind`: `position` beside the answer, `stuck` on some hosts, `violated` or `open` conditions, an
    `unknown` device, an `impact` to acknowledge. `conditions` are ids. `fact` is what is missing of
    open ones, `verify` the command that tells it, `remedy` what makes violated ones met or frees stuck
    guests, and when that takes effect. `hosts` are examples of hosts that stuck guests cannot leave.
    """

    machine_type: str
    guests: int
    finding: str
    examples: tuple[str, ...] = ()
    kind: str = "position"
    conditions: tuple[str, ...] = ()
    fact: str = ""
    verify: str = ""
    remedy: str = ""
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCount:
    """How many of the guests of a pool that migrate stand in the way of its answer.

    `violated`: they break a condition of it, so that it is not safe for them; `stuck`: their type is on
    some hosts only. A guest may be both.
    """

    given: int = 0
    violated: int = 0
    stuck: int = 0


NO_GUESTS = GuestCount()
"""The count where no guests are given."""
