"""What went wrong, where, and what to do about it; never how it is printed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 60
"""Characters of a found text that a message shows."""
LONGEST_NAME = 255
"""Characters of a longest word that is compared with known ones, for that takes their square."""
MOST_SAID = 2000
"""Characters of a longest message."""
MANY = 5000
"""Names of which every one can be compared with a misspelt one."""
NEAR = 0.6
"""How alike a text is to one that is named as the nearest: 1 is equal."""
CLOSE = 5
"""The closest names among which one with the same numbers is looked for."""


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
        text = f"{self.location}: {self.what}{tail}"
        return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}..."


def wrong_word(option: str, what: str, remedy: str = "") -> Problem:
    """Return a problem of the command line, of an option or argument (empty: of the line as such)."""
    place = Location(file="command line", column=option or None)
    return Problem(location=place, what=what, remedy=remedy)


def unread(file: str, line: int, what: str) -> UnreadError:
    """Return the error for one place in the source of a kernel."""
    place = Location(file=file, line=line)
    return UnreadError([Problem(location=place, what=what)])


class PlannerError(Exception):
    """Root of every error that a user can cause; carries all problems at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep `problems`, at least one: file by file, by line where there is one."""
        given = tuple(problems)
        files = list(dict.fromkeys(one.location.file for one in given))
        self.problems = tuple(sorted(given, key=lambda one: _reading_order(one.location, files)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def _reading_order(place: Location, files: list[str]) -> tuple[int, bool, int]:
    return files.index(place.file), place.line is None, place.line or 0


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


class UnreadError(PlannerError):
    """Something in the source of a kernel that no rule consumes; each problem names file and line."""


class UsageError(PlannerError):
    """The command line names something that does not exist."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return `did you mean 'x'?` for the choice closest to `word`, or an empty text.

    A choice that differs in capitals, dashes, leading zeros or an s for many is what was meant; then one
    with the same numbers comes before a closer one. Of very many choices only those are looked at that
    begin and end nearly as `word` does.
    """
    known = list(choices)
    if len(word) > LONGEST_NAME:
        return ""
    plain = _folded_word(word)
    same = sorted(one for one in known if _folded_word(one) == plain)
    if same:
        return f"did you mean '{same[0]}'?"
    if len(known) > MANY:
        known = [one for one in known if abs(len(one) - len(word)) <= 1 and one[:2] == word[:2]]
    found = difflib.get_close_matches(word, sorted(known)[:MANY], n=CLOSE, cutoff=0.5)
    numbers = _numbers(word)
    best = next((one for one in found if _numbers(one) == numbers), found[0] if found else "")
    return f"did you mean '{best}'?" if best else ""


def _folded_word(word: str) -> str:
    """Return a name without what people write in several ways."""
    text = re.sub(r"[\W_]+", "-", word.casefold())
    return re.sub(r"(?<!\d)0+(?=\d)", "", text).removesuffix("s")


def _numbers(word: str) -> list[str]:
    return [digits.lstrip("0") for digits in re.findall(r"\d+", word)]


def closest(word: str, choices: Iterable[str]) -> str:
    """Return the choice closest to `word`; an empty text if none is near."""
    found = difflib.get_close_matches(word[:LONGEST_NAME], sorted(choices), n=1, cutoff=NEAR)
    return found[0] if found else ""


def advised(what: str, hint: str) -> str:
    """Return what is wrong with a hint behind it, if there is one."""
    return f"{what}; {hint}" if hint else what


def quoted(text: str) -> str:
    """Return a found text in quotes, as a message shows it: on one line, cut short."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f"'{shown}'" if shown.isprintable() else repr(shown)
