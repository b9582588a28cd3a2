"""Pools that go the same way in other waves and with other names are replayed once.

A wave in which nothing is new needs no replay either: its builds were all up before it, and its guests
could already do all that they can do after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from planner.domain.host import HostProfile
from planner.replay.pool_facts import PoolFacts

MANY = 2
"""Two hosts of a standing can send guests to one another; more make no difference."""
BuildSide = tuple[HostProfile, int]
"""A build, and whether it is what others become (1) or what they leave (0)."""
MoveCounts = Counter[tuple[BuildSide, BuildSide]]


def is_plain(pool: PoolFacts) -> bool:
    """Whether every host makes one step at most and nothing fails or is masked."""
    return not any(
        len(one.steps) > 1
        or one.failures
        or one.returned_after is not None
        or any(step.until for step in one.steps)
        for one in pool.classes
    )


@dataclass(slots=True)
class WaveCounts:
    """The waves of a plain pool as counts: what moves, and what stays, in each of them."""

    pool: PoolFacts
    start: Counter[BuildSide] = field(default_factory=Counter)
    moves: dict[int, MoveCounts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Count every class once."""
        targets = {step.build.profile for one in self.pool.classes for step in one.steps}
        for one in self.pool.classes:
            profile = one.today.profile
            place = (profile, int(not one.steps and profile in targets))
            self.start[place] += len(one.hosts)
            for step in one.steps:
                moving = self.moves.setdefault(step.wave, Counter())
                moving[place, (step.build.profile, 1)] += len(one.hosts)

    def signs(self) -> Iterator[tuple[int, object, bool]]:
        """Yield every event with all that a replay sees of it, and whether any of it is new."""
        now = Counter(self.start)
        for wave in self.pool.events():
            moving: MoveCounts = self.moves.get(wave, Counter())
            stay, after = Counter(now), Counter(now)
            for (source, target), number in moving.items():
                stay[source] -= number
                after[source] -= number
                after[target] += number
            exits = all(stay[one] > 0 or stay[other] > 0 for one, other in moving)
            grown = any(min(after[place], MANY) > min(now[place], MANY) for place in after)
            yield wave, (_few(moving), _few(stay)), grown or not exits
            now = after


def _few(counts: Counter[BuildSide] | MoveCounts) -> frozenset[tuple[object, int]]:
    """Return counts as none, one or many."""
    return frozenset((key, min(number, MANY)) for key, number in counts.items() if number > 0)


def kept_waves(pool: PoolFacts) -> tuple[int, ...]:
    """Return the waves of a pool that bring something new, in order."""
    if not is_plain(pool):
        return pool.events()
    special = {flip.after_wave for flip in pool.flips}
    special |= {restart.before_wave - 1 for restart in pool.restarts}
    for cohort in pool.cohorts or ():
        if not cohort.migratable:
            special |= {step.wave for step in pool.classes[cohort.place].steps}
    return tuple(wave for wave, _, new in WaveCounts(pool).signs() if new or wave in special)


def replay_key(pool: PoolFacts, kept: Sequence[int]) -> object:
    """Return all of a pool that its replay looks at: equal shapes have equal replays.

    Waves count by their place among the kept ones.
    """
    rank = {0: 0, **{wave: place for place, wave in enumerate(kept, start=1)}}
    flips = tuple(
        (one.board, one.line, one.before, one.after, rank[one.after_wave], one.takes_effect)
        for one in pool.flips
    )
    restarts = tuple(
        (
            one.before,
            one.after,
            rank[max(one.before_wave - 1, 0)],
            pool.is_restarted(one.before, one.before_wave),
            pool.is_off(one.before, one.before_wave),
        )
        for one in pool.restarts
    )
    return (
        pool.routing,
        tuple(pool.baselines.items()),
        flips,
        restarts,
        pool.conditions,
        frozenset(pool.past),
        pool.used is None or bool(pool.used.memory_gib or pool.used.vcpus),
        _hosts(pool, rank),
        _guests(pool, rank),
    )


def _hosts(pool: PoolFacts, rank: dict[int, int]) -> object:
    if is_plain(pool):
        course = WaveCounts(pool)
        signs = tuple(sign for wave, sign, _ in course.signs() if wave in rank)
        return _few(course.start), signs
    return frozenset(_classes(pool, rank).items())


def _classes(pool: PoolFacts, rank: dict[int, int]) -> Counter[object]:
    found: Counter[object] = Counter()
    for one in pool.classes:
        steps = tuple(
            (rank[step.wave], step.build.profile, step.masked.profile, rank[step.until])
            for step in one.steps
        )
        failures = tuple(rank[wave] for wave in one.failures)
        returned = None if one.returned_after is None else rank[one.returned_after]
        found[one.today.profile, steps, failures, returned] += len(one.hosts)
    return Counter({way: min(number, MANY) for way, number in found.items()})


def _guests(pool: PoolFacts, rank: dict[int, int]) -> object:
    """Return where guests of today stand; those that cannot migrate, by the steps of their host too."""
    if pool.cohorts is None:
        return None
    found = set()
    for one in pool.cohorts:
        place = pool.classes[one.place]
        way = tuple(
            (step.build.profile, None if one.migratable else rank[step.wave])
            for step in place.steps
        )
        found.add((one.kind, one.boot, place.today.profile, way, one.migratable))
    return frozenset(found)
