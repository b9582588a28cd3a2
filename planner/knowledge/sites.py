"""Known faults of builds and observed pairs: rows that speak for certain edges only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from planner.domain.capability import Evidence
from planner.domain.host import QemuBuild
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth, all_of, any_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One end of an observed edge: globs over the texts of the fleet file."""

    qemu: str = "*"
    kernel: str = "*"

    def matches(self, *, qemu: str, kernel: str) -> bool:
        """Whether a host with these texts stands on this side."""
        return fnmatchcase(qemu, self.qemu) and fnmatchcase(kernel, self.kernel)


ANY_ARCH = "any"
NUMBER = "version"
WITHIN = "within"
"""The direction of a fault between builds that have it both, equal ones too."""


def numbered(release: str) -> str:
    """Return the name of a release that a row tells by its number."""
    return f"{NUMBER} {release}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault of builds that no unit or property row expresses.

    It bites when one end runs one of `builds` and the other one of `against` (empty: any build that
    is not in `builds`), in `direction` `forward` (builds to against), `backward` or `both`, or when
    both ends run one of `builds`, equal or not: `within`. `trait` is what the guest must have besides,
    several words if it must have all, that which fewest have last.
    A fault that is `carried` comes from the source, or from the build that the guest booted on. Of
    `unread` builds nobody knows on which side they are. A release in `numbers` is known by its number,
    read or not: it stands as `version NUMBER` in the sets above, in none of them if it is clear. Types
    named after a release newer than `up_to` do not have it, nor types of another architecture than
    `arch`. One that is `only_certain` is of a device or use that hardly a guest has: it is judged of
    guests said to have it. Builds of the lines `outside` are on neither side, read or not.
    """

    id: str
    builds: frozenset[str]
    against: frozenset[str]
    unread: frozenset[str]
    numbers: frozenset[str] = frozenset()
    direction: str
    carried: bool
    machine_types: frozenset[str]
    up_to: tuple[int, ...] = ()
    devices: tuple[str, ...]
    trait: str = ""
    consequence: Consequence
    reason: str
    workaround: str = ""
    evidence: Evidence
    source: str
    arch: str = ANY_ARCH
    only_certain: bool = False
    outside: frozenset[str] = frozenset()

    def speaks_of(self, machine_type: str, release: tuple[int, ...], arch: str) -> bool:
        """Whether it concerns a machine type of `arch`, named after `release` if after any."""
        if self.machine_types and machine_type not in self.machine_types:
            return False
        if self.arch not in {ANY_ARCH, arch}:
            return False
        return not (self.up_to and release > self.up_to)

    def known_as(self, build: QemuBuild) -> tuple[str, ...]:
        """Return what the row knows a build by: its number, or the read builds that it is judged by.

        Of a series of which a release is told by number, nobody knows whether it is that one.
        """
        if build.line in self.outside:
            return ()
        if not self.numbers:
            return build.read_as
        number = numbered(".".join(map(str, build.version)))
        if number in self.numbers:
            return (number,)
        return (*build.read_as, *(one for one in self.numbers if one.startswith(f"{number}.")))

    def touches(self, builds: Iterable[QemuBuild]) -> bool:
        """Whether some of these builds have it, or may."""
        refs = {ref for build in builds for ref in self.known_as(build)}
        return not (self.builds.isdisjoint(refs) and self.unread.isdisjoint(refs))

    def is_between(self, source: str, destination: str) -> Truth:
        """Return whether it bites a guest that goes from one build to another, as the row knows them."""
        if self.direction == WITHIN:
            return all_of((self._has(source), self._has(destination)))
        if source == destination:
            return Truth.NO
        pairs = {
            "forward": ((source, destination),),
            "backward": ((destination, source),),
            "both": ((source, destination), (destination, source)),
        }[self.direction]
        return any_of(all_of((self._has(one), self._opposes(other))) for one, other in pairs)

    def _has(self, build: str) -> Truth:
        return Truth.UNKNOWN if build in self.unread else Truth.of(build in self.builds)

    def _opposes(self, build: str) -> Truth:
        if build in self.unread:
            return Truth.UNKNOWN
        return Truth.of(build in self.against if self.against else build not in self.builds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A pair that somebody measured; it wins over every rule for the guests it names.

    Empty `machine_types`, `devices` or `boot` mean any. `passes` False carries a consequence.
    """

    id: str
    source_side: Side
    destination_side: Side
    passes: bool
    machine_types: tuple[str, ...]
    devices: tuple[str, ...]
    traits: tuple[str, ...]
    boot_side: Side | None
    consequence: Consequence | None
    evidence: Evidence
    source: str
