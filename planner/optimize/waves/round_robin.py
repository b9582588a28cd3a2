"""Dealing hosts to waves in turn: the closed form where failure domains are nested.

Hosts are sorted so that each nested domain is contiguous and host i gets wave i mod W. A block of n
hosts then meets each wave at most ceil(n / W) times, and W was chosen so that this is allowed.
"""

from __future__ import annotations

from collections import Counter

from planner.optimize.waves.model import WaveModel


def evenly(model: WaveModel) -> list[int]:
    """Return a rank per item: any run of ranks in a pool is a fair sample of its loads."""
    loads = [_load(model, index) for index in range(len(model.items))]
    ordered = sorted(
        range(len(loads)),
        key=lambda index: (model.items[index].pool, loads[index], model.items[index].name),
    )
    bits = max(1, len(ordered)).bit_length()
    keys = [0] * len(ordered)
    for rank, index in enumerate(ordered):
        keys[index] = int(f"{rank:0{bits}b}"[::-1], 2)
    return keys


def _load(model: WaveModel, index: int) -> float:
    item = model.items[index]
    weighed = sum(
        amount / model.limits[limit].most
        for limit, amount in item.uses
        if not model.limits[limit].counts
    )
    # loads are below 2**52 grains, so this is far below any share: it only breaks ties of one-way pools
    return weighed + sum(item.load) * 1e-18


def nested(model: WaveModel) -> bool:
    """Return whether any two counting limits that share a host are one inside the other."""
    parents: dict[int, int] = {}
    for chain in _chains(model):
        for outer, inner in zip((-1, *chain), chain, strict=False):
            if parents.setdefault(inner, outer) != outer:
                return False
    return True


def counting(model: WaveModel) -> bool:
    """Return whether nothing but numbers of hosts is limited."""
    return (
        all(limit.counts for limit in model.limits)
        and all(ready is None for ready in model.ready)
        and not any(item.barred for item in model.items)
    )


def round_robin(model: WaveModel, waves: int) -> list[int]:
    """Return a wave per item: sorted by nested limits, host i gets wave i mod `waves`."""
    chains, keys = _chains(model), evenly(model)
    order = sorted(
        range(len(model.items)),
        key=lambda index: (chains[index], keys[index], model.items[index].name),
    )
    wave_of = [0] * len(order)
    for turn, index in enumerate(order):
        wave_of[index] = turn % waves + 1
    return wave_of


def _chains(model: WaveModel) -> list[tuple[int, ...]]:
    """Return the counting limits of each item, the widest first."""
    sizes = Counter(limit for item in model.items for limit, _ in item.uses)
    rank = sorted(range(len(model.limits)), key=lambda limit: (-sizes[limit], limit))
    place_of = {limit: index for index, limit in enumerate(rank)}
    chains = []
    for item in model.items:
        chain = [place_of[limit] for limit, _ in item.uses if model.limits[limit].counts]
        chains.append(tuple(sorted(chain)))
    return chains
