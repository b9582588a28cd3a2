"""Machine types in use that a QEMU drops: the target of the plan, or by forecast a later one."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.domain.host import QemuBuild
from planner.domain.plans.plan import RadarEntry, Relaxation
from planner.domain.shown import counted
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.rollout.guest_groups import Cohort
from planner.rollout.stages import PoolUpgrade


def radar_of(
    upgrade: PoolUpgrade,
    cohorts: Iterable[Cohort],
    knowledge: KnowledgeBase,
    today: datetime.date | None,
) -> Iterator[RadarEntry]:
    """Yield every machine type in use that a target does not offer or that is due for removal."""
    builds = tuple(dict.fromkeys(profile.qemu for profile in upgrade.upgraded_profiles()))
    in_use: dict[str, int | None] = {}
    for cohort in cohorts:
        name = cohort.start.baseline.machine_type
        known = in_use.get(name, 0)
        in_use[name] = None if cohort.guests is None or known is None else known + cohort.guests
    for name, guests in sorted(in_use.items()):
        end = _end_of(name, builds, knowledge)
        if end is not None:
            day = today if end.is_target else end.day
            yield RadarEntry(
                domain=upgrade.name,
                machine_type=name,
                guests=guests,
                removed_in=end.removed_in,
                day=day,
                days_left=None if day is None or today is None else max(0, (day - today).days),
                forecast=end.forecast,
                source=end.source,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Where a machine type ends: at a target of the plan, with a release, or by forecast."""

    removed_in: str
    source: str
    day: datetime.date | None = None
    is_target: bool = False
    forecast: bool = False


def _end_of(name: str, targets: Iterable[QemuBuild], knowledge: KnowledgeBase) -> _End | None:
    """Return the first end that a machine type comes to, None if nobody knows of one."""
    row = knowledge.machine_type(name)
    if row is None:
        return None
    dropped = [target for target in targets if knowledge.machines.offers(target, name) is Truth.NO]
    if dropped:
        where = f"QEMU {dropped[0]} (a target of this plan)"
        return _End(removed_in=where, source=row.source, is_target=True)
    gone = knowledge.machines.dropped_in(row)
    if gone is not None:
        day = datetime.date.fromisoformat(gone.date) if gone.date else None
        return _End(removed_in=f"QEMU {gone.release} (released)", source=gone.source, day=day)
    removal = knowledge.removals.get(name)
    if removal is None:
        return None
    day = knowledge.release_day(removal.removed)
    where = f"QEMU {removal.removed}"
    return _End(removed_in=where, source=removal.source, day=day, forecast=True)


def stranded(
    upgrade: PoolUpgrade, cohorts: Iterable[Cohort], knowledge: KnowledgeBase
) -> Iterator[Relaxation]:
    """Yield the guests whose machine type a target does not offer, or may not, with the ways out."""
    builds = tuple(dict.fromkeys(profile.qemu for profile in upgrade.upgraded_profiles()))
    for cohort in cohorts:
        name = cohort.start.baseline.machine_type
        offers = {build: knowledge.machines.offers(build, name) for build in builds}
        lost = [build for build, offer in offers.items() if offer is Truth.NO]
        unsure = [build for build, offer in offers.items() if offer is Truth.UNKNOWN]
        if not (lost or unsure):
            continue
        count = "guests" if cohort.guests is None else counted(cohort.guests, "guest")
        if lost:
            text = (
                f"QEMU {lost[0]} does not offer {name}: first restart {count} on a type that it has"
            )
            step = between(name, lost, knowledge)
            text += f", or go to QEMU {step} first, which still offers it" if step else ""
        else:
            text = f"missing fact: whether QEMU {unsure[0]} offers {name}"
        yield Relaxation(
            domain=upgrade.name,
            constraint="machine-type" if lost else "missing-fact",
            text=text,
            hosts=len(cohort.hosts),
            examples=cohort.hosts[:3],
        )


def between(name: str, targets: Sequence[QemuBuild], knowledge: KnowledgeBase) -> str:
    """Return the newest known build of a target's line that offers `name` and a type of the target."""
    row = knowledge.machine_type(name)
    if row is None:
        return ""
    for target in targets:
        types = [
            shared_type
            for shared_type, offered in knowledge.machines.types.items()
            if (offered.machine_type.board, offered.machine_type.line) == (row.board, row.line)
            and knowledge.machines.offers(target, shared_type) is Truth.YES
        ]
        for release in knowledge.builds.releases(target.line):
            build = knowledge.builds.place(release)
            if build is None or not build.is_known or build.version >= target.version:
                continue
            if knowledge.machines.offers(build, name) is not Truth.YES:
                continue
            if any(
                knowledge.machines.offers(build, shared_type) is Truth.YES for shared_type in types
            ):
                return release
    return ""
