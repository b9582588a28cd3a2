"""Judge every answer again, edge by edge, with the judge alone; shares no step with the solver.

Verdicts are the same for equal profiles, so each distinct (source, destination, boot, baseline) is
judged once however many pools hold it. What a baseline's conditions exclude is excluded here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import apply
from planner.migration.applies import Assumed
from planner.migration.graph import MigrationDomain
from planner.migration.judge import judge


class CertificationError(AssertionError):
    """The solver's answer did not survive judgement: a bug in the planner, never bad input."""


@dataclass(slots=True)
class Certifier:
    """Judges baselines over domains and remembers what it has judged."""

    knowledge: KnowledgeBase
    policy: Policy
    judged: int = 0
    _passed: set[tuple[object, ...]] = field(default_factory=set)

    def certify(self, domain: MigrationDomain, chosen: ChosenBaseline) -> None:
        """Raise `CertificationError` if any edge of the domain is not safe under the baseline."""
        assumed = assumed_by(chosen)
        baseline = Baseline(
            machine_type=chosen.machine_type, flags=tuple(choice.flag for choice in chosen.flags)
        )
        boots = tuple(dict.fromkeys(member.profile for member in domain.starts))
        for source, destination in domain.pairs():
            for boot in boots:
                key = (baseline, assumed, source, destination, boot)
                if key in self._passed:
                    continue
                self._judge(key, MigrationEdge(source=source, destination=destination), boot)

    def _judge(self, key: tuple[object, ...], edge: MigrationEdge, boot: HostProfile) -> None:
        baseline, assumed = key[0], key[1]
        assert isinstance(baseline, Baseline)
        start = GuestStart(baseline=baseline, booted_on=boot)
        verdict = judge(
            edge,
            start,
            self.knowledge,
            management=self.policy.management,
            assumed=assumed,  # type: ignore[arg-type]
        )
        objections = apply(self.policy, verdict).objections
        if objections:
            raise CertificationError(f"{baseline.machine_type}: {objections[0]} on {edge}")
        self._passed.add(key)
        self.judged += 1


def assumed_by(chosen: ChosenBaseline) -> Assumed:
    """Return the claims about guests that an answer's conditions exclude, as (kind, word)."""
    return assumed_words(word for condition in chosen.conditions for word in condition.words)


def assumed_words(words: Iterable[str]) -> Assumed:
    """Return `kind:word` texts as pairs."""
    pairs = (word.partition(":") for word in words)
    return frozenset((kind, word) for kind, _, word in pairs)
