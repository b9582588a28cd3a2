"""A packing into few waves looked for by CP-SAT: hosts that are alike are counted, not named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ortools.sat.python import cp_model

from planner.optimize.cpsat import a_solver, has_answer
from planner.optimize.waves.model import Amounts, SearchOutcome, WaveModel

MANY = 10**6
"""More hosts than one kind has."""
COST = 1000
"""Grain of the weight of one host."""
Kind = tuple[int, tuple[tuple[int, int], ...], tuple[int, ...], Amounts, Amounts]
"""Pool, uses of limits, barred waves, load and room: what hosts that are alike have in common."""
Row = list[tuple[int, cp_model.IntVar]]
"""Per open wave the number of hosts of a kind that it takes."""


def waves_by_search(model: WaveModel, waves: int, effort: float) -> SearchOutcome:
    """Look for a packing into at most `waves` waves; `effort` is the solver's deterministic time.

    Items that cannot be told apart are counted together, so the answer does not depend on their order.
    """
    alike: dict[Kind, list[int]] = {}
    for index, item in enumerate(model.items):
        kind = (item.pool, item.uses, tuple(sorted(item.barred)), item.load, item.room)
        alike.setdefault(kind, []).append(index)
    program = cp_model.CpModel()
    counts = {kind: _counts(program, kind, len(places), waves) for kind, places in alike.items()}
    _keep_limits(program, model, counts)
    for pool, ready in enumerate(model.ready):
        rows = {kind: row for kind, row in counts.items() if kind[0] == pool}
        if ready is not None and rows:
            _keep_prefix(program, rows, ready)
    if len(model.pools) > 1:
        program.minimize(_delay(model, counts))
    solver = a_solver(effort)
    status = solver.solve(program)
    if not has_answer(status):
        return SearchOutcome(waves=None, proven=status == cp_model.INFEASIBLE)
    wave_of = [0] * len(model.items)
    for kind, places in alike.items():
        drawn = (wave for wave, count in counts[kind] for _ in range(solver.value(count)))
        for index, wave in zip(places, drawn, strict=True):
            wave_of[index] = wave
    return SearchOutcome(waves=tuple(wave_of), proven=True)


def _counts(program: cp_model.CpModel, kind: Kind, size: int, waves: int) -> Row:
    """Return how many hosts of a kind each open wave takes."""
    opened = [wave for wave in range(1, waves + 1) if wave not in kind[2]]
    row = [(wave, program.new_int_var(0, size, "")) for wave in opened]
    program.add(sum(count for _, count in row) == size)
    return row


def _keep_limits(program: cp_model.CpModel, model: WaveModel, counts: Mapping[Kind, Row]) -> None:
    """In each wave the amounts of a limit add up to no more than it allows."""
    terms: dict[tuple[int, int], list[cp_model.LinearExpr]] = {}
    for kind, row in counts.items():
        for limit, amount in kind[1]:
            for wave, count in row:
                terms.setdefault((limit, wave), []).append(amount * count)
    for (limit, _), amounts in terms.items():
        program.add(sum(amounts) <= model.limits[limit].most)


def _keep_prefix(program: cp_model.CpModel, rows: Mapping[Kind, Row], ready: Amounts) -> None:
    """Guests drained after a pool's first wave fit into what is ready and upgraded before."""
    waves = sorted({wave for row in rows.values() for wave, _ in row})
    first = {wave: program.new_bool_var("") for wave in waves}
    program.add_exactly_one(first.values())
    for row in rows.values():
        for wave, count in row:
            begun = sum(first[earlier] for earlier in waves if earlier <= wave)
            program.add(count <= MANY * begun)
    for dimension, free in enumerate(ready):
        _keep_dimension(program, rows, first, (dimension, free))


def _keep_dimension(
    program: cp_model.CpModel,
    rows: Mapping[Kind, Row],
    first: Mapping[int, cp_model.IntVar],
    free: tuple[int, int],
) -> None:
    """Sum up one dimension wave by wave; the load of the first wave is not charged."""
    dimension, ready = free
    uncharged = program.new_int_var(0, 2**52, "")
    drained: list[cp_model.LinearExpr] = []
    offered: list[cp_model.LinearExpr] = []
    for wave, begins in first.items():
        taken = [(kind, count) for kind, row in rows.items() for at, count in row if at == wave]
        counts = [count for _, count in taken]
        load = cp_model.LinearExpr.weighted_sum(counts, [kind[3][dimension] for kind, _ in taken])
        program.add(uncharged <= load).only_enforce_if(begins)
        drained.append(load)
        room = cp_model.LinearExpr.sum(offered)
        program.add(cp_model.LinearExpr.sum(drained) - uncharged <= room + ready)
        offered.append(
            cp_model.LinearExpr.weighted_sum(counts, [kind[4][dimension] for kind, _ in taken])
        )


def _delay(model: WaveModel, counts: Mapping[Kind, Row]) -> cp_model.LinearExprT:
    """Sum the waves of all hosts, each by the weight of its pool over the pool's hosts."""
    sizes = Counter(item.pool for item in model.items)
    return sum(
        max(1, round(COST * model.weights[kind[0]] / sizes[kind[0]])) * wave * count
        for kind, row in counts.items()
        for wave, count in row
    )
