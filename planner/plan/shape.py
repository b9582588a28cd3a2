"""Pools that go the same way in other waves and with other names are replayed once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from planner.domain.simulation import Violation
from planner.plan.ground import HostClass, PoolGround, Step


@dataclass(slots=True)
class Ranks:
    """The waves of a pool's own events, counted from 1; 0 stays before the first."""

    pool: PoolGround
    _waves: tuple[int, ...] = field(init=False)
    _rank: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        """Count the waves once."""
        self._waves = (0, *self.pool.events())
        self._rank = {wave: rank for rank, wave in enumerate(self._waves)}

    def of(self, wave: int) -> int:
        """Return the rank of a wave."""
        return self._rank[wave]

    def told(self, found: Violation) -> Violation:
        """Return a violation with the wave in place of its rank."""
        return replace(found, wave=self._waves[found.wave])


def in_ranks(pool: PoolGround, ranks: Ranks) -> PoolGround:
    """Return a pool with ranks in place of waves."""
    return replace(
        pool,
        classes=tuple(_class_in_ranks(one, ranks) for one in pool.classes),
        flips=tuple(replace(flip, after_wave=ranks.of(flip.after_wave)) for flip in pool.flips),
        restarts=tuple(
            replace(one, before_wave=ranks.of(max(one.before_wave - 1, 0)) + 1)
            for one in pool.restarts
        ),
    )


def _class_in_ranks(one: HostClass, ranks: Ranks) -> HostClass:
    return replace(
        one,
        steps=tuple(
            replace(step, wave=ranks.of(step.wave), until=ranks.of(step.until))
            for step in one.steps
        ),
        failures=tuple(ranks.of(wave) for wave in one.failures),
        returned_after=None if one.returned_after is None else ranks.of(one.returned_after),
    )


def shape_of(pool: PoolGround) -> object:
    """Return all of a pool that its replay looks at: equal shapes have equal replays.

    Of the number of hosts of a class it matters only whether there are two.
    """
    cohorts = None
    if pool.cohorts is not None:
        cohorts = frozenset(
            (one.kind, one.boot, _way(pool.classes[one.place]), one.migratable)
            for one in pool.cohorts
        )
    restarts = tuple((one, pool.is_restarted(one.before)) for one in pool.restarts)
    flips = frozenset(
        (flip.board, flip.line, flip.before, flip.after, flip.after_wave, flip.takes_effect)
        for flip in pool.flips
    )
    return (
        pool.routing,
        frozenset(pool.baselines.items()),
        flips,
        tuple(replace(one, domain="") for one, _ in restarts),
        tuple(done for _, done in restarts),
        pool.conditions,
        frozenset(_counted(pool.classes)),
        cohorts,
        frozenset(pool.past),
        pool.used is None or bool(pool.used.memory_gib or pool.used.vcpus),
    )


def _counted(classes: Iterable[HostClass]) -> Iterable[tuple[object, int]]:
    counts: dict[object, int] = {}
    for one in classes:
        counts[_way(one)] = counts.get(_way(one), 0) + len(one.hosts)
    return ((way, min(number, 2)) for way, number in counts.items())


def _way(one: HostClass) -> object:
    steps = tuple(_step(step) for step in one.steps)
    return one.today.profile, steps, one.failures, one.returned_after


def _step(step: Step) -> tuple[object, ...]:
    return step.wave, step.build.profile, step.masked.profile, step.until
