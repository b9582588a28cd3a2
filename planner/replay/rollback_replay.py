"""Guests that cannot follow when an operator returns the upgraded hosts of a pool after a wave."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.guest import Baseline
from planner.domain.host import HostProfile
from planner.domain.plans.simulation import NoWayBack, Phase
from planner.replay.findings import baseline_words, objection_words
from planner.replay.guest_classes import GuestClass, any_guest, same_baseline
from planner.replay.host_states import HostTimeline
from planner.replay.move_judge import MoveJudge
from planner.replay.pool_facts import PoolFacts


def no_way_back(pool: PoolFacts, judge: MoveJudge, wave: int) -> Iterator[NoWayBack]:
    """Yield the guests that may be on an upgraded host after `wave` and cannot go back to an old one.

    Guests of today are there if their host was emptied while an upgraded one was up; new guests of
    every baseline so far are wherever a host is up.
    """
    timeline = HostTimeline(pool)
    changed = [
        host_class
        for host_class in pool.classes
        if any(step.wave <= wave for step in host_class.steps)
    ]
    old = dict.fromkeys(host_class.today.profile for host_class in changed)
    new = dict.fromkeys(
        build.profile
        for host_class in changed
        if (build := timeline.build(host_class, wave, Phase.RESTART)) is not None
    )
    for guest_class, boot, count in (
        *_guests_of_today(pool, wave),
        *_of_now(pool, wave, tuple(new)),
    ):
        for source in new:
            for destination in old:
                yield from _lost(judge, pool, (source, destination), (guest_class, boot, count))


Group = tuple[GuestClass, HostProfile, int | None]


def _lost(
    judge: MoveJudge, pool: PoolFacts, edge: tuple[HostProfile, HostProfile], group: Group
) -> Iterator[NoWayBack]:
    guest_class, boot, count = group
    if not judge.may_be_sent(guest_class, edge[1], pool.lasting_hosts()):
        return
    for objection in judge.against_move(edge, boot, guest_class, pool.conditions)[:1]:
        yield NoWayBack(
            domain=pool.name,
            guests=f"guests on {baseline_words(guest_class.baseline)}",
            count=count,
            rule=objection.rule.value,
            unit=objection.unit or objection.property_key,
            text=objection_words(objection),
        )


def _guests_of_today(pool: PoolFacts, wave: int) -> Iterator[Group]:
    """Yield guests of today whose host was emptied when an upgraded one could take them."""
    first = _upgraded_before(pool)
    moved = {
        number
        for number, host_class in enumerate(pool.classes)
        if any(first < step.wave <= wave for step in host_class.steps)
    }
    profiles = tuple(dict.fromkeys(host_class.today.profile for host_class in pool.classes))
    if pool.placed_guests is None:
        guest_classes = [any_guest(baseline) for baseline in pool.baselines.values()]
        yield from (
            (guest_class, boot, None) for guest_class in guest_classes if moved for boot in profiles
        )
        return
    for placed in pool.placed_guests:
        if placed.migratable and placed.class_number in moved:
            after = _restarted(pool, placed.guest_class)
            known = placed.boot is not None and after is None
            for boot in (placed.boot,) if known else profiles:
                if boot is not None:
                    yield after or placed.guest_class, boot, placed.count


def _restarted(pool: PoolFacts, guest_class: GuestClass) -> GuestClass | None:
    """Return the kind that all guests of a kind become before wave 1, None if they stay as they are."""
    for restart in pool.restarts:
        early = restart.before_wave == 1 and same_baseline(restart.before, guest_class.baseline)
        if early and pool.is_restarted(guest_class.baseline, 1):
            return guest_class.with_baseline(restart.after)
    return None


def _upgraded_before(pool: PoolFacts) -> int:
    """Return the wave after which some host of a pool is upgraded, -1 if one is so already."""
    waves = [step.wave for host_class in pool.classes for step in host_class.steps]
    targets = {step.build.profile for host_class in pool.classes for step in host_class.steps}
    stays = any(
        not host_class.steps and host_class.today.profile in targets for host_class in pool.classes
    )
    return -1 if stays else min(waves, default=0)


def _of_now(pool: PoolFacts, wave: int, upgraded: tuple[HostProfile, ...]) -> Iterator[Group]:
    """Yield new guests of every baseline that was in force up to `wave`, booted on upgraded hosts."""
    baselines: dict[Baseline, None] = dict.fromkeys(pool.baselines.values())
    baselines |= dict.fromkeys(flip.after for flip in pool.flips if flip.after_wave <= wave)
    for baseline in baselines:
        for boot in upgraded:
            yield any_guest(baseline), boot, None
