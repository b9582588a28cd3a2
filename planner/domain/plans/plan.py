"""The plan of an upgrade: waves, flips and the way back; values only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal

from planner.domain.guest import Baseline
from planner.domain.plans.upgrade import Room
from planner.domain.shown import html_of

Signed = Annotated[int, "also below zero"]
"""A number of a document; every other whole number of one is 0 or more."""
KEYS = {"before": "from", "after": "to"}
"""Fields whose key in a document is a word that Python keeps for itself."""
PackingMethod = Literal["closed-form", "optimal", "heuristic"]
PARTS = (
    *("bounds", "domains", "waves", "restarts", "masks"),
    *("held", "states", "radar", "relaxations"),
)
"""Fields of a plan that its document has as they are, in this order."""


class TakesEffect(Enum):
    """When a guest that runs today gets what new guests get at once."""

    NEXT_LAUNCH = "next launch"
    NEXT_HOP = "next hop"
    GUEST_REBOOT = "guest reboot"
    POWER_CYCLE = "power cycle"

    @property
    def begins_at_a_hop(self) -> bool:
        """Whether a running guest's process gets it at a migration hop."""
        return self in {TakesEffect.NEXT_HOP, TakesEffect.GUEST_REBOOT}


class Routing(Enum):
    """Where guests may go while a pool is upgraded."""

    ANY = "any"
    UPGRADED_ONLY = "upgraded-only"


class FlipStatus(Enum):
    """Whether a flip can be made, and what forbids it."""

    ELIGIBLE = "eligible"
    DONE = "done"
    HELD = "held-by-operator"
    MIXED = "blocked-by-mixed-hosts"
    UNKNOWN = "blocked-by-unknown-hosts"
    POLICY = "blocked-by-policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostUpgrade:
    """One step of one host: the kernel and QEMU that it gets."""

    host: str
    from_kernel: str
    from_qemu: str
    kernel: str
    qemu: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """New guests of a pool and board get baseline `after` in place of `before`.

    `after_wave` 0 is before the first wave. `not_before` is the first day, None without a start day;
    `soak_days` count from the end of the wave. `guests_pending` run on the old baseline and need
    what `takes_effect` says; None if no guests were given. `arguments` are ready to paste.
    """

    domain: str
    board: str
    line: str
    before: Baseline
    after: Baseline
    after_wave: int
    takes_effect: TakesEffect
    soak_days: int
    not_before: datetime.date | None
    guests_pending: int | None
    arguments: str
    unlocks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipState:
    """Where a flip stands before the first wave, and the hosts that hold it back (examples)."""

    domain: str
    board: str
    before: Baseline
    after: Baseline
    status: FlipStatus
    reasons: tuple[str, ...]
    hosts: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """The way back after a wave: what it costs to return every upgraded host to its old build.

    `guests` and `vcpus` belong to guests that could not return alive; None if no guests were given.
    """

    free: bool
    guests: int | None
    vcpus: float | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Hosts upgraded together, and what is true afterwards.

    `moves` is a number of guests (None if none were given), `spare` the least room left in any pool
    over the phases of the wave (None without capacities).
    """

    number: int
    day: datetime.date | None
    hosts: tuple[str, ...]
    upgrades: tuple[HostUpgrade, ...]
    why: tuple[str, ...]
    moves: int | None
    spare: Room | None
    flips: tuple[Flip, ...]
    rollback: Rollback
    one_way_guests: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigation:
    """A way to live with a unit that only upgraded hosts have: `kind`, what it costs, if it is taken.

    `kind`: `one-way-routing`, `restart-with-flag`, `mask-capability`.
    """

    kind: str
    unit: str
    text: str
    guests: int | None
    hosts: int
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """Capabilities hidden on upgraded hosts of a pool until after a wave."""

    domain: str
    capabilities: tuple[str, ...]
    until_wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPlan:
    """What a pool does while it is upgraded.

    `baselines` are what new guests get from before wave 1 on, one per board and line. From wave
    `point_of_no_return` on rollback costs guests (None: never). `conditions` are `kind:word` claims
    of no guest of which nothing is said, `holds_if` says them, and what else must hold, in words. Of
    these, `checks` are left to check for guests of the plan's profile: not what they meet by what they
    are, nor what any migration asks for. `cpu_models` are the newest named models that are safe on the
    way, one per vendor, and `cpu_refused` says what keeps newer ones out; neither: all are safe.
    `needs_ack`: units whose price is security and that the policy does not acknowledge.
    `assumptions`: what is taken for granted because nobody said it. `cautions`: which hosts would get
    something older than they run, and what of the targets is inferred.
    """

    domain: str
    hosts: int
    baselines: tuple[Baseline, ...]
    routing: Routing
    remedies: tuple[Mitigation, ...]
    point_of_no_return: int | None
    conditions: tuple[str, ...] = ()
    holds_if: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    cpu_models: tuple[str, ...] = ()
    cpu_refused: tuple[str, ...] = ()
    needs_ack: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Guests that must be power-cycled onto another baseline before a wave.

    Guests that cannot migrate are off during the wave of their host.
    """

    domain: str
    guests: int
    before: Baseline
    after: Baseline
    before_wave: int
    windows: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarEntry:
    """A machine type in use that a QEMU drops: the target of the plan, or a later one (forecast)."""

    domain: str
    machine_type: str
    guests: int | None
    removed_in: str
    day: datetime.date | None
    days_left: Signed | None
    forecast: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """No plan has fewer than `waves`; `method` is closed-form, optimal or heuristic; `gap` in waves."""

    waves: int
    method: PackingMethod
    gap: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A constraint that forbids every plan, and the least change that lifts it."""

    domain: str
    constraint: str
    text: str
    hosts: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checked sequence of waves; `relaxations` say what forbids the pools without one theirs.

    Without `waves` there is no plan at all.
    `guest_profile` names what guests are taken to be of which nobody says more.
    """

    waves: tuple[Wave, ...]
    domains: tuple[DomainPlan, ...]
    bounds: Bounds
    restarts: tuple[Restart, ...]
    masks: tuple[Mask, ...]
    held: tuple[FlipState, ...]
    states: tuple[FlipState, ...]
    radar: tuple[RadarEntry, ...]
    relaxations: tuple[Relaxation, ...]
    knowledge_digest: str
    fleet_digest: str
    guest_profile: str = ""

    def __repr__(self) -> str:
        """Show the plan in one line."""
        if self.relaxations and not self.waves:
            return f"Plan(none: {len(self.relaxations):,} things have to give)"
        hosts = sum(len(wave.hosts) for wave in self.waves)
        return f"Plan({hosts:,} hosts in {len(self.waves):,} waves, {len(self.flips):,} flips)"

    def _repr_html_(self) -> str:
        """Show the value as a table in a notebook."""
        return html_of(self)

    @property
    def flips(self) -> tuple[Flip, ...]:
        """Every flip in wave order."""
        return tuple(flip for wave in self.waves for flip in wave.flips)
