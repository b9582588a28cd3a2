"""The problems of one document, each with the line or the way to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from planner.domain.errors import Location, Problem

Steps = tuple[object, ...]
"""The way to a value: the way to what holds it, then a key or a place."""
Way = tuple[object, ...]
"""The same way as one row of keys and places."""
MOST_PROBLEMS = 20


def no_line(steps: Steps) -> int | None:
    """Return no line: of documents whose format does not tell."""
    del steps
    return None


@dataclass(slots=True)
class Lines:
    """The lines of a text, sought when somebody asks for the first."""

    find: Callable[[], Mapping[Way, int]]
    _found: Mapping[Way, int] | None = None

    def line_of(self, steps: Steps) -> int | None:
        """Return the line of a value, or of the closest one that holds it; None for the whole."""
        if self._found is None:
            self._found = self.find()
        path, found = path_of(steps), self._found
        ways = (path[:length] for length in range(len(path), 0, -1))
        return next((found[way] for way in ways if way in found), None)


@dataclass(slots=True)
class Complaints:
    """Problems of one file, in order of discovery; `line_of` finds the line of a value."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    line_of: Callable[[Steps], int | None] = no_line

    def add(self, steps: Steps, what: str, remedy: str = "") -> None:
        """Note a problem at a path such as `waves[2].flips[0].to`; after many, only their count."""
        place = Location(file=self.file, line=self.line_of(steps), column=written(steps) or None)
        self.problems.append(Problem(location=place, what=what, remedy=remedy))

    @property
    def is_full(self) -> bool:
        """Whether so many problems are known that nobody is told of another one, nor of its remedy."""
        return len(self.problems) >= MOST_PROBLEMS

    def told(self) -> tuple[Problem, ...]:
        """Return the first problems by line and, if there are more, one that counts the rest."""
        ordered = sorted(self.problems, key=lambda problem: problem.location.line or 0)
        rest = len(ordered) - MOST_PROBLEMS
        if rest <= 0:
            return tuple(ordered)
        more = Problem(location=Location(file=self.file), what=f"and {rest} more problems")
        return (*ordered[:MOST_PROBLEMS], more)


def path_of(steps: Steps) -> Way:
    """Return the keys and places of a way, from the document on."""
    path: list[object] = []
    while steps:
        held, step = steps
        path.append(step)
        steps = held if isinstance(held, tuple) else ()
    return tuple(reversed(path))


def written(steps: Steps) -> str:
    """Write a path as `waves[2].number`, places counted from 1."""
    path = path_of(steps)
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
