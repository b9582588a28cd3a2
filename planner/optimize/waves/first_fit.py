"""Waves filled one after the other: what is due first, then pools by weight over hosts left.

With a last wave given, a limit that could no longer be kept by it makes hosts due: the remaining
waves at full use must suffice for the rest (mandatory amounts). Without one, the first fit is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planner.optimize.waves.model import Item, WaveModel
from planner.optimize.waves.one_way_capacity import OneWayCapacity
from planner.optimize.waves.round_robin import evenly

FULL = 0.95
"""Share of a sum that later waves are trusted to fill: sizes do not add up to a limit exactly."""


class FirstFit:
    """One run over the waves; `climb` takes light hosts first where guests go one way."""

    def __init__(self, model: WaveModel, last: int | None, *, climb: bool = False) -> None:
        """Sort the hosts of each pool and of each limit once.

        A limit on all hosts is never due: filling it is what taking pools by weight does.
        """
        self._model, self._last, self._climb = model, last, climb
        keys = evenly(model)
        self.waves = [0] * len(model.items)
        self._wave = 0
        self._used = [0] * len(model.limits)
        self._touched: set[int] = set()
        self._growth = OneWayCapacity(model)
        self._left = [0] * len(model.limits)
        self._needs = [0] * len(model.limits)
        self._open: list[list[int]] = [[] for _ in model.pools]
        self._members: list[list[int]] = [[] for _ in model.limits]
        self._ranks = [0] * len(model.items)
        order = sorted((-len(item.barred), keys[p], p) for p, item in enumerate(model.items))
        for rank, (_, _, index) in enumerate(order):
            self._ranks[index], item = rank, model.items[index]
            self._open[item.pool].append(index)
            for limit, amount in item.uses:
                self._members[limit].append(index)
                self._left[limit] += amount
        self._whole = [self._shared_by(members) for members in self._open]
        self._ties = [
            tuple(limit for limit, _ in item.uses if limit not in self._whole[item.pool])
            for item in model.items
        ]
        self._fleet = self._shared_by(range(len(model.items)))
        self._narrow = sorted(
            set(range(len(model.limits))) - set(self._fleet if len(model.pools) > 1 else ()),
            key=lambda limit: (len(self._members[limit]), limit),
        )
        self._wide = {
            limit
            for limit, places in enumerate(self._members)
            if len({model.items[index].pool for index in places}) > 1
        }
        self._fussy = [index for index, item in enumerate(model.items) if item.barred]

    def run(self) -> bool:
        """Fill wave after wave; return whether every host has one."""
        todo = len(self.waves)
        while todo and (self._last is None or self._wave < self._last):
            self._wave += 1
            for limit in self._touched:
                self._used[limit] = 0
            self._touched.clear()
            self._needs = [
                -(-left // limit.most)
                for left, limit in zip(self._left, self._model.limits, strict=True)
            ]
            taken = self._take_due() if self._last is not None else 0
            taken += self._take_by_weight()
            self._growth.close_wave()
            if not taken and self._wave >= self._model.last_barred:
                return False
            todo -= taken
        return not todo

    def _take_due(self) -> int:
        """Take hosts that no later wave can: barred from all of them, or too many for a limit."""
        later = range(self._wave + 1, (self._last or 0) + 1)
        self._fussy = self._unplaced(self._fussy)
        taken = self._take(
            [index for index in self._fussy if self._model.items[index].barred.issuperset(later)]
        )
        for limit in self._narrow:
            about = self._model.limits[limit]
            later_most = about.most * len(later) * (1 if about.counts else FULL)
            if self._left[limit] > later_most:
                self._members[limit] = self._unplaced(self._members[limit])
                ranked = self._ranked(self._members[limit])
                if limit in self._wide:
                    ranked.sort(key=lambda index: self._turn(self._model.items[index].pool))
                taken += self._take(ranked, due=(limit, later_most))
        return taken

    def _take_by_weight(self) -> int:
        """Take what fits, pools with more weight per host left first."""
        ranked = sorted(self._turn(pool) for pool, members in enumerate(self._open) if members)
        taken = 0
        for _, pool in ranked:
            if self._full(self._fleet):
                break
            if self._full(self._whole[pool]):
                continue
            self._open[pool] = self._unplaced(self._open[pool])
            members = self._open[pool]
            taken += self._take(self._ranked(members), self._whole[pool])
            self._open[pool] = self._unplaced(members)
        return taken

    def _turn(self, pool: int) -> tuple[float, int]:
        """Rank pools: more weight per host left comes first."""
        return -self._model.weights[pool] / max(1, len(self._open[pool])), pool

    def _take(
        self,
        places: list[int],
        whole: Sequence[int] = (),
        due: tuple[int, float] | None = None,
    ) -> int:
        """Place hosts in this wave, in order, as long as they fit; return how many were placed.

        Stop once a limit in `whole` is full or, of `due`, a limit has no more left than it says.
        """
        taken = 0
        for index in places:
            if self._full(whole) or (due is not None and self._left[due[0]] <= due[1]):
                break
            item = self._model.items[index]
            if self._wave not in item.barred and self._fits(item):
                self._place(index, item)
                taken += 1
        return taken

    def _fits(self, item: Item) -> bool:
        used, limits = self._used, self._model.limits
        for limit, amount in item.uses:
            if used[limit] + amount > limits[limit].most:
                return False
        return self._growth.fits(item, self._wave)

    def _place(self, index: int, item: Item) -> None:
        self.waves[index] = self._wave
        for limit, amount in item.uses:
            self._used[limit] += amount
            self._touched.add(limit)
            self._left[limit] -= amount
        self._growth.take(item, self._wave)

    def _full(self, limits: Sequence[int]) -> bool:
        return any(self._used[limit] >= self._model.limits[limit].most for limit in limits)

    def _unplaced(self, places: list[int]) -> list[int]:
        return [index for index in places if not self.waves[index]]

    def _ranked(self, places: list[int]) -> list[int]:
        """Sort by the waves that limits within the pool still need, then evenly or by load."""
        if self._climb:
            return sorted(places, key=self._climbing)
        needs, ties, ranks = self._needs.__getitem__, self._ties, self._ranks
        if not any(map(ties.__getitem__, places)):
            return list(places)  # lists of hosts are kept in the order of their ranks
        return [
            index
            for _, _, index in sorted(
                (-max(map(needs, ties[index])) if ties[index] else 0, ranks[index], index)
                for index in places
            )
        ]

    def _climbing(self, index: int) -> tuple[int, int]:
        """Heavy hosts come first in a pool's first wave, light ones afterwards."""
        item = self._model.items[index]
        load = sum(item.load)
        return (load if self._growth.begun(item.pool) else -load), self._ranks[index]

    def _shared_by(self, places: Iterable[int]) -> list[int]:
        """Return the counting limits that each of these hosts uses."""
        shared: set[int] | None = None
        for index in places:
            used_limits = {limit for limit, _ in self._model.items[index].uses}
            shared = used_limits if shared is None else shared & used_limits
            if not shared:
                return []
        return sorted(limit for limit in shared or () if self._model.limits[limit].counts)
