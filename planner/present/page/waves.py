"""The waves of a plan and the retirement of machine types, as a page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.plans.plan import Plan, Rollback, Wave
from planner.domain.shown import counted
from planner.present.lines import listed
from planner.present.page.pools import ShownFlip, shown_flip

MOST_HOSTS = 6
MOST_FLIPS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWave:
    """One wave; `soak` is the longest wait of its flips in days."""

    number: int
    day: str
    hosts: int
    examples: str
    moves: str
    flips: tuple[tuple[str, ShownFlip], ...]
    more_flips: int
    soak: int
    last_day: str
    free: bool
    rollback: str


def shown_waves(plan: Plan) -> tuple[ShownWave, ...]:
    """Return the waves in order."""
    return tuple(_wave(wave) for wave in plan.waves)


def _wave(wave: Wave) -> ShownWave:
    days = [flip.not_before for flip in wave.flips if flip.not_before is not None]
    return ShownWave(
        number=wave.number,
        day="" if wave.day is None else wave.day.isoformat(),
        hosts=len(wave.hosts),
        examples=listed(wave.hosts[:MOST_HOSTS], len(wave.hosts)),
        moves="" if wave.moves is None else f"{wave.moves:,}",
        flips=tuple((flip.domain, shown_flip(flip)) for flip in wave.flips[:MOST_FLIPS]),
        more_flips=max(0, len(wave.flips) - MOST_FLIPS),
        soak=max((flip.soak_days for flip in wave.flips), default=0),
        last_day=max(days).isoformat() if days else "",
        free=wave.rollback.free,
        rollback=_rollback(wave.rollback),
    )


def _rollback(back: Rollback) -> str:
    cost = "free" if back.free else "costs the guests started since"
    if back.guests and not back.free:
        cost = f"costs {counted(back.guests, 'guest')}, and those started since"
    return cost + (f" ({'; '.join(back.reasons[:2])})" if back.reasons else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRetirement:
    """A machine type in use that a QEMU drops."""

    machine_type: str
    pools: str
    removed_in: str
    day: str
    days_left: str


def shown_radar(plan: Plan) -> tuple[ShownRetirement, ...]:
    """Return what retires, pools of one type together, the soonest first."""
    pools: dict[tuple[str, ...], list[str]] = {}
    for one in plan.radar:
        removed = one.removed_in + (" (forecast)" if one.forecast else "")
        day = "" if one.day is None else one.day.isoformat()
        left = "" if one.days_left is None else f"{one.days_left:,}"
        pools.setdefault((day or "9999", one.machine_type, removed, day, left), []).append(
            one.domain
        )
    return tuple(
        ShownRetirement(
            machine_type=name,
            pools=listed(tuple(found[:4]), len(found)),
            removed_in=removed,
            day=day,
            days_left=left,
        )
        for (_, name, removed, day, left), found in sorted(pools.items())
    )
