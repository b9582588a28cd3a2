"""Option ROMs of different size among a pool's builds; derived from sets of builds, not by judging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from planner.domain.compat import DEFAULT, PropertyKey
from planner.domain.host import QemuBuild
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.policy import Policy
from planner.domain.solution import Condition
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.qemu.roms import Rom, is_kin
from planner.solver.candidate import condition_of
from planner.solver.difference_issues import DifferenceIssue

SETTINGS = ("rombar", "romfile", "romsize")


def block_issues(
    pairs: Iterable[tuple[QemuBuild, QemuBuild]],
    machine_type: str,
    knowledge: KnowledgeBase,
    policy: Policy,
) -> Iterator[DifferenceIssue]:
    """Yield what ROM sizes ask of pairs of source and destination, alike ROMs in one."""
    hops = [
        (row, destination) for row, destination in set(pairs) if not row.is_same_as(destination)
    ]
    builds = sorted({build for pair in hops for build in pair}, key=str)
    constraints = []
    for rom in knowledge.roms.roms:
        devices = tuple(
            row for row in rom.devices if _is_free(row, builds, machine_type, knowledge, policy)
        )
        answers = {_answer(row, destination, rom, knowledge) for row, destination in hops}
        constraints += [(answer, rom.file, devices) for answer in sorted(answers - {""}) if devices]
    constraints.sort(key=lambda row: row[0])
    for answer, some in groupby(constraints, key=lambda row: row[0]):
        roms = list(some)
        files = tuple(file for _, file, _ in roms)
        yield _issue(answer, files, tuple(name for *_, names in roms for name in names), knowledge)


def _issue(
    answer: str, files: tuple[str, ...], devices: tuple[str, ...], knowledge: KnowledgeBase
) -> DifferenceIssue:
    names = ", ".join(files)
    source = knowledge.roms.roms[0].source
    if answer == "check":
        text = f"option ROM files of equal size on all hosts of the pool: {_folded(files)}"
        condition = Condition(kind="host", text=text, price="check with harvest package")
        return DifferenceIssue(
            unit=f"rom/{files[0]}", condition=condition, source=source, text=text
        )
    certain = answer == "differ"
    how = "differ" if certain else "may differ"
    clause = Clause(kind=ClauseKind.DEVICE, any_of=devices)
    condition = replace(
        condition_of(clause, knowledge, "functional"),
        text=f"no network card with the option ROM of its package (romfile= or rombar=0 given): "
        f"{_folded(files)} {how} in size",
    )
    return DifferenceIssue(
        rule=Rule.MEMORY_BLOCK_DIFFERS.value,
        unit=f"rom/{files[0]}",
        condition=condition,
        certain=certain,
        facts=() if certain else (f"size of option ROM {names} on all hosts",),
        source=source,
        text=f"option ROM {names} of different size",
    )


def _folded(files: tuple[str, ...]) -> str:
    """Name the first of many files."""
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def _answer(source: QemuBuild, destination: QemuBuild, rom: Rom, knowledge: KnowledgeBase) -> str:
    """Return how a ROM stands between two builds: differ, open, check, or nothing."""
    sizes = {knowledge.roms.block(build, rom.file) for build in (source, destination)}
    if None not in sizes and len(sizes) == 1:
        return ""
    if all(isinstance(size, int) for size in sizes) and len(sizes) > 1:
        return "differ"
    if is_kin(source, destination):
        return ""
    return "check" if source.line == destination.line else "open"


def _is_free(
    device: str,
    builds: Iterable[QemuBuild],
    machine_type: str,
    knowledge: KnowledgeBase,
    policy: Policy,
) -> bool:
    """Whether nothing but the package says which ROM a device has."""
    keys = [PropertyKey(qom_type=device, property=name) for name in SETTINGS]
    if any(knowledge.may_set(flag.key, key) for flag in policy.required_flags for key in keys):
        return False
    values = {
        knowledge.machines.effective(build, machine_type, key) for build in builds for key in keys
    }
    return values <= {DEFAULT, None}
