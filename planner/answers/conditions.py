"""Which conditions of an answer somebody must check, and which no difference asks for.

They are held against the guest profile here, against the guests of today in `guest_findings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from planner.answers.cpu_advice import cpu_advice
from planner.answers.reasons.condition_origin import asked_by
from planner.domain.guest_profile import GuestProfile
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.policy import Policy
from planner.domain.solution import PROBED, BrokenCondition, ChosenBaseline, Condition
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import BEYOND_COMMON
from planner.migration.applies import clause_truth
from planner.migration.graph import MigrationDomain
from planner.migration.parts import are_common, uncommon_devices
from planner.solver.candidate import is_common_parts
from planner.solver.closed_form import ClosedForm

OF_HOSTS = "host"
"""The kind of conditions that speak of hosts: between host classes they are asked anew."""


def sorted_out(
    domain: MigrationDomain, baseline: ChosenBaseline, row: MachineType, form: ClosedForm
) -> ChosenBaseline:
    """Return a baseline that says which conditions are universal, met, or broken by every guest."""
    if not baseline.conditions:
        return baseline
    baseline = _with_parts(domain, baseline, form)
    universal = form.asked_of_each(domain, row)
    if len(domain.profiles) > 1:
        universal = frozenset(one for one in universal if one.kind != OF_HOSTS)
    profile = profile_of(form.policy, form.knowledge)
    if profile is not None and not _names_a_model(domain, baseline, form.knowledge):
        profile = replace(profile, cpu="any")
    met = frozenset(one for one in baseline.conditions if is_met(one, profile, form.knowledge))
    if profile is not None and _has_common_parts(domain, profile, form.knowledge):
        met |= frozenset(filter(is_common_parts, baseline.conditions))
    verified = frozenset(one for one in baseline.conditions if one.price == PROBED)
    universal, met = universal - verified, met | verified
    broken = [
        one
        for one in baseline.conditions
        if one not in met | universal and profile is not None
        if is_broken(one, profile, form.knowledge)
    ]
    return replace(
        baseline,
        universal=universal.intersection(baseline.conditions),
        met=met - universal,
        broken=tuple(_reasoned(broken, domain, row, form)) if broken else (),
    )


def _with_parts(
    domain: MigrationDomain, baseline: ChosenBaseline, form: ClosedForm
) -> ChosenBaseline:
    """Return a baseline whose condition on parts names those of the guest profile that it is about."""
    profile = profile_of(form.policy, form.knowledge)
    if profile is None or profile.devices is None or profile.cpu != "named":
        return baseline
    arch = next(iter(domain.profiles)).arch
    names = uncommon_devices(profile.start, arch, domain.builds, form.knowledge)
    if not names:
        return baseline
    text = f"no {' or '.join(names)}: not every QEMU of the pool has it"
    return replace(
        baseline,
        conditions=tuple(
            replace(one, text=text) if is_common_parts(one) else one for one in baseline.conditions
        ),
    )


def _names_a_model(
    domain: MigrationDomain, baseline: ChosenBaseline, knowledge: KnowledgeBase
) -> bool:
    """Whether the answer names a safe CPU model; else its conditions on CPUs are left to check."""
    return any(one.newest for one in cpu_advice(domain, baseline, knowledge).vendors)


def _reasoned(
    broken: Iterable[Condition], domain: MigrationDomain, row: MachineType, form: ClosedForm
) -> Iterator[BrokenCondition]:
    """Yield what the guests of a profile break, each with what asks for it."""
    reasons = {one.condition: one for one in asked_by(domain, row, form)}
    for one in broken:
        why = reasons.get(one.text)
        yield BrokenCondition(
            condition=one,
            reason="" if why is None else why.text,
            source="" if why is None else why.source,
        )


def is_broken(condition: Condition, profile: GuestProfile, knowledge: KnowledgeBase) -> bool:
    """Whether every guest of a profile breaks a condition by what it has for certain."""
    clauses = clauses_of(condition.words)
    return bool(clauses) and all(
        clause.kind is ClauseKind.DEVICE
        and clause_truth(clause, profile.least, knowledge.guests, frozenset()).truth is Truth.YES
        for clause in clauses
    )


def profile_of(policy: Policy, knowledge: KnowledgeBase) -> GuestProfile | None:
    """Return the guest profile that a policy names, None if no row has that name."""
    return knowledge.guest_profiles.get(policy.guest_profile)


@cache
def is_met(condition: Condition, profile: GuestProfile | None, knowledge: KnowledgeBase) -> bool:
    """Whether guests of a profile meet a condition by what they are.

    What a named CPU model has is no condition: the answer names the models that are safe.
    """
    clauses = clauses_of(condition.words)
    if profile is None or not clauses or is_common_parts(condition):
        return False
    return any(excludes(clause, profile, knowledge) for clause in clauses)


def _has_common_parts(
    domain: MigrationDomain, profile: GuestProfile, knowledge: KnowledgeBase
) -> bool:
    """Whether the builds of a domain are known to have a profile's devices alike."""
    if profile.devices is None or profile.cpu != "named":
        return False
    arch = next(iter(domain.profiles)).arch
    return are_common(profile.start, arch, domain.builds, knowledge)


def excludes(clause: Clause, profile: GuestProfile, knowledge: KnowledgeBase) -> bool:
    """Whether no guest of a profile has what a clause speaks of."""
    if clause.kind is ClauseKind.CPU:
        chosen = profile.cpu == "named" and not profile.features.intersection(clause.any_of)
        return chosen and BEYOND_COMMON not in clause.any_of
    applies = clause_truth(clause, profile.start, knowledge.guests, frozenset())
    return applies.truth is Truth.NO


def clauses_of(words: tuple[str, ...]) -> tuple[Clause, ...]:
    """Return the clauses that the `kind:word` texts of a condition make."""
    kinds: dict[str, list[str]] = {}
    for word in words:
        kind, _, name = word.partition(":")
        kinds.setdefault(kind, []).append(name)
    return tuple(
        Clause(kind=ClauseKind(kind), any_of=tuple(names)) for kind, names in sorted(kinds.items())
    )
