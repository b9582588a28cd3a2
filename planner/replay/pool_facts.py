"""A pool of a plan as its replay stands on it: classes of hosts with their steps, and guests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from planner.domain.guest import Baseline
from planner.domain.host import HostProfile
from planner.domain.plans.plan import Flip, Restart, Routing
from planner.domain.plans.upgrade import Room
from planner.migration.claims import Assumed
from planner.replay.guest_classes import GuestClass, PlacedGuests, same_baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What a host is at some time, and its words."""

    profile: HostProfile
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A host becomes `build` in a wave; until the flips of wave `until` it shows itself as `masked`."""

    wave: int
    build: Build
    masked: Build
    until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledHosts:
    """Hosts of one pool that do the same in the same waves.

    `failures` are waves in which the host may die; `returned_after`: the hosts stand here only after
    the flips of that wave, if they died in it.
    """

    today: Build
    steps: tuple[Step, ...]
    hosts: tuple[str, ...]
    failures: tuple[int, ...] = ()
    returned_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """A pool of the plan. `placed_guests` None: no guests were given. Keys of `baselines`: board, line.

    `past` are builds that hosts had before today: guests that booted there may still run.
    """

    name: str
    classes: tuple[ScheduledHosts, ...]
    routing: Routing
    baselines: Mapping[tuple[str, str], Baseline]
    flips: tuple[Flip, ...]
    restarts: tuple[Restart, ...]
    conditions: Assumed
    placed_guests: tuple[PlacedGuests, ...] | None
    capacity: Mapping[str, Room]
    used: Room | None
    past: tuple[HostProfile, ...] = ()

    def events(self) -> tuple[int, ...]:
        """Return the waves in which something happens to this pool, in order."""
        waves = {flip.after_wave for flip in self.flips}
        waves |= {restart.before_wave - 1 for restart in self.restarts}
        for host_class in self.classes:
            waves |= {wave for step in host_class.steps for wave in (step.wave, step.until)}
            waves |= {*host_class.failures, host_class.returned_after or 0}
        return tuple(sorted(wave for wave in waves if wave > 0))

    def movers_of_today(self) -> set[GuestClass]:
        """Return the guests of the file that can migrate."""
        return {placed.guest_class for placed in self.placed_guests or () if placed.migratable}

    def lasting_hosts(self) -> Iterator[HostProfile]:
        """Yield the builds of hosts that the plan does not touch and no fault takes away."""
        for host_class in self.classes:
            if not (host_class.steps or host_class.failures or host_class.returned_after):
                yield host_class.today.profile

    def is_restarted(self, baseline: Baseline, wave: int) -> bool:
        """Whether the plan restarts, until a wave starts, all guests of a baseline that it can.

        Guests that cannot migrate are off in the wave of their host, not earlier.
        """
        planned = sum(
            guests.guests
            for guests in self.restarts
            if guests.before_wave <= wave and same_baseline(guests.before, baseline)
        )
        present = sum(
            guests.count
            for guests in self._of(baseline)
            if guests.migratable
            or any(step.wave <= wave for step in self.classes[guests.class_number].steps)
        )
        return planned >= present

    def is_off(self, baseline: Baseline, wave: int) -> bool:
        """Whether the plan restarts in a wave the guests of a baseline that cannot leave its hosts."""
        planned = sum(
            guests.guests
            for guests in self.restarts
            if guests.before_wave == wave and same_baseline(guests.before, baseline)
        )
        bound = sum(
            guests.count
            for guests in self._of(baseline)
            if (not guests.migratable or self.has_one_host)
            and any(step.wave == wave for step in self.classes[guests.class_number].steps)
        )
        return planned >= bound

    @property
    def has_one_host(self) -> bool:
        """Whether its guests have no other host to go to."""
        return sum(len(host_class.hosts) for host_class in self.classes) == 1

    def _of(self, baseline: Baseline) -> Iterator[PlacedGuests]:
        """Yield the guests of today on a baseline."""
        return (
            guests
            for guests in self.placed_guests or ()
            if same_baseline(guests.guest_class.baseline, baseline)
        )
