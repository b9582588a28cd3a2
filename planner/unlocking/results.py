"""What answers a goal: upgrades of host classes, or that there are none; searches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from planner.domain.host import HostGroup, HostProfile
from planner.domain.plans.unlock import ClassUpgrade, Goal, LeastCost, UnlockStatus, UnlockTarget
from planner.migration.graph import MigrationDomain
from planner.optimize.upgrade_choice import Choice
from planner.unlocking.type_judge import changes
from planner.unlocking.upgrade_options import UpgradePath


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalResult:
    """A target with what becomes of the groups that it touches."""

    target: UnlockTarget
    domain: MigrationDomain
    paths: tuple[tuple[UpgradePath, ...], ...]
    choice: Choice = ()

    def changed(self) -> dict[HostGroup, HostGroup]:
        """Return what each touched group becomes."""
        return changes(self.paths, self.choice) if self.choice else {}


def closed(goal: Goal, value: float, domain: MigrationDomain, reason: str) -> GoalResult:
    """Return that nothing can open a goal."""
    target = UnlockTarget(
        goal=goal,
        status=UnlockStatus.CLOSED,
        value=value,
        cost=None,
        upgrades=(),
        after=(),
        bound=LeastCost(cost=0, method="closed-form", gap=0),
        verified=False,
        reason=reason,
    )
    return GoalResult(target=target, domain=domain, paths=())


def class_upgrades(
    changed: Mapping[HostGroup, HostGroup], release_of: Callable[[str, str], str]
) -> Iterator[ClassUpgrade]:
    """Yield the upgrades, hosts of one pool with equal texts together, in order of pool and texts.

    `release_of` names the release that brings a QEMU and a kernel which no host runs.
    """
    by_texts: dict[tuple[str, str, str, str, str], list[HostGroup]] = {}
    for before, after in changed.items():
        texts = (str(before.pool), before.kernel, before.qemu, after.kernel, after.qemu)
        by_texts.setdefault(texts, []).append(before)
    for (pool, from_kernel, from_qemu, kernel, qemu), groups in sorted(by_texts.items()):
        names = tuple(sorted(str(name) for group in groups for name in group.hosts))
        yield ClassUpgrade(
            pool=pool,
            from_kernel=from_kernel,
            from_qemu=from_qemu,
            kernel=kernel,
            qemu=qemu,
            hosts=len(names),
            examples=names[:3],
            release=release_of(qemu, kernel),
            names=names,
        )


def classes_of(result: GoalResult) -> tuple[tuple[str, HostProfile], ...]:
    """Return the classes that an opening may touch, by pool and profile."""
    return tuple((str(member.groups[0].pool), member.profile) for member in result.domain.members)
