"""What properties take: the kinds of their values, by QEMU's word for each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from planner.documents.digits import whole_of
from planner.domain.capability import Evidence
from planner.knowledge.files.rows import Row
from planner.knowledge.readers.read_lines import read_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueKind:
    """What a property takes whose values are of one kind, by QEMU's word for the kind.

    A name `KIND:PROPERTY` speaks of one property. Numbers lie between `least` and `most`.
    """

    name: str
    pattern: re.Pattern[str]
    allowed: str
    evidence: Evidence
    source: str
    least: int | None = None
    most: int | None = None

    def takes(self, value: str) -> bool:
        """Whether a value is of the kind."""
        if not self.pattern.match(value):
            return False
        if self.least is None or self.most is None:
            return True
        return self.least <= _number(value) <= self.most


def _number(text: str) -> int:
    """Return a whole number as C reads it; digits that are not octal are decimal after a zero too."""
    digits = text.lower().lstrip("+-")
    sign = -1 if text.startswith("-") else 1
    if digits.startswith("0x"):
        return sign * whole_of(digits[2:], 16)
    is_octal = digits.startswith("0") and digits.isdigit() and not set(digits) & {"8", "9"}
    return sign * whole_of(digits, 8 if is_octal else 10)


def read_value_kind(row: Row) -> ValueKind:
    """Read what a property of one kind of value takes."""
    limits = ("least", "most")
    least, most = (row.number(key) if key in row.cells else None for key in limits)
    return ValueKind(
        name=row.text("name"),
        pattern=read_pattern(row, key="pattern"),
        allowed=row.text("allowed"),
        least=least,
        most=most,
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )
