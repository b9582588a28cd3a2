"""What stops a reading of kernel sources."""

from __future__ import annotations

from planner.domain.errors import Location, PlannerError, Problem


class UnreadError(PlannerError):
    """Something in the source that no rule consumes; each problem names file and line."""


def unread(file: str, line: int, what: str) -> UnreadError:
    """Return the error for one place in the source."""
    place = Location(file=file, line=line)
    return UnreadError([Problem(location=place, what=what)])
