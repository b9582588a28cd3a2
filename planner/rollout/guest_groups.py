"""Guests of today that fare alike on a pool's way, and the hosts that they may have booted on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from planner.domain.errors import FleetError, Location, Problem
from planner.domain.guest import Baseline, GuestGroup, GuestStart
from planner.domain.host import HostGroup, HostProfile
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.migration.profiles import Profiler
from planner.rollout.stages import PoolUpgrade, Stage

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Guests of today that fare alike: one start, the boot hosts it may have had, where they are.

    `groups` is None where no guests were given and the start is what today's answer advises.
    `is_restarted`: they are power-cycled before wave 1, and come up on any host of `boots`.
    """

    start: GuestStart
    boots: tuple[HostProfile, ...]
    groups: tuple[GuestGroup, ...] | None
    is_restarted: bool = False

    @property
    def guests(self) -> int | None:
        """Number of guests, None if it is not known."""
        return None if self.groups is None else sum(group.count for group in self.groups)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that they run on."""
        return tuple(dict.fromkeys(group.host for group in self.groups or ()))

    def restarted(self, baseline: Baseline, boots: tuple[HostProfile, ...]) -> Cohort:
        """Return the same guests, power-cycled onto another baseline on one of `boots`."""
        start = replace(self.start, baseline=baseline)
        return replace(self, start=start, boots=boots, is_restarted=True)


@dataclass(slots=True)
class BootHosts:
    """The profiles that the hosts of a fleet have today, by name."""

    hosts: Sequence[UpgradeHost]
    knowledge: KnowledgeBase
    _groups: dict[str, HostGroup] = field(default_factory=dict)
    _profiler: Profiler = field(init=False)

    def __post_init__(self) -> None:
        """Index nothing yet: most guests booted in their own pool."""
        self._profiler = Profiler(self.knowledge)

    def profile(self, group: GuestGroup) -> HostProfile:
        """Return the profile of a guest's boot host; raises `FleetError` if the fleet has none."""
        if not self._groups:
            self._groups = {str(host.name): host.group for host in self.hosts}
        if group.booted_on not in self._groups:
            location = Location(file="guests", line=group.line, column="booted_on")
            raise FleetError([Problem(location=location, what=f"no host '{group.booted_on}'")])
        return self._profiler.profile(self._groups[group.booted_on])


def presumed_boards(today: Stage, preferred: Collection[str]) -> frozenset[str]:
    """Return the boards that guests of which nobody says more are taken to have."""
    boards = [baseline.board for baseline in today.baselines]
    first = frozenset(boards[:1])
    return first if first <= set(preferred) else frozenset(boards)


def presumed(upgrade: PoolUpgrade, today: Stage, preferred: Collection[str]) -> Iterator[Cohort]:
    """Yield what runs where no guests are given, if everybody follows today's answer.

    Where boards are preferred it is of the one that is recommended; guests of another one are there
    only if somebody says so.
    """
    boards = presumed_boards(today, preferred)
    for chosen in today.baselines:
        if chosen.board not in boards:
            continue
        start = GuestStart(baseline=chosen.baseline)
        yield Cohort(start=start, boots=upgrade.profiles_before(), groups=None)


def cohorts_of(
    upgrade: PoolUpgrade, guests: Iterable[GuestGroup], boots: BootHosts
) -> Iterator[Cohort]:
    """Yield the guests of a pool, those that nothing tells apart together."""
    anywhere = upgrade.profiles_before()
    profile_of = {
        str(host.name): profile for host, profile in zip(upgrade.hosts, upgrade.before, strict=True)
    }
    merged: dict[tuple[object, HostProfile | None], list[GuestGroup]] = {}
    for group in guests:
        boot = (
            (profile_of.get(group.booted_on) or boots.profile(group)) if group.booted_on else None
        )
        start_of = (group.machine_type, group.flags, group.devices, group.cpu, group.traits)
        merged.setdefault((start_of, boot), []).append(group)
    for (_, boot), groups in merged.items():
        group = groups[0]
        start = GuestStart(
            baseline=Baseline(machine_type=group.machine_type, flags=group.flags),
            devices=group.devices,
            cpu=group.cpu,
            traits=group.traits,
        )
        known = (
            _possible(group.machine_type, anywhere, boots.knowledge) if boot is None else (boot,)
        )
        yield Cohort(start=start, boots=known, groups=tuple(groups))


def _possible(
    machine_type: str, profiles: tuple[HostProfile, ...], knowledge: KnowledgeBase
) -> tuple[HostProfile, ...]:
    """Return the hosts that can have started a machine type; all, if none is known to."""
    offers = knowledge.machines.offers
    possible = [
        profile for profile in profiles if offers(profile.qemu, machine_type) is not Truth.NO
    ]
    return tuple(possible) or profiles


def total(numbers: Iterable[Number | None]) -> Number | None:
    """Add numbers; None if one of them is not known."""
    amounts = list(numbers)
    known = [number for number in amounts if number is not None]
    return sum(known) if len(known) == len(amounts) else None
