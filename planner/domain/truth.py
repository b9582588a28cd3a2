"""Three-valued truth: what the data cannot tell is `UNKNOWN`, never `NO`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Truth(Enum):
    """A claim that holds, does not hold, or cannot be told."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __invert__(self) -> Truth:
        """Return the opposite claim; unknown stays unknown."""
        if self is Truth.UNKNOWN:
            return self
        return Truth.NO if self is Truth.YES else Truth.YES

    @classmethod
    def of(cls, claim: bool) -> Truth:
        """Return the certain truth of `claim`."""
        return cls.YES if claim else cls.NO


def all_of(claims: Iterable[Truth]) -> Truth:
    """Return YES if every claim holds, NO if one certainly does not."""
    result = Truth.YES
    for claim in claims:
        if claim is Truth.NO:
            return Truth.NO
        if claim is Truth.UNKNOWN:
            result = Truth.UNKNOWN
    return result


def any_of(claims: Iterable[Truth]) -> Truth:
    """Return YES if one claim holds, NO if certainly none does."""
    result = Truth.NO
    for claim in claims:
        if claim is Truth.YES:
            return Truth.YES
        if claim is Truth.UNKNOWN:
            result = Truth.UNKNOWN
    return result
