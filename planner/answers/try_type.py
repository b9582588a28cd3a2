"""Try one machine type on a pool, or the next newer one of every line, and explain the outcome."""

from __future__ import annotations

from collections.abc import Iterator

from planner.answers.reasons.condition_origin import asked_by
from planner.answers.reasons.no_type_allowed import nothing_allowed
from planner.answers.reasons.why_not_newer import why_not_newer
from planner.answers.status import status_of, status_of_attempt
from planner.domain.machine_type import MachineType
from planner.domain.policy import Policy
from planner.domain.refusal import WhyNotNewer
from planner.domain.solution import Status
from planner.domain.trial import PoolTrial, Trial
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.candidate import Candidate
from planner.solver.closed_form import ClosedForm
from planner.solver.solve import LineResult, Solver, baseline_of


def try_machine_type(
    domain: MigrationDomain, row: MachineType, knowledge: KnowledgeBase, policy: Policy
) -> PoolTrial:
    """Return the trial of one machine type on a domain."""
    form = ClosedForm(knowledge, policy)
    attempt = form.attempt(domain, row)
    return PoolTrial(
        domain=domain.name,
        members=tuple(_described(member) for member in domain.members),
        status=status_of_attempt(attempt),
        trials=(_trial(domain, attempt, form),),
    )


def try_next_newer(domain: MigrationDomain, knowledge: KnowledgeBase, policy: Policy) -> PoolTrial:
    """Return the trials of the certified choice of every line and of the next newer type."""
    solver = Solver(knowledge=knowledge, policy=policy)
    results, _ = solver.certified(domain, solver.solve(domain))
    found = tuple(_trial(domain, attempt, solver.form) for attempt in _attempts(results))
    return PoolTrial(
        domain=domain.name,
        members=tuple(_described(member) for member in domain.members),
        status=Status.UNDECIDED if domain.unplaced else status_of(results),
        trials=found or (_nothing_to_try(domain, knowledge, policy),),
    )


def _attempts(results: tuple[LineResult, ...]) -> Iterator[Candidate]:
    for result in results:
        yield from (attempt for attempt in (result.chosen, result.newer) if attempt is not None)


def _nothing_to_try(domain: MigrationDomain, knowledge: KnowledgeBase, policy: Policy) -> Trial:
    line = nothing_allowed(domain, knowledge, policy)
    name = f"{line.board}, {line.line}"
    reasons = WhyNotNewer(machine_type=name, objections=line.objections, remedies=line.remedies)
    return Trial(machine_type=name, chosen=None, refused=reasons)


def _trial(domain: MigrationDomain, attempt: Candidate, form: ClosedForm) -> Trial:
    name = attempt.machine_type.name
    if not attempt.is_safe:
        refused = why_not_newer(domain, attempt, form.knowledge)
        return Trial(machine_type=name, chosen=None, refused=refused)
    return Trial(
        machine_type=name,
        chosen=baseline_of(attempt),
        refused=None,
        asked_by=tuple(asked_by(domain, attempt.machine_type, form)),
    )


def _described(member: PoolMember) -> tuple[str, int, tuple[str, ...]]:
    return member.label, member.hosts, member.examples
