"""Builds of QEMU on the way: what still has a machine type that the next build drops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.rollout.stages import PoolUpgrade

Types = frozenset[str]


def missing_bridge(
    upgrade: PoolUpgrade, board: str, line: str, knowledge: KnowledgeBase
) -> tuple[str, str] | None:
    """Return that a pool's builds share no type of a board and line, and which build to go through.

    None if they share one, or if the data does not tell.
    """
    old = {profile.qemu for profile in upgrade.profiles_before()}
    new = {profile.qemu for profile in upgrade.upgraded_profiles()} - old
    types = {build: _types(build, board, line, knowledge) for build in (*old, *new)}
    if not all(types.values()) or frozenset.intersection(*types.values()):
        return None
    low, high = (
        min(builds, key=lambda known_build: known_build.version) for builds in (old, new or old)
    )
    text = f"QEMU {low} and QEMU {high} have no machine type in common"
    for build in _candidates(new, knowledge):
        offered = _types(build, board, line, knowledge)
        if all(offered & types[known_build] for known_build in types):
            return text, f"go to QEMU {build} first, restart all guests there on a newer type"
    return text, "go there in several steps, and restart guests in between"


def _types(build: QemuBuild, board: str, line: str, knowledge: KnowledgeBase) -> Types:
    """Return the types of a board and line that a build certainly offers."""
    machines = knowledge.machines
    return frozenset(
        name
        for name, row in machines.types.items()
        if (row.machine_type.board, row.machine_type.line) == (board, line)
        and machines.offers(build, name) is Truth.YES
    )


def _candidates(targets: Iterable[QemuBuild], knowledge: KnowledgeBase) -> Iterator[QemuBuild]:
    """Yield the known builds of the targets' lines that are older than they, newest first."""
    for target in targets:
        for release in knowledge.builds.releases(target.line):
            build = knowledge.builds.place(release)
            if build is not None and build.is_known and build.version < target.version:
                yield build
