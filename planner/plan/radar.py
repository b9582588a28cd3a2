"""Machine types in use that a QEMU drops: the target of the plan, or by forecast a later one."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from planner.domain.host import QemuBuild
from planner.domain.plan import RadarEntry, Relaxation
from planner.domain.shown import counted
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.plan.cohorts import Cohort
from planner.plan.stages import PoolWay


def radar_of(
    way: PoolWay, cohorts: Iterable[Cohort], knowledge: KnowledgeBase, today: datetime.date | None
) -> Iterator[RadarEntry]:
    """Yield every machine type in use that a target does not offer or that is due for removal."""
    builds = tuple(dict.fromkeys(profile.qemu for profile in way.upgraded_profiles()))
    in_use: dict[str, int | None] = {}
    for cohort in cohorts:
        name = cohort.start.baseline.machine_type
        known = in_use.get(name, 0)
        in_use[name] = None if cohort.guests is None or known is None else known + cohort.guests
    for name, guests in sorted(in_use.items()):
        row = knowledge.machine_type(name)
        dropped = [build for build in builds if knowledge.machines.offers(build, name) is Truth.NO]
        if row is not None and dropped:
            yield RadarEntry(
                domain=way.name,
                machine_type=name,
                guests=guests,
                removed_in=f"QEMU {dropped[0]} (a target of this plan)",
                day=today,
                days_left=None if today is None else 0,
                forecast=False,
                source=row.source,
            )
        removal = knowledge.removals.get(name)
        if removal is not None and not dropped:
            day = knowledge.release_day(removal.removed)
            yield RadarEntry(
                domain=way.name,
                machine_type=name,
                guests=guests,
                removed_in=f"QEMU {removal.removed}",
                day=day,
                days_left=None if day is None or today is None else (day - today).days,
                forecast=True,
                source=removal.source,
            )


def stranded(
    way: PoolWay, cohorts: Iterable[Cohort], knowledge: KnowledgeBase
) -> Iterator[Relaxation]:
    """Yield the guests whose machine type a target does not offer, or may not, with the ways out."""
    builds = tuple(dict.fromkeys(profile.qemu for profile in way.upgraded_profiles()))
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
            domain=way.name,
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
            one
            for one, offered in knowledge.machines.types.items()
            if (offered.machine_type.board, offered.machine_type.line) == (row.board, row.line)
            and knowledge.machines.offers(target, one) is Truth.YES
        ]
        for release in knowledge.builds.releases(target.line):
            build = knowledge.builds.place(release)
            if build is None or not build.is_known or build.version >= target.version:
                continue
            if knowledge.machines.offers(build, name) is not Truth.YES:
                continue
            if any(knowledge.machines.offers(build, one) is Truth.YES for one in types):
                return release
    return ""
