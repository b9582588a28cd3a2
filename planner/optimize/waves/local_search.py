"""Mends a packing that breaks limits: single hosts move to other waves, pairs swap waves.

In: a model and a wave per item, some limits exceeded. Out: whether all of it could be mended.

Idea: the excess of a limit is what lies above it, as a share of it; the sum over all limits is
the distance to a packing. The worst fault is looked at first; of the moves tried the one that
lessens the sum most is made.

Invariant: each step lessens the excess by more than `EPSILON`, so it ends; it may end unmended,
which proves nothing. Equal questions get equal answers: there is no chance and no clock in it.

Cost: at most `MOST_TRIED` moves, each as dear as the limits of the hosts that it moves. Source:
steepest-descent local search with the move and swap neighbourhoods of bin packing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.optimize.waves.model import Amounts, WaveModel
from planner.optimize.waves.one_way_capacity import Total, added, shortfalls, total_of

MOST_TRIED = 60_000
"""Moves tried in one repair: about a second of one core; what is not mended by then seldom is."""
SHIFTED = 15
"""Hosts of a wave that are tried in other waves: thinned out, for neighbours in size do alike."""
SWAPPED = 60
"""Hosts that are tried in swaps: more, for each has only the four partners of suitable size."""
WAVES = 12
"""Waves that a host is tried in, the emptiest first: in later ones it would exceed the same limit."""
EPSILON = 1e-9
"""What a move must gain: less is an error of floating point, and the search might go in circles."""

Moves = tuple[tuple[int, int], ...]  # (item, its new wave)
Sized = list[tuple[int, int]]  # (size, item), sorted


@dataclass(frozen=True, slots=True, order=True)
class _Fault:
    """A limit exceeded in a wave, or (limit -1) one-way guests of a pool without room."""

    excess: float
    limit: int
    wave: int
    pool: int = -1


class LocalSearch:
    """The state of one repair; `waves` is the packing as mended so far."""

    def __init__(self, model: WaveModel, waves: Sequence[int], last: int) -> None:
        """Sum up every limit in every wave."""
        self._model, self._last, self.waves = model, last, list(waves)
        self._tried = 0
        self._amounts = [dict(item.uses) for item in model.items]
        self._sums: dict[tuple[int, int], int] = defaultdict(int)
        self._totals: list[list[Total]] = [
            [(0,) * (1 + 2 * len(ready or ()))] * (last + 1) for ready in model.ready
        ]
        self._members: dict[tuple[int, int], set[int]] = defaultdict(set)
        for index in range(len(model.items)):
            self._add(index, waves[index], 1)
        self._short: dict[int, dict[int, float]] = {}
        for pool in range(len(model.pools)):
            self._refresh(pool)
        self._faults = {key for key in self._sums if self._excess(key, 0) > 0}

    def run(self) -> bool:
        """Return whether nothing is exceeded any more."""
        while self._tried < MOST_TRIED:
            fault = self._worst()
            if fault is None:
                return True
            best = self._best(fault, self._shifts(fault)) or self._best(fault, self._swaps(fault))
            if best is None:
                return False
            self._apply(best)
        return False

    def _worst(self) -> _Fault | None:
        faults = [_Fault(self._excess(key, 0), *key) for key in self._faults]
        for pool, short in self._short.items():
            faults += [_Fault(share, -1, wave, pool) for wave, share in short.items()]
        return max(faults, default=None)

    def _best(self, fault: _Fault, tried: Iterator[Moves]) -> Moves | None:
        """Return the move that lessens the excess most, at once if it ends this fault."""
        best, gained = None, EPSILON
        for moves in tried:
            gain = -self._change(moves)
            if gain > gained:
                best, gained = moves, gain
            if gained >= fault.excess:
                break
        return best

    def _shifts(self, fault: _Fault) -> Iterator[Moves]:
        """Yield moves of single hosts into other waves."""
        suspects = self._suspects(fault, SHIFTED)
        for wave in self._targets(fault):
            for index in suspects:
                yield ((index, wave),)

    def _suspects(self, fault: _Fault, width: int) -> list[int]:
        """Return hosts of the exceeded wave, large ones first, thinned out."""
        pools = range(len(self._model.pools)) if fault.pool < 0 else [fault.pool]
        members = [
            index
            for pool in pools
            for index in self._members.get((pool, fault.wave), ())
            if fault.limit < 0 or self._amount(index, fault.limit)
        ]
        ranked = sorted(members, key=lambda index: (-self._size(fault, index), index))
        return ranked[:: max(1, len(ranked) // width)]

    def _targets(self, fault: _Fault) -> list[int]:
        """Return other waves, those first that have most left of what is exceeded."""
        others = [wave for wave in range(1, self._last + 1) if wave != fault.wave]
        if fault.limit < 0:
            return sorted(others, key=lambda wave: (wave < fault.wave, wave))[:WAVES]
        return sorted(others, key=lambda wave: self._sums.get((fault.limit, wave), 0))[:WAVES]

    def _swaps(self, fault: _Fault) -> Iterator[Moves]:
        """Yield swaps of suspects with hosts of other waves whose sizes would suit."""
        suspects = self._suspects(fault, SWAPPED)
        for wave in self._targets(fault):
            partners: dict[int, Sized] = {}
            for index in suspects:
                pool = self._model.items[index].pool
                if pool not in partners:
                    members = self._members.get((pool, wave), ())
                    partners[pool] = sorted(
                        (self._size(fault, candidate), candidate) for candidate in members
                    )
                wanted = self._size(fault, index) - self._shift(fault, wave)
                middle = bisect_left(partners[pool], (wanted, 0))
                for _, partner in partners[pool][max(0, middle - 2) : middle + 2]:
                    yield (index, wave), (partner, fault.wave)

    def _size(self, fault: _Fault, index: int) -> int:
        """Return what a host would take along: of a sum its amount, of a count its load."""
        item = self._model.items[index]
        if fault.limit < 0:
            return sum(item.load)
        if not self._model.limits[fault.limit].counts:
            return self._amount(index, fault.limit)
        sums = (amount for use, amount in item.uses if not self._model.limits[use].counts)
        return sum(sums, start=sum(item.load))

    def _shift(self, fault: _Fault, wave: int) -> int:
        """Return by how much a swap should lessen the exceeded sum."""
        if fault.limit < 0:
            loads = self._totals[fault.pool][fault.wave][1 : 1 + len(self._ready(fault.pool))]
            return int(fault.excess * sum(loads))
        about = self._model.limits[fault.limit]
        if about.counts:
            return 0
        surplus = self._sums[fault.limit, fault.wave] - about.most
        return min(surplus, max(1, about.most - self._sums.get((fault.limit, wave), 0)))

    def _ready(self, pool: int) -> Amounts:
        return self._model.ready[pool] or ()

    def _amount(self, index: int, limit: int) -> int:
        return self._amounts[index].get(limit, 0)

    def _excess(self, key: tuple[int, int], shift: int) -> float:
        most = self._model.limits[key[0]].most
        return max(0, self._sums.get(key, 0) + shift - most) / max(1, most)

    def _change(self, moves: Moves) -> float:
        """Return how much the excess grows (negative: shrinks) with the moves."""
        self._tried += 1
        shifts: dict[tuple[int, int], int] = defaultdict(int)
        for index, wave in moves:
            item = self._model.items[index]
            if wave in item.barred:
                return float("inf")
            for limit, amount in item.uses:
                shifts[limit, self.waves[index]] -= amount
                shifts[limit, wave] += amount
        changed = sum(
            self._excess(key, shift) - self._excess(key, 0)
            for key, shift in shifts.items()
            if shift
        )
        return changed + self._growth_change(moves)

    def _growth_change(self, moves: Moves) -> float:
        changed = 0.0
        for pool in sorted({self._model.items[index].pool for index, _ in moves}):
            if self._model.ready[pool] is None:
                continue
            totals = list(self._totals[pool])
            for index, wave in moves:
                item, before = self._model.items[index], self.waves[index]
                if item.pool == pool:
                    totals[before] = added(totals[before], total_of(item, -1))
                    totals[wave] = added(totals[wave], total_of(item))
            after = shortfalls(totals, self._ready(pool))
            changed += sum(after.values()) - sum(self._short[pool].values())
        return changed

    def _apply(self, moves: Moves) -> None:
        for index, wave in moves:
            before = self.waves[index]
            self._add(index, before, -1)
            self._add(index, wave, 1)
            self.waves[index] = wave
            touched = {
                (use, at) for use, _ in self._model.items[index].uses for at in (before, wave)
            }
            self._faults = {key for key in self._faults | touched if self._excess(key, 0) > 0}
            self._refresh(self._model.items[index].pool)

    def _add(self, index: int, wave: int, sign: int) -> None:
        item = self._model.items[index]
        for limit, amount in item.uses:
            self._sums[limit, wave] += sign * amount
        members = self._members[item.pool, wave]
        members.add(index) if sign > 0 else members.discard(index)
        if self._model.ready[item.pool] is not None:
            totals = self._totals[item.pool]
            totals[wave] = added(totals[wave], total_of(item, sign))

    def _refresh(self, pool: int) -> None:
        if self._model.ready[pool] is not None:
            self._short[pool] = shortfalls(self._totals[pool], self._ready(pool))
