"""Judges moves, launches and hops of guests; equal questions once. Knows no plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from planner.domain.compat import CompatFlag
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.migrated import Consequence
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import accepted
from planner.migration.claims import Assumed, claims_of
from planner.migration.guest_cpu import has_feature
from planner.migration.guest_devices import devices_match
from planner.migration.judge import judge
from planner.migration.rules.build_rules import judge_builds
from planner.replay.guest_classes import GuestClass
from planner.replay.worst_case_guest import worst_case_guest

Objections = tuple[Objection, ...]
NO_FLAGS: tuple[CompatFlag, ...] = ()
Question = tuple[tuple[HostProfile, HostProfile], HostProfile, GuestClass, tuple[CompatFlag, ...]]
Move = tuple[HostProfile, HostProfile, HostProfile, GuestClass, tuple[CompatFlag, ...]]


@dataclass(slots=True)
class MoveJudge:
    """What the rules of judgement and the policy leave against a move, conditions taken as kept."""

    knowledge: KnowledgeBase
    policy: Policy
    _moves: dict[Move, Objections] = field(default_factory=dict)
    _launches: dict[tuple[HostProfile, GuestClass], Objections] = field(default_factory=dict)
    _unstated: dict[tuple[GuestClass, HostProfile, Assumed], Assumed] = field(default_factory=dict)

    def against_move(
        self,
        edge: tuple[HostProfile, HostProfile],
        boot: HostProfile,
        guest_class: GuestClass,
        assumed: Assumed,
        hop: tuple[CompatFlag, ...] = NO_FLAGS,
    ) -> Objections:
        """Return what speaks against moving a guest of a kind that booted on `boot` over an edge."""
        objections = self._judged(edge, boot, guest_class, hop)
        if not objections:
            return objections
        standing = self._outside(objections, guest_class, boot, assumed)
        return tuple(
            self._settled(objection, (edge, boot, guest_class, hop), assumed)
            for objection in standing
        )

    def _settled(self, gap: Objection, question: Question, assumed: Assumed) -> Objection:
        """Return the certain objection for a guest that has what the gap leaves open, if it has one."""
        edge, boot, guest_class, hop = question
        guest = worst_case_guest(guest_class, gap, assumed) if gap.is_gap else None
        if guest is None:
            return gap
        same = _objection_subject(gap)
        for settled in self._judged(edge, boot, guest, hop):
            if (
                not settled.is_gap
                and settled.depends_on == gap.depends_on
                and _objection_subject(settled) == same
            ):
                return settled
        return gap

    def _judged(
        self,
        edge: tuple[HostProfile, HostProfile],
        boot: HostProfile,
        guest_class: GuestClass,
        hop: tuple[CompatFlag, ...],
    ) -> Objections:
        key = (edge[0], edge[1], boot, guest_class, hop)
        if key not in self._moves:
            verdict = judge(
                MigrationEdge(source=edge[0], destination=edge[1]),
                _start(guest_class, boot, hop),
                self.knowledge,
                management=self.policy.management,
            )
            self._moves[key] = self._kept(verdict.objections)
        return self._moves[key]

    def against_launch(
        self, profile: HostProfile, guest_class: GuestClass, assumed: Assumed
    ) -> Objections:
        """Return what speaks against starting a guest of a kind on a host: its type and flags."""
        key = (profile, guest_class)
        if key not in self._launches:
            start = _start(guest_class, profile, NO_FLAGS)
            objections = judge_builds(profile.qemu, profile.qemu, start, self.knowledge)
            self._launches[key] = self._kept(objections)
        found_here = self._launches[key]
        return (
            self._outside(found_here, guest_class, profile, assumed) if found_here else found_here
        )

    def may_have_started(
        self, guest_class: GuestClass, profiles: Iterable[HostProfile]
    ) -> Iterator[HostProfile]:
        """Yield the hosts whose QEMU is not known to lack the machine type of a kind."""
        name = guest_class.baseline.machine_type
        for profile in profiles:
            if self.knowledge.machines.offers(profile.qemu, name) is not Truth.NO:
                yield profile

    def offers(self, profile: HostProfile, guest_class: GuestClass) -> Truth:
        """Return whether the QEMU of a host has the machine type of a kind."""
        return self.knowledge.machines.offers(profile.qemu, guest_class.baseline.machine_type)

    def may_be_sent(
        self, guest_class: GuestClass, profile: HostProfile, lasting: Iterable[HostProfile]
    ) -> bool:
        """Whether guests of a kind are ever sent to a host.

        Guests of today whose machine type one of the `lasting` hosts has are not sent to a host without
        it: QEMU there refuses before anything moves, and they have another place.
        """
        if guest_class.may_be_any or self.offers(profile, guest_class) is not Truth.NO:
            return True
        return not any(self.offers(host, guest_class) is Truth.YES for host in lasting)

    def hop_flags(
        self, before: Baseline, after: Baseline, destination: HostProfile
    ) -> tuple[tuple[CompatFlag, ...], Objections]:
        """Return the flags that turn a process with `before` into one with `after`, and open values."""
        kept = {flag.key for flag in after.flags}
        flags = [flag for flag in after.flags if flag not in before.flags]
        gaps = []
        for flag in before.flags:
            if flag.key in kept:
                continue
            value = self.knowledge.machines.effective(
                destination.qemu, after.machine_type, flag.key
            )
            if value is None:
                gaps.append(_open_value(flag, after))
            else:
                flags.append(CompatFlag(key=flag.key, value=value))
        return tuple(flags), tuple(gaps)

    def _kept(self, objections: Iterable[Objection]) -> Objections:
        return tuple(
            objection for objection in objections if accepted(self.policy, objection) is None
        )

    def _outside(
        self, objections: Objections, guest_class: GuestClass, boot: HostProfile, assumed: Assumed
    ) -> Objections:
        """Return the objections that no condition excludes; what a guest states is no condition."""
        key = (guest_class, boot, assumed)
        if key not in self._unstated:
            start = _start(guest_class, boot, NO_FLAGS)
            self._unstated[key] = frozenset(
                claim for claim in assumed if not self._states(start, claim)
            )
        excluded = self._unstated[key]
        return tuple(
            objection
            for objection in objections
            if not any(claims_of(clause) <= excluded for clause in objection.depends_on)
        )

    def _states(self, start: GuestStart, claim: tuple[str, str]) -> bool:
        """Whether a guest is known to have what a condition says that no guest has."""
        guest_class, word = claim
        words = self.knowledge.guests
        if guest_class == "device":
            return devices_match((word,), start.devices, words) is Truth.YES
        if guest_class == "cpu":
            return has_feature(word, start.cpu, start, words) is Truth.YES
        if guest_class == "cpu-lacks":
            return has_feature(word, start.cpu, start, words) is Truth.NO
        if guest_class == "accelerator-lacks":
            return start.trait(word) is Truth.NO
        return start.trait(word) is Truth.YES


def _objection_subject(objection: Objection) -> str:
    """Return what an objection is about: gaps of a unit do not name its property."""
    return objection.unit or objection.property_key


def _start(guest_class: GuestClass, boot: HostProfile, hop: tuple[CompatFlag, ...]) -> GuestStart:
    return GuestStart(
        baseline=guest_class.baseline,
        booted_on=boot,
        devices=guest_class.devices,
        cpu=guest_class.cpu,
        traits=guest_class.traits,
        hop_flags=hop,
    )


def _open_value(flag: CompatFlag, after: Baseline) -> Objection:
    return Objection(
        rule=Rule.KNOWLEDGE_GAP,
        consequence=Consequence.FAILS_CLEANLY,
        property_key=str(flag.key),
        facts=(f"value of {flag.key} under {after.machine_type} without a flag",),
        source="compat properties of the destination",
    )
