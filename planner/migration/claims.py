"""Claims about guests: what no guest has, by a condition, and what a guest leaves open of them."""

from __future__ import annotations

from functools import cache

from planner.domain.guest import GuestStart
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.truth import Truth
from planner.knowledge.guests import GuestWords
from planner.migration.guest_cpu import has_feature

Assumed = frozenset[tuple[str, str]]
"""Claims taken as true: (clause kind, word) pairs that no guest has."""


@cache
def claims_of(clause: Clause) -> Assumed:
    """Return the claims that no guest has anything that the clause speaks of."""
    return frozenset((clause.kind.value, word) for word in clause.any_of)


@cache
def claimed(words: tuple[str, ...]) -> Assumed:
    """Return the claims that `kind:word` texts of conditions make."""
    parts = (word.partition(":") for word in words)
    return frozenset((kind, name) for kind, _, name in parts)


def respelt(claims: Assumed, words: GuestWords) -> Assumed:
    """Return claims of a file with the one name that each fact has."""
    return frozenset(_respelt(kind, word, words) for kind, word in claims)


def _respelt(kind: str, word: str, words: GuestWords) -> tuple[str, str]:
    meant = words.trait_of(word)
    if meant is None or meant[1] or kind == ClauseKind.ACCELERATOR_LACKS.value:
        return kind, word
    return ClauseKind.ACCELERATOR_LACKS.value, meant[0]


def opposed(claims: Assumed, words: GuestWords) -> tuple[str, ...]:
    """Return the CPU features that claims about one guest both ask for and exclude, in order."""
    lacks, has = ClauseKind.CPU_LACKS.value, ClauseKind.CPU.value
    beyond = [words.beyond(word) for kind, word in claims if kind == has]
    return tuple(
        word
        for kind, word in sorted(claims)
        if kind == lacks and ((has, word) in claims or any(word in features for features in beyond))
    )


def unsaid(claims: Assumed, start: GuestStart) -> Assumed:
    """Return the claims about what a guest does not say: its CPU, its devices, each of its uses."""

    def says(kind: str, word: str) -> bool:
        """Whether the guest says something of a claim, whatever it says."""
        if kind in {ClauseKind.CPU.value, ClauseKind.CPU_LACKS.value}:
            return start.cpu is not None
        if kind == ClauseKind.DEVICE.value:
            return start.devices is not None
        return start.trait(word) is not Truth.UNKNOWN

    return frozenset((kind, word) for kind, word in claims if not says(kind, word))


def left_open(claims: Assumed, start: GuestStart, words: GuestWords) -> Assumed:
    """Return the claims that a guest leaves open: what it does not say, or nobody knows of its CPU."""

    def is_known(kind: str, word: str) -> bool:
        """Whether it is known that the guest's CPU has a feature, or that it lacks it."""
        of_cpu = kind in {ClauseKind.CPU.value, ClauseKind.CPU_LACKS.value}
        return not of_cpu or has_feature(word, start.cpu, start, words) is not Truth.UNKNOWN

    said = claims - unsaid(claims, start)
    return claims - {(kind, word) for kind, word in said if is_known(kind, word)}
