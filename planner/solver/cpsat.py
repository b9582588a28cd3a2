"""The only home of ortools: choices that are hard, with one worker, a fixed seed and a stated bound.

One worker: with two, some releases of the solver never move their bound. Time is counted in steps of
the solver and not in seconds, so that equal questions get equal answers on any machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil

from ortools.sat.python import cp_model

from planner.domain.host import HostProfile
from planner.solver.budget import Allotment, Parcel
from planner.solver.requirement import Requirement, Unlock
from planner.solver.upgrade_search import STAYS, Choice, Cut, Pick, Proposal, Seat
from planner.solver.wave_model import Amounts, Search, WaveModel

EFFORT = 10.0
"""Deterministic time of the solver; about as many seconds on one core of 2020."""
MANY = 10**6  # more hosts than one kind has
COST = 1000  # grain of the weight of one host

Kind = tuple[int, tuple[tuple[int, int], ...], tuple[int, ...], Amounts, Amounts]
Row = list[tuple[int, cp_model.IntVar]]


def _solver(effort: float = EFFORT) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = effort
    return solver


def cheapest_by_search(
    requirements: Sequence[Requirement], hosts: Mapping[HostProfile, int]
) -> Unlock:
    """Return the set of profiles with the fewest hosts that meets every requirement."""
    model = cp_model.CpModel()
    order = list(hosts)
    touched = {profile: model.new_bool_var(f"touch{place}") for place, profile in enumerate(order)}
    for number, requirement in enumerate(requirements):
        taken = []
        for place, way in enumerate(requirement.ways):
            chosen = model.new_bool_var(f"way{number}.{place}")
            for profile in order:
                if profile in way:
                    model.add_implication(chosen, touched[profile])
            taken.append(chosen)
        model.add(sum(taken) >= 1)
    model.minimize(sum(hosts[profile] * touched[profile] for profile in order))
    for profile in order:
        model.add_hint(touched[profile], 1)
    solver = _solver()
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Unlock(frozenset(order), sum(hosts.values()), 0, "heuristic")
    found = frozenset(profile for profile in order if solver.boolean_value(touched[profile]))
    method = "optimal" if status == cp_model.OPTIMAL else "heuristic"
    return Unlock(
        found, sum(hosts[profile] for profile in found), _up(solver.best_objective_bound), method
    )


def _up(bound: float) -> int:
    """Return the integer bound behind a solver's number, never above the truth."""
    return ceil(bound - 1e-6)


def cheapest_choice(seats: Sequence[Seat], cuts: Sequence[Cut]) -> Proposal:
    """Return the choice with the fewest hosts, then the lowest ways, that no cut forbids."""
    model = cp_model.CpModel()
    picks = {
        (number, way): model.new_bool_var(f"pick{number}.{way}")
        for number, seat in enumerate(seats)
        for way in seat.ways
    }
    for number, seat in enumerate(seats):
        model.add_exactly_one(picks[number, way] for way in seat.ways)
    _forbid(model, picks, cuts)
    step = 1 + sum(max(seat.ways) for seat in seats)
    model.minimize(
        sum((step * seats[number].cost(way) + way) * pick for (number, way), pick in picks.items())
    )
    solver = _solver()
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return Proposal(None, 0)
    bound = max(0, ceil((_up(solver.best_objective_bound) - step + 1) / step))
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Proposal(None, bound, proven=False)
    return Proposal(_read(seats, picks, solver), bound, proven=status == cp_model.OPTIMAL)


def _forbid(
    model: cp_model.CpModel, picks: Mapping[Pick, cp_model.IntVar], cuts: Sequence[Cut]
) -> None:
    """Write every cut as a sum, one variable per group of picks."""
    met: dict[frozenset[Pick], cp_model.IntVar] = {}
    for group in dict.fromkeys(group for cut in cuts for group in cut):
        met[group] = model.new_bool_var(f"met{len(met)}")
        for pick in sorted(group & picks.keys()):
            model.add_implication(picks[pick], met[group])
    for cut in cuts:
        model.add(sum(met[group] for group in dict.fromkeys(cut)) <= len(set(cut)) - 1)


