"""Judge given edges in the light of their fleet: boot hosts, policy, the answer's conditions.

The file of cases was read by `planner.fleet.cases`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

from planner.answers.conditions import clauses_of, excludes, profile_of
from planner.answers.guest_results import OF_CPU
from planner.answers.objection_order import gravest_first
from planner.answers.pair_conditions import PairConditions
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import Fleet, HostGroup, HostProfile, MigrationEdge
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.policy import Policy
from planner.domain.solution import Condition
from planner.domain.truth import Truth
from planner.domain.verdict import PairCondition, Remark, Verdict
from planner.fleet.cases import Case
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import apply
from planner.migration.applies import clause_truth
from planner.migration.boots import judge_any_boot
from planner.migration.claims import Assumed, claimed, left_open, unsaid
from planner.migration.graph import MigrationDomain
from planner.migration.judge import judge
from planner.migration.profiles import PoolMember, ProfiledFleet, profile_fleet
from planner.parallel import processors, spread

WORTH_SPREADING = 1000
"""Cases from which on a second process pays for itself."""


SAID_WITH_CPU = frozenset({ClauseKind.ACCELERATOR.value, ClauseKind.ACCELERATOR_LACKS.value})
SAID_WITH_DEVICES = frozenset({ClauseKind.GUEST.value, ClauseKind.USE.value})
"""Uses and settings that belong to parts: who states the part is asked for them.

