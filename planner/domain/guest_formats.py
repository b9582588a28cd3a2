"""How other programs write down a guest: their words for devices, settings and CPU features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ANY = "*"
"""In `DeviceWords.values`: whatever stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementKeys:
    """Where an element of a format says what it is: one place per value of its `DeviceWords`.

    `options` are (place, option): a number above 1 that the device gets as an option, or for which, or
    for a switch that is on, it gets `OPTION=VALUE`. `no_device`: the element stands for no device of
    its own. `numbered`: there may be several, called `net0`, `net1`.
    `absent` is what holds where the element is not given; it counts only where one of `beside` is.
    """

    format: str
    element: str
    keys: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    no_device: bool = False
    numbered: bool = False
    absent: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWords:
    """What an element is by the values at its keys; no devices: the machine has it anyway.

    `*` inside a device is the bus that the element says.
    """

    format: str
    element: str
    values: tuple[str, ...]
    devices: tuple[str, ...]

    def fits(self, found: tuple[str, ...]) -> bool:
        """Whether an element with these values is meant."""
        return all(
            wanted in (ANY, value) for wanted, value in zip(self.values, found, strict=False)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitWords:
    """What a place of a description says of a trait.

    `values` None: anything that stands there. `otherwise` holds of another value, `absent` if nothing
    stands there; None leaves the trait open.
    """

    format: str
    place: str
    values: frozenset[str] | None
    trait: str
    says: bool
    otherwise: bool | None
    absent: bool | None

    def answer(self, value: str | None) -> bool | None:
        """Return what a value says of the trait; None stands for nothing."""
        if value is None:
            return self.absent
        return self.says if self.values is None or value in self.values else self.otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuWords:
    """A model or a setting of a format as QEMU says it: `+x` and `-x` of `features` are added."""

    format: str
    name: str
    model: str = ""
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestFormats:
    """All that is known of the formats in which guests are described."""

    elements: Mapping[tuple[str, str], ElementKeys] = field(default_factory=dict)
    devices: Mapping[tuple[str, str], tuple[DeviceWords, ...]] = field(default_factory=dict)
    traits: tuple[TraitWords, ...] = ()
    cpus: Mapping[tuple[str, str], CpuWords] = field(default_factory=dict)
    buses: Mapping[tuple[str, str], str] = field(default_factory=dict)
