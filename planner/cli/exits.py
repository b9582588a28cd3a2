"""Exit codes, as the README documents them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.domain.plans.plan import Plan
    from planner.domain.plans.unlock import UnlockStatus
    from planner.domain.solution import Solution, Status
    from planner.domain.verdict import Outcome

ANSWERED = 0
BUG = 1
USAGE = 2
UNREADABLE = 3
UNSAFE = 4
UNDECIDED = 5
INTERRUPTED = 130
ANSWERS = frozenset({ANSWERED, UNSAFE, UNDECIDED})
"""The codes of commands that have answered."""

OPENED, CHECKS = "opened", "safe-with-checks"
OF_WORD = {
    "safe": ANSWERED,
    CHECKS: ANSWERED,
    "undecided": UNDECIDED,
    "no-safe-baseline": UNSAFE,
    OPENED: ANSWERED,
    "closed": UNSAFE,
    "unsafe": UNSAFE,
    "unknown": UNDECIDED,
}
"""The code of every word that an answer is told in; its types are not loaded for a page of help."""


def of_status(status: Status) -> int:
    """Return the exit code of a whole answer."""
    return OF_WORD[status.value]


def of_solution(solution: Solution, *, strict: bool) -> int:
    """Return the exit code of a whole answer; `strict`: what is left to check is not decided yet."""
    if solution.is_disputed:
        return BUG
    code = of_status(solution.status)
    verdicts = {domain.verdict.value for domain in solution.domains}
    if UNSAFE in map(OF_WORD.__getitem__, verdicts):
        return UNSAFE
    unchecked = strict and CHECKS in verdicts
    return UNDECIDED if code == ANSWERED and unchecked else code


def of_plan(made: Plan) -> int:
    """Return 0 for a plan of all pools, 5 if only facts are missing, 4 if something has to give."""
    if not made.relaxations:
        return ANSWERED
    if all(relaxation.constraint == "missing-fact" for relaxation in made.relaxations):
        return UNDECIDED
    return UNSAFE


def of_verdicts(verdicts: Iterable[str]) -> int:
    """Return the gravest code of the verdicts of pools, as a document tells them."""
    return gravest(OF_WORD[word] for word in verdicts)


def of_statuses(statuses: Iterable[Status]) -> int:
    """Return the gravest code of several answers: unsafe beats undecided, undecided beats safe."""
    return gravest(OF_WORD[status.value] for status in statuses)


def of_outcomes(outcomes: Iterable[Outcome]) -> int:
    """Return the gravest code: unsafe beats unknown, unknown beats safe."""
    return gravest(OF_WORD[outcome.value] for outcome in outcomes)


def of_unlocks(statuses: Iterable[UnlockStatus], *, asked: bool) -> int:
    """Return the gravest code of what was `asked` for; of what nobody named, any opening answers."""
    words = [status.value for status in statuses]
    if not asked and OPENED in words:
        return ANSWERED
    return gravest(OF_WORD[word] for word in words)


def gravest(codes: Iterable[int]) -> int:
    """Return a dispute before unsafe before undecided before answered."""
    found = set(codes)
    return next((code for code in (BUG, UNSAFE, UNDECIDED) if code in found), ANSWERED)
