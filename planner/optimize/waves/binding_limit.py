"""Which limit a wave comes closest to: why it holds these hosts and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from planner.domain.shown import counted
from planner.optimize.waves.constraints import LimitDemand, named, size_of

NO_LIMIT = "no limit of the policy or of room is near"


def binding_limits(
    demands: Sequence[LimitDemand], waves: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    """Return, per wave, the limit of which the largest share is used, in words."""
    wave_of = {host: number for number, hosts in enumerate(waves) for host in hosts}
    best: list[tuple[Fraction, str]] = [(Fraction(), NO_LIMIT)] * len(waves)
    for demand in demands:
        for number, used in _used(demand, wave_of).items():
            share = Fraction(used, max(1, demand.limit.most))
            if share > best[number][0]:
                best[number] = (share, _limit_text(demand, used))
    return tuple(text for _, text in best)


def _used(demand: LimitDemand, wave_of: Mapping[str, int]) -> dict[int, int]:
    """Return what a demand takes in every wave in which it takes something."""
    used: dict[int, int] = {}
    for piece, amount in zip(demand.pieces, demand.amounts, strict=True):
        number = wave_of[piece.host]
        used[number] = used.get(number, 0) + amount
    return used


def _limit_text(demand: LimitDemand, used: int) -> str:
    limit = demand.limit
    most = counted(limit.most, "host") if limit.counts else size_of(limit.most)
    share = f"{used:,} of {most}" if limit.counts else f"{size_of(used)} of {most}"
    return f"tightest limit {named(limit)}: {share}"
