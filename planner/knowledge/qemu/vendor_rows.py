"""Rows beside what was read whole: what vendors leave out or bring over, and what came before."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.capability import Evidence
from planner.domain.host import QemuBuild
from planner.domain.truth import Truth

ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorParts:
    """What the builds of a vendor have of the release that they are built from.

    `devices` are those of a vendor who leaves some out, `rest` what holds of the others. `adds` are the
    kinds of parts that come from later releases too.
    """

    line: str
    arch: str
    devices: frozenset[str] | None
    rest: Truth
    adds: frozenset[str]
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyParts:
    """Parts that every release from `since` up to the first build that was read has."""

    kind: str
    since: tuple[int, ...]
    names: frozenset[str]
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableDevice:
    """A device that builds before `until` have, and that no machine of an architecture starts with."""

    arch: str
    device: str
    until: tuple[int, ...]
    evidence: Evidence
    source: str

    def is_of(self, arch: str, build: QemuBuild, device: str) -> bool:
        """Whether a build has the device to no avail."""
        return (self.arch, self.device) == (arch, device) and build.version < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmlessDefault:
    """A default that changed in nothing that the stream or a running guest shows."""

    property: str
    devices: frozenset[str]
    reason: str
    evidence: Evidence
    source: str

    def is_of(self, device: str, name: str) -> bool:
        """Whether the row is of a property of a device."""
        return name == self.property and not self.devices.isdisjoint({ANY, device})


@dataclass(frozen=True, slots=True, kw_only=True)
class StableSeries:
    """The word that all releases of one series have the same parts; fixes may bring properties.

    `adds` are the kinds of parts of which fixes brought some over from later series.
    """

    line: str
    adds: frozenset[str]
    evidence: Evidence
    source: str
