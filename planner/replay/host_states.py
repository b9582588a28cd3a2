"""Where the hosts of a pool stand in each phase: who is up, who takes guests, who may send where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from planner.domain.host import HostProfile
from planner.domain.plan import Routing
from planner.domain.simulation import Phase
from planner.replay.pool_facts import Build, PoolFacts, ScheduledHosts

IN_WAVE = (Phase.CORDON, Phase.EVACUATE, Phase.UPGRADE, Phase.UNCORDON, Phase.FLIP, Phase.RESTART)
CLOSED = frozenset({Phase.CORDON, Phase.EVACUATE})


@dataclass(frozen=True, slots=True)
class HostState:
    """Hosts that cannot be told apart in a phase; a higher `level` is further on the way."""

    profile: HostProfile
    level: int
    cordoned: bool


@dataclass(slots=True)
class HostCount:
    """How many hosts have one standing, and how many of them no fault can take away."""

    hosts: int = 0
    certain: int = 0


HostStates = list[HostState | None]
"""The standing of every class of a pool, None where it is down or not there."""


@dataclass(slots=True)
class HostTimeline:
    """The hosts of one pool over the phases of a plan."""

    pool: PoolFacts
    _most: int = field(init=False)
    _targets: frozenset[HostProfile] = field(init=False)

    def __post_init__(self) -> None:
        """Look once at where the hosts go."""
        ways = [one.steps for one in self.pool.classes if one.steps]
        self._most = max((len(way) for way in ways), default=0)
        self._targets = frozenset(way[-1].build.profile for way in ways)

    def build(self, one: ScheduledHosts, wave: int, phase: Phase) -> Build | None:
        """Return what a class of hosts is in a phase, None while it is down or not there."""
        moment = (wave, phase.place)
        if one.returned_after is not None and moment < (one.returned_after, Phase.RESTART.place):
            return None
        if phase is Phase.UPGRADE and any(step.wave == wave for step in one.steps):
            return None
        done = _done(one, wave, phase)
        if not done:
            return one.today
        step = one.steps[done - 1]
        return step.masked if moment < (step.until, Phase.FLIP.place) else step.build

    def places(self, wave: int, phase: Phase) -> HostStates:
        """Return the standing of every class in a phase."""
        return [self._standing(one, wave, phase) for one in self.pool.classes]

    def crowds(self, places: HostStates, wave: int) -> dict[HostState, HostCount]:
        """Return every standing with its hosts, in the order of the classes."""
        found: dict[HostState, HostCount] = {}
        for one, place in zip(self.pool.classes, places, strict=True):
            if place is not None:
                crowd = found.setdefault(place, HostCount())
                crowd.hosts += len(one.hosts)
                if one.returned_after is None and wave not in one.failures:
                    crowd.certain += len(one.hosts)
        return found

    def classes_at(self, place: HostState, wave: int, phase: Phase) -> Iterator[ScheduledHosts]:
        """Yield the classes that have a standing in a phase."""
        for one, other in zip(self.pool.classes, self.places(wave, phase), strict=True):
            if other == place:
                yield one

    def may_send(
        self, source: HostState, destination: HostState, crowds: Mapping[HostState, HostCount]
    ) -> bool:
        """Whether the routing lets guests go from one standing to a host of another, or of the same."""
        if destination.cordoned:
            return False
        if source == destination:
            return crowds[source].hosts > 1
        return self.pool.routing is Routing.ANY or destination.level >= source.level

    def _standing(self, one: ScheduledHosts, wave: int, phase: Phase) -> HostState | None:
        build = self.build(one, wave, phase)
        if build is None:
            return None
        cordoned = phase in CLOSED and any(step.wave == wave for step in one.steps)
        return HostState(build.profile, self._level(one, _done(one, wave, phase)), cordoned)

    def _level(self, one: ScheduledHosts, done: int) -> int:
        """Return 0 before the first step, the most after the last one.

        A host that stays, and is what others become, stands with them.
        """
        if done:
            return self._most - (len(one.steps) - done)
        return self._most if not one.steps and one.today.profile in self._targets else 0


def _done(one: ScheduledHosts, wave: int, phase: Phase) -> int:
    """Return how many steps a class of hosts has made."""
    now = (wave, phase.place)
    return sum((step.wave, Phase.UNCORDON.place) <= now for step in one.steps)
