"""Room left on hosts that stay up, per wave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planner.domain.plans.upgrade import Room
from planner.optimize.waves.problem import HostToPack, PackingRules, PoolSize

NONE = Room()


def least_spare(
    waves: Sequence[Sequence[str]], pieces: Mapping[str, HostToPack], rules: PackingRules
) -> tuple[Room | None, ...]:
    """Return, per wave, the least room within the fill in any pool with capacities."""
    fill = rules.policy.fill
    pools = {size.pool: size for size in rules.pools if size.capacity is not None}
    idle = {pool: _left(size, fill, NONE) for pool, size in pools.items()}
    by_vcpus = sorted(idle, key=lambda pool: (idle[pool].vcpus, pool))
    by_memory = sorted(idle, key=lambda pool: (idle[pool].memory_gib, pool))
    spare: list[Room | None] = []
    for wave in waves:
        down = _down([pieces[host] for host in wave], pools)
        left = [_left(pools[pool], fill, lost) for pool, lost in down.items()]
        left += [
            idle[first]
            for order in (by_vcpus, by_memory)
            for first in [next((pool for pool in order if pool not in down), None)]
            if first is not None
        ]
        spare.append(_smallest_room(left) if left else None)
    return tuple(spare)


def _left(size: PoolSize, fill: float, down: Room) -> Room:
    capacity, used = size.capacity or NONE, size.used or NONE
    return Room(
        vcpus=fill * (capacity.vcpus - down.vcpus) - used.vcpus,
        memory_gib=fill * (capacity.memory_gib - down.memory_gib) - used.memory_gib,
    )


def _down(wave: Sequence[HostToPack], pools: Mapping[str, PoolSize]) -> dict[str, Room]:
    """Return the capacity that is down in each pool that has capacities."""
    down: dict[str, Room] = {}
    for piece in wave:
        if piece.pool in pools:
            lost = piece.room or pools[piece.pool].largest or NONE
            before = down.get(piece.pool, NONE)
            down[piece.pool] = Room(
                vcpus=before.vcpus + lost.vcpus, memory_gib=before.memory_gib + lost.memory_gib
            )
    return down


def _smallest_room(rooms: Sequence[Room]) -> Room:
    return Room(
        vcpus=min(room.vcpus for room in rooms),
        memory_gib=min(room.memory_gib for room in rooms),
    )
