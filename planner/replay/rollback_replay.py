"""Guests that cannot follow when an operator returns the upgraded hosts of a pool after a wave."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.guest import Baseline
from planner.domain.host import HostProfile
from planner.domain.simulation import NoWayBack, Phase
from planner.replay.findings import baseline_words, objection_words
from planner.replay.guest_classes import GuestClass, any_guest, same_baseline
from planner.replay.host_states import HostTimeline
from planner.replay.move_judge import MoveJudge
from planner.replay.pool_facts import PoolFacts


def no_way_back(pool: PoolFacts, court: MoveJudge, wave: int) -> Iterator[NoWayBack]:
    """Yield the guests that may be on an upgraded host after `wave` and cannot go back to an old one.

    Guests of today are there if their host was emptied while an upgraded one was up; new guests of
    every baseline so far are wherever a host is up.
    """
    field = HostTimeline(pool)
    changed = [one for one in pool.classes if any(step.wave <= wave for step in one.steps)]
    old = dict.fromkeys(one.today.profile for one in changed)
    new = dict.fromkeys(
        build.profile
        for one in changed
        if (build := field.build(one, wave, Phase.RESTART)) is not None
    )
    for kind, boot, count in (*_of_today(pool, wave), *_of_now(pool, wave, tuple(new))):
        for source in new:
            for destination in old:
                yield from _lost(court, pool, (source, destination), (kind, boot, count))


Group = tuple[GuestClass, HostProfile, int | None]


def _lost(
    court: MoveJudge, pool: PoolFacts, edge: tuple[HostProfile, HostProfile], group: Group
) -> Iterator[NoWayBack]:
    kind, boot, count = group
    for one in court.against_move(edge, boot, kind, pool.conditions)[:1]:
        yield NoWayBack(
            domain=pool.name,
            guests=f"guests on {baseline_words(kind.baseline)}",
            count=count,
            rule=one.rule.value,
            unit=one.unit or one.property_key,
            text=objection_words(one),
        )


def _of_today(pool: PoolFacts, wave: int) -> Iterator[Group]:
    """Yield guests of today whose host was emptied when an upgraded one could take them."""
    first = _upgraded_before(pool)
    moved = {
        number
        for number, one in enumerate(pool.classes)
        if any(first < step.wave <= wave for step in one.steps)
    }
    profiles = tuple(dict.fromkeys(one.today.profile for one in pool.classes))
    if pool.cohorts is None:
        kinds = [any_guest(baseline) for baseline in pool.baselines.values()]
        yield from ((kind, boot, None) for kind in kinds if moved for boot in profiles)
        return
    for cohort in pool.cohorts:
        if cohort.migratable and cohort.place in moved:
            after = _restarted(pool, cohort.kind)
            known = cohort.boot is not None and after is None
            for boot in (cohort.boot,) if known else profiles:
                if boot is not None:
                    yield after or cohort.kind, boot, cohort.count


def _restarted(pool: PoolFacts, kind: GuestClass) -> GuestClass | None:
    """Return the kind that all guests of a kind become before wave 1, None if they stay as they are."""
    for restart in pool.restarts:
        early = restart.before_wave == 1 and same_baseline(restart.before, kind.baseline)
        if early and pool.is_restarted(kind.baseline, 1):
            return kind.with_baseline(restart.after)
    return None


def _upgraded_before(pool: PoolFacts) -> int:
    """Return the wave after which some host of a pool is upgraded, -1 if one is so already."""
    waves = [step.wave for one in pool.classes for step in one.steps]
    targets = {step.build.profile for one in pool.classes for step in one.steps}
    stays = any(not one.steps and one.today.profile in targets for one in pool.classes)
    return -1 if stays else min(waves, default=0)


def _of_now(pool: PoolFacts, wave: int, upgraded: tuple[HostProfile, ...]) -> Iterator[Group]:
    """Yield new guests of every baseline that was in force up to `wave`, booted on upgraded hosts."""
    baselines: dict[Baseline, None] = dict.fromkeys(pool.baselines.values())
    baselines |= dict.fromkeys(flip.after for flip in pool.flips if flip.after_wave <= wave)
    for baseline in baselines:
        for boot in upgraded:
            yield any_guest(baseline), boot, None
