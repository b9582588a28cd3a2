"""Parts of a wave model that share no limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.optimize.waves.model import WaveModel

Part = tuple[Sequence[int], WaveModel]


def independent(model: WaveModel) -> list[Part]:
    """Return, for each group of pools tied by limits, the places of its items and its own model."""
    root = list(range(len(model.pools)))
    seen: dict[int, int] = {}
    for item in model.items:
        for limit, _ in item.uses:
            _join(root, item.pool, seen.setdefault(limit, item.pool))
    groups: dict[int, list[int]] = {}
    for index, item in enumerate(model.items):
        groups.setdefault(_find(root, item.pool), []).append(index)
    if len(groups) == 1:
        return [(range(len(model.items)), model)]
    return [(places, _restricted(model, places)) for places in groups.values()]


def _find(root: list[int], pool: int) -> int:
    while root[pool] != pool:
        root[pool] = root[root[pool]]
        pool = root[pool]
    return pool


def _join(root: list[int], left: int, right: int) -> None:
    if left != right:
        ends = sorted((_find(root, left), _find(root, right)))
        root[ends[1]] = ends[0]


def _restricted(model: WaveModel, places: Sequence[int]) -> WaveModel:
    """Return the model of some items, with only their pools and limits."""
    members = [model.items[index] for index in places]
    pools = sorted({item.pool for item in members})
    limits = sorted({limit for item in members for limit, _ in item.uses})
    pool_place = {pool: index for index, pool in enumerate(pools)}
    limit_place = {limit: index for index, limit in enumerate(limits)}
    items = tuple(
        replace(
            item,
            pool=pool_place[item.pool],
            uses=tuple((limit_place[limit], amount) for limit, amount in item.uses),
        )
        for item in members
    )
    return WaveModel(
        items=items,
        limits=tuple(model.limits[limit] for limit in limits),
        pools=tuple(model.pools[pool] for pool in pools),
        weights=tuple(model.weights[pool] for pool in pools),
        ready=tuple(model.ready[pool] for pool in pools),
    )
