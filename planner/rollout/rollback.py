"""The way back after each wave: which guests could not return alive, and from when it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from planner.answers.presumed_moves import reasons
from planner.domain.guest import GuestGroup
from planner.domain.host import HostName
from planner.domain.plans.plan import Flip, Rollback, Routing
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
    analysis: PoolAnalysis, wave_of: Mapping[HostName, int], flips: Iterable[Flip], wave: int
) -> RollbackCost:
    """Return what rollback of a pool costs once `wave` and its flips are done.

    Guests that were evacuated to an upgraded host and could not return are counted with the host
    that they are on today; in the first wave there is no upgraded host to go to, unless some host
    of the pool already is what the others shall be.
    """
    flipped = [
        flip for flip in flips if flip.after_wave <= wave and flip.domain == analysis.upgrade.name
    ]
    caught = [impact for impact in analysis.impacts if impact.back]
    away = _evacuated(analysis, wave_of, wave) if caught else frozenset()
    groups = [
        group
        for impact in caught
        for group in impact.cohort.groups or ()
        if group.host in away and group.migratable
    ]
    known = analysis.given
    one_way = sum(group.count for group in groups)
    hopping = any(flip.takes_effect.begins_at_a_hop for flip in flipped)
    lost = _all_groups(analysis) if hopping else groups
    begun = any(wave_of.get(host.name, wave + 1) <= wave for host in analysis.upgrade.hosts)
    endangered = bool(caught) and (bool(away) or not known) and begun
    directed = analysis.first.is_directed and begun
    return RollbackCost(
        one_way_guests=one_way if known else None,
        guests=sum(group.count for group in lost) if known else None,
        vcpus=_vcpus(lost) if known else None,
        reasons=tuple(_reasons(analysis, flipped, endangered=endangered, begun=begun)),
        free=not flipped and not directed and not (endangered and (one_way > 0 or not known)),
    )


def _evacuated(
    analysis: PoolAnalysis, wave_of: Mapping[HostName, int], wave: int
) -> frozenset[str]:
    """Return the hosts whose guests have been on an upgraded host once `wave` is done."""
    first = 1 if set(analysis.upgrade.upgraded_profiles()) & set(analysis.upgrade.before) else 2
    return frozenset(
        str(host.name)
        for host in analysis.upgrade.hosts
        if host.target is not None and first <= wave_of[host.name] <= wave
    )


def _all_groups(analysis: PoolAnalysis) -> list[GuestGroup]:
    return [group for cohort in analysis.cohorts for group in cohort.groups or ()]


def _vcpus(groups: Sequence[GuestGroup]) -> float | None:
    """Return the virtual CPUs of some guests, None if a size is missing."""
    if any(group.room is None for group in groups):
        return None
    return sum(group.count * group.room.vcpus for group in groups if group.room is not None)


def _reasons(
    analysis: PoolAnalysis, flipped: Sequence[Flip], *, endangered: bool, begun: bool
) -> Iterable[str]:
    name = analysis.upgrade.name
    if analysis.first.is_directed and begun:
        yield f"{name}: new guests that are on an upgraded host cannot go back to an old one"
    for flip in flipped:
        text = f"{name}: guests that got {flip.after.machine_type} with {_flags(flip)}"
        yield f"{text} after wave {flip.after_wave} cannot go back to an old host"
    if endangered:
        units = reasons(objection for impact in analysis.impacts for objection in impact.back)
        yield f"{name}: guests that have been on an upgraded host cannot return ({units})"
    after_reboot = [
        objection
        for impact in analysis.impacts
        if not impact.back
        for objection in impact.after_reboot
    ]
    if after_reboot and begun:
        yield (
            f"{name}: guests rebooted on an upgraded host cannot return ({reasons(after_reboot)})"
        )
    without = _dropped_later(analysis)
    if without and begun and not analysis.first.is_directed and analysis.routing is Routing.ANY:
        yield (
            f"{name}: a guest booted on an upgraded host without {' '.join(without)} cannot return"
        )


def _flags(flip: Flip) -> str:
    return " ".join(str(flag) for flag in flip.after.flags) or "no flags"


def _dropped_later(analysis: PoolAnalysis) -> list[str]:
    """Return the flags of new guests that are there for the sake of old hosts only."""
    return list(
        dict.fromkeys(
            str(choice.flag) for baseline in analysis.first.baselines for choice in baseline.flags
        )
    )


def merged(parts: Sequence[RollbackCost]) -> Rollback:
    """Return the way back of the whole plan after a wave."""
    return Rollback(
        free=all(part.free for part in parts),
        guests=total(part.guests for part in parts),
        vcpus=total(part.vcpus for part in parts),
        reasons=tuple(islice((reason for part in parts for reason in part.reasons), MOST_REASONS)),
    )
