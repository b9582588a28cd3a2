"""Conditions of one attempt that no guest meets together: a CPU with a feature and without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from planner.domain.migrated import ClauseKind
from planner.domain.solution import Condition
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import BEYOND
from planner.solver.candidate import Obstacle
from planner.solver.difference_issues import OPEN_CPUS

ASKED_FOR = f"{ClauseKind.CPU_LACKS.value}:"
LEFT_OUT = f"{ClauseKind.CPU.value}:"
WITHIN_KNOWN = LEFT_OUT + BEYOND
"""How the words begin of conditions that are asked for want of facts about CPUs."""


def asks_for_features(conditions: Iterable[Condition]) -> bool:
    """Whether some condition asks for a CPU feature instead of excluding one."""
    return any(word.startswith(ASKED_FOR) for condition in conditions for word in condition.words)


def opponents(
    condition: Condition, conditions: Iterable[Condition], knowledge: KnowledgeBase
) -> tuple[Condition, ...]:
    """Return the conditions that leave a guest none of the CPU features that `condition` asks for."""
    excluding = [
        tuple(_excluding(word.removeprefix(ASKED_FOR), conditions, knowledge))
        for word in condition.words
    ]
    return (
        tuple(dict.fromkeys(objection for against in excluding for objection in against))
        if all(excluding)
        else ()
    )


def contradicted(
    obstacle: Obstacle, condition: Condition, against: Iterable[Condition]
) -> Obstacle:
    """Return the obstacle of a unit whose condition others contradict.

    It is open if the others are asked for want of facts only.
    """
    against = tuple(against)
    is_open = all(
        word.startswith(WITHIN_KNOWN) for objection in against for word in objection.words
    )
    texts = " and ".join(dict.fromkeys(f"'{objection.text}'" for objection in against))
    sides = (frozenset(obstacle.having), frozenset(obstacle.lacking))
    return replace(
        obstacle,
        certain=obstacle.certain and not is_open,
        facts=(*obstacle.facts, *([OPEN_CPUS] if is_open else [])),
        sides=tuple(side for side in sides if side),
        text=f"{obstacle.text}; no guest meets '{condition.text}' beside {texts}",
    )


def _excluding(
    feature: str, conditions: Iterable[Condition], knowledge: KnowledgeBase
) -> Iterator[Condition]:
    """Yield the conditions that exclude a CPU feature."""

    def excludes(word: str) -> bool:
        name = word.removeprefix(LEFT_OUT)
        return word == LEFT_OUT + feature or feature in knowledge.guests.beyond(name)

    yield from (condition for condition in conditions if any(map(excludes, condition.words)))
