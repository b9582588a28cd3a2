"""Guests that are power-cycled: before wave 1 onto the new baseline, or while their host is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from planner.domain.guest import Baseline, GuestGroup
from planner.domain.host import HostName
from planner.domain.plans.plan import Restart
from planner.knowledge.base import KnowledgeBase
from planner.rollout.guest_groups import Cohort
from planner.rollout.stages import PoolUpgrade, Stage


def baseline_for(group: GuestGroup, first: Stage, knowledge: KnowledgeBase) -> Baseline | None:
    """Return the answer of a guest's board, of its own line if there is one.

    None if the board has none: a guest is not restarted onto another board, for that is other hardware.
    """
    row = knowledge.machine_type(group.machine_type)
    if row is None:
        return None
    same_board = [chosen for chosen in first.baselines if chosen.board == row.board]
    same_line = [chosen for chosen in same_board if chosen.line == row.line]
    return next((chosen.baseline for chosen in (*same_line, *same_board)), None)


def restarted(
    cohort: Cohort, upgrade: PoolUpgrade, first: Stage, knowledge: KnowledgeBase
) -> Cohort:
    """Return a cohort as it is once restarted before wave 1; as it is now if it cannot be."""
    if not cohort.groups:
        return cohort
    after = baseline_for(cohort.groups[0], first, knowledge)
    if after is None or after == cohort.start.baseline:
        return cohort
    return cohort.restarted(after, upgrade.profiles_before())


def before_wave_one(upgrade: PoolUpgrade, before: Cohort, after: Cohort) -> Iterator[Restart]:
    """Yield the step that makes one cohort of the other."""
    if before is not after:
        groups = before.groups or ()
        yield Restart(
            domain=upgrade.name,
            guests=sum(group.count for group in groups),
            before=before.start.baseline,
            after=after.start.baseline,
            before_wave=1,
            windows=_windows(groups),
            reason="its machine type or its state does not survive the way",
        )


def as_one(steps: Iterable[Restart]) -> tuple[Restart, ...]:
    """Return one step per baseline that guests leave and baseline that they get, in order."""
    merged: dict[tuple[Baseline, Baseline], Restart] = {}
    for step in steps:
        known = merged.setdefault((step.before, step.after), step)
        if known is not step:
            merged[(step.before, step.after)] = replace(
                known,
                guests=known.guests + step.guests,
                windows=tuple(dict.fromkeys((*known.windows, *step.windows))),
            )
    return tuple(merged.values())


def bound_to_upgrades(upgrade: PoolUpgrade, guests: Iterable[GuestGroup]) -> tuple[GuestGroup, ...]:
    """Return the guests that cannot migrate away from a host that is to be upgraded."""
    moving = {str(host.name) for host in upgrade.hosts if host.target is not None}
    return tuple(group for group in guests if is_bound(upgrade, group) and group.host in moving)


def is_bound(upgrade: PoolUpgrade, group: GuestGroup) -> bool:
    """Whether a guest cannot leave its host: it cannot migrate, or the pool has no other host."""
    return not group.migratable or len(upgrade.hosts) == 1


def power_offs(
    bound: Sequence[GuestGroup],
    wave_of: Mapping[HostName, int],
    baseline: Callable[[GuestGroup], Baseline | None],
) -> Iterator[Restart]:
    """Yield the guests that are off in the wave of their host, for they cannot migrate away."""
    for group in bound:
        after = baseline(group)
        if after is not None:
            yield Restart(
                domain=group.pool,
                guests=group.count,
                before=Baseline(machine_type=group.machine_type, flags=group.flags),
                after=after,
                before_wave=wave_of[HostName(group.host)],
                windows=_windows((group,)),
                reason=f"it cannot migrate away from {group.host}",
            )


def _windows(groups: Iterable[GuestGroup]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(group.restart_window for group in groups if group.restart_window))
