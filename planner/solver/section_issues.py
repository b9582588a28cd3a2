"""Devices whose sections builds do not take from one another: no guest of the pool may have one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from planner.domain.host import QemuBuild
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.qemu.sections import Section, Sent
from planner.solver.difference_issues import DifferenceIssue

MOST_PAIRS = 1 << 14
"""Pairs of builds of which the devices with other sections are remembered."""
SOURCE = "qemu: descriptions of devices by release (harvested/qemu/vmstate.csv)"


def section_issues(
    pairs: Iterable[tuple[QemuBuild, QemuBuild]], arch: str, knowledge: KnowledgeBase
) -> Iterator[DifferenceIssue]:
    """Yield one issue for the devices that certainly fail, one for those that may; devices with a row.

    Devices without a row are unknown anyway.
    """
    strangers: dict[str, bool] = {}
    for source, destination in pairs:
        for device, is_certain in _strangers(source, destination, arch, knowledge):
            strangers[device] = strangers.get(device, False) or is_certain
    for certain in (True, False):
        names = tuple(sorted(device for device, sure in strangers.items() if sure is certain))
        if names:
            yield DifferenceIssue(
                rule=Rule.UNIT_NOT_UNDERSTOOD.value,
                unit=f"section/{names[0]}",
                certain=certain,
                facts=() if certain else (f"whether builds load the section of {names[0]}",),
                clause=Clause(kind=ClauseKind.DEVICE, any_of=names),
                source=SOURCE,
                text="builds send sections of these devices that others do not load",
            )


@lru_cache(maxsize=MOST_PAIRS)
def _strangers(
    source: QemuBuild, destination: QemuBuild, arch: str, knowledge: KnowledgeBase
) -> tuple[tuple[str, bool], ...]:
    """Return devices with a section that does not pass, and whether that is certain."""
    lines = (source.line, destination.line)
    if source.is_same_as(destination) or not all(map(knowledge.builds.follows_reference, lines)):
        return ()
    sections, strangers = knowledge.sections, []
    for device in sorted(knowledge.guests.devices):
        kinds = knowledge.kinds_of_device(arch, destination, device)
        levels = [
            _passes(ours, theirs, sections.settled)
            for ours in sections.sent_by(source, kinds)
            for theirs in sections.sent_by(destination, kinds)
        ]
        if any(level != LOADS for level in levels):
            strangers.append((device, all(level == REFUSED for level in levels)))
    return tuple(strangers)


LOADS, OPEN, REFUSED = range(3)


def _passes(ours: tuple[Section, ...], theirs: tuple[Section, ...], settled: frozenset[str]) -> int:
    """Return how well what one release always sends passes to another."""
    if not theirs or not {row.sent for row in (*ours, *theirs)}.isdisjoint(
        {Sent.UNTOLD, Sent.NEVER}
    ):
        return LOADS
    levels = [LOADS]
    for row in ours:
        if row.sent is Sent.ALWAYS:
            level = _level(row, next((known for known in theirs if known.name == row.name), None))
            levels.append(LOADS if level == OPEN and row.name in settled else level)
    return max(levels)


def _level(ours: Section, theirs: Section | None) -> int:
    if theirs is None:
        return REFUSED
    if None in (ours.version, theirs.version, theirs.minimum):
        return LOADS
    version = ours.version or 0
    if not (theirs.minimum or 0) <= version <= (theirs.version or 0):
        return REFUSED
    digests = {ours.layout_of(version), theirs.layout_of(version)} - {""}
    return OPEN if len(digests) > 1 else LOADS
