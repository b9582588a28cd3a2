"""A register as one formula per bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planner.harvest.kernel.logic import Formula, atom, both, choose, either, negation

WIDTH = 64
MANY = 8


@dataclass(frozen=True, slots=True)
class Bits:
    """A value of 64 bits; `opaque` says what it comes from if its bits mean nothing here."""

    values: tuple[Formula, ...]
    opaque: str = ""

    def __or__(self, other: Bits) -> Bits:
        """Return the bits of either."""
        return self._with(other, either)

    def __and__(self, other: Bits) -> Bits:
        """Return the bits of both."""
        return self._with(other, both)

    def __invert__(self) -> Bits:
        """Return the bits turned round."""
        return Bits(tuple(negation(one) for one in self.values), self.opaque)

    def shifted(self, places: int) -> Bits:
        """Return the bits moved to the right (to the left if negative)."""
        values = self.values[places:] if places > 0 else (False,) * -places + self.values
        filled = (*values[:WIDTH], *(False,) * WIDTH)
        return Bits(filled[:WIDTH], self.opaque)

    def first(self, count: int) -> Bits:
        """Return the lowest bits only."""
        return Bits(self.values[:count] + (False,) * (WIDTH - count), self.opaque)

    def any(self) -> Formula:
        """Return whether a bit is set."""
        found: Formula = False
        for one in self.values:
            found = either(found, one)
        return found

    @property
    def many(self) -> bool:
        """Return whether more bits than a test of features names hang on the host."""
        return sum(not isinstance(one, bool) for one in self.values) > MANY

    def number(self) -> int | None:
        """Return the value if it is constant."""
        if self.opaque or not all(isinstance(one, bool) for one in self.values):
            return None
        return sum(1 << place for place, one in enumerate(self.values) if one)

    def _with(self, other: Bits, join: Callable[[Formula, Formula], Formula]) -> Bits:
        pairs = zip(self.values, other.values, strict=True)
        opaque = " and ".join(dict.fromkeys(one for one in (self.opaque, other.opaque) if one))
        return Bits(tuple(join(left, right) for left, right in pairs), opaque)


def constant(number: int) -> Bits:
    """Return a number as bits."""
    return Bits(tuple(bool(number >> place & 1) for place in range(WIDTH)))


def when(condition: Formula, yes: Bits, no: Bits) -> Bits:
    """Return one value where a condition holds, else the other."""
    pairs = zip(yes.values, no.values, strict=True)
    opaque = yes.opaque or no.opaque if condition not in {True, False} else ""
    if condition is True:
        opaque = yes.opaque
    elif condition is False:
        opaque = no.opaque
    return Bits(tuple(choose(condition, left, right) for left, right in pairs), opaque)


def hardware(name: str, width: int = WIDTH) -> Bits:
    """Return bits that the host's hardware has or lacks."""
    atoms = [atom("hardware", f"{name}.{place}") for place in range(width)]
    return Bits((*atoms, *(False,) * (WIDTH - width)))


def opaque(text: str) -> Bits:
    """Return bits that no rule can tell."""
    return Bits(hardware(text).values, text)
