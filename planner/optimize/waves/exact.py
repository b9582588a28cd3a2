"""Packings that are searched for, or proven not to exist, where the model is small enough."""

from __future__ import annotations

from dataclasses import replace
from math import gcd

from planner.optimize.waves.model import Amounts, Item, SearchOutcome, WaveModel

SIZE = 3_000
"""Kinds of hosts times waves: with more, CP-SAT seldom ends within its effort."""
LARGEST = 2**52
"""A sum beyond it could overflow in the solver, which multiplies by counts of hosts."""
EFFORT = 3.0
"""Deterministic time of one search, about seconds: as long as a planner waits for one wave less."""


def exact_packing(model: WaveModel, waves: int) -> SearchOutcome:
    """Look for a packing into `waves` waves; a model too large is left undecided."""
    kinds = {(item.pool, item.uses, item.barred, item.load, item.room) for item in model.items}
    small = _reduced(model)
    total = sum(sum(much for _, much in item.uses) for item in small.items)
    total += sum(sum(item.load) + sum(item.room) for item in small.items)
    if len(kinds) * waves > SIZE or total > LARGEST:
        return SearchOutcome(waves=None, proven=False)
    from planner.optimize.waves.wave_search import waves_by_search

    return waves_by_search(small, waves, EFFORT)


def _reduced(model: WaveModel) -> WaveModel:
    """Divide the amounts of each limit, and of each one-way pool, by what they have in common."""
    common = [0] * len(model.limits)
    for item in model.items:
        for limit, amount in item.uses:
            common[limit] = gcd(common[limit], amount)
    grains = [gcd(*(ready or ())) for ready in model.ready]
    for item in model.items:
        grains[item.pool] = gcd(grains[item.pool], *item.load, *item.room)
    limits = tuple(
        replace(limit, most=limit.most // max(1, part))
        for limit, part in zip(model.limits, common, strict=True)
    )
    ready = tuple(
        None if free is None else _divided(free, grain)
        for free, grain in zip(model.ready, grains, strict=True)
    )
    items = tuple(_shrunk(item, common, grains[item.pool]) for item in model.items)
    return replace(model, items=items, limits=limits, ready=ready)


def _shrunk(item: Item, common: list[int], grain: int) -> Item:
    return replace(
        item,
        uses=tuple((limit, amount // common[limit]) for limit, amount in item.uses),
        load=_divided(item.load, grain),
        room=_divided(item.room, grain),
    )


def _divided(amounts: Amounts, grain: int) -> Amounts:
    return tuple(amount // max(1, grain) for amount in amounts)