A guest with invtsc is let go with tsc-frequency alone, one with scsi-block only without reservations.
"""


@dataclass(slots=True)
class CaseJudge:
    """Judges cases of one fleet; equal questions are judged once.

    `by_profile`: what a case leaves open is taken from the policy's guest profile, as `solve` does.
    """

    fleet: Fleet
    knowledge: KnowledgeBase
    policy: Policy
    assume_conditions: bool = False
    by_profile: bool = False
    _profiled: ProfiledFleet = field(init=False)
    _known: dict[object, Verdict] = field(default_factory=dict)
    _assumed: dict[tuple[str, str], Assumed] = field(default_factory=dict)
    _pairs: PairConditions = field(init=False)

    def __post_init__(self) -> None:
        """Profile the fleet once."""
        self._profiled = profile_fleet(self.fleet, self.knowledge)
        self._pairs = PairConditions(self.knowledge, self.policy)

    def verdicts(self, cases: Sequence[Case]) -> tuple[Verdict, ...]:
        """Return the verdicts of cases in their order, many of them judged on several processors."""
        count = processors() if len(cases) >= WORTH_SPREADING else 1
        ends = [len(cases) * part // count for part in range(count + 1)]
        done = spread([partial(self._all, cases[begin:end]) for begin, end in pairwise(ends)])
        return tuple(verdict for share in done for verdict in share)

    def _all(self, cases: Sequence[Case]) -> tuple[Verdict, ...]:
        return tuple(self.verdict(case) for case in cases)

    def verdict(self, case: Case) -> Verdict:
        """Return the verdict of a case, the policy applied."""
        profile_of = self._profiled.profile_of
        edge = MigrationEdge(
            source=profile_of[case.source], destination=profile_of[case.destination]
        )
        booted = None if case.booted_on is None else profile_of[case.booted_on]
        start = GuestStart(
            baseline=Baseline(machine_type=case.machine_type, flags=case.flags),
            booted_on=booted,
            devices=case.devices,
            cpu=case.cpu,
            traits=case.traits,
            hop_flags=case.hop_flags,
            machine_options=case.machine_options,
        )
        boots = () if booted is not None else self._boots(case.source, case.machine_type)
        claims = self._conditions(case) if self.assume_conditions else frozenset()
        taken = self._taken(case, edge, boots or (booted or edge.source,), start)
        assumed = left_open(claims, start, self.knowledge.guests) | taken
        key = (edge, start, boots, assumed)
        if key not in self._known:
            strict = self._judge(edge, start, boots, assumed)
            lacking = self._profile_lacks(strict) - assumed
            if lacking:
                assumed |= lacking
                strict = self._judge(edge, start, boots, assumed)
            judged = apply(self.policy, self._by_default(strict, start, boots, assumed)).decided()
            asked = self._pairs.asked(edge, () if booted is None else (booted,), start)
            self._known[key] = replace(
                judged,
                objections=gravest_first(judged.objections),
                conditions=(
                    *(
                        PairCondition(one, reason)
                        for one, reason in asked
                        if not self._is_stated(one, start)
                    ),
                    *_of_units(judged.remarks),
                ),
            )
        return self._known[key]

    def _is_stated(self, condition: Condition, start: GuestStart) -> bool:
        """Whether a guest is said to have what a condition excludes: that is judged, not checked."""
        words = self.knowledge.guests
        told = [
            clause_truth(clause, start, words, frozenset()).truth
            for clause in clauses_of(condition.words)
        ]
        return bool(told) and all(truth is Truth.YES for truth in told)

    def _taken(
        self, case: Case, edge: MigrationEdge, boots: tuple[HostProfile, ...], start: GuestStart
    ) -> Assumed:
        """Return what the guest profile says of what a case leaves open; nothing for a strict judge."""
        if not self.by_profile:
            return frozenset()
        taken = unsaid(self._pairs.taken(edge, boots, case.machine_type), start)
        asked = (SAID_WITH_CPU if self._is_set_up(start) else frozenset[str]()) | (
            SAID_WITH_DEVICES if start.devices is not None else frozenset[str]()
        )
        said = self._profile_says()
        taken = frozenset(one for one in taken if one[0] not in asked or one[1] in said)
        if not self._contradicts(start):
            return taken
        return frozenset(one for one in taken if ClauseKind(one[0]) not in OF_CPU)

    def _is_set_up(self, start: GuestStart) -> bool:
        """Whether a case says how its CPU or machine is set: then no setting is taken to be made."""
        kinds = self.knowledge.guests.traits
        settings = (
            name
            for name, has in start.traits
            if has and kinds[name].kind == ClauseKind.ACCELERATOR.value
        )
        return start.cpu is not None or bool(start.machine_options) or any(settings)

    def _profile_says(self) -> frozenset[str]:
        """Return the uses and settings that the guest profile says something of."""
        profile = profile_of(self.policy, self.knowledge)
        return frozenset(name for name, _ in profile.traits) if profile else frozenset()

    def _contradicts(self, start: GuestStart) -> bool:
        """Whether a guest is stated to do what none of the profile does: then its CPU is not theirs."""
        profile = profile_of(self.policy, self.knowledge)
        lacks = (
            frozenset[str]()
            if profile is None
            else {name for name, has in profile.traits if not has}
        )
        return any(has and name in lacks for name, has in start.traits)

    def _profile_lacks(self, strict: Verdict) -> Assumed:
        """Return the devices and uses that a verdict leaves open and no guest of the profile has."""
        profile = profile_of(self.policy, self.knowledge) if self.by_profile else None
        if profile is None:
            return frozenset()
        clauses = {clause for one in strict.objections for clause in one.depends_on}
        claims = frozenset(
            (clause.kind.value, word)
            for clause in clauses
            if clause.kind not in OF_CPU and excludes(clause, profile, self.knowledge)
            for word in clause.any_of
        )
        return unsaid(claims, strict.start)

    def _by_default(
        self,
        strict: Verdict,
        start: GuestStart,
        boots: tuple[HostProfile, ...],
        assumed: Assumed,
    ) -> Verdict:
        """Return the verdict with what nobody named taken as off, as QEMU does, and say so.

        It judges `start` as it was given: that of the verdict has its flags put where they reach.
        """
        unset = frozenset(_unset(strict))
        unnamed = frozenset(
            (clause.kind, word)
            for objection in strict.objections
            for clause in objection.depends_on
            if _is_off_if_unnamed(clause, strict.start)
            for word in clause.any_of
            if strict.start.trait(word) is Truth.UNKNOWN
        )
        if not unnamed:
            return strict.moved(objections=strict.objections, added=tuple(_assumptions(unset)))
        claims = frozenset((kind.value, word) for kind, word in unnamed)
        verdict = self._judge(strict.edge, start, boots, assumed | claims)
        return verdict.moved(
            objections=verdict.objections, added=tuple(_assumptions(unnamed | unset))
        )

    def _judge(
        self,
        edge: MigrationEdge,
        start: GuestStart,
        boots: tuple[HostProfile, ...],
        assumed: Assumed,
    ) -> Verdict:
        management = self.policy.management
        if not boots:
            return judge(edge, start, self.knowledge, management=management, assumed=assumed)
        return judge_any_boot(
            edge, start, boots, self.knowledge, management=management, assumed=assumed
        )

    def _boots(self, source: HostGroup, machine_type: str) -> tuple[HostProfile, ...]:
        """Return the profiles of the source's pool that may start a type, the source first."""
        members = self._profiled.pools[source.pool]
        own = self._profiled.profile_of[source]
        offers = self.knowledge.machines.offers
        others = (member.profile for member in members if member.profile != own)
        return (own, *(one for one in others if offers(one.qemu, machine_type) is not Truth.NO))

    def _conditions(self, case: Case) -> Assumed:
        """Return what the conditions of the pool's answer exclude under the case's machine type."""
        key = (str(case.source.pool), case.machine_type)
        if key not in self._assumed:
            members = self._members(case)
            row = self.knowledge.machine_type(case.machine_type)
            words: tuple[str, ...] = ()
            if row is not None:
                domain = MigrationDomain(name=key[0], starts=members, members=members)
                attempt = self._pairs.form.attempt(domain, row)
                words = tuple(word for found in attempt.conditions for word in found.words)
            self._assumed[key] = claimed(words)
        return self._assumed[key]

    def _members(self, case: Case) -> tuple[PoolMember, ...]:
        pools = dict.fromkeys((case.source.pool, case.destination.pool))
        return tuple(member for pool in pools for member in self._profiled.pools[pool])


