"""What is asked of guests of one machine type on some hosts, in the lists of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from planner.answers.guest_results import Clauses, claims_of_condition
from planner.domain.host import HostProfile
from planner.domain.migrated import MigratedUnit
from planner.domain.solution import ChosenBaseline, Condition, ConditionReason, FlagChoice
from planner.gate.policy import (
    AliasRow,
    Claim,
    GateCondition,
    GateEntry,
    GateFlag,
    GateRefusal,
)
from planner.gate.words import ClauseWords
from planner.knowledge.base import KnowledgeBase
from planner.solver.candidate import Candidate, is_common_parts

Key = tuple[object, ...]
SureRefusal = tuple[str, str, Clauses]
"""Unit, text and claims of what refuses only guests that surely have it."""
LONGEST = 160
"""Characters of a reason: it is one line of somebody's screen."""


@dataclass
class Entries:
    """Gathers entries with their flags and conditions, each once."""

    words: ClauseWords
    entries: dict[Key, int] = field(default_factory=dict)
    listed: list[GateEntry] = field(default_factory=list)
    flags: list[GateFlag] = field(default_factory=list)
    conditions: list[GateCondition] = field(default_factory=list)
    _flags: dict[Key, int] = field(default_factory=dict)
    _conditions: dict[Key, int] = field(default_factory=dict)
    _asked: dict[Key, int] = field(default_factory=dict)

    @property
    def knowledge(self) -> KnowledgeBase:
        """The rows."""
        return self.words.tables.knowledge

    @cached_property
    def units(self) -> Mapping[str, MigratedUnit]:
        """The units of guests of this architecture by their ids."""
        return {unit.id: unit for unit in self.knowledge.units_of(self.words.tables.arch)}

    def of_baseline(
        self,
        baseline: ChosenBaseline,
        here: HostProfile | None = None,
        refusals: Iterable[GateRefusal] = (),
        surely: Iterable[SureRefusal] = (),
    ) -> int:
        """Return the place of the entry of a machine type with its flags and conditions."""
        flags = sorted({self._flag(one) for one in baseline.flags})
        conditions = sorted(
            {
                *(
                    (self._condition(one, baseline, here), 1 + (one not in baseline.universal))
                    for one in baseline.conditions
                    if one.words or is_common_parts(one)
                ),
                *((self._sure(*one), 0) for one in surely),
            }
        )
        told = list(refusals)
        key = (
            tuple(flags),
            tuple(conditions),
            tuple((one["unit"], one["text"], one["certain"]) for one in told),
        )
        if key not in self.entries:
            self.entries[key] = len(self.listed)
            self.listed.append(GateEntry(flags=flags, conditions=conditions, refusals=told))
        return self.entries[key]

    def _claim(self, unit: str, clauses: Clauses) -> Claim:
        return {"unit": unit, "clauses": [self.words.number(one) for one in clauses]}

    def _flag(self, choice: FlagChoice) -> int:
        key = (choice.flag, choice.unit)
        if key not in self._flags:
            unit = self.units.get(choice.unit)
            claims = [] if unit is None or not unit.when else [self._claim(unit.id, unit.when)]
            symptom = choice.reason if unit is None else unit.symptom
            name = choice.flag.key.qom_type
            self._flags[key] = len(self.flags)
            self.flags.append(
                GateFlag(
                    drivers=[name, *self._variants(name)],
                    property=choice.flag.key.property,
                    value=choice.flag.value,
                    unit=choice.unit,
                    reason=symptom[:LONGEST],
                    device=self._alias(name),
                    claims=claims,
                )
            )
        return self._flags[key]

    def _variants(self, name: str) -> Iterator[str]:
        """Yield the wrappers of a type that reach all parts of it."""
        variants = self.knowledge.guests.variants
        yield from sorted(one for one, row in variants.items() if row.base == name and row.usual)

    def _alias(self, name: str) -> AliasRow | None:
        row = next((one for one in self.knowledge.planes.aliases if one.qom_type == name), None)
        if row is None:
            return None
        return AliasRow(
            element=row.element,
            at=row.at,
            values=list(row.values),
            alias=row.alias,
            number=row.number,
            apart=list(row.apart),
        )

    def _sure(self, unit: str, text: str, clauses: Clauses) -> int:
        """Return the place of a condition that only guests break which surely have something."""
        asked = (unit, text, clauses)
        if asked not in self._asked:
            self._asked[asked] = len(self.conditions)
            claims = [self._claim(unit, clauses)]
            made = GateCondition(id=unit or text[:LONGEST], text=text[:LONGEST], claims=claims)
            self.conditions.append(made)
        return self._asked[asked]

    def _condition(
        self, condition: Condition, baseline: ChosenBaseline, here: HostProfile | None
    ) -> int:
        asking = tuple(one for one in baseline.reasons if one.condition == condition.text)
        asked = (condition, frozenset(one.unit for one in asking), here)
        if asked not in self._asked:
            self._asked[asked] = self._listed(condition, asking, here)
        return self._asked[asked]

    def _listed(
        self,
        condition: Condition,
        reasons: tuple[ConditionReason, ...],
        here: HostProfile | None,
    ) -> int:
        found = claims_of_condition(condition, reasons, self.units)
        of_parts = is_common_parts(condition)
        if of_parts and here is not None:
            found = tuple((unit, _narrowed(clauses, here)) for unit, clauses in found)
        claims = [self._claim(unit, clauses) for unit, clauses in found if clauses]
        if of_parts and here is not None:
            parts = self.words.parts(frozenset({here.qemu}), self.words.tables.arch)
            claims += [{"unit": "", "clauses": [number]} for number in parts]
        key = (
            condition.id,
            condition.text,
            tuple((one["unit"], *one["clauses"]) for one in claims),
        )
        if key not in self._conditions:
            self._conditions[key] = len(self.conditions)
            made = GateCondition(id=condition.id, text=condition.text[:LONGEST], claims=claims)
            self.conditions.append(made)
        return self._conditions[key]


def _narrowed(clauses: Clauses, here: HostProfile) -> Clauses:
    """Return claims about CPU features with those that guests may not get on a host, none if all do."""
    lacking = lacked_features(here)
    kept = [tuple(word for word in one.any_of if word in lacking) for one in clauses]
    pairs = zip(clauses, kept, strict=True)
    return tuple(replace(one, any_of=words) for one, words in pairs) if all(kept) else ()


def lacked_features(host: HostProfile) -> frozenset[str]:
    """Return the CPU features of which it is not sure that guests get them on a host."""
    features = host.cpu_features
    taken = {one.feature for one in (*features.taken, *host.open_faults)}
    names = features.of_no_guest | features.unsure | features.one_vendor | taken
    return frozenset(name.removeprefix("cpu.") for name in names)


def refusals_of(tried: Candidate) -> Iterator[GateRefusal]:
    """Yield what forbids a machine type on some hosts."""
    for one in tried.obstacles:
        text = one.text or "; ".join(one.facts)
        yield GateRefusal(unit=one.unit, text=text[:LONGEST], certain=one.certain)
    for hosts, certain in ((tried.not_offered, True), (tried.unknown_offer, False)):
        if hosts:
            told = f"{_builds(hosts)} {'does' if certain else 'may'} not have this machine type"
            yield GateRefusal(unit="", text=told, certain=certain)


def _builds(hosts: Iterable[HostProfile]) -> str:
    names = sorted({str(one.qemu) for one in hosts})
    return f"QEMU {', '.join(names[:2])}"
