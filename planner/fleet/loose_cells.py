"""Cells of a fleet that are hardly read as they were meant: each text once, with its hosts counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from planner.domain.errors import Location, Problem
from planner.domain.host import HostGroup
from planner.fleet.vocabulary import Vocabulary

MOST = 5
"""Texts of a column that are told one by one."""


@dataclass(frozen=True, slots=True)
class LooseCells:
    """What is told of loose cells; `wrong` are those that no row reads at all."""

    told: tuple[Problem, ...] = ()
    wrong: tuple[Problem, ...] = ()


def loose_cells(groups: Iterable[HostGroup], vocabulary: Vocabulary) -> LooseCells:
    """Return the loose cells of hosts, those of one text together."""
    hosts = Counter[tuple[str, str, str, bool]]()
    first: dict[tuple[str, str, str, bool], HostGroup] = {}
    alike: dict[tuple[str, str, str, str], list[HostGroup]] = {}
    for group in groups:
        alike.setdefault((group.arch, group.kernel, group.qemu, group.cpu), []).append(group)
    for (arch, kernel, qemu, cpu), same in alike.items():
        for one in vocabulary.loose(arch=arch, kernel=kernel, qemu=qemu, cpu=cpu):
            hosts[one] += sum(len(group.hosts) for group in same)
            first.setdefault(one, same[0])
    shown, more = Counter[str](), Counter[str]()
    told, wrong = list[Problem](), list[Problem]()
    for one, group in first.items():
        column, what, remedy, is_unread = one
        shown[column] += 1
        if shown[column] > MOST:
            more[column] += 1
            continue
        count = hosts[one]
        noun = "host" if count == 1 else "hosts"
        place = Location(file=group.file, line=group.line or None, column=column)
        found = Problem(location=place, what=f"{what} ({count:,} {noun})", remedy=remedy)
        told.append(found)
        if is_unread:
            wrong.append(found)
    for column, count in more.items():
        place = Location(file=next(iter(first.values())).file, column=column)
        told.append(Problem(location=place, what=f"and {count:,} more texts like these"))
    return LooseCells(tuple(told), tuple(wrong))
