"""Older machine types that need no flag: what a flag saves the operator from."""

from __future__ import annotations

from functools import cache

from planner.domain.compat import PropertyKey
from planner.domain.solution import ChosenBaseline, FlagChoice
from planner.knowledge.base import KnowledgeBase


def leaving_out(choice: FlagChoice, baseline: ChosenBaseline, knowledge: KnowledgeBase) -> str:
    """Return which type is the newest that has the flag's value by itself, as the end of a sentence."""
    if not choice.unit:
        return ""
    unit = next(row for row in knowledge.units if row.id == choice.unit)
    keys = tuple(gate.key for gate in unit.gates)
    newest = newest_with(keys, choice.flag.value, baseline.board, baseline.line, knowledge)
    if newest is None:
        return "; no machine type leaves it out without a flag"
    return f"; {newest} is the newest type that leaves it out without a flag"


@cache
def newest_with(
    keys: tuple[PropertyKey, ...], value: str, board: str, line: str, knowledge: KnowledgeBase
) -> str | None:
    """Return the newest type of a board and line whose own list sets any of `keys` to `value`.

    Asked of the last known build that offers each type: drift of older builds is told elsewhere.
    """
    rows = [
        row
        for row in knowledge.machines.types.values()
        if (row.machine_type.board, row.machine_type.line) == (board, line)
    ]
    order = {ref: place for place, ref in enumerate(knowledge.builds.known)}
    for row in sorted(rows, key=lambda row: row.machine_type.rank, reverse=True):
        if not row.offered:
            continue
        last = max(row.offered, key=lambda ref: order[ref])
        entries = knowledge.machines.entries(last, row.machine_type.name) or {}
        if any(entries.get(key) == value for key in keys):
            return row.machine_type.name
    return None
