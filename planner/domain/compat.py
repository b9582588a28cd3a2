"""Compat properties: what a machine type sets so that an old behaviour is kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from planner.domain.capability import Evidence

DEFAULT = "(default)"
"""The value of a property that nothing sets: what the newest machine type of its build has."""

SWITCH = ("on", "off")
"""The values of a property that is on or off."""
LONGEST_NUMBER = 40
"""Characters of a number of which two spellings are one."""
_SAME = dict.fromkeys(("true", "yes", "y"), "on") | dict.fromkeys(("false", "no", "n"), "off")


def plain_value(text: str) -> str:
    """Return one spelling of a value: `true` and `on` are the same, and so are `0x10` and `16`."""
    lower = text.strip().lower()
    if lower.startswith("0x"):
        try:
            return str(int(lower, 16)) if len(lower) <= LONGEST_NUMBER else lower
        except ValueError:
            return lower
    return _SAME.get(lower, lower)


class Visible(Enum):
    """Who notices a property, and so when a change of it takes effect.

    `STREAM`: only the sending process (next hop). `NEGOTIATED`: offered by the device, taken by the
    guest at boot (power cycle). `GUEST`: layout or CPUID (power cycle).
    """

    STREAM = "stream"
    NEGOTIATED = "negotiated"
    GUEST = "guest"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PropertyKey:
    """QEMU's own two words for a property: its QOM type and its name."""

    qom_type: str
    property: str

    def __str__(self) -> str:
        """Write `type.property`."""
        return f"{self.qom_type}.{self.property}"

    @classmethod
    def parse(cls, text: str) -> PropertyKey:
        """Read `type.property`; the property is what follows the last dot."""
        qom_type, dot, name = text.rpartition(".")
        if not (qom_type and dot and name):
            raise ValueError(f"'{text}' is not TYPE.PROPERTY")
        return cls(qom_type=qom_type, property=name)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CompatFlag:
    """A compat property set explicitly, beside what the machine type sets."""

    key: PropertyKey
    value: str

    def __str__(self) -> str:
        """Write `type.property=value`, as `-global` takes it."""
        return f"{self.key}={self.value}"

    @classmethod
    def parse(cls, text: str) -> CompatFlag:
        """Read `type.property=value`; raises ValueError if a part is missing."""
        key, equals, value = text.partition("=")
        if not (equals and value):
            raise ValueError(f"'{text}' is not TYPE.PROPERTY=VALUE")
        return cls(key=PropertyKey.parse(key), value=plain_value(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRow:
    """What is known of one property: since when builds offer it and on which devices it acts."""

    key: PropertyKey
    visible: Visible
    kind: str
    devices: tuple[str, ...]
    evidence: Evidence
    source: str
    offered_since: str = ""
    offered_until: str = ""
    gone_by: str = ""
    older_unknown: bool = False
    gates: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildDrift:
    """Builds disagree about a property under one machine-type name; benign if nobody can notice.

    `up_to`: the row speaks of types named after this release or an older one; empty: of other ranges.
    """

    key: PropertyKey
    machine_types: str
    up_to: tuple[int, ...]
    hazard: bool
    reason: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueDifference:
    """Effective values of one property on two builds; None where the data cannot tell."""

    key: PropertyKey
    source_value: str | None
    destination_value: str | None
