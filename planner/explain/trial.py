"""Try one machine type on a pool, or the next newer one of every line, and explain the outcome."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.policy import Policy
from planner.domain.trial import Trial
from planner.explain.why_not_newer import why_not_newer
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.attempt import Attempt
from planner.solver.closed_form import ClosedForm
from planner.solver.solve import Solver, baseline_of


def try_machine_type(
    domain: MigrationDomain, machine_type: str, knowledge: KnowledgeBase, policy: Policy
) -> Iterator[Trial]:
    """Yield the trial of `machine_type`, or of the chosen and next newer type of every line."""
    row = knowledge.machine_type(machine_type) if machine_type else None
    if row is not None:
        yield _trial(domain, ClosedForm(knowledge, policy).attempt(domain, row), knowledge)
        return
    solver = Solver(knowledge=knowledge, policy=policy)
    results = solver.solve(domain)
    solver.certify(domain, results)
    for result in results:
        for attempt in (result.chosen, result.newer):
            if attempt is not None:
                yield _trial(domain, attempt, knowledge)


def _trial(domain: MigrationDomain, attempt: Attempt, knowledge: KnowledgeBase) -> Trial:
    return Trial(
        domain=domain.name,
        members=tuple(_described(member) for member in domain.members),
        machine_type=attempt.machine_type.name,
        chosen=baseline_of(attempt) if attempt.is_safe else None,
        refused=None if attempt.is_safe else why_not_newer(domain, attempt, knowledge),
    )


def _described(member: PoolMember) -> tuple[str, int, tuple[str, ...]]:
    return member.label, member.hosts, member.examples
