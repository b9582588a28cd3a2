"""Pieces and rules to whole numbers: every rule becomes a limit on a sum per wave.

Memory is counted in KiB and vCPUs in 2**-20 parts, each value rounded to the nearest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from planner.domain.plans.upgrade import Room
from planner.optimize.waves.model import Amounts, Item, Limit, WaveModel
from planner.optimize.waves.problem import HostToPack, PackingRules, PoolSize

GRAIN = 2**20
"""Parts of a GiB or of a vCPU: CP-SAT wants whole numbers, and a KiB is finer than any policy."""
DIMENSIONS = ("vcpus", "memory_gib")


def whole(value: float) -> int:
    """Return a value in grains."""
    return round(value * GRAIN)


def exact(value: float) -> Fraction:
    """Return a share as it was written."""
    return Fraction(str(value))


def pool_limit(rules: PackingRules, hosts: int) -> int:
    """Return how many hosts of a pool of `hosts` may be down at once: one stays up for the guests."""
    share = floor(exact(rules.policy.pool_share) * hosts)
    most = max(1, min(share, hosts - 1))
    unavailable = rules.policy.pool_unavailable
    return most if unavailable is None else min(most, unavailable)


def capacity_limit(size: PoolSize, rules: PackingRules, dimension: str) -> int | None:
    """Return the capacity (in grains) that may be down at once so that all guests still fit."""
    if size.capacity is None or size.used is None or getattr(size.capacity, dimension) == 0:
        return None
    fill = exact(rules.policy.fill)
    largest = size.largest if size.largest is not None else Room()
    kept = rules.policy.spare * whole(getattr(largest, dimension))
    used = Fraction(whole(getattr(size.used, dimension)))
    return floor(whole(getattr(size.capacity, dimension)) - kept - used / fill)


@dataclass(frozen=True, slots=True)
class LimitDemand:
    """A limit, the hosts that use it and how much of it: two lists of one length."""

    limit: Limit
    pieces: Sequence[HostToPack]
    amounts: Sequence[int]


def demands(pieces: Sequence[HostToPack], rules: PackingRules) -> list[LimitDemand]:
    """Return every rule that could matter as a limit; pieces are sorted by host."""
    policy = rules.policy
    sizes = {size.pool: size for size in rules.pools}
    limits = []
    if policy.fleet_unavailable is not None:
        limits.append(_count("fleet_unavailable", "", policy.fleet_unavailable, pieces))
    for pool, members in sorted(_by_pool(pieces).items()):
        limits += _of_pool(sizes.get(pool, PoolSize(pool=pool, hosts=len(members))), members, rules)
    limits += _of_domains(pieces, dict(policy.domain_unavailable))
    by_name = {piece.host: piece for piece in pieces} if rules.budgets else {}
    for budget in rules.budgets:
        named = [(by_name[host], whole(much)) for host, much in budget.amounts if host in by_name]
        amounts = [much for _, much in named]
        members = [piece for piece, _ in named]
        limits.append(_sum_limit("budget", budget.name, whole(budget.most), (members, amounts)))
    return [demand for demand in limits if sum(demand.amounts) > max(0, demand.limit.most)]


def wave_model(
    pieces: Sequence[HostToPack], rules: PackingRules, demanded: Sequence[LimitDemand]
) -> WaveModel:
    """Return the model of pieces sorted by host, with the demands that others do not imply."""
    kept = _binding(demanded, Counter(piece.pool for piece in pieces))
    uses: dict[str, list[tuple[int, int]]] = {piece.host: [] for piece in pieces}
    for index, demand in enumerate(kept):
        for piece, amount in zip(demand.pieces, demand.amounts, strict=True):
            uses[piece.host].append((index, amount))
    weights = dict(rules.policy.weights)
    pools = tuple(sorted({piece.pool for piece in pieces}))
    numbers = {pool: number for number, pool in enumerate(pools)}
    shares = exact(rules.policy.fill)
    return WaveModel(
        items=tuple(
            Item(
                name=piece.host,
                pool=numbers[piece.pool],
                uses=tuple(uses[piece.host]),
                barred=piece.barred,
                load=_load(piece, shares) if piece.pool in rules.one_way else (),
                room=_offer(piece, shares) if piece.pool in rules.one_way else (),
            )
            for piece in pieces
        ),
        limits=tuple(demand.limit for demand in kept),
        pools=pools,
        weights=tuple(weights.get(pool, 1.0) for pool in pools),
        ready=_ready(pools, rules),
    )


def _binding(demanded: Sequence[LimitDemand], sizes: Mapping[str, int]) -> list[LimitDemand]:
    """Leave out what a pool's tightest number of hosts implies; sums of equal amounts are numbers."""
    kept: list[LimitDemand] = []
    tightest: dict[str, LimitDemand] = {}
    for demand in demanded:
        amount, pools = max(demand.amounts), {demand.pieces[0].pool, demand.pieces[-1].pool}
        alike = amount == min(demand.amounts) and len(demand.pieces) == sizes[demand.pieces[0].pool]
        if not alike or len(pools) > 1 or any(piece.pool not in pools for piece in demand.pieces):
            kept.append(demand)
            continue
        limit = replace(demand.limit, most=demand.limit.most // amount, counts=True)
        pool = demand.pieces[0].pool
        if pool not in tightest or tightest[pool].limit.most > limit.most:
            tightest[pool] = LimitDemand(limit, demand.pieces, [1] * len(demand.pieces))
    return [*kept, *tightest.values()]


def _by_pool(pieces: Sequence[HostToPack]) -> dict[str, list[HostToPack]]:
    members: dict[str, list[HostToPack]] = defaultdict(list)
    for piece in pieces:
        members[piece.pool].append(piece)
    return members


def _ready(pools: Sequence[str], rules: PackingRules) -> tuple[Amounts | None, ...]:
    """Return the room on upgraded hosts of one-way pools, None for other pools."""
    parts = exact(rules.policy.fill).denominator
    free = {size.pool: size.ready for size in rules.pools}
    return tuple(
        _grains(free.get(pool, Room()), parts) if pool in rules.one_way else None for pool in pools
    )


def _load(piece: HostToPack, fill: Fraction) -> Amounts:
    used = piece.used if piece.used is not None else Room(memory_gib=piece.load_gib)
    return _grains(used, fill.denominator)


def _offer(piece: HostToPack, fill: Fraction) -> Amounts:
    return _grains(piece.room if piece.room is not None else Room(), fill.numerator)


def _grains(room: Room, times: int) -> Amounts:
    return whole(room.vcpus) * times, whole(room.memory_gib) * times


def _of_pool(
    size: PoolSize, members: Sequence[HostToPack], rules: PackingRules
) -> list[LimitDemand]:
    """Return the limits of one pool: hosts at once, memory moved, capacity that goes away."""
    limits = [_count("pool_unavailable", size.pool, pool_limit(rules, size.hosts), members)]
    if rules.policy.evacuation_gib is not None:
        loads = [whole(piece.load_gib) for piece in members]
        most = whole(rules.policy.evacuation_gib)
        limits.append(_sum_limit("evacuation_gib", size.pool, most, (members, loads)))
    for dimension in DIMENSIONS:
        left = capacity_limit(size, rules, dimension)
        if left is not None:
            lost = [whole(getattr(room_lost(piece, size), dimension)) for piece in members]
            limits.append(_sum_limit(f"capacity {dimension}", size.pool, left, (members, lost)))
    return limits


def room_lost(piece: HostToPack, size: PoolSize) -> Room:
    """Return the capacity that goes away with a host: that of the largest where not known."""
    return piece.room or size.largest or Room()


def _of_domains(pieces: Sequence[HostToPack], most: Mapping[str, int]) -> list[LimitDemand]:
    members: dict[tuple[str, str], list[HostToPack]] = defaultdict(list)
    for piece in pieces:
        for family, name in {
            (failure_domain.family, failure_domain.name) for failure_domain in piece.failure_domains
        }:
            if family in most:
                members[family, name].append(piece)
    return [
        _count(f"domain_unavailable {family}", name, most[family], hosts)
        for (family, name), hosts in sorted(members.items())
    ]


def _count(constraint: str, subject: str, most: int, members: Sequence[HostToPack]) -> LimitDemand:
    limit = Limit(constraint=constraint, subject=subject, most=most, counts=True)
    return LimitDemand(limit, members, [1] * len(members))


def _sum_limit(
    constraint: str, subject: str, most: int, of: tuple[Sequence[HostToPack], Sequence[int]]
) -> LimitDemand:
    """Return a limit on a sum; hosts that add nothing to it are left out."""
    pairs = [(piece, amount) for piece, amount in zip(*of, strict=True) if amount > 0]
    limit = Limit(constraint=constraint, subject=subject, most=most, counts=False)
    return LimitDemand(limit, [piece for piece, _ in pairs], [amount for _, amount in pairs])


def named(limit: Limit) -> str:
    """Return a limit as the policy calls it, and of what it is."""
    return f"{limit.constraint} of {limit.subject}" if limit.subject else limit.constraint


def size_of(grains: int) -> str:
    """Write an amount so that reading it back is never less."""
    return f"{float(Fraction(ceil(Fraction(grains * 1000, GRAIN)), 1000)):g}"