def _of_units(remarks: Iterable[Remark]) -> Iterator[PairCondition]:
    """Yield what units that the guest is known to have ask of both hosts."""
    for one in dict.fromkeys(remarks):
        if one.kind == "host-condition" and one.unit and not one.universal:
            text = f"{one.unit}: {one.text}"
            yield PairCondition(
                Condition(kind="host", text=text, price="", about=(one.unit,)), one.unit
            )


def _is_off_if_unnamed(clause: Clause, start: GuestStart) -> bool:
    """Whether a guest that does not name what a clause is about is started without."""
    if clause.kind is ClauseKind.CPU:
        return clause.default is Truth.NO and start.cpu is None
    return clause.kind is ClauseKind.ACCELERATOR


def _unset(verdict: Verdict) -> Iterator[tuple[ClauseKind, str]]:
    """Yield the settings that objections take as not set, for nobody named them."""
    for objection in verdict.objections:
        for clause in objection.depends_on:
            if clause.kind is ClauseKind.ACCELERATOR_LACKS:
                yield from (
                    (clause.kind, word)
                    for word in clause.any_of
                    if verdict.start.trait(word) is Truth.UNKNOWN
                )


def _assumptions(unnamed: frozenset[tuple[ClauseKind, str]]) -> Iterator[Remark]:
    """Yield what is taken of a guest that does not say it."""
    of_cpu = {one for one in unnamed if one[0] is ClauseKind.CPU}
    for found, text in (
        (of_cpu, "a guest CPU without {}: give the CPU if it has them"),
        (unnamed - of_cpu, "started without {}: name it with a trait if it is"),
    ):
        if found:
            ordered = sorted(found, key=lambda one: (one[1], one[0].value))
            yield Remark(
                kind="assumed",
                text=text.format(", ".join(word for _, word in ordered)),
                subject=" ".join(f"{_positive(kind)}:{word}" for kind, word in ordered),
                polarity="without",
            )


def _positive(kind: ClauseKind) -> str:
    """Return the kind under which a fact stands that a clause asks to be absent."""
    return kind.value.removesuffix("-lacks")
