"""What the results of all boards and lines make of a domain."""

from __future__ import annotations

from collections.abc import Iterable

from planner.domain.solution import Status
from planner.solver.candidate import Candidate
from planner.solver.solve import LineResult


def status_of(results: Iterable[LineResult]) -> Status:
    """Return the status of a domain.

    One safe line is an answer; without one, an open line leaves the domain undecided. A line that
    policy bounds must have an answer of its own.
    """
    found = tuple(results)
    bounded = {result.status for result in found if result.is_bounded_out}
    for status in (Status.NO_SAFE_BASELINE, Status.UNDECIDED):
        if status in bounded:
            return status
    every = {result.status for result in found}
    for status in (Status.SAFE, Status.UNDECIDED):
        if status in every:
            return status
    return Status.NO_SAFE_BASELINE


def status_of_attempt(attempt: Candidate) -> Status:
    """Return what trying one machine type says of it."""
    if attempt.is_safe:
        return Status.SAFE
    return Status.UNDECIDED if attempt.is_open else Status.NO_SAFE_BASELINE