def _read(
    seats: Sequence[Seat], picks: Mapping[Pick, cp_model.IntVar], solver: cp_model.CpSolver
) -> Choice:
    return tuple(
        next((way for way in seat.ways if solver.boolean_value(picks[number, way])), STAYS)
        for number, seat in enumerate(seats)
    )


def most_valuable_parcels(
    parcels: Sequence[Parcel], budget: int, forbidden: Sequence[frozenset[int]]
) -> Allotment:
    """Return the parcels worth most inside the budget; at most one per subject, each move paid once.

    Of equal worth the cheaper set is taken. No set in `forbidden` is chosen as a whole.
    """
    model = cp_model.CpModel()
    taken = [model.new_bool_var(f"parcel{number}") for number in range(len(parcels))]
    moves = {
        key: model.new_bool_var(f"move{place}")
        for place, key in enumerate(
            dict.fromkeys(move for parcel in parcels for move in parcel.moves)
        )
    }
    hosts = {move: count for parcel in parcels for move, count in parcel.moves.items()}
    for parcel, chosen in zip(parcels, taken, strict=True):
        for move in parcel.moves:
            model.add_implication(chosen, moves[move])
    for seat in dict.fromkeys(move[0] for move in moves):
        model.add_at_most_one(found for move, found in moves.items() if move[0] == seat)
    for subject in dict.fromkeys(parcel.subject for parcel in parcels):
        model.add_at_most_one(
            chosen
            for parcel, chosen in zip(parcels, taken, strict=True)
            if parcel.subject == subject
        )
    for numbers in forbidden:
        model.add(sum(taken[number] for number in numbers) <= len(numbers) - 1)
    cost = sum(hosts[move] * found for move, found in moves.items())
    worth = sum(parcel.value * chosen for parcel, chosen in zip(parcels, taken, strict=True))
    model.add(cost <= budget)
    step = 1 + min(budget, sum(hosts.values()))
    model.maximize(step * worth - cost)
    for each in (*taken, *moves.values()):
        model.add_hint(each, 0)
    solver = _solver()
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Allotment((), sum(parcel.value for parcel in parcels))
    chosen_ones = tuple(
        number for number, chosen in enumerate(taken) if solver.boolean_value(chosen)
    )
    return Allotment(chosen_ones, (-_up(-solver.best_objective_bound) + step - 1) // step)


def waves_by_search(model: WaveModel, waves: int, effort: float) -> Search:
    """Look for a packing into at most `waves` waves; `effort` is the solver's deterministic time.

    Items that cannot be told apart are counted together, so the answer does not depend on their order.
    """
    alike: dict[Kind, list[int]] = {}
    for place, item in enumerate(model.items):
        kind = (item.pool, item.uses, tuple(sorted(item.barred)), item.load, item.room)
        alike.setdefault(kind, []).append(place)
    program = cp_model.CpModel()
    counts = {kind: _counts(program, kind, len(places), waves) for kind, places in alike.items()}
    _keep_limits(program, model, counts)
    for pool, ready in enumerate(model.ready):
        own = {kind: row for kind, row in counts.items() if kind[0] == pool}
        if ready is not None and own:
            _keep_prefix(program, own, ready)
    if len(model.pools) > 1:
        program.minimize(_delay(model, counts))
    solver = _solver(effort)
    status = solver.solve(program)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Search(waves=None, proven=status == cp_model.INFEASIBLE)
    found = [0] * len(model.items)
    for kind, places in alike.items():
        drawn = (wave for wave, count in counts[kind] for _ in range(solver.value(count)))
        for place, wave in zip(places, drawn, strict=True):
            found[place] = wave
    return Search(waves=tuple(found), proven=True)


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
