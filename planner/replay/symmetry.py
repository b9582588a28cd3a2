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
        len(host_class.steps) > 1
        or host_class.failures
        or host_class.returned_after is not None
        or any(step.until for step in host_class.steps)
        for host_class in pool.classes
    )


@dataclass(slots=True)
class WaveCounts:
    """The waves of a plain pool as counts: what moves, and what stays, in each of them."""

    pool: PoolFacts
    start: Counter[BuildSide] = field(default_factory=Counter)
    moves: dict[int, MoveCounts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Count every class once."""
        targets = {
            step.build.profile for host_class in self.pool.classes for step in host_class.steps
        }
        for host_class in self.pool.classes:
            profile = host_class.today.profile
            side = (profile, int(not host_class.steps and profile in targets))
            self.start[side] += len(host_class.hosts)
            for step in host_class.steps:
                moving = self.moves.setdefault(step.wave, Counter())
                moving[side, (step.build.profile, 1)] += len(host_class.hosts)

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
            exits = all(stay[source] > 0 or stay[destination] > 0 for source, destination in moving)
            grown = any(min(after[side], MANY) > min(now[side], MANY) for side in after)
            yield wave, (_none_one_or_many(moving), _none_one_or_many(stay)), grown or not exits
            now = after


def _none_one_or_many(counts: Counter[BuildSide] | MoveCounts) -> frozenset[tuple[object, int]]:
    """Return counts as none, one or many."""
    return frozenset((key, min(number, MANY)) for key, number in counts.items() if number > 0)


def kept_waves(pool: PoolFacts) -> tuple[int, ...]:
    """Return the waves of a pool that bring something new, in order."""
    if not is_plain(pool):
        return pool.events()
    special = {flip.after_wave for flip in pool.flips}
    special |= {restart.before_wave - 1 for restart in pool.restarts}
    for placed in pool.placed_guests or ():
        if not placed.migratable:
            special |= {step.wave for step in pool.classes[placed.class_number].steps}
    return tuple(wave for wave, _, new in WaveCounts(pool).signs() if new or wave in special)


def replay_key(pool: PoolFacts, kept: Sequence[int]) -> object:
    """Return all of a pool that its replay looks at: equal shapes have equal replays.

    Waves count by their place among the kept ones.
    """
    rank = {0: 0, **{wave: number for number, wave in enumerate(kept, start=1)}}
    flips = tuple(
        (flip.board, flip.line, flip.before, flip.after, rank[flip.after_wave], flip.takes_effect)
        for flip in pool.flips
    )
    restarts = tuple(
        (
            restart.before,
            restart.after,
            rank[max(restart.before_wave - 1, 0)],
            pool.is_restarted(restart.before, restart.before_wave),
            pool.is_off(restart.before, restart.before_wave),
        )
        for restart in pool.restarts
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
        return _none_one_or_many(course.start), signs
    return frozenset(_classes(pool, rank).items())


def _classes(pool: PoolFacts, rank: dict[int, int]) -> Counter[object]:
    counts: Counter[object] = Counter()
    for host_class in pool.classes:
        steps = tuple(
            (rank[step.wave], step.build.profile, step.masked.profile, rank[step.until])
            for step in host_class.steps
        )
        failures = tuple(rank[wave] for wave in host_class.failures)
        returned = None if host_class.returned_after is None else rank[host_class.returned_after]
        counts[host_class.today.profile, steps, failures, returned] += len(host_class.hosts)
    return Counter({way: min(number, MANY) for way, number in counts.items()})


def _guests(pool: PoolFacts, rank: dict[int, int]) -> object:
    """Return where guests of today stand; those that cannot migrate, by the steps of their host too."""
    if pool.placed_guests is None:
        return None
    standing = set()
    for guests in pool.placed_guests:
        host_class = pool.classes[guests.class_number]
        way = tuple(
            (step.build.profile, None if guests.migratable else rank[step.wave])
            for step in host_class.steps
        )
        standing.add(
            (guests.guest_class, guests.boot, host_class.today.profile, way, guests.migratable)
        )
    return frozenset(standing)
