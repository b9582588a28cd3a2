"""What a replay of an upgrade plan found; values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from planner.domain.errors import Problem
from planner.domain.verdict import Outcome


class Phase(Enum):
    """The phases of a wave in order; `start` is before the first wave, `rollback` after an abort."""

    START = "start"
    CORDON = "cordon"
    EVACUATE = "evacuate"
    UPGRADE = "upgrade"
    UNCORDON = "uncordon"
    FLIP = "flip"
    RESTART = "restart"
    ROLLBACK = "rollback"

    @property
    def place(self) -> int:
        """Order inside a wave."""
        return _PLACES[self]


_PLACES = {phase: place for place, phase in enumerate(Phase)}


class ReplayRule(Enum):
    """The rules that only a replay has; moves and launches obey the rules of judgement."""

    NO_ROOM = "S001"
    NOWHERE_TO_GO = "S002"
    WAY_BACK = "S003"
    LIMIT = "S004"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class HostFailure:
    """A host dies in the middle of a wave and returns with its old build after the wave's flips."""

    host: str
    wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Hosts that stand alike in one phase: their builds, how many they are, and examples."""

    label: str
    hosts: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """What a plan must not let happen, or what nobody can rule out for want of a fact.

    `rule` is the id of a rule of judgement or of a `ReplayRule`; `is_gap`: only a fact is missing.
    `count` is a number of guests, None if it is not known; `destination` is None for a launch.
    """

    wave: int
    phase: Phase
    domain: str
    guests: str
    count: int | None
    source: Spot | None
    destination: Spot | None
    rule: str
    unit: str
    text: str
    consequence: str
    is_gap: bool

    @property
    def moment(self) -> tuple[int, int, str]:
        """Order in time, then by pool."""
        return self.wave, self.phase.place, self.domain


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWayBack:
    """Guests that cannot follow when the hosts of a pool return to their old builds."""

    domain: str
    guests: str
    count: int | None
    rule: str
    unit: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A plan replayed: the first violation and the first gap, if any.

    `phases` were replayed and `judgements` made: combinations of source, destination, boot host and
    guest start, those remembered from another pool included. `pools_without_room` lack the columns for
    a check of room. `no_way_back` is about an abort. `contradictions` are about the plan itself.
    """

    waves: int
    phases: int
    judgements: int
    violation: Violation | None
    gap: Violation | None
    failures: tuple[HostFailure, ...]
    abort_after: int | None
    no_way_back: tuple[NoWayBack, ...]
    pools: int
    pools_without_room: int
    conditions: tuple[str, ...]
    contradictions: tuple[Problem, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Unsafe with a violation, unknown with a gap, else safe."""
        if self.violation is not None:
            return Outcome.UNSAFE
        return Outcome.UNKNOWN if self.gap is not None else Outcome.SAFE


class WaveStatus(Enum):
    """How far a wave is."""

    DONE = "done"
    IN_PROGRESS = "in progress"
    TO_COME = "to come"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveProgress:
    """A wave as it stands: hosts that are done of all its hosts, and examples that are not."""

    number: int
    status: WaveStatus
    done: int
    hosts: int
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDrift:
    """A host that is not where the plan expects it. `kind`: `other-build`, `gone` or `not-in-plan`."""

    kind: str
    host: str
    domain: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipCue:
    """A flip whose hosts are all upgraded: due from `not_before` on, unless it is made already."""

    domain: str
    board: str
    after_wave: int
    due: bool
    not_before: str
    takes_effect: str
    arguments: str
    unlocks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStatus:
    """A plan against the fleet as it is: what is done, drifted and due, and the rest replayed."""

    waves: tuple[WaveProgress, ...]
    drift: tuple[HostDrift, ...]
    flips: tuple[FlipCue, ...]
    rest: Simulation
