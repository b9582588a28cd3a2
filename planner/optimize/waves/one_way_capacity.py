"""Room on upgraded hosts of one-way pools, wave after wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from planner.optimize.waves.model import Amounts, Item, WaveModel


@dataclass(slots=True)
class _Pool:
    """Room left on upgraded hosts, and the room that this wave adds for later ones."""

    room: list[int]
    begun: int = 0
    coming: list[list[int]] = field(default_factory=list)


class OneWayCapacity:
    """Follows a packing forward: the first wave of a pool is free, later ones need room."""

    def __init__(self, model: WaveModel) -> None:
        """Start with the room that is ready."""
        self._pools = {
            pool: _Pool(room=list(ready))
            for pool, ready in enumerate(model.ready)
            if ready is not None
        }

    def begun(self, pool: int) -> bool:
        """Return whether a one-way pool had its first wave; true for any other pool."""
        return pool not in self._pools or self._pools[pool].begun > 0

    def fits(self, item: Item, wave: int) -> bool:
        """Return whether the host's guests have room in this wave."""
        pool_room = self._pools.get(item.pool)
        if pool_room is None or pool_room.begun in {0, wave}:
            return True
        return all(load <= room for load, room in zip(item.load, pool_room.room, strict=True))

    def take(self, item: Item, wave: int) -> None:
        """Drain the host in this wave."""
        pool_room = self._pools.get(item.pool)
        if pool_room is None:
            return
        pool_room.begun = pool_room.begun or wave
        pool_room.coming.append(list(item.room))
        if pool_room.begun != wave:
            pool_room.room = [
                room - load for room, load in zip(pool_room.room, item.load, strict=True)
            ]

    def close_wave(self) -> None:
        """Hosts of the wave come back empty."""
        for pool_room in self._pools.values():
            for added in pool_room.coming:
                pool_room.room = [
                    room + more for room, more in zip(pool_room.room, added, strict=True)
                ]
            pool_room.coming.clear()


Total = tuple[int, ...]  # hosts of a wave, then their loads, then their rooms


def total_of(item: Item, sign: int = 1) -> Total:
    """Return what one host adds to its wave."""
    return (sign, *(sign * load for load in item.load), *(sign * room for room in item.room))


def added(left: Total, right: Total) -> Total:
    """Return the sum of two totals."""
    return tuple(source + destination for source, destination in zip(left, right, strict=True))


def shortfalls(totals: Sequence[Total], ready: Amounts) -> dict[int, float]:
    """Return, by wave, the share of the load in it that finds no room; wave 0 holds nothing."""
    room, begun, short = list(ready), False, {}
    size = len(ready)
    for wave, total in enumerate(totals):
        if not total[0]:
            continue
        loads, rooms = total[1 : size + 1], total[size + 1 :]
        if begun:
            room = [left - load for left, load in zip(room, loads, strict=True)]
            worst = max((-left / (load or 1) for left, load in zip(room, loads, strict=True)))
            if worst > 0:
                short[wave] = worst
        room = [left + more for left, more in zip(room, rooms, strict=True)]
        begun = True
    return short
