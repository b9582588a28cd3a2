"""Vendors of host CPUs, and what a move between them does; reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from planner.domain.capability import CapabilityId, Evidence
from planner.domain.host import Facts
from planner.domain.migrated import Consequence
from planner.knowledge.cpu_errata import CpuErrata


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """An architecture, what is known of its registers and boards, and its words in `uname -r`.

    `same` says what of two hosts must be equal that no row tells; empty: what is asked of x86.
    """

    name: str
    registers: str
    boards: str
    same: str = ""
    words: tuple[str, ...]
    evidence: Evidence
    source: str

    def is_named_in(self, text: str) -> bool:
        """Whether a text has one of the words, standing alone."""
        return any(
            re.search(rf"(?<![A-Za-z0-9_]){word}(?![A-Za-z0-9_])", text) for word in self.words
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadKernels:
    """Releases of a kernel line whose source could not be had, and why."""

    line: str
    releases: str
    why: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuVendor:
    """A vendor, the texts that speak of its CPUs, and those that name the vendor but no model.

    `title` is its name as it is written, `runs_as` the vendor whose part of KVM runs guests on its CPUs.
    """

    name: str
    title: str
    runs_as: str
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
class FeaturesOfVendor:
    """CPU features that guests get on CPUs of one vendor alone, and of those that run as its own."""

    arch: str
    vendor: str
    names: frozenset[str]
    evidence: Evidence
    source: str


class Role(Enum):
    """What a fact about a machine is good for."""

    VENDOR = "vendor"
    MODEL = "model"
    CHECK = "check"
    SILENT = "silent"


COMPARED = frozenset({Role.VENDOR, Role.MODEL, Role.CHECK})


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareFact:
    """Facts about machines whose names fit `match`, and what a difference asks for.

    `required`: a host without it is not probed. Numbers within `ppm` of each other are equal. Hosts
    that all have the capabilities `settled_by` may differ. `needs` is what else makes up for it.
    """

    name: str
    match: re.Pattern[str]
    words: str
    role: Role
    arch: tuple[str, ...]
    required: bool
    ppm: int = 0
    settled_by: frozenset[CapabilityId]
    needs: str = ""
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCpus:
    """All vendors in file order, all crossings, what QEMU takes from the CPU, what probes tell."""

    vendors: tuple[CpuVendor, ...]
    crossings: tuple[VendorCrossing, ...]
    of_cpu: tuple[FeaturesOfCpu, ...] = ()
    of_vendors: tuple[FeaturesOfVendor, ...] = ()
    facts: tuple[HardwareFact, ...] = ()
    errata: CpuErrata = field(default_factory=CpuErrata)
    _named: dict[str, HardwareFact | None] = field(default_factory=dict, repr=False, compare=False)
    _seen: dict[str, CpuVendor | None] = field(default_factory=dict, repr=False, compare=False)

    def vendor_of(self, text: str) -> str:
        """Return the vendor that `text` speaks of, empty if it names none."""
        row = self._row(text)
        return row.name if row is not None else ""

    def named(self, name: str) -> CpuVendor | None:
        """Return the row of a vendor by its name."""
        return next((row for row in self.vendors if row.name == name), None)

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

    def of_others(self, arch: str, vendor: str) -> frozenset[CapabilityId]:
        """Return the `cpu.` capabilities that no guest gets on CPUs of a vendor; none if it is empty."""
        row = self.named(vendor)
        runs_as = vendor if row is None else row.runs_as
        rows = (row for row in self.of_vendors if vendor and row.arch == arch)
        return frozenset(
            CapabilityId(f"cpu.{name}")
            for row in rows
            if row.vendor != runs_as
            for name in row.names
        )

    def fact(self, name: str) -> HardwareFact | None:
        """Return the row of a fact about machines; None if no row speaks of it."""
        if name not in self._named:
            found = (row for row in self.facts if row.match.fullmatch(name))
            self._named[name] = next(found, None)
        return self._named[name]

    def compared(self, facts: Facts) -> Facts:
        """Return the facts of a machine that guests may notice, in order."""
        return tuple(sorted(fact for fact in facts if self._role(fact[0]) in COMPARED))

    def identity(self, facts: Facts) -> Facts:
        """Return the facts of a machine that tell which CPU it has, in order."""
        return tuple(sorted(fact for fact in facts if self._role(fact[0]) is Role.MODEL))

    def vendor_among(self, facts: Facts) -> str:
        """Return the vendor that the facts of a machine name, empty if they name none."""
        told = (value for name, value in facts if self._role(name) is Role.VENDOR)
        return next(filter(None, map(self.vendor_of, told)), "")

    def is_complete(self, arch: str, facts: Facts) -> bool:
        """Whether a machine told everything that must be known to say that two are equal."""
        told = {row.name for name, value in facts if value and (row := self.fact(name)) is not None}
        asked = (row for row in self.facts if row.required and arch in (row.arch or (arch,)))
        return bool(self.facts) and told.issuperset(row.name for row in asked)

    def _role(self, name: str) -> Role | None:
        row = self.fact(name)
        return None if row is None else row.role

    def _row(self, text: str) -> CpuVendor | None:
        if text not in self._seen:
            found = (row for row in self.vendors if row.match.search(text))
            self._seen[text] = next(found, None)
        return self._seen[text]
