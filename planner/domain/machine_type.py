"""Versioned virtual boards; a name is opaque and tells neither rank nor board."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planner.domain.capability import Evidence
from planner.domain.host import QemuBuild


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineType:
    """A versioned machine type such as `pc-q35-8.2`.

    `rank` compares inside one board and line only; `line` is who names the types, such as `rhel`;
    `release` is the release of the reference line that it is named after, empty if it is not.
    An `unversioned` type is what each build makes of it; on the known builds `alike` it differs in
    nothing but properties.
    """

    name: str
    board: str
    line: str
    rank: int
    arch: str
    evidence: Evidence
    source: str
    release: tuple[int, ...] = ()
    variant: str = ""
    unversioned: bool = False
    alike: frozenset[str] = frozenset()

    def is_settled_on(self, builds: Iterable[QemuBuild]) -> bool:
        """Whether the type is one and the same on builds, but for properties that are compared."""
        refs = {ref for build in builds for ref in build.read_as}
        return not self.unversioned or refs <= self.alike

    def is_newer_than(self, other: MachineType) -> bool:
        """Compare two types of one board and line."""
        if (self.board, self.line) != (other.board, other.line):
            raise ValueError(f"{self.name} and {other.name} have no common order")
        return self.rank > other.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRemoval:
    """A forecast: QEMU releases in which a type is deprecated and removed, by the project's rule."""

    machine_type: str
    removed: str
    evidence: Evidence
    source: str
    deprecated: str = ""
