"""What readers of planes are told by the knowledge, and what each of them has to offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from planner.documents.complaints import Complaints
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.fleet.importers.planes.places import HostFile
from planner.fleet.vocabulary import GuestVocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureNames:
    """CPU features by name that KVM answers for; `of_qemu` are those that QEMU may add on its own."""

    known: Mapping[str, frozenset[str]]
    of_qemu: frozenset[str]


class PackageRow(Protocol):
    """A package that has the QEMU of hosts of one architecture."""

    @property
    def name(self) -> str:
        """The name of the package."""
        ...

    @property
    def manager(self) -> str:
        """The program that installs it, as Ansible names it."""
        ...

    @property
    def packed(self) -> str:
        """The packager's word for the architecture of hosts that run guests with it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneWords:
    """Names that planes use. `arch_of` returns the architecture that a word names, empty if none.

    `launchers` returns the QEMU of a release or image of KubeVirt, empty if nobody knows it.
    """

    guests: GuestVocabulary
    features: FeatureNames
    packages: Sequence[PackageRow]
    arch_of: Callable[[str], str]
    launchers: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What planes tell: hosts, guests that run, and how many files or guests were left out, by why."""

    fleet: Fleet
    guests: tuple[GuestGroup, ...]
    left_out: tuple[tuple[str, int], ...] = ()


class PlaneReader(Protocol):
    """Reads what one plane prints; each method says whether the file is of that plane."""

    def json(self, found: HostFile, document: object, complaints: Complaints) -> bool:
        """Read a JSON document."""
        ...

    def text(self, found: HostFile, text: str, complaints: Complaints) -> bool:
        """Read any other text."""
        ...

    def settle(self) -> None:
        """Note the hosts that can be named only when every file was read."""
        ...

    def guests(self) -> Iterator[GuestGroup]:
        """Yield the guests that run; every host is noted by then."""
        ...
