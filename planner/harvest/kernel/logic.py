"""Conditions of a host as formulas, and what is left of them for a row.

A formula is True, False, or a choice by one atom; equal formulas are one object (an ordered binary
decision diagram), so that paths which part and meet again do not grow.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Atom:
    """Something that a host may or may not have: `kind` is hardware, param or vendor."""

    kind: str
    text: str


class Choice:
    """`yes` where the atom holds, else `no`; made by `_choice` alone, so equal ones are one."""

    __slots__ = ("no", "rank", "yes")

    def __init__(self, rank: int, yes: Formula, no: Formula) -> None:
        """Keep the parts."""
        self.rank, self.yes, self.no = rank, yes, no


Formula = bool | Choice

OTHER = {"intel": "amd"}
"""Of two vendors' modules, the one that is left where the first is not loaded."""

_RANKS: dict[Atom, int] = {}
_ATOMS: list[Atom] = []
_CHOICES: dict[tuple[int, Formula, Formula], Choice] = {}
_DONE: dict[tuple[Formula, Formula, Formula], Formula] = {}


def atom(kind: str, text: str) -> Formula:
    """Return the formula that is one atom."""
    return _choice(_rank(Atom(kind, text)), True, False)


def choose(condition: Formula, yes: Formula, no: Formula) -> Formula:
    """Return `yes` where `condition` holds, else `no`."""
    if isinstance(condition, bool):
        return yes if condition else no
    if yes is no:
        return yes
    key = (condition, yes, no)
    if key not in _DONE:
        rank = min(one.rank for one in key if isinstance(one, Choice))
        high = choose(*(_part(one, rank, True) for one in key))
        low = choose(*(_part(one, rank, False) for one in key))
        _DONE[key] = _choice(rank, high, low)
    return _DONE[key]


def both(left: Formula, right: Formula) -> Formula:
    """Return `left and right`."""
    return choose(left, right, False)


def either(left: Formula, right: Formula) -> Formula:
    """Return `left or right`."""
    return choose(left, True, right)


def negation(one: Formula) -> Formula:
    """Return `not one`."""
    return choose(one, False, True)


@dataclass(frozen=True, slots=True)
class Given:
    """What a row says: `given` is yes, hardware, param, vendor or no; `condition` names it."""

    given: str
    condition: str = ""


def given(formula: Formula) -> Given:
    """Return how a host comes to have something: what cannot be missing, strongest kind first.

    A parameter or vendor is named only if nobody has the thing without it. A parameter that must be
    off is no condition: off is what it is where nobody set it.
    """
    if isinstance(formula, bool):
        return Given("yes" if formula else "no")
    atoms = sorted(_atoms(formula), key=lambda one: (one.kind, one.text))
    needed = [one for one in atoms if _under(formula, one, False) is False]
    for kind in ("param", "vendor"):
        names = [one.text for one in needed if one.kind == kind]
        names += [
            OTHER[one.text]
            for one in atoms
            if one.kind == kind == "vendor" and _under(formula, one, True) is False
        ]
        if names:
            return Given(kind, "+".join(names))
    return Given("hardware")


def _rank(one: Atom) -> int:
    """Return an atom's place in the order; parameters and vendors need no order of their own."""
    if one not in _RANKS:
        _RANKS[one] = len(_ATOMS)
        _ATOMS.append(one)
    return _RANKS[one]


def _choice(rank: int, yes: Formula, no: Formula) -> Formula:
    if yes is no:
        return yes
    return _CHOICES.setdefault((rank, yes, no), Choice(rank, yes, no))


def _part(one: Formula, rank: int, value: bool) -> Formula:
    if isinstance(one, bool) or one.rank != rank:
        return one
    return one.yes if value else one.no


def _atoms(formula: Formula) -> set[Atom]:
    found: set[Atom] = set()
    seen: set[int] = set()
    waiting = [formula]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Choice) and id(one) not in seen:
            seen.add(id(one))
            found.add(_ATOMS[one.rank])
            waiting += [one.yes, one.no]
    return found


def _under(formula: Formula, one: Atom, value: bool) -> bool:
    """Return whether a formula can hold where an atom has a value."""
    test = _choice(_RANKS[one], True, False)
    return both(formula, test if value else negation(test)) is not False
