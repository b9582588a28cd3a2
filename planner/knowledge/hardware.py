"""Vendors of host CPUs, and what a move between them does; reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.domain.capability import CapabilityId, Evidence
from planner.domain.migrated import Consequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """An architecture, what is known of its registers, and its words in `uname -r`."""

    name: str
    registers: str
    words: tuple[str, ...]
    evidence: Evidence
    source: str

    def is_named_in(self, text: str) -> bool:
        """Whether a text has one of the words, standing alone."""
        return any(
            re.search(rf"(?<![A-Za-z0-9_]){word}(?![A-Za-z0-9_])", text) for word in self.words
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuVendor:
    """A vendor, the texts that speak of its CPUs, and those that name the vendor but no model."""

    name: str
    match: re.Pattern[str]
    bare: frozenset[str]
    examples: tuple[str, ...]
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorCrossing:
    """What happens to a guest that moves between two of `vendors`."""

    id: str
    arch: str
    vendors: frozenset[str]
    consequence: Consequence
    reason: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesOfCpu:
    """CPU features that QEMU takes from the CPU itself, whatever KVM lists, from a version on."""

    arch: str
    names: frozenset[str]
    since: tuple[int, ...]
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCpus:
    """All vendors in file order, all crossings, and what QEMU takes from the CPU."""

    vendors: tuple[CpuVendor, ...]
    crossings: tuple[VendorCrossing, ...]
    of_cpu: tuple[FeaturesOfCpu, ...] = ()
    _seen: dict[str, CpuVendor | None] = field(default_factory=dict, repr=False, compare=False)

    def vendor_of(self, text: str) -> str:
        """Return the vendor that `text` speaks of, empty if it names none."""
        row = self._row(text)
        return row.name if row is not None else ""

    def model_of(self, text: str) -> str:
        """Return `text` in lower case, empty if it names no more than a vendor."""
        model = " ".join(text.lower().split())
        row = self._row(text)
        return "" if row is not None and model in row.bare else model

    def crossing(self, one: str, other: str) -> VendorCrossing | None:
        """Return the row of a move between two different vendors."""
        if one == other:
            return None
        pair: Iterable[str] = (one, other)
        return next((row for row in self.crossings if row.vendors.issuperset(pair)), None)

    def vendors_matter(self, arch: str) -> bool:
        """Whether vendors of an architecture make CPUs between which guests cannot move."""
        return any(row.arch == arch for row in self.crossings)

    def past_kernel(self, arch: str, version: tuple[int, ...]) -> frozenset[CapabilityId]:
        """Return the `cpu.` capabilities that QEMU `version` gives guests past the kernel's list."""
        rows = (row for row in self.of_cpu if row.arch == arch and version >= row.since)
        return frozenset(CapabilityId(f"cpu.{name}") for row in rows for name in row.names)

    def _row(self, text: str) -> CpuVendor | None:
        if text not in self._seen:
            found = (row for row in self.vendors if row.match.search(text))
            self._seen[text] = next(found, None)
        return self._seen[text]
