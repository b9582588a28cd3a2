"""What QEMU or libvirt prints when a guest does not move, and what a line of it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.domain.capability import Evidence
from planner.domain.migrated import MigratedUnit, RefusedBit


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMessage:
    """A message by its pattern; `{names}` in its texts are groups of the pattern.

    One that `follows` only says where the message before it belongs, or what came of it.
    """

    id: str
    pattern: str
    says: str
    causes: tuple[str, ...]
    ask: tuple[str, ...]
    unit: str = ""
    follows: bool
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A message that was found in a text, how often, and what the knowledge has about it.

    `section` is the part of the guest that it or a line after it names, empty if none does; `bits` are
    refused feature bits; `facts` are what the knowledge says of the names in it.
    """

    message: KnownMessage
    text: str
    words: Mapping[str, str]
    times: int = 1
    section: str = ""
    units: tuple[MigratedUnit, ...] = ()
    bits: tuple[RefusedBit, ...] = ()
    facts: tuple[str, ...] = field(default=())

    def told(self, template: str) -> str:
        """Return a text of the message with the words of the line in it."""
        words = {"section": self.section or "a part of the guest", **self.words}
        return " ".join(template.format_map(words).split())
