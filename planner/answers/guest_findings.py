"""Guests of today against the answer: their machine types, the conditions they violate or leave open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from planner.answers.alike_guests import (
    AlikeGuests,
    InTheWay,
    alike_guests,
    counted_of,
    finding_of,
)
from planner.answers.conditions import profile_of
from planner.answers.guest_positions import positions
from planner.answers.guest_results import BOOT_CPU, BOOT_HOST, LACKED, RUNNING, GuestJudge
from planner.answers.reasons.guest_remedies import mended
from planner.answers.reasons.sure_findings import sure_findings
from planner.domain.guest import GuestGroup
from planner.domain.guest_profile import NO_GUESTS, GuestCount, GuestFinding, GuestTally
from planner.domain.machine_type import MachineType
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline, Condition
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.migration.rules.host_rules import judge_unknown_devices
from planner.solver.candidate import is_common_parts

COLUMNS = "say it in a column of the guests file"
COLUMN = "column `{}` of the guests file"
TRAIT = "trait "
"""Begins a missing fact about a trait; its name follows."""
COLUMN_OF = {"guest CPU": "cpu", "devices": "devices"}
"""The columns that tell what a missing fact begins with."""
LIBVIRT = "virsh dumpxml {}"

ORDER = ("violated", "stuck", "open", "unknown", "impact", "position")
"""Kinds of findings, those first on which somebody must act."""
Held = tuple[tuple[ChosenBaseline, ...], tuple[GuestFinding, ...], GuestCount]


def hold_guests(
    domain: MigrationDomain,
    baselines: tuple[ChosenBaseline, ...],
    groups: Iterable[GuestGroup],
    knowledge: KnowledgeBase,
    policy: Policy,
) -> Held:
    """Return the answers with what guests say of their conditions, what was found of them, their count.

    A condition of which every guest is known to be within is met, and nobody is asked to check it; one
    that the profile meets and some guest does not, is asked again.
    """
    guests = alike_guests(groups)
    if not guests:
        return baselines, (), NO_GUESTS
    chosen = {baseline.machine_type: baseline for baseline in baselines}
    found = list(positions(domain, chosen, guests, knowledge))
    held = list[ChosenBaseline]()
    profiles = {name: one.profile for one in domain.members for name in _names(one)}
    for baseline in baselines:
        own = [
            one
            for one in guests
            if one.migratable and _answer_for(one, baselines, knowledge) is baseline
        ]
        judge = GuestJudge(domain, baseline, knowledge, profile_of(policy, knowledge), profiles)
        settled, findings = _judged(judge, own)
        held.append(settled)
        libvirt = policy.management == "libvirt"
        found += sure_findings(domain, own, knowledge, libvirt=libvirt)
        found += [*findings, *_without_a_row(own, knowledge), *_impacts(baseline, own, knowledge)]
    ordered = tuple(sorted(found, key=lambda one: ORDER.index(one.kind)))
    return tuple(held), ordered, counted_of(guests)


def _names(member: PoolMember) -> Iterator[str]:
    yield from (str(name) for group in member.groups for name in group.hosts)


def _answer_for(
    guests: AlikeGuests, baselines: tuple[ChosenBaseline, ...], knowledge: KnowledgeBase
) -> ChosenBaseline | None:
    """Return the answer for guests: of their own board and line, else of their board, else the first."""
    row = knowledge.machine_type(guests.machine_type)
    places = () if row is None else ((row.board, row.line), (row.board, ""))
    for board, line in places:
        for one in baselines:
            if one.board == board and line in ("", one.line):
                return one
    return baselines[0] if baselines and row is None else None


def _judged(
    judge: GuestJudge, guests: list[AlikeGuests]
) -> tuple[ChosenBaseline, list[GuestFinding]]:
    """Return an answer with the tally of its guests, and what is violated and open."""
    baseline = judge.baseline
    if not guests:
        return baseline, []
    violated: dict[str, list[tuple[Condition, str, AlikeGuests]]] = {}
    opened: dict[tuple[str, str], list[tuple[Condition, AlikeGuests]]] = {}
    tallies = []
    conditions = {one.text: one for one in judge.conditions()}
    for condition in conditions.values():
        counts = dict.fromkeys(Truth, 0)
        for one in guests:
            result = judge.result(condition, one)
            counts[result.violated] += one.count
            if result.violated is Truth.YES:
                one.standing.add(InTheWay.VIOLATED)
                text = f"{condition.text}: {result.fact}" if result.fact else condition.text
                violated.setdefault(one.machine_type, []).append((condition, text, one))
            elif result.violated is Truth.UNKNOWN and condition not in baseline.universal:
                opened.setdefault((one.machine_type, result.fact), []).append((condition, one))
        tallies.append(_tally(condition, counts))
    findings = [
        one
        for name, found in sorted(violated.items())
        for one in _violations(name, found, baseline)
    ]
    findings += [_open(fact, name, found) for (name, fact), found in sorted(opened.items())]
    return _settled(baseline, tuple(conditions.values()), tuple(tallies)), findings


def _tally(condition: Condition, counts: Mapping[Truth, int]) -> GuestTally:
    return GuestTally(
        condition=condition.id,
        met=counts[Truth.NO],
        violated=counts[Truth.YES],
        open=counts[Truth.UNKNOWN],
    )


def _settled(
    baseline: ChosenBaseline, conditions: tuple[Condition, ...], tallies: tuple[GuestTally, ...]
) -> ChosenBaseline:
    """Return an answer whose conditions are met if every guest meets them, and else asked."""
    by_id = {one.condition: one for one in tallies}
    met = set(baseline.met)
    for one in conditions:
        tally = by_id[one.id]
        if one in baseline.universal:
            continue
        if tally.violated or tally.open:
            met.discard(one)
        else:
            met.add(one)
    return replace(baseline, met=frozenset(met), tallies=tallies)


def _violations(
    machine_type: str,
    found: Iterable[tuple[Condition, str, AlikeGuests]],
    baseline: ChosenBaseline,
) -> Iterator[GuestFinding]:
    """Yield what guests of one type violate; what the same guests violate is told at once."""
    by_text: dict[tuple[Condition, str], list[AlikeGuests]] = {}
    for condition, text, one in found:
        by_text.setdefault((condition, text), []).append(one)
    alike: dict[tuple[int, ...], list[tuple[Condition, str]]] = {}
    guests: dict[tuple[int, ...], list[AlikeGuests]] = {}
    for broken, own in by_text.items():
        key = tuple(id(one) for one in own)
        alike.setdefault(key, []).append(broken)
        guests[key] = own
    for key, all_broken in alike.items():
        texts = "; ".join(text for _, text in all_broken)
        conditions = tuple(condition for condition, _ in all_broken)
        yield replace(
            finding_of(machine_type, guests[key], f"violates: {texts}"),
            kind="violated",
            conditions=tuple(condition.id for condition in conditions),
            remedy=mended(conditions, guests[key][0], baseline, _absent(all_broken)),
        )


def _absent(broken: Iterable[tuple[Condition, str]]) -> str:
    """Return the parts that not every build has, as the text of a broken condition names them."""
    found = (text.partition(LACKED)[2] for condition, text in broken if is_common_parts(condition))
    return ", ".join(dict.fromkeys(one for one in found if one))


def _open(fact: str, machine_type: str, found: list[tuple[Condition, AlikeGuests]]) -> GuestFinding:
    """Return what one missing fact leaves open for guests of a type, and the command that tells it."""
    guests = list({id(one): one for _, one in found}.values())
    return replace(
        finding_of(machine_type, guests, f"open: {fact}: {_verify(fact, guests[0])}"),
        kind="open",
        conditions=tuple(sorted({condition.id for condition, _ in found})),
        fact=fact,
        verify=_verify(fact, guests[0]),
    )


def _verify(fact: str, guests: AlikeGuests) -> str:
    """Return what tells a missing fact about guests: a command, or a column of the guests file."""
    name = guests.names[0] if guests.names else "GUEST"
    if fact == BOOT_HOST:
        return "column booted_on of a guests file"
    if fact == BOOT_CPU:
        return f"planner probe on {guests.booted_on or 'each host'}"
    if fact == RUNNING:
        return guests.told_by or LIBVIRT.format(name)
    for begun, column in COLUMN_OF.items():
        if fact.startswith(begun):
            return guests.told_by or COLUMN.format(column)
    trait = fact.removeprefix(TRAIT).partition(" ")[0]
    if fact.startswith(TRAIT) and not trait.endswith(","):
        return f"{COLUMN.format('traits')}: {trait}=no or {trait}=yes"
    return COLUMNS


def _without_a_row(guests: list[AlikeGuests], knowledge: KnowledgeBase) -> Iterator[GuestFinding]:
    """Yield the guests with devices of which nobody knows whether they migrate."""
    of_fact: dict[tuple[str, str], list[AlikeGuests]] = {}
    for one in guests:
        for gap in judge_unknown_devices(one.start, knowledge):
            of_fact.setdefault((", ".join(gap.facts), one.machine_type), []).append(one)
    for (fact, name), found in sorted(of_fact.items()):
        found_of = finding_of(name, found, f"unknown: {fact}")
        yield replace(found_of, kind="unknown", fact=fact)


def _impacts(
    baseline: ChosenBaseline, guests: list[AlikeGuests], knowledge: KnowledgeBase
) -> Iterator[GuestFinding]:
    """Yield what guests would notice if they were raised to the answer; somebody must acknowledge it."""
    answer = knowledge.machine_type(baseline.machine_type)
    for impact in knowledge.guests.impacts:
        crossing = knowledge.machine_type(impact.crossing)
        if answer is None or crossing is None or not _reaches(answer, crossing):
            continue
        found: dict[str, list[AlikeGuests]] = {}
        for one in guests:
            if _is_raised(one, crossing, impact.trait, knowledge):
                found.setdefault(one.machine_type, []).append(one)
        text = f"needs ack before raising to {answer.name}: {impact.text} ({impact.id})"
        for name, own in sorted(found.items()):
            yield replace(finding_of(name, own, text), kind="impact")


def _reaches(answer: MachineType, crossing: MachineType) -> bool:
    same = (answer.board, answer.line) == (crossing.board, crossing.line)
    return same and answer.rank >= crossing.rank


def _is_raised(
    guests: AlikeGuests, crossing: MachineType, trait: str, knowledge: KnowledgeBase
) -> bool:
    """Whether a guest stands below the crossing and is not known to lack the trait."""
    row = knowledge.machine_type(guests.machine_type)
    below = row is not None and _reaches(crossing, row) and row.rank < crossing.rank
    return below and (trait, False) not in guests.start.traits
