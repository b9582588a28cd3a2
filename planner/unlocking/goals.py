"""What the pools' answers could gain: the next type of every line, or what the operator names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from planner.domain.compat import PropertyKey
from planner.domain.errors import Location, Problem, UsageError, nearest
from planner.domain.machine_type import MachineType
from planner.domain.plans.unlock import Goal
from planner.knowledge.base import KnowledgeBase
from planner.solver.solve import LineResult

MOST_RUNGS = 3
"""Types above an answer that are told, each with what opens it."""
Answers = Mapping[str, tuple[LineResult, ...]]


def next_types(
    answers: Answers,
    further: Callable[[str, MachineType], MachineType | None] = lambda _pool, _row: None,
) -> Iterator[Goal]:
    """Yield the next newer type of every board and line; any type where none is safe today.

    `further` returns the next type of a pool above another one: `MOST_RUNGS` of every line are yielded.
    """
    for domain, results in answers.items():
        for result in results:
            if result.newer is None:
                continue
            row = result.newer.machine_type if result.chosen is not None else None
            yield Goal(domain=domain, board=result.board, line=result.line, machine_type=row)
            for _ in range(1, MOST_RUNGS):
                row = None if row is None else further(domain, row)
                if row is None:
                    break
                yield Goal(domain=domain, board=result.board, line=result.line, machine_type=row)


def named(words: Sequence[str], answers: Answers, knowledge: KnowledgeBase) -> Iterator[Goal]:
    """Yield what `DOMAIN:TYPE` and `DOMAIN:FLAG` ask for; raises `UsageError` with every wrong word."""
    problems: list[Problem] = []
    goals: dict[Goal, None] = {}
    for word in dict.fromkeys(words):
        named_here = tuple(_goals(word, answers, knowledge))
        if not named_here:
            location = Location(file="command line", column="--want")
            problems.append(_problem(word, location, answers, knowledge))
        goals |= dict.fromkeys(named_here)
    if problems:
        raise UsageError(problems)
    yield from goals


def _split(word: str, answers: Answers) -> tuple[str, str]:
    """Return the pool (names may hold colons) and what is wanted of it."""
    names = [name for name in answers if word.startswith(f"{name}:")]
    name = max(names, key=len, default="")
    return name, word[len(name) + 1 :]


def _goals(word: str, answers: Answers, knowledge: KnowledgeBase) -> Iterator[Goal]:
    domain, wanted = _split(word, answers)
    if not domain:
        return
    row = knowledge.machine_type(wanted)
    if row is not None:
        yield Goal(domain=domain, board=row.board, line=row.line, machine_type=row)
        return
    for result in answers[domain]:
        for key in _flags(result):
            if str(key) == wanted:
                yield Goal(domain=domain, board=result.board, line=result.line, dropped=key)


def _flags(result: LineResult) -> tuple[PropertyKey, ...]:
    chosen = result.chosen
    return () if chosen is None else tuple(choice.flag.key for choice in chosen.flags)


def _problem(word: str, location: Location, answers: Answers, knowledge: KnowledgeBase) -> Problem:
    domain, wanted = _split(word, answers)
    if not domain:
        name = word.partition(":")[0]
        hint = nearest(name, answers) or "expected POOL:TYPE or POOL:FLAG"
        return Problem(location=location, what=f"'{word}' names no pool of the fleet", remedy=hint)
    flags = {str(key) for result in answers[domain] for key in _flags(result)}
    wrong = f"'{wanted}' is no machine type, and no flag of the answer of pool '{domain}'"
    return Problem(
        location=location, what=wrong, remedy=nearest(wanted, [*flags, *knowledge.machines.types])
    )
