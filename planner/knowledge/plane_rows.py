"""Rows about what management planes call things, as values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from planner.documents.digits import whole_of
from planner.domain.capability import Evidence

RELEASE = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
"""A release of the project itself; what others build of it has more in its name."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KubevirtRelease:
    """Releases of KubeVirt, from `first` to `last`, whose virt-launcher has one QEMU."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    qemu: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LauncherImage:
    """An image of virt-launcher by its whole name, and the QEMU in it."""

    name: str
    qemu: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneBoard:
    """A plane's words for a board: the architecture, and the machine types that it takes."""

    plane: str
    board: str
    arch: str
    patterns: tuple[str, ...]
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAlias:
    """The element of libvirt's XML that is a device of a QOM type, and how its alias is made.

    Its value at `at` is one of `values` (none: any). `number` is `order` among all elements of the name,
    `own` among those that fit, `target` or an attribute. Elements whose `type` is one of `apart` are
    numbered elsewhere.
    """

    qom_type: str
    element: str
    at: str
    values: tuple[str, ...]
    alias: str
    number: str
    apart: tuple[str, ...] = ()
    evidence: Evidence
    source: str


Launchers = tuple[tuple[KubevirtRelease, ...], tuple[LauncherImage, ...]]
"""What is known of releases, and of single images."""

Written = tuple[tuple[PlaneBoard, ...], tuple[DeviceAlias, ...]]
"""What is known of boards, and of devices, for what is written to planes."""


@dataclass(frozen=True)
class PlaneRows:
    """What planes call things; each kind of row is read when it is first asked about."""

    read_packages: Callable[[], tuple[QemuPackage, ...]]
    read_launchers: Callable[[], Launchers]
    read_written: Callable[[], Written]

    @cached_property
    def packages(self) -> tuple[QemuPackage, ...]:
        """The packages of QEMU."""
        return self.read_packages()

    @cached_property
    def launchers(self) -> Launchers:
        """The releases and images of KubeVirt."""
        return self.read_launchers()

    @cached_property
    def written(self) -> Written:
        """The words that are written to planes."""
        return self.read_written()

    @cached_property
    def boards(self) -> Mapping[tuple[str, str], PlaneBoard]:
        """What planes call boards, by plane and board."""
        return {(row.plane, row.board): row for row in self.written[0]}

    @cached_property
    def aliases(self) -> tuple[DeviceAlias, ...]:
        """The devices that have an alias in libvirt."""
        return self.written[1]

    def launcher(self, text: str) -> str:
        """Return the QEMU of an image, or of a release such as `v1.6.3`; empty if no row has it."""
        releases, images = self.launchers
        found = next((row.qemu for row in images if row.name == text), "")
        numbers = RELEASE.fullmatch(text)
        if found or numbers is None:
            return found
        release = tuple(whole_of(number) for number in numbers.groups())
        return next((row.qemu for row in releases if row.first <= release <= row.last), "")
