"""What a rehearsal migrates: risks of an answer, and the fewest pairs of hosts that show them all."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.guest import Baseline
from planner.domain.migrated import SEVERITIES


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Risk:
    """Something of an answer that a migration can show.

    `kind`: `flag` (it avoids a loss), `condition` (guests must keep it), `loss` (accepted or residual),
    `source` and `destination` (a QEMU that sends and one that takes). `words` are what a guest has that
    breaks a condition, as `kind:word`. `met`: usual guests are within it.
    """

    kind: str
    id: str
    text: str
    unit: str = ""
    price: str = ""
    words: tuple[str, ...] = ()
    met: bool = False

    @property
    def weight(self) -> int:
        """Order of gravity, larger is worse; what somebody still has to check before what is met."""
        known = SEVERITIES.index(self.price) + 1 if self.price in SEVERITIES else 0
        return known + len(SEVERITIES) * (not self.met)


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsedGuest:
    """The guest that shows risks: its parts, and what it must do before it is moved."""

    baseline: Baseline
    devices: tuple[str, ...]
    features: tuple[str, ...]
    uses: tuple[str, ...]
    deeds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsedPair:
    """A migration to make: from hosts of one kind to hosts of another, and what it would settle."""

    source: str
    source_hosts: tuple[str, ...]
    destination: str
    destination_hosts: tuple[str, ...]
    risks: tuple[Risk, ...]
    guest: RehearsedGuest


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRehearsal:
    """The migrations of one pool, those that settle most first; no fewer than `bound` show all risks.

    `method` is how that is known. `apart` are risks that no migration between two hosts shows.
    `reason` says why there is nothing to rehearse, empty otherwise.
    """

    domain: str
    hosts: int
    machine_type: str
    classes: int
    risks: int
    pairs: tuple[RehearsedPair, ...]
    bound: int
    method: str
    apart: tuple[Risk, ...] = ()
    reason: str = ""

    @property
    def gap(self) -> int:
        """Migrations by which this may be more than the fewest."""
        return len(self.pairs) - self.bound
