"""The least changes that lift what forbids every packing, in plain English."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import ceil

from planner.domain.plans.plan import Relaxation
from planner.domain.plans.upgrade import PlanPolicy, Room
from planner.optimize.waves.bounds import limit_bound
from planner.optimize.waves.constraints import (
    DIMENSIONS,
    LimitDemand,
    capacity_limit,
    demands,
    exact,
    named,
    room_lost,
    size_of,
    wave_model,
    whole,
)
from planner.optimize.waves.first_fit import FirstFit
from planner.optimize.waves.model import Limit, WaveModel
from planner.optimize.waves.problem import HostToPack, PackingRules, PoolSize

EXAMPLES = 3
"""Hosts that a text names: enough to find the rack."""
MOST_HOSTS = 1000
"""Empty hosts that are thought of: nobody buys more for one rollout."""
STEPS = 100
"""Fill is raised in steps of 1/STEPS, as operators write it."""


def too_large(demanded: Sequence[LimitDemand], rules: PackingRules) -> tuple[Relaxation, ...]:
    """Return what keeps single hosts from ever going down; each text names one change."""
    relaxations: list[Relaxation] = []
    short: dict[str, dict[str, HostToPack]] = {}
    for demand in demanded:
        limit, pairs = demand.limit, zip(demand.pieces, demand.amounts, strict=True)
        stopped = [(amount, piece) for piece, amount in pairs if amount > limit.most]
        if stopped and limit.constraint.startswith("capacity"):
            short.setdefault(limit.subject, {}).update({piece.host: piece for _, piece in stopped})
        elif stopped:
            relaxations.append(_raised(limit, stopped))
    pools = {size.pool: size for size in rules.pools}
    for pool, members in short.items():
        relaxations += _roomier(pools[pool], [members[host] for host in sorted(members)], rules)
    return tuple(relaxations)


def no_growth(
    model: WaveModel, pieces: Sequence[HostToPack], rules: PackingRules, *, proven: bool
) -> tuple[Relaxation, ...]:
    """Return what lets the guests of one-way pools find room on upgraded hosts."""
    word = "have" if proven else "were found"
    relaxations: list[Relaxation] = []
    for pool, ready in zip(model.pools, model.ready, strict=True):
        members = [piece for piece in pieces if piece.pool == pool]
        if ready is None or _grows(members, rules):
            continue
        state = f"pool {pool}: drained guests {word} no room on upgraded hosts"
        relaxations += [
            _relaxation(pool, constraint, f"{change}: {state}", [piece.host for piece in members])
            for constraint, change in _growing(pool, members, rules)
        ]
    return tuple(relaxations)


def beyond_horizon(
    demanded: Sequence[LimitDemand], pieces: Sequence[HostToPack], needed: int, horizon: int
) -> tuple[Relaxation, ...]:
    """Return what makes more than `horizon` waves necessary; more waves lift all of it."""
    text = f"horizon {horizon} -> {needed} waves: so many are needed"
    relaxations = [_relaxation("", "horizon", text, [])]
    for demand in demanded:
        if _bound(demand, demand.limit.most) > horizon:
            relaxations += _quicker(demand, horizon)
    for piece in pieces:
        if piece.barred.issuperset(range(1, horizon + 1)):
            text = f"blackouts of {piece.host}: they bar every one of {horizon} waves"
            relaxations.append(_relaxation(piece.pool, "blackouts", text, [piece.host]))
    return tuple(relaxations)


def _raised(limit: Limit, stopped: Sequence[tuple[int, HostToPack]]) -> Relaxation:
    """Return the limit raised to the largest single amount."""
    most, piece = max(stopped, key=lambda user: (user[0], user[1].host))
    if limit.counts:
        text = f"{named(limit)} {limit.most} -> 1: no host may go down"
    else:
        text = (
            f"{named(limit)} {size_of(limit.most)} -> {size_of(most)}: {piece.host} alone needs it"
        )
    return _relaxation(_pool(limit), limit.constraint, text, [user.host for _, user in stopped])


def _bound(demand: LimitDemand, most: int) -> int:
    """Return the waves that a demand alone enforces if `most` were allowed."""
    pairs = zip(demand.pieces, demand.amounts, strict=True)
    shut = [(piece.barred, amount) for piece, amount in pairs if piece.barred]
    return limit_bound(replace(demand.limit, most=most), demand.amounts, shut)


def _quicker(demand: LimitDemand, horizon: int) -> list[Relaxation]:
    """Return the limit raised until it alone allows `horizon` waves; none if barred waves forbid."""
    limit = demand.limit
    enough = range(limit.most, sum(demand.amounts) + 1)
    least = _first_enough(enough, lambda most: _bound(demand, most) <= horizon)
    if least is None:
        return []
    change = f"{limit.most} -> {least}"
    if limit.constraint.startswith("capacity"):
        change = f"{size_of(least - limit.most)} more"
    elif not limit.counts:
        change = f"{size_of(limit.most)} -> {size_of(least)}"
    hosts = [piece.host for piece in demand.pieces]
    text = f"{named(limit)} {change}: {len(hosts)} hosts do not fit into {horizon} waves"
    return [_relaxation(_pool(limit), limit.constraint, text, hosts)]


def _roomier(
    size: PoolSize, stopped: Sequence[HostToPack], rules: PackingRules
) -> list[Relaxation]:
    """Return each change by itself that lets the largest host of a pool go down."""

    def fits(changed: PoolSize, policy: PlanPolicy) -> bool:
        """Whether every stopped host may go down in a changed pool or under changed rules."""
        limits = [
            (dimension, capacity_limit(changed, replace(rules, policy=policy), dimension))
            for dimension in DIMENSIONS
        ]
        return all(
            most is None or whole(getattr(room_lost(piece, size), dimension)) <= most
            for dimension, most in limits
            for piece in stopped
        )

    hosts = [piece.host for piece in stopped]
    reason = f"pool {size.pool} is too full for {hosts[0]} to go down"
    return [
        _relaxation(size.pool, constraint, f"{change}: {reason}", hosts)
        for constraint, change in _changes(size, rules, fits)
    ]


def _growing(
    pool: str, members: Sequence[HostToPack], rules: PackingRules
) -> list[tuple[str, str]]:
    """Return changes that let a one-way pool grow, or leave its guests free."""
    size = next(
        (known_size for known_size in rules.pools if known_size.pool == pool),
        PoolSize(pool=pool, hosts=0),
    )

    def grows(changed: PoolSize, policy: PlanPolicy) -> bool:
        return _grows(members, replace(rules, policy=policy, pools=(changed,)))

    changes = [
        (constraint, change)
        for constraint, change in _changes(size, rules, grows)
        if constraint != "spare"
    ]
    return [*changes, ("one-way", f"guests of pool {pool} may go to hosts not yet upgraded")]


def _changes(
    size: PoolSize, rules: PackingRules, enough: Callable[[PoolSize, PlanPolicy], bool]
) -> Iterable[tuple[str, str]]:
    """Yield the least fill, the most spare hosts and the fewest added hosts that are enough."""
    policy = rules.policy
    start = ceil(exact(policy.fill) * STEPS)
    fill = _first_enough(
        range(start, STEPS + 1), lambda step: enough(size, replace(policy, fill=step / STEPS))
    )
    if fill is not None:
        yield "fill", f"fill {policy.fill:g} -> {fill / STEPS:g}"
    less = _first_enough(
        range(1, policy.spare + 1),
        lambda fewer: enough(size, replace(policy, spare=policy.spare - fewer)),
    )
    if less is not None:
        yield "spare", f"spare {policy.spare} -> {policy.spare - less}"
    more = _first_enough(
        range(1, MOST_HOSTS + 1), lambda count: enough(_added(size, count, policy), policy)
    )
    if more is not None:
        yield "hosts", f"{more} empty upgraded host{'s' if more > 1 else ''} more"


def _added(size: PoolSize, count: int, policy: PlanPolicy) -> PoolSize:
    """Return the pool with `count` empty upgraded hosts of the largest size added."""
    if size.largest is None:
        return size
    capacity = size.capacity
    if capacity is not None:
        capacity = _plus_times(capacity, size.largest, count)
    ready = _plus_times(size.ready, size.largest, float(count * exact(policy.fill)))
    return replace(size, hosts=size.hosts + count, capacity=capacity, ready=ready)


def _plus_times(room: Room, more: Room, times: float) -> Room:
    return Room(
        vcpus=room.vcpus + times * more.vcpus, memory_gib=room.memory_gib + times * more.memory_gib
    )


def _grows(members: Sequence[HostToPack], rules: PackingRules) -> bool:
    """Return whether a pool by itself reaches its last host in any number of waves."""
    model = wave_model(members, rules, demands(members, rules))
    return any(FirstFit(model, None, climb=climb).run() for climb in (True, False))


def _first_enough(values: range, enough: Callable[[int], bool]) -> int | None:
    """Return the first value that is enough, if the last one is."""
    if not values or not enough(values[-1]):
        return None
    return values[bisect_left(values, x=True, key=enough)]


def _pool(limit: Limit) -> str:
    shared = ("fleet_unavailable", "domain_unavailable", "budget")
    return "" if limit.constraint.startswith(shared) else limit.subject


def _relaxation(pool: str, constraint: str, text: str, hosts: Sequence[str]) -> Relaxation:
    examples = tuple(sorted(hosts)[:EXAMPLES])
    return Relaxation(
        domain=pool, constraint=constraint, text=text, hosts=len(hosts), examples=examples
    )
