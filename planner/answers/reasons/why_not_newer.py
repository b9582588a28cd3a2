"""All minimal reasons that hold a machine type back; decides nothing.

What a unit's refusal says is its obstacle's text, which the solver made of the unit's row.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.answers.host_classes import (
    build_texts,
    first_names,
    host_count,
    members_of,
    releases_of,
)
from planner.answers.reasons.remedies import remedies
from planner.domain.refusal import Refusal, WhyNotNewer
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.candidate import Candidate, Obstacle

FORBIDS = {"floor": "older", "ceiling": "newer"}


def why_not_newer(
    domain: MigrationDomain, attempt: Candidate, knowledge: KnowledgeBase
) -> WhyNotNewer:
    """Explain a refused attempt."""
    return WhyNotNewer(
        machine_type=attempt.machine_type.name,
        objections=refusals(domain, attempt),
        remedies=tuple(remedies(domain, attempt, knowledge)),
    )


def refusals(domain: MigrationDomain, attempt: Candidate) -> tuple[Refusal, ...]:
    """Return every minimal reason: each host class without the type, each unit that cannot arrive.

    The policy's bounds come last, under the rule that refuses what they leave.
    """
    found = tuple(_refusals(domain, attempt))
    return (*found, *(_bound(bound, found[0].rule) for bound in attempt.bounds if found))


def _bound(bound: str, rule: str) -> Refusal:
    word, _, name = bound.partition(" ")
    text = f"the policy {word} {name} forbids every {FORBIDS[word]} type of this line"
    return Refusal(rule=rule, text=text, hosts=0, examples=(), source="policy")


def _refusals(domain: MigrationDomain, attempt: Candidate) -> Iterator[Refusal]:
    name = attempt.machine_type.name
    lacking = members_of(domain, attempt.not_offered)
    unsure = members_of(domain, attempt.unknown_offer)
    not_offered = f"{name} is not offered by QEMU {build_texts(lacking)}"
    unknown = f"unknown whether QEMU {build_texts(unsure)} offers {name}"
    for rule, text, members in (
        (Rule.MACHINE_TYPE_NOT_OFFERED, not_offered, lacking),
        (Rule.KNOWLEDGE_GAP, unknown, unsure),
    ):
        if members:
            yield Refusal(
                rule=rule.value,
                text=text,
                hosts=host_count(members),
                examples=first_names(members),
                source=attempt.machine_type.source,
                subject=releases_of(members),
            )
    properties = tuple(one for one in attempt.obstacles if one.is_of_builds)
    for certain in (True, False):
        found = [one for one in properties if one.certain is certain]
        if found:
            yield _differing(name, found)
    for obstacle in attempt.obstacles:
        if obstacle not in properties:
            yield _refusal(domain, obstacle)


def _differing(name: str, found: list[Obstacle]) -> Refusal:
    """Return the properties in which builds differ under a type as one reason, first source first."""
    keys = ", ".join(one.property_key for one in found)
    first = found[0]
    verb = "give" if first.certain else "may give"
    return Refusal(
        rule=first.rule if first.certain else Rule.KNOWLEDGE_GAP.value,
        text=f"builds {verb} different values under {name} to {keys}",
        hosts=0,
        examples=(),
        source=first.source,
    )


def _refusal(domain: MigrationDomain, obstacle: Obstacle) -> Refusal:
    lacking = members_of(domain, obstacle.lacking)
    text = obstacle.text
    if not obstacle.certain and obstacle.facts:
        text += f" (unknown: {', '.join(obstacle.facts)})"
    return Refusal(
        rule=obstacle.rule if obstacle.certain else Rule.KNOWLEDGE_GAP.value,
        text=text,
        hosts=host_count(lacking),
        examples=first_names(lacking),
        unit=obstacle.unit,
        source=obstacle.source,
    )
