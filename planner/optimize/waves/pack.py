"""Gives each host to be upgraded a wave; knows nothing of kernels or flips.

In: `HostToPack`s (names, pools, memory in GiB, vCPUs, waves barred) and `PackingRules`. Out: a
`Packing` with the waves, a proven bound and the limit that keeps each wave so small, or
`Infeasible` with what to relax.

Idea: packing under several limits at once is multi-dimensional bin packing, which is NP-hard;
rollouts are mostly its easy case. So a lower bound first (`bounds`), then packings of that many
waves and more until one keeps every limit. Pools that share no limit are packed by themselves.
Where only numbers of hosts count and domains are nested, dealing in turn is optimal
(`round_robin`); all others are dealt in turn, or filled wave by wave (`first_fit`), and mended
(`local_search`); small models are given to CP-SAT (`exact`) where that fails.

Invariant: what is returned keeps every limit in whole numbers, and `bound` is never above the
truth.

Cost: near linear in hosts; a repair looks at a fixed number of moves. Source: Coffman, Garey and
Johnson on bin packing; first fit and local search are the textbook heuristics, the dealing proof
is in `round_robin`.

>>> from planner.domain.plans.upgrade import PlanPolicy
>>> hosts = [HostToPack(host=f"h{number}", pool="blue") for number in range(5)]
>>> policy = PlanPolicy(pool_unavailable=2, pool_share=1.0)
>>> rules = PackingRules(policy=policy, pools=(PoolSize(pool="blue", hosts=5),))
>>> packing = pack(hosts, rules)
>>> [len(wave) for wave in packing.waves], packing.bound, packing.method
([2, 2, 1], 3, 'closed-form')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.domain.plans.plan import PackingMethod
from planner.optimize.waves.binding_limit import binding_limits
from planner.optimize.waves.bounds import lower_bound
from planner.optimize.waves.connected_parts import independent
from planner.optimize.waves.constraints import demands, wave_model
from planner.optimize.waves.exact import exact_packing
from planner.optimize.waves.first_fit import FirstFit
from planner.optimize.waves.local_search import LocalSearch
from planner.optimize.waves.model import WaveModel
from planner.optimize.waves.problem import (
    Budget,
    HostToPack,
    Infeasible,
    Packing,
    PackingRules,
    PoolSize,
)
from planner.optimize.waves.relaxations import beyond_horizon, no_growth, too_large
from planner.optimize.waves.round_robin import counting, nested, round_robin
from planner.optimize.waves.spare import least_spare

__all__ = ["Budget", "HostToPack", "Infeasible", "Packing", "PackingRules", "PoolSize", "pack"]

TRIES = 5
"""Numbers of waves tried above the bound (1, 2, 4, 8 more) before the first fit is taken."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A wave per item (None: not found) and a proven bound (None: there is no packing)."""

    waves: Sequence[int] | None
    bound: int | None


def pack(pieces: Sequence[HostToPack], rules: PackingRules) -> Packing | Infeasible:
    """Return waves that keep every rule, as few as could be found, and a bound on their number.

    Hosts must have different names. The order of `pieces` does not matter.
    """
    ordered = sorted(pieces, key=lambda piece: piece.host)
    demanded = demands(ordered, rules)
    obstacles = too_large(demanded, rules)
    if obstacles:
        return Infeasible(relaxations=obstacles)
    model = wave_model(ordered, rules, demanded)
    waves = [0] * len(model.items)
    bound = 0
    for places, part_model in independent(model):
        part = _packed(part_model)
        if part.waves is None or part.bound is None:
            relaxations = no_growth(part_model, ordered, rules, proven=part.bound is None)
            return Infeasible(relaxations=relaxations, proven=part.bound is None)
        bound = max(bound, part.bound)
        for index, wave in zip(places, part.waves, strict=True):
            waves[index] = wave
    needed = max(waves, default=0)
    if rules.horizon is not None and needed > rules.horizon:
        relaxations = beyond_horizon(demanded, ordered, needed, rules.horizon)
        return Infeasible(relaxations=relaxations, proven=bound > rules.horizon)
    hosts = _hosts(model, waves)
    pieces_by_name = {piece.host: piece for piece in ordered}
    return Packing(
        waves=hosts,
        bound=bound,
        method=_method(model, needed, bound),
        spare=least_spare(hosts, pieces_by_name, rules),
        why=binding_limits(demanded, hosts),
    )


def _hosts(model: WaveModel, waves: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    hosts: list[list[str]] = [[] for _ in range(max(waves, default=0))]
    for item, wave in zip(model.items, waves, strict=True):
        hosts[wave - 1].append(item.name)
    return tuple(tuple(names) for names in hosts)


def _method(model: WaveModel, needed: int, bound: int) -> PackingMethod:
    if needed > bound:
        return "heuristic"
    return "closed-form" if counting(model) and nested(model) else "optimal"


def _packed(model: WaveModel) -> _Part:
    """Try the bound, then more waves; proofs raise the bound, first fit ends the search."""
    bound = lower_bound(model)
    if bound is None:
        return _Part(None, None)
    most = len(model.items) + model.last_barred
    tried, first_fit, number = 0, None, bound
    while number <= most and tried < TRIES:
        waves, proven = _of_size(model, number)
        if waves is not None:
            return _Part(waves, bound)
        if proven and number == bound:
            number = bound = bound + 1
            continue
        if first_fit is None:
            first_fit = _first_fit(model)
        tried += 1
        number = bound + 2 ** (tried - 1)
        if first_fit is not None and number >= max(first_fit):
            break
    if bound > most:
        return _Part(None, None)
    return _Part(first_fit, bound)


def _of_size(model: WaveModel, waves: int) -> tuple[Sequence[int] | None, bool]:
    """Return a packing into `waves` waves; None and whether it is proven that there is none."""
    if counting(model) and nested(model) and len(model.pools) == 1:
        return round_robin(model, waves), True
    for method in (_forward, _dealt) if len(model.pools) > 1 else (_dealt, _forward):
        packing = method(model, waves)
        if packing is not None:
            return packing, True
    search = exact_packing(model, waves)
    return search.waves, search.proven


def _dealt(model: WaveModel, waves: int) -> Sequence[int] | None:
    repair = LocalSearch(
        model, _moved_to_open_waves(model, round_robin(model, waves), waves), waves
    )
    return repair.waves if repair.run() else None


def _forward(model: WaveModel, waves: int) -> Sequence[int] | None:
    """Fill waves in turn; hosts left over are put somewhere and the whole is mended."""
    one_way = any(ready is not None for ready in model.ready)
    for climb in (False, True) if one_way else (False,):
        run = FirstFit(model, waves, climb=climb)
        if run.run():
            return run.waves
        repair = LocalSearch(model, _moved_to_open_waves(model, run.waves, waves), waves)
        if repair.run():
            return repair.waves
    return None


def _moved_to_open_waves(model: WaveModel, packing: Sequence[int], last: int) -> list[int]:
    """Move hosts without a wave, or in one that is barred for them, to the next one that is open."""
    opened = []
    for item, wave in zip(model.items, packing, strict=True):
        turns = ((wave or last) + step for step in range(last))
        waves = ((turn - 1) % last + 1 for turn in turns)
        opened.append(next(turn for turn in waves if turn not in item.barred))
    return opened


def _first_fit(model: WaveModel) -> Sequence[int] | None:
    """Return the shorter of two packings by first fit; None if one-way guests find no room."""
    runs = [FirstFit(model, None, climb=climb) for climb in (False, True)]
    return min((run.waves for run in runs if run.run()), key=max, default=None)
