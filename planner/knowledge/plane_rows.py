"""Rows about what management planes call things, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from planner.domain.capability import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class QemuPackage:
    """A package that has the QEMU of hosts of `arch`.

    `manager` is the program that installs it, `packed` its word for the architecture.
    """

    name: str
    manager: str
    arch: str
    packed: str
    evidence: Evidence
    source: str


@dataclass(frozen=True)
class PlaneRows:
    """What planes call things; each kind of row is read when it is first asked about."""

    read_packages: Callable[[], tuple[QemuPackage, ...]]

    @cached_property
    def packages(self) -> tuple[QemuPackage, ...]:
        """The packages of QEMU."""
        return self.read_packages()
