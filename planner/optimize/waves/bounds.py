"""Fewest waves that any packing needs: counting, sums, large amounts, barred waves and growth.

In: a `WaveModel`. Out: a number of waves that no packing undercuts, or None where none exists.

Idea: every bound relaxes the problem to one limit, one pool or one host, and solves that exactly;
the largest is the bound. Sums: all amounts over what a wave may hold. Large amounts: of those
above most/(k+1) at most k share a wave. Barred waves: a host waits for its first open one.
Growth: in a one-way pool the smallest loads go first into the roomiest hosts, and no order is
quicker.

Invariant: a relaxation allows all that the problem allows, so no bound is above the true number.

Cost: sorting per limit and per pool. Source: the bounds L1 and L2 of Martello and Toth for bin
packing.

>>> at_once = Limit(constraint="pool_unavailable", subject="blue", most=3, counts=True)
>>> limit_bound(at_once, [1] * 7, [])
3
>>> memory = Limit(constraint="evacuation_gib", subject="blue", most=10, counts=False)
>>> limit_bound(memory, [6, 6, 6], [])  # the sum would fit into two waves, two of them do not
3
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from planner.optimize.waves.model import Amounts, Item, Limit, WaveModel

CLASSES = 20
"""Amounts are compared with most/2, most/3, ... down to this part; smaller ones hardly bind."""

Closed = tuple[frozenset[int], int]  # barred waves of a host, and its amount


@dataclass(slots=True)
class LimitUsers:
    """Hosts that use a limit, and how much of it: two lists of one length."""

    items: list[Item] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)

    def add(self, item: Item, amount: int) -> None:
        """Count a host in."""
        self.items.append(item)
        self.amounts.append(amount)

    def pairs(self) -> Iterator[tuple[Item, int]]:
        """Return each host with its amount."""
        return zip(self.items, self.amounts, strict=True)


def users_of(model: WaveModel) -> list[LimitUsers]:
    """Return the users of each limit."""
    users = [LimitUsers() for _ in model.limits]
    for item in model.items:
        for limit, amount in item.uses:
            users[limit].add(item, amount)
    return users


def items_by_pool(model: WaveModel) -> dict[int, list[Item]]:
    """Return the items of each pool that has any."""
    pools: dict[int, list[Item]] = {}
    for item in model.items:
        pools.setdefault(item.pool, []).append(item)
    return pools


def lower_bound(model: WaveModel) -> int | None:
    """Return a number of waves that no packing undercuts; None where there is no packing at all.

    Each amount must be within its limit.
    """
    users = users_of(model)
    waves = max((_first_open(item) for item in model.items), default=0)
    for limit, users_of_it in zip(model.limits, users, strict=True):
        shut = [(item.barred, amount) for item, amount in users_of_it.pairs() if item.barred]
        waves = max(waves, limit_bound(limit, users_of_it.amounts, shut))
    most = most_per_wave(model, users)
    for pool, members in items_by_pool(model).items():
        grown = _growth_bound(members, model.ready[pool], most[pool])
        if grown is None:
            return None
        waves = max(waves, grown)
    return waves


def limit_bound(limit: Limit, amounts: Sequence[int], shut: Sequence[Closed]) -> int:
    """Return the waves that one limit alone enforces; `shut` are amounts with their barred waves."""
    waves = _waves_for(limit.most, sum(amounts), shut)
    if limit.counts:
        return waves
    for part in range(1, CLASSES):
        large = sum(1 for amount in amounts if amount * (part + 1) > limit.most)
        waves = max(waves, -(-large // part))
    return waves


def most_per_wave(model: WaveModel, users: Sequence[LimitUsers]) -> list[int]:
    """Return how many hosts of each pool one wave can take at most."""
    sizes = Counter(item.pool for item in model.items)
    most = [sizes[pool] for pool in range(len(model.pools))]
    kept: dict[tuple[int, str], int] = defaultdict(int)
    counted: dict[tuple[int, str], set[str]] = defaultdict(set)
    for limit, limit_users in zip(model.limits, users, strict=True):
        shares: dict[int, LimitUsers] = defaultdict(LimitUsers)
        for item, amount in limit_users.pairs():
            shares[item.pool].add(item, amount)
        for pool, share in shares.items():
            key = (pool, limit.constraint)
            kept[key] += _most_at_once(limit, share)
            counted[key].update(item.name for item in share.items)
    for key, together in kept.items():
        rest = sizes[key[0]] - len(counted[key])
        most[key[0]] = min(most[key[0]], together + rest)
    return most


def _most_at_once(limit: Limit, share: LimitUsers) -> int:
    if limit.counts:
        return min(limit.most, len(share.items))
    sums = list(accumulate(sorted(share.amounts)))
    return bisect_right(sums, limit.most)


def _first_open(item: Item) -> int:
    wave = 1
    while wave in item.barred:
        wave += 1
    return wave


def _waves_for(most: int, total: int, shut: Sequence[Closed]) -> int:
    """Return the first wave by which the open waves can have taken all amounts."""
    closed: Counter[int] = Counter()
    for barred, amount in shut:
        for wave in barred:
            closed[wave] += amount
    wave, taken, last = 0, 0, max(closed, default=0)
    while taken < total and wave < last:
        wave += 1
        taken += min(most, total - closed[wave])
    return wave + (-(-(total - taken) // most) if taken < total else 0)


def _growth_bound(members: Sequence[Item], ready: Amounts | None, most: int) -> int | None:
    """Return the waves of a pool: the cheapest hosts next, into the largest hosts done.

    The first wave is free. Afterwards the smallest loads go first and the roomiest hosts count as
    done, in each dimension by itself: no packing is quicker. None: it never ends.
    """
    done = first = min(most, len(members))
    wave = _all_shut(members) + 1
    steps = [_Dimension(members, dimension, free) for dimension, free in enumerate(ready or ())]
    while done < len(members):
        reach = [first + step.drained(done) for step in steps]
        grown = min([done + most, len(members), *reach])
        if grown <= done:
            return None
        done, wave = grown, wave + 1
    return wave


def _all_shut(members: Iterable[Item]) -> int:
    """Return how many waves from the first on are barred for every host."""
    return min(_first_open(item) for item in members) - 1


class _Dimension:
    """Sums of the smallest loads and of the largest rooms."""

    def __init__(self, members: Sequence[Item], dimension: int, free: int) -> None:
        self._loads = list(accumulate(sorted(item.load[dimension] for item in members)))
        rooms = sorted((item.room[dimension] for item in members), reverse=True)
        self._rooms = list(accumulate(rooms, initial=free))

    def drained(self, done: int) -> int:
        """Return how many hosts' guests fit at most once `done` hosts are upgraded."""
        return bisect_right(self._loads, self._rooms[done])
