"""The way back after each wave: which guests could not return alive, and from when it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from planner.answers.presumed_moves import reasons
from planner.domain.guest import GuestGroup
from planner.domain.host import HostName
from planner.domain.plan import Flip, Rollback, Routing
from planner.rollout.guest_groups import total
from planner.rollout.pool_analysis import PoolAnalysis

MOST_REASONS = 20
"""Pools of one vendor have one reason; more than a page of them tells nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackCost:
    """One pool after one wave: guests that cannot return, and why."""

    one_way_guests: int | None
    guests: int | None
    vcpus: float | None
    reasons: tuple[str, ...]
    free: bool


def rollback_cost(
    made: PoolAnalysis, wave_of: Mapping[HostName, int], flips: Iterable[Flip], wave: int
) -> RollbackCost:
    """Return what rollback of a pool costs once `wave` and its flips are done.

    Guests that were evacuated to an upgraded host and could not return are counted with the host
    that they are on today; in the first wave there is no upgraded host to go to, unless some host
    of the pool already is what the others shall be.
    """
    flipped = [flip for flip in flips if flip.after_wave <= wave and flip.domain == made.way.name]
    caught = [fate for fate in made.fates if fate.back]
    away = _evacuated(made, wave_of, wave) if caught else frozenset()
    groups = [
        group
        for fate in caught
        for group in fate.cohort.groups or ()
        if group.host in away and group.migratable
    ]
    known = made.given
    one_way = sum(group.count for group in groups)
    hopping = any(flip.takes_effect.begins_at_a_hop for flip in flipped)
    lost = _all_groups(made) if hopping else groups
    begun = any(wave_of.get(host.name, wave + 1) <= wave for host in made.way.hosts)
    endangered = bool(caught) and (bool(away) or not known) and begun
    directed = made.first.is_directed and begun
    return RollbackCost(
        one_way_guests=one_way if known else None,
        guests=sum(group.count for group in lost) if known else None,
        vcpus=_vcpus(lost) if known else None,
        reasons=tuple(_reasons(made, flipped, endangered=endangered, begun=begun)),
        free=not flipped and not directed and not (endangered and (one_way > 0 or not known)),
    )


def _evacuated(made: PoolAnalysis, wave_of: Mapping[HostName, int], wave: int) -> frozenset[str]:
    """Return the hosts whose guests have been on an upgraded host once `wave` is done."""
    first = 1 if set(made.way.upgraded_profiles()) & set(made.way.before) else 2
    return frozenset(
        str(host.name)
        for host in made.way.hosts
        if host.target is not None and first <= wave_of[host.name] <= wave
    )


def _all_groups(made: PoolAnalysis) -> list[GuestGroup]:
    return [group for cohort in made.cohorts for group in cohort.groups or ()]


def _vcpus(groups: Sequence[GuestGroup]) -> float | None:
    """Return the virtual CPUs of some guests, None if a size is missing."""
    if any(group.room is None for group in groups):
        return None
    return sum(group.count * group.room.vcpus for group in groups if group.room is not None)


def _reasons(
    made: PoolAnalysis, flipped: Sequence[Flip], *, endangered: bool, begun: bool
) -> Iterable[str]:
    name = made.way.name
    if made.first.is_directed and begun:
        yield f"{name}: new guests that are on an upgraded host cannot go back to an old one"
    for flip in flipped:
        what = f"{name}: guests that got {flip.after.machine_type} with {_flags(flip)}"
        yield f"{what} after wave {flip.after_wave} cannot go back to an old host"
    if endangered:
        units = reasons(one for fate in made.fates for one in fate.back)
        yield f"{name}: guests that have been on an upgraded host cannot return ({units})"
    after_reboot = [one for fate in made.fates if not fate.back for one in fate.after_reboot]
    if after_reboot and begun:
        yield (
            f"{name}: guests rebooted on an upgraded host cannot return ({reasons(after_reboot)})"
        )
    without = _dropped_later(made)
    if without and begun and not made.first.is_directed and made.routing is Routing.ANY:
        yield (
            f"{name}: a guest booted on an upgraded host without {' '.join(without)} cannot return"
        )


def _flags(flip: Flip) -> str:
    return " ".join(str(flag) for flag in flip.after.flags) or "no flags"


def _dropped_later(made: PoolAnalysis) -> list[str]:
    """Return the flags of new guests that are there for the sake of old hosts only."""
    return list(
        dict.fromkeys(str(choice.flag) for one in made.first.baselines for choice in one.flags)
    )


def merged(parts: Sequence[RollbackCost]) -> Rollback:
    """Return the way back of the whole plan after a wave."""
    return Rollback(
        free=all(part.free for part in parts),
        guests=total(part.guests for part in parts),
        vcpus=total(part.vcpus for part in parts),
        reasons=tuple(islice((reason for part in parts for reason in part.reasons), MOST_REASONS)),
    )
