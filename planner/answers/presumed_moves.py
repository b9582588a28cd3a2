"""Moves of guests of a known start: what the rules and the policy leave against them, judged once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from planner.domain.guest import GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.policy import Policy
from planner.domain.verdict import Objection, Outcome, Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import apply
from planner.migration.claims import Assumed
from planner.migration.judge import judge

Objections = tuple[Objection, ...]


@dataclass(slots=True)
class PresumedMoveJudge:
    """Judges moves; equal questions once."""

    knowledge: KnowledgeBase
    policy: Policy
    _known: dict[tuple[MigrationEdge, GuestStart, Assumed], Objections] = field(
        default_factory=dict
    )

    def against(
        self, edge: MigrationEdge, start: GuestStart, boot: HostProfile, assumed: Assumed
    ) -> Objections:
        """Return what speaks against a move of guests that booted on `boot`."""
        booted = replace(start, booted_on=boot)
        key = (edge, booted, assumed)
        if key not in self._known:
            management = self.policy.management
            verdict = judge(edge, booted, self.knowledge, management=management, assumed=assumed)
            self._known[key] = apply(self.policy, verdict).objections
        return self._known[key]


MOST_REASONS = 4
"""Reasons that one sentence names."""


def reasons(objections: Iterable[Objection]) -> str:
    """Return what objections are about, in a few words: a type that is not there, units, properties."""
    found = tuple(objections)
    absent = [one.facts[0] for one in found if one.rule is Rule.MACHINE_TYPE_NOT_OFFERED]
    if absent:
        return absent[0]
    units = dict.fromkeys(one.unit for one in found if one.unit)
    properties = dict.fromkeys(one.property_key for one in found if not one.unit)
    facts = dict.fromkeys(", ".join(one.facts) for one in found)
    names = [*units, *filter(None, properties)] or list(facts)
    more = len(names) - MOST_REASONS
    return ", ".join(names[:MOST_REASONS]) + (f" and {more} more" if more > 0 else "")


def worst(objections: Objections) -> Outcome:
    """Return unsafe if an objection is certain, unknown if all are gaps, safe if there is none."""
    if not objections:
        return Outcome.SAFE
    return Outcome.UNKNOWN if all(one.is_gap for one in objections) else Outcome.UNSAFE
