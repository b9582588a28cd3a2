"""Where the hosts of a pool stand in each phase: who is up, who takes guests, who may send where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from planner.domain.host import HostProfile
from planner.domain.plans.plan import Routing
from planner.domain.plans.simulation import Phase
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
        ways = [host_class.steps for host_class in self.pool.classes if host_class.steps]
        self._most = max((len(way) for way in ways), default=0)
        self._targets = frozenset(way[-1].build.profile for way in ways)

    def build(self, host_class: ScheduledHosts, wave: int, phase: Phase) -> Build | None:
        """Return what a class of hosts is in a phase, None while it is down or not there."""
        moment = (wave, phase.place)
        if host_class.returned_after is not None and moment < (
            host_class.returned_after,
            Phase.RESTART.place,
        ):
            return None
        if phase is Phase.UPGRADE and any(step.wave == wave for step in host_class.steps):
            return None
        done = _done(host_class, wave, phase)
        if not done:
            return host_class.today
        step = host_class.steps[done - 1]
        return step.masked if moment < (step.until, Phase.FLIP.place) else step.build

    def states(self, wave: int, phase: Phase) -> HostStates:
        """Return the standing of every class in a phase."""
        return [self._state(host_class, wave, phase) for host_class in self.pool.classes]

    def counts(self, states: HostStates, wave: int) -> dict[HostState, HostCount]:
        """Return every standing with its hosts, in the order of the classes."""
        counts: dict[HostState, HostCount] = {}
        for host_class, state in zip(self.pool.classes, states, strict=True):
            if state is not None:
                count = counts.setdefault(state, HostCount())
                count.hosts += len(host_class.hosts)
                if host_class.returned_after is None and wave not in host_class.failures:
                    count.certain += len(host_class.hosts)
        return counts

    def classes_at(self, state: HostState, wave: int, phase: Phase) -> Iterator[ScheduledHosts]:
        """Yield the classes that have a standing in a phase."""
        for source, current in zip(self.pool.classes, self.states(wave, phase), strict=True):
            if current == state:
                yield source

    def may_send(
        self, source: HostState, destination: HostState, counts: Mapping[HostState, HostCount]
    ) -> bool:
        """Whether the routing lets guests go from one standing to a host of another, or of the same."""
        if destination.cordoned:
            return False
        if source == destination:
            return counts[source].hosts > 1
        return self.pool.routing is Routing.ANY or destination.level >= source.level

    def _state(self, host_class: ScheduledHosts, wave: int, phase: Phase) -> HostState | None:
        build = self.build(host_class, wave, phase)
        if build is None:
            return None
        cordoned = phase in CLOSED and any(step.wave == wave for step in host_class.steps)
        return HostState(
            build.profile, self._level(host_class, _done(host_class, wave, phase)), cordoned
        )

    def _level(self, host_class: ScheduledHosts, done: int) -> int:
        """Return 0 before the first step, the most after the last one.

        A host that stays, and is what others become, stands with them.
        """
        if done:
            return self._most - (len(host_class.steps) - done)
        return (
            self._most if not host_class.steps and host_class.today.profile in self._targets else 0
        )


def _done(host_class: ScheduledHosts, wave: int, phase: Phase) -> int:
    """Return how many steps a class of hosts has made."""
    now = (wave, phase.place)
    return sum((step.wave, Phase.UNCORDON.place) <= now for step in host_class.steps)
