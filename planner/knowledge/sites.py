"""Known faults of builds and observed pairs: rows that speak for certain edges only."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from planner.domain.capability import Evidence
from planner.domain.migrated import Consequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One end of an observed edge: globs over the texts of the fleet file."""

    qemu: str = "*"
    kernel: str = "*"

    def matches(self, *, qemu: str, kernel: str) -> bool:
        """Whether a host with these texts stands on this side."""
        return fnmatchcase(qemu, self.qemu) and fnmatchcase(kernel, self.kernel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault of builds that no unit or property row expresses.

    It bites when one end runs one of `builds` and the other one of `against` (empty: any build that
    is not in `builds`), in `direction` `forward` (builds to against), `backward` or `both`.
    A fault that is `carried` comes from the source, or from the build that the guest booted on.
    """

    id: str
    builds: frozenset[str]
    against: frozenset[str]
    direction: str
    carried: bool
    machine_types: frozenset[str]
    devices: tuple[str, ...]
    consequence: Consequence
    reason: str
    workaround: str
    evidence: Evidence
    source: str

    def is_between(self, source: str, destination: str) -> bool:
        """Whether it bites a guest that goes from one known build to another."""
        pairs = {
            "forward": ((source, destination),),
            "backward": ((destination, source),),
            "both": ((source, destination), (destination, source)),
        }[self.direction]
        return any(
            one in self.builds
            and (other in self.against if self.against else other not in self.builds)
            for one, other in pairs
        )


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
