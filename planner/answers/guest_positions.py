"""Where today's guests stand beside the answer of their board and line, and who is stuck."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from planner.answers.alike_guests import MOST_EXAMPLES, AlikeGuests, InTheWay, finding_of
from planner.answers.host_classes import host_count
from planner.answers.reasons.guest_remedies import freed
from planner.domain.compat import CompatFlag
from planner.domain.guest_profile import GuestFinding
from planner.domain.shown import counted
from planner.domain.solution import ChosenBaseline
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.migration.reach import with_reach

NEWER = "newer than the answer"
NO_LINE = "no answer for this board and line"
STUCK = frozenset({NEWER, NO_LINE})
"""Positions in which guests cannot reach hosts that do not have their type."""


def positions(
    domain: MigrationDomain,
    chosen: Mapping[str, ChosenBaseline],
    guests: list[AlikeGuests],
    knowledge: KnowledgeBase,
) -> Iterator[GuestFinding]:
    """Yield where guests of each type stand; the stuck ones first, with the hosts they are held on."""
    found: dict[tuple[bool, str, str], list[AlikeGuests]] = {}
    stuck_on: dict[tuple[bool, str, str], tuple[PoolMember, ...]] = {}
    for one in guests:
        text = _position(one, chosen, knowledge)
        held = _offering(domain, one, knowledge) if text in STUCK and one.migratable else ()
        members = held if 0 < host_count(held) < domain.hosts else ()
        if members:
            one.standing.add(InTheWay.STUCK)
        key = (not members, one.machine_type, text)
        found.setdefault(key, []).append(one)
        stuck_on[key] = members
    for key, own in sorted(found.items()):
        free, name, text = key
        if free:
            yield replace(finding_of(name, own, text), examples=())
        else:
            answer = _answer_of(name, chosen, knowledge)
            yield _stuck(name, text, own, stuck_on[key], answer)


def _answer_of(
    name: str, chosen: Mapping[str, ChosenBaseline], knowledge: KnowledgeBase
) -> ChosenBaseline | None:
    """Return the answer that guests of a type can be started with: of its line, else of its board."""
    row = knowledge.machine_type(name)
    same = [one for one in chosen.values() if row is not None and one.board == row.board]
    own = [one for one in same if row is not None and one.line == row.line]
    return next(iter((*own, *same)), None)


def _stuck(
    name: str,
    text: str,
    own: list[AlikeGuests],
    members: tuple[PoolMember, ...],
    answer: ChosenBaseline | None,
) -> GuestFinding:
    hosts = tuple(sorted(one for member in members for one in member.examples))[:MOST_EXAMPLES]
    number = host_count(members)
    more = ", ..." if number > len(hosts) else ""
    where = f"the {counted(number, 'host')} that offer it ({', '.join(hosts)}{more})"
    found = finding_of(name, own, f"stuck, {text}: cannot leave {where}")
    return replace(found, kind="stuck", hosts=hosts, remedy=freed(answer, number))


def _offering(
    domain: MigrationDomain, guests: AlikeGuests, knowledge: KnowledgeBase
) -> tuple[PoolMember, ...]:
    """Return the hosts that may have the type of guests."""
    offers = knowledge.machines.offers
    return tuple(
        member
        for member in domain.members
        if offers(member.profile.qemu, guests.machine_type) is not Truth.NO
    )


def _position(
    guests: AlikeGuests, chosen: Mapping[str, ChosenBaseline], knowledge: KnowledgeBase
) -> str:
    """Say where a guest's type and flags stand against the answer of its board and line."""
    row = knowledge.machine_type(guests.machine_type)
    if row is None:
        if knowledge.machines.is_alias(guests.machine_type):
            return "an alias: give the versioned type that the running guest has"
        return "unknown machine type"
    for baseline in chosen.values():
        if (baseline.board, baseline.line) != (row.board, row.line):
            continue
        answer = knowledge.machine_type(baseline.machine_type)
        if answer is None or answer.name == row.name:
            return _flags_against(guests, baseline, knowledge)
        return NEWER if row.is_newer_than(answer) else "older than the answer"
    return NO_LINE


def _flags_against(guests: AlikeGuests, baseline: ChosenBaseline, knowledge: KnowledgeBase) -> str:
    """Compare flags under the answer's own type; a flag not given for the guest is not set."""
    wanted = tuple(choice.flag for choice in baseline.flags)
    own = with_reach(guests.start, knowledge).baseline.flags
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
