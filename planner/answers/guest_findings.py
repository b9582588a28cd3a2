"""Guests of today against the answer: their machine types, and the conditions they violate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from planner.answers.conditions import clauses_of
from planner.domain.compat import CompatFlag
from planner.domain.guest import Baseline, GuestGroup, GuestStart
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.solution import ChosenBaseline, GuestFinding
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.migration.applies import clause_truth
from planner.migration.graph import MigrationDomain
from planner.migration.host_rules import judge_unknown_devices
from planner.migration.parts import absent_parts
from planner.migration.reach import with_reach
from planner.solver.candidate import COMMON_PARTS, is_common_parts

MOST_EXAMPLES = 3
"""Guests whose names a finding tells."""


@dataclass(slots=True)
class _Alike:
    """Guests of a pool that were started alike: how many, and some names."""

    start: GuestStart
    count: int = 0
    names: tuple[str, ...] = ()

    @property
    def machine_type(self) -> str:
        """The machine type of all of them."""
        return self.start.baseline.machine_type


def find_violations(
    domain: MigrationDomain,
    baselines: Iterable[ChosenBaseline],
    groups: Iterable[GuestGroup],
    knowledge: KnowledgeBase,
) -> Iterator[GuestFinding]:
    """Yield what today's guests run on, per type, and who violates a condition of the answer."""
    guests = _alike(groups)
    if not guests:
        return
    chosen = {baseline.machine_type: baseline for baseline in baselines}
    found: dict[tuple[str, str], int] = {}
    for group in guests:
        key = (group.machine_type, _position(group, chosen, knowledge))
        found[key] = found.get(key, 0) + group.count
    for (name, finding), count in sorted(found.items()):
        yield GuestFinding(machine_type=name, guests=count, finding=finding)
    for baseline in chosen.values():
        own = [group for group in guests if _may_be_of(baseline, group, knowledge)]
        yield from _violators(baseline, own, knowledge)
        yield from _not_everywhere(domain, baseline, own, knowledge)
        yield from _without_a_row(baseline, own, knowledge)
        yield from _impacts(baseline, own, knowledge)


def _may_be_of(baseline: ChosenBaseline, group: _Alike, knowledge: KnowledgeBase) -> bool:
    """Whether a guest's machine type is of the board of an answer, or of none that is known."""
    row = knowledge.machine_type(group.machine_type)
    return row is None or row.board == baseline.board


def _alike(groups: Iterable[GuestGroup]) -> list[_Alike]:
    """Return guests that were started alike together, in order of first appearance."""
    found: dict[tuple[object, ...], _Alike] = {}
    for group in groups:
        key = (group.machine_type, group.flags, group.cpu, group.devices, group.traits)
        alike = found.get(key)
        if alike is None:
            alike = found[key] = _Alike(_start(group))
        alike.count += group.count
        if len(alike.names) < MOST_EXAMPLES:
            alike.names = (*alike.names, *group.names)[:MOST_EXAMPLES]
    return list(found.values())


def _start(group: GuestGroup) -> GuestStart:
    return GuestStart(
        baseline=Baseline(machine_type=group.machine_type, flags=group.flags),
        devices=group.devices,
        cpu=group.cpu,
        traits=group.traits,
    )


def _position(group: _Alike, chosen: dict[str, ChosenBaseline], knowledge: KnowledgeBase) -> str:
    """Say where a guest's type and flags stand against the answer of its board and line."""
    row = knowledge.machine_type(group.machine_type)
    if row is None:
        if knowledge.machines.is_alias(group.machine_type):
            return "an alias: give the versioned type that the running guest has"
        return "unknown machine type"
    for baseline in chosen.values():
        if (baseline.board, baseline.line) != (row.board, row.line):
            continue
        answer = knowledge.machine_type(baseline.machine_type)
        if answer is None or answer.name == row.name:
            return _flags_against(group, baseline, knowledge)
        return "newer than the answer" if row.is_newer_than(answer) else "older than the answer"
    return "no answer for this board and line"


def _flags_against(group: _Alike, baseline: ChosenBaseline, knowledge: KnowledgeBase) -> str:
    """Compare flags under the answer's own type; a flag not given for the guest is not set."""
    wanted = tuple(choice.flag for choice in baseline.flags)
    own = with_reach(group.start, knowledge).baseline.flags
    missing = _beyond(wanted, own, knowledge)
    other = _beyond(own, wanted, knowledge)
    parts = [f"without its flags {' '.join(missing)}"] if missing else []
    parts += [f"with flags it does not have: {' '.join(other)}"] if other else []
    return "as the answer" if not parts else f"type of the answer, {', '.join(parts)}"


def _beyond(
    flags: tuple[CompatFlag, ...], others: tuple[CompatFlag, ...], knowledge: KnowledgeBase
) -> list[str]:
    """Return the texts of `flags` that `others` do not set to the same value."""
    return [
        str(flag)
        for flag in flags
        if not any(
            knowledge.same_property(flag.key, other.key) and flag.value == other.value
            for other in others
        )
    ]


def _violators(
    baseline: ChosenBaseline, guests: list[_Alike], knowledge: KnowledgeBase
) -> Iterator[GuestFinding]:
    for condition in baseline.conditions:
        clauses = clauses_of(condition.words)
        if not clauses or is_common_parts(condition):
            continue
        found = [group for group in guests if _has(clauses, group.start, knowledge)]
        yield from _finding(baseline, found, f"violates: {condition.text}")


def _not_everywhere(
    domain: MigrationDomain,
    baseline: ChosenBaseline,
    guests: list[_Alike],
    knowledge: KnowledgeBase,
) -> Iterator[GuestFinding]:
    """Yield the guests with parts that the QEMU of some host does not have."""
    row = knowledge.machine_type(baseline.machine_type)
    if row is None or not any(map(is_common_parts, baseline.conditions)):
        return
    of_part: dict[str, list[_Alike]] = {}
    for group in guests:
        for name in absent_parts(group.start, row.arch, domain.builds, knowledge):
            of_part.setdefault(name, []).append(group)
    for name, found in sorted(of_part.items()):
        text = f"violates: {COMMON_PARTS.text}: not every one has {name}"
        yield from _finding(baseline, found, text)


def _without_a_row(
    baseline: ChosenBaseline, guests: list[_Alike], knowledge: KnowledgeBase
) -> Iterator[GuestFinding]:
    """Yield the guests with devices of which nobody knows whether they migrate."""
    of_fact: dict[str, list[_Alike]] = {}
    for group in guests:
        for gap in judge_unknown_devices(group.start, knowledge):
            of_fact.setdefault(", ".join(gap.facts), []).append(group)
    for fact, found in sorted(of_fact.items()):
        yield from _finding(baseline, found, f"unknown: {fact}")


def _finding(baseline: ChosenBaseline, found: list[_Alike], text: str) -> Iterator[GuestFinding]:
    """Yield what was found of some guests, nothing if there are none."""
    if found:
        yield GuestFinding(
            machine_type=baseline.machine_type,
            guests=sum(group.count for group in found),
            finding=text,
            examples=tuple(name for group in found for name in group.names)[:MOST_EXAMPLES],
        )


def _impacts(
    baseline: ChosenBaseline, guests: list[_Alike], knowledge: KnowledgeBase
) -> Iterator[GuestFinding]:
    """Yield what guests would notice if they were raised to the answer; somebody must acknowledge it."""
    answer = knowledge.machine_type(baseline.machine_type)
    for impact in knowledge.guests.impacts:
        crossing = knowledge.machine_type(impact.crossing)
        if answer is None or crossing is None or not _reaches(answer, crossing):
            continue
        found = [group for group in guests if _is_raised(group, crossing, impact.trait, knowledge)]
        text = f"needs ack before raising: {impact.text} ({impact.id})"
        yield from _finding(baseline, found, text)


def _reaches(answer: MachineType, crossing: MachineType) -> bool:
    same = (answer.board, answer.line) == (crossing.board, crossing.line)
    return same and answer.rank >= crossing.rank


def _is_raised(group: _Alike, crossing: MachineType, trait: str, knowledge: KnowledgeBase) -> bool:
    """Whether a guest stands below the crossing and is not known to lack the trait."""
    row = knowledge.machine_type(group.machine_type)
    below = row is not None and _reaches(crossing, row) and row.rank < crossing.rank
    return below and (trait, False) not in group.start.traits


def _has(clauses: tuple[Clause, ...], start: GuestStart, knowledge: KnowledgeBase) -> bool:
    """Whether a guest certainly has what a condition excludes; what is not stated is no violation."""
    return all(
        _is_stated(clause, start)
        and clause_truth(clause, start, knowledge.guests, frozenset()).truth is Truth.YES
        for clause in clauses
    )


def _is_stated(clause: Clause, start: GuestStart) -> bool:
    """Whether the file says of a use or a setting what a clause speaks of."""
    match clause.kind:
        case ClauseKind.USE | ClauseKind.GUEST:
            return any(start.trait(word) is Truth.YES for word in clause.any_of)
        case ClauseKind.ACCELERATOR_LACKS:
            return any(start.trait(word) is Truth.NO for word in clause.any_of)
        case _:
            return True
