"""Each condition of an answer against guests that are described: met, violated, or open for a fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from planner.answers.alike_guests import AlikeGuests
from planner.answers.conditions import clauses_of
from planner.answers.cpu_advice import held_everywhere
from planner.domain.guest import GuestStart
from planner.domain.guest_profile import GuestProfile
from planner.domain.host import HostProfile
from planner.domain.migrated import Clause, ClauseKind, MigratedUnit
from planner.domain.solution import ChosenBaseline, Condition, ConditionReason
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import BEYOND
from planner.migration.applies import clause_truth
from planner.migration.graph import MigrationDomain
from planner.migration.guest_cpu import as_booted, has_feature
from planner.migration.parts import absent_parts, are_common
from planner.solver.candidate import is_common_parts

BOOT_HOST = "the host that it was last started on"
BOOT_CPU = "what the host that it was last started on gives to guests"
RUNNING = "what the running process has: only its next start is described"
LACKED = "not every one has "
"""How the fact begins that names the parts which some build lacks."""
Clauses = tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Whether guests violate a condition; UNKNOWN has the fact that is missing, YES what they have."""

    violated: Truth
    fact: str = ""


MET = Result(Truth.NO)


@dataclass(slots=True)
class GuestJudge:
    """Holds guests of one pool against the conditions of one answer."""

    domain: MigrationDomain
    baseline: ChosenBaseline
    knowledge: KnowledgeBase
    profile: GuestProfile | None
    profile_of: Mapping[str, HostProfile]
    _alternatives: dict[str, tuple[Clauses, ...]] = field(default_factory=dict)
    _held: frozenset[str] | None = None

    def conditions(self) -> Iterator[Condition]:
        """Yield the conditions that are questions about guests."""
        yield from (one for one in self.baseline.conditions if one.words or is_common_parts(one))

    def result(self, condition: Condition, guests: AlikeGuests) -> Result:
        """Return how guests stand to a condition.

        What only the running process tells is open where the description is of its next start.
        """
        found = self._result(condition, guests)
        if guests.inactive and found.violated is not Truth.YES:
            return Result(Truth.UNKNOWN, RUNNING)
        return found

    def _result(self, condition: Condition, guests: AlikeGuests) -> Result:
        start = self._completed(guests.start)
        if is_common_parts(condition):
            parts = self._of_parts(start)
            if parts.violated is not Truth.NO or not condition.words:
                return parts
        found = [self._holds(clauses, start, guests) for clauses in self._claims_against(condition)]
        worst = next((one for one in found if one.violated is Truth.YES), None)
        return worst or next((one for one in found if one.violated is Truth.UNKNOWN), MET)

    def _claims_against(self, condition: Condition) -> tuple[Clauses, ...]:
        """Return the claims of which each violates a condition: those of every unit that asks for it."""
        if condition.id not in self._alternatives:
            found = claims_of_condition(condition, self.baseline.reasons, self._units())
            self._alternatives[condition.id] = tuple(dict.fromkeys(claims for _, claims in found))
        return self._alternatives[condition.id]

    def _units(self) -> Mapping[str, MigratedUnit]:
        arch = self.domain.members[0].profile.arch
        return {unit.id: unit for unit in self.knowledge.units_of(arch)}

    def _completed(self, start: GuestStart) -> GuestStart:
        """Return a start with the profile's uses where the guest's description cannot say them."""
        if self.profile is None:
            return start
        said = {name for name, _ in start.traits}
        taken = frozenset(one for one in self.profile.traits if one[0] not in said)
        return replace(start, traits=start.traits | taken)

    def _of_parts(self, start: GuestStart) -> Result:
        """Return whether every build has a guest's parts."""
        arch = self.domain.members[0].profile.arch
        absent = absent_parts(start, arch, self.domain.builds, self.knowledge)
        if absent:
            return Result(Truth.YES, f"{LACKED}{', '.join(absent)}")
        missing = [
            name
            for name, value in (("devices", start.devices), ("guest CPU", start.cpu))
            if value is None
        ]
        if missing:
            return Result(Truth.UNKNOWN, missing[0])
        if not are_common(start, arch, self.domain.builds, self.knowledge):
            return Result(Truth.UNKNOWN, "whether every QEMU of the pool has its devices and CPU")
        return MET

    def _holds(self, clauses: Clauses, start: GuestStart, guests: AlikeGuests) -> Result:
        """Return whether all claims hold, on every host that the guest may have been started on."""
        follows = start.cpu is not None and start.cpu.follows_host
        of_cpu = any(clause.kind in OF_CPU for clause in clauses)
        if not (follows and of_cpu):
            return self._all_hold(clauses, start)
        boots = self._boots(guests)
        words = self.knowledge.guests
        found = {
            self._all_hold(clauses, as_booted(replace(start, booted_on=boot), words))
            for boot in boots
        }
        if len({one.violated for one in found}) > 1:
            return Result(Truth.UNKNOWN, BOOT_HOST)
        one = min(found, key=lambda one: one.fact)
        return Result(Truth.UNKNOWN, BOOT_CPU) if one.violated is Truth.UNKNOWN else one

    def _boots(self, guests: AlikeGuests) -> Iterable[HostProfile]:
        given = self.profile_of.get(guests.booted_on)
        return self.domain.profiles if given is None else (given,)

    def _all_hold(self, clauses: Clauses, start: GuestStart) -> Result:
        """Return whether all claims hold; what usual guests do is not what this one does."""
        words = self.knowledge.guests
        found = [
            clause_truth(replace(clause, default=Truth.UNKNOWN), start, words, frozenset())
            for clause in clauses
        ]
        if any(one.truth is Truth.NO for one in found) or self._has_all_hosts_have(clauses, start):
            return MET
        unknown = [one for one in found if one.truth is Truth.UNKNOWN]
        if unknown:
            return Result(Truth.UNKNOWN, ", ".join(unknown[0].open_facts) or "more about the guest")
        return Result(Truth.YES, self._beyond(clauses, start))

    def _has_all_hosts_have(self, clauses: Clauses, start: GuestStart) -> bool:
        """Whether claims are about hardware that differs, and a guest has only what every host has."""
        named = [word for clause in clauses for word in clause.any_of]
        if not all(clause.kind is ClauseKind.CPU for clause in clauses):
            return False
        if not all(word.startswith(BEYOND) for word in named):
            return False
        words = self.knowledge.guests
        open_ones = frozenset[str]().union(*map(words.beyond, named)) - self._everywhere
        return all(has_feature(name, start.cpu, start, words) is Truth.NO for name in open_ones)

    @property
    def _everywhere(self) -> frozenset[str]:
        if self._held is None:
            self._held = held_everywhere(self.domain)
        return self._held

    def _beyond(self, clauses: Clauses, start: GuestStart) -> str:
        """Name what a guest's CPU has beyond the hardware that a claim is about, empty for others."""
        words = self.knowledge.guests
        found = sorted(
            {
                name
                for clause in clauses
                for word in clause.any_of
                for name in words.beyond(word) - self._everywhere
                if has_feature(name, start.cpu, start, words) is Truth.YES
            }
        )
        more = f" and {len(found) - MOST_BEYOND} more" if len(found) > MOST_BEYOND else ""
        return f"this one has {', '.join(found[:MOST_BEYOND])}{more}" if found else ""


MOST_BEYOND = 4
OF_CPU = frozenset({ClauseKind.CPU, ClauseKind.CPU_LACKS})


def claims_of_condition(
    condition: Condition,
    reasons: Iterable[ConditionReason],
    units: Mapping[str, MigratedUnit],
) -> tuple[tuple[str, Clauses], ...]:
    """Return (unit, claims) of which each violates a condition: those of every unit that asks for it.

    The unit is empty where a difference of builds or kernels asks.
    """
    own = clauses_of(condition.words)
    found = dict.fromkeys(
        (one.unit, units[one.unit].when if one.unit in units else own)
        for one in reasons
        if one.condition == condition.text
    )
    split = [(one,) for one in own] if is_common_parts(condition) else [own]
    return tuple(found) or tuple(("", claims) for claims in split)
