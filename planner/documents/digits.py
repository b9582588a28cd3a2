"""Whole numbers out of digits that anybody may have written, as many as they like.

Python refuses to read more than 4,300 digits, and takes long for fewer. Nothing that is numbered here
needs forty: a number with more is greater than all of those, and that is all that is asked of it.

>>> whole_of("007"), whole_of("9" * 5000) == whole_of("8" * 6000) > whole_of("9" * 40)
(7, True)
"""

from __future__ import annotations

MOST_DIGITS = 40
"""Digits of the longest number that is read: 128 bits have 39."""
BEYOND = 10**MOST_DIGITS
"""What every longer one is taken for."""


def whole_of(digits: str, base: int = 10) -> int:
    """Return the number that digits without a sign write, at most `BEYOND`.

    Raises `ValueError` if they are none; of very many digits only whether they are is not looked at.
    """
    if len(digits) <= MOST_DIGITS:
        return int(digits, base)
    plain = digits.lstrip("0")
    return int(plain or "0", base) if len(plain) <= MOST_DIGITS else BEYOND
