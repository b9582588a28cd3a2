"""What one pair of hosts asks under a machine type: what `solve` asks of a pool of the two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from planner.answers.alike_guests import AlikeGuests
from planner.answers.conditions import profile_of, sorted_out
from planner.answers.cpu_advice import cpu_advice
from planner.answers.guest_results import GuestJudge
from planner.answers.reasons.condition_origin import asked_by
from planner.domain.guest import GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.machine_type import MachineType
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline, Condition
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.migration.claims import Assumed, claimed
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.closed_form import ClosedForm
from planner.solver.solve import baseline_of

ONE = (HostName("one"),)
Hosts = tuple[HostProfile, ...]


@dataclass(slots=True)
class PairConditions:
    """The conditions of pairs of hosts; equal questions are answered once."""

    knowledge: KnowledgeBase
    policy: Policy
    form: ClosedForm = field(init=False)
    _known: dict[tuple[MigrationEdge, Hosts, str], ChosenBaseline] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make what tries machine types."""
        self.form = ClosedForm(self.knowledge, self.policy)

    def asked(
        self, edge: MigrationEdge, boots: Hosts, start: GuestStart
    ) -> tuple[tuple[Condition, str], ...]:
        """Return what is left to check of a guest that goes over an edge, each with what asks for it.

        `boots` are the hosts that it may have been started on, none: one of the two. What the start
        says decides; of the rest, what the guest profile meets is not asked.
        """
        row = self.knowledge.machine_type(start.baseline.machine_type)
        if row is None:
            return ()
        ends = (edge.source, edge.destination)
        found = self.baseline(edge, boots or ends, row)
        domain = _domain(edge, boots or ends)
        profile = profile_of(self.policy, self.knowledge)
        judge = GuestJudge(domain, found, self.knowledge, profile, {})
        guest = AlikeGuests(start=start)
        questions = set(judge.conditions())
        left = [
            one
            for one in found.checks
            if one not in questions or judge.result(one, guest).violated is not Truth.NO
        ]
        return tuple((one, _reason(one, found)) for one in left)

    def baseline(self, edge: MigrationEdge, boots: Hosts, row: MachineType) -> ChosenBaseline:
        """Return a machine type on a pair of hosts with its conditions sorted."""
        key = (edge, boots, row.name)
        if key not in self._known:
            domain = _domain(edge, boots)
            tried = baseline_of(self.form.attempt(domain, row))
            self._known[key] = replace(
                sorted_out(domain, tried, row, self.form),
                reasons=tuple(asked_by(domain, row, self.form)),
            )
        return self._known[key]

    def taken(self, edge: MigrationEdge, boots: Hosts, machine_type: str) -> Assumed:
        """Return what guests of the profile do not have, and what `solve` asks of nobody.

        Without a profile nothing is taken for granted.
        """
        profile = profile_of(self.policy, self.knowledge)
        if profile is None or (profile.devices is None and not profile.traits):
            return frozenset()
        row = self.knowledge.machine_type(machine_type)
        if row is None:
            return frozenset()
        found = self.baseline(edge, boots, row)
        settled = [one for one in found.conditions if one in found.met | found.universal]
        return claimed(tuple(word for one in settled for word in one.words))

    def models(self, edge: MigrationEdge, boots: Hosts, machine_type: str) -> tuple[str, ...]:
        """Return the newest named CPU model per vendor that the pair carries, with its vendor."""
        row = self.knowledge.machine_type(machine_type)
        if row is None:
            return ()
        found = self.baseline(edge, boots, row)
        advice = cpu_advice(_domain(edge, boots), found, self.knowledge)
        return tuple(f"{one.newest} ({one.title})" for one in advice.vendors if one.newest)


def _reason(condition: Condition, found: ChosenBaseline) -> str:
    texts = (one.text for one in found.reasons if one.condition == condition.text)
    return "; ".join(dict.fromkeys(texts))


def _domain(edge: MigrationEdge, boots: Iterable[HostProfile]) -> MigrationDomain:
    """Return the pool of the hosts that a guest may have booted on and of the two ends of an edge."""
    starts = tuple(dict.fromkeys((*boots,)))
    every = tuple(dict.fromkeys((*starts, edge.source, edge.destination)))
    members = {profile: _member(profile) for profile in every}
    return MigrationDomain(
        name="",
        starts=tuple(members[one] for one in starts),
        members=tuple(members.values()),
        edges=frozenset({(edge.source, edge.destination)}),
    )


def _member(profile: HostProfile) -> PoolMember:
    group = HostGroup(pool=PoolName(""), kernel="", qemu="", hosts=ONE, arch=profile.arch)
    return PoolMember(profile=profile, groups=(group,))
