"""What of a plan's targets nobody would expect: older than what hosts run, or nothing that was read.

In: a pool's upgrade and the domains of today and of the way. Out: one text per caution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.answers.reasons.risks import inferred
from planner.domain.host import HostGroup
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.shown import counted
from planner.knowledge.base import KnowledgeBase
from planner.migration.build_age import compared_builds, compared_kernels
from planner.migration.graph import MigrationDomain
from planner.rollout.stages import PoolUpgrade

MOST_NAMES = 3


def cautions_of(
    upgrade: PoolUpgrade, today: MigrationDomain, way: MigrationDomain, knowledge: KnowledgeBase
) -> Iterator[str]:
    """Yield which hosts get something older, then what is inferred of the targets and not of today."""
    yield from older_targets(upgrade.hosts, knowledge)
    known = {risk.text for risk in inferred(today)}
    yield from (risk.text for risk in inferred(way) if risk.text not in known)


def older_targets(hosts: Iterable[UpgradeHost], knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield which hosts would get an older kernel or QEMU than they run."""
    names_of: dict[tuple[str, str, str], list[str]] = {}
    for host in hosts:
        for step in _older(host.group, host.target, knowledge):
            names_of.setdefault(step, []).append(host.name)
    for (word, old, new), names in names_of.items():
        few = ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
        count = counted(len(names), "host")
        yield f"{count} ({few}) would get an older {word} than today: {new} after {old}"


def _older(
    today: HostGroup, target: HostGroup | None, knowledge: KnowledgeBase
) -> Iterator[tuple[str, str, str]]:
    """Yield what of a host's target is older than what it runs: the word, today's text, the target's."""
    if target is None:
        return
    kernels = (knowledge.kernel_of(group.kernel) for group in (target, today))
    if target.kernel != today.kernel and compared_kernels(*kernels) < 0:
        yield "kernel", today.kernel, target.kernel
    builds = (knowledge.build_of(group.qemu) for group in (target, today))
    if target.qemu != today.qemu and compared_builds(*builds) < 0:
        yield "QEMU", today.qemu, target.qemu
