"""What an answer asks of the machines of a pool, by what their probes tell; compares sets of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from planner.documents.digits import whole_of
from planner.domain.host import HostProfile
from planner.domain.solution import Condition
from planner.knowledge.base import KnowledgeBase
from planner.solver.candidate import HARDWARE, HARDWARE_OF_A_MODEL, VERIFIED

MOST_VALUES = 3
"""Values of one fact that a condition names."""
Facts = tuple[tuple[str, str], ...]
Told = frozenset[tuple[Facts, bool, frozenset[str]]]


def told_by(profiles: Iterable[HostProfile], knowledge: KnowledgeBase) -> Told:
    """Return what decides here about each host: its facts, whether they are all, what settles some."""
    settling = {name for row in knowledge.host_cpus.facts for name in row.settled_by}
    return frozenset(
        (profile.hardware, profile.is_probed, frozenset(settling & profile.capabilities.present))
        for profile in profiles
    )


def asked_of_machines(
    stated: Told, knowledge: KnowledgeBase, *, possible: bool, one_model: bool, arch: str
) -> Iterator[Condition]:
    """Yield the check of machines that were not all probed, else that they are equal, or in what not."""
    differing = tuple(_differing(stated, knowledge))
    names = {frozenset(name for name, _ in facts) for facts, _, _ in stated}
    all_told = all(complete for _, complete, _ in stated) and (bool(differing) or len(names) == 1)
    if possible and not all_told:
        words = knowledge.asked_alike(arch)
        of_arch = replace(HARDWARE, text=f"{words} on all hosts of the pool")
        yield of_arch if words else HARDWARE if one_model else HARDWARE_OF_A_MODEL
    if differing:
        text = "the hosts differ in " + "; ".join(words for _, words in differing)
        about = tuple(name for name, _ in differing)
        yield Condition(kind="host", text=text, price="look at what differs", about=about)
    elif all_told:
        yield VERIFIED


def _differing(stated: Told, knowledge: KnowledgeBase) -> Iterator[tuple[str, str]]:
    """Yield the facts in which machines differ, each with words for it."""
    values: dict[str, set[str]] = {}
    for facts, _, _ in stated:
        for name, value in facts:
            values.setdefault(name, set()).add(value)
    for name, different in sorted(values.items()):
        row = knowledge.host_cpus.fact(name)
        if row is None or len(different) < 2 or _is_near(different, row.ppm):
            continue
        having = [have for facts, _, have in stated if any(known == name for known, _ in facts)]
        if any(all(settled in have for have in having) for settled in row.settled_by):
            continue
        shown = sorted(different)[:MOST_VALUES] + ["..."] * (len(different) > MOST_VALUES)
        needs = f": {row.needs}" if row.needs else ""
        shown_name = row.words if name == row.name else name
        yield name, f"{shown_name} ({' against '.join(shown)}{needs})"


def _is_near(values: set[str], ppm: int) -> bool:
    """Whether all numbers are within `ppm` of each other."""
    if not ppm or not all(value.isdecimal() for value in values):
        return False
    numbers = [whole_of(value) for value in values]
    return (max(numbers) - min(numbers)) * 1_000_000 <= ppm * max(numbers)
