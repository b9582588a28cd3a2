"""What went wrong, where, and what to do about it; never how it is printed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in an input file; line and column count from 1, column may be a column's name."""

    file: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        """Write the place as `file:line: column`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return place if self.column is None else f"{place}: {self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of an input: where it is, what was found, what would be right."""

    location: Location
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """Write the problem on one line."""
        tail = f"; {self.remedy}" if self.remedy else ""
        return f"{self.location}: {self.what}{tail}"


class PlannerError(Exception):
    """Root of every error that a user can cause; carries all problems at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep `problems`, at least one."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class KnowledgeError(PlannerError):
    """A row of the knowledge cannot be read or contradicts another."""


class FleetError(PlannerError):
    """A fleet, guest, edge, case or probe file cannot be read."""


class PolicyError(PlannerError):
    """A policy file cannot be read."""


class PlanError(PlannerError):
    """A plan file cannot be read, contradicts itself, or is about another fleet."""


class ScenarioError(PlannerError):
    """A scenario file cannot be read, or is about nothing that the fleet has."""


class HarvestError(PlannerError):
    """A QEMU program or a migration stream cannot be read."""


class UsageError(PlannerError):
    """The command line names something that does not exist."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return `did you mean 'x'?` for the choice closest to `word`, or an empty text."""
    found = difflib.get_close_matches(word, sorted(choices), n=1, cutoff=0.5)
    return f"did you mean '{found[0]}'?" if found else ""
