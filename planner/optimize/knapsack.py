"""What a budget of hosts is best spent on: bundles of moves, and a bound on what any could be worth.

A 0/1 knapsack whose items share cost: a move that two bundles need is paid once. CP-SAT solves
it; a choice that does not hold together when all of it is made is forbidden, and the next best is
tried.

>>> blue = Bundle("blue", 30, {("b", "new"): 3})
>>> both = Bundle("red", 20, {("b", "new"): 3, ("r", "new"): 1})
>>> most_valuable_bundles([blue, both], budget=4, forbidden=()).chosen
(0, 1)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

Move = tuple[Hashable, Hashable]
"""Hosts that move together, and where they go."""
MOST_REJECTED = 20
"""Choices that may fall apart before bundles are taken one by one: each costs a solved fleet."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Moves, with their hosts, that are worth `value` to a subject once all of them are made."""

    subject: str
    value: int
    moves: Mapping[Move, int] = field(hash=False)

    @property
    def cost(self) -> int:
        """Hosts of all moves."""
        return sum(self.moves.values())


@dataclass(frozen=True, slots=True)
class OpeningFloor:
    """A subject, its value, the fewest hosts that can open it, and the hosts that may be among them."""

    subject: str
    value: int
    cost: int
    movers: frozenset[Hashable]


@dataclass(frozen=True, slots=True)
class Allotment:
    """Numbers of the chosen bundles, and what no choice inside the budget can exceed."""

    chosen: tuple[int, ...]
    bound: int


Verify = Callable[[tuple[int, ...]], bool]


def most_valuable(
    bundles: Sequence[Bundle], least: Sequence[OpeningFloor], budget: int, verify: Verify
) -> Allotment:
    """Return the bundles worth most together that `verify` agrees to, and a bound over all subjects.

    The bound speaks of every way to open the subjects of `least`, not of the given bundles alone.
    """
    affordable = [number for number, bundle in enumerate(bundles) if bundle.cost <= budget]
    offered = [bundles[number] for number in affordable]
    rejected: list[frozenset[int]] = []
    chosen: tuple[int, ...] = ()
    while len(rejected) <= MOST_REJECTED:
        picked = most_valuable_bundles(offered, budget, rejected).chosen
        chosen = tuple(affordable[number] for number in picked)
        if not chosen or verify(chosen):
            break
        rejected.append(frozenset(picked))
        chosen = ()
    else:
        chosen = one_by_one(bundles, affordable, budget, verify)
    relaxed = [threshold for threshold in thresholds(least) if threshold.cost <= budget]
    return Allotment(chosen, most_valuable_bundles(relaxed, budget, ()).bound)


def one_by_one(
    bundles: Sequence[Bundle], affordable: Sequence[int], budget: int, verify: Verify
) -> tuple[int, ...]:
    """Return bundles taken one after the other, the most valuable first, as long as they agree.

    This is what is left when too many choices that looked best did not hold together.
    """
    chosen: tuple[int, ...] = ()
    goes: dict[Hashable, Hashable] = {}
    subjects: set[str] = set()
    for number in sorted(
        affordable,
        key=lambda candidate: (-bundles[candidate].value, bundles[candidate].cost, candidate),
    ):
        bundle = bundles[number]
        apart = bundle.subject not in subjects
        agrees = all(goes.get(mover, way) == way for mover, way in bundle.moves)
        taken = {
            move: hosts
            for candidate in (*chosen, number)
            for move, hosts in bundles[candidate].moves.items()
        }
        fits = sum(taken.values()) <= budget
        if apart and agrees and fits and verify((*chosen, number)):
            chosen = (*chosen, number)
            goes |= dict(bundle.moves)
            subjects.add(bundle.subject)
    return chosen


def thresholds(least: Sequence[OpeningFloor]) -> list[Bundle]:
    """Return bundles that cost no more and are worth no less than what really opens the subjects.

    Subjects that share no hosts stand alone. Of those that do, whoever spends less than a subject's
    least cost has not opened it.
    """
    bundles: list[Bundle] = []
    for number, group in enumerate(components(least)):
        for cost in sorted({floor.cost for floor in group}):
            value = sum(floor.value for floor in group if floor.cost <= cost)
            bundles.append(Bundle(str(number), value, {(number, cost): cost}))
    return bundles


def components(least: Sequence[OpeningFloor]) -> list[tuple[OpeningFloor, ...]]:
    """Return the subjects in groups that share hosts, in order of appearance."""
    groups: list[tuple[set[Hashable], list[OpeningFloor]]] = []
    home: dict[Hashable, tuple[set[Hashable], list[OpeningFloor]]] = {}
    for floor in least:
        merged: tuple[set[Hashable], list[OpeningFloor]] = (set(floor.movers), [floor])
        met = {id(home[mover]): home[mover] for mover in floor.movers if mover in home}
        for movers, members in met.values():
            merged[0].update(movers)
            merged[1][:0] = members
        home.update(dict.fromkeys(merged[0], merged))
        groups = [group for group in groups if id(group) not in met]
        groups.append(merged)
    return [tuple(members) for _, members in groups]


def most_valuable_bundles(
    bundles: Sequence[Bundle], budget: int, forbidden: Sequence[frozenset[int]]
) -> Allotment:
    """Return the bundles worth most inside the budget; at most one per subject, each move paid once.

    Of equal worth the cheaper set is taken. No set in `forbidden` is chosen as a whole.
    """
    from ortools.sat.python import cp_model

    from planner.optimize.cpsat import a_solver, has_answer, whole_bound

    model = cp_model.CpModel()
    taken = [model.new_bool_var(f"bundle{number}") for number in range(len(bundles))]
    hosts = {move: count for bundle in bundles for move, count in bundle.moves.items()}
    moves = {move: model.new_bool_var(f"move{index}") for index, move in enumerate(hosts)}
    for bundle, chosen in zip(bundles, taken, strict=True):
        for move in bundle.moves:
            model.add_implication(chosen, moves[move])
    for mover in dict.fromkeys(move[0] for move in moves):
        model.add_at_most_one(made for move, made in moves.items() if move[0] == mover)
    of_subject: dict[str, list[cp_model.IntVar]] = {}
    for bundle, chosen in zip(bundles, taken, strict=True):
        of_subject.setdefault(bundle.subject, []).append(chosen)
    for rivals in of_subject.values():
        model.add_at_most_one(rivals)
    for numbers in forbidden:
        model.add(sum(taken[number] for number in numbers) <= len(numbers) - 1)
    cost = sum(hosts[move] * made for move, made in moves.items())
    worth = sum(bundle.value * chosen for bundle, chosen in zip(bundles, taken, strict=True))
    model.add(cost <= budget)
    step = 1 + min(budget, sum(hosts.values()))
    model.maximize(step * worth - cost)
    for each in (*taken, *moves.values()):
        model.add_hint(each, 0)
    solver = a_solver()
    status = solver.solve(model)
    if not has_answer(status):
        return Allotment((), sum(bundle.value for bundle in bundles))
    chosen_ones = tuple(
        number for number, chosen in enumerate(taken) if solver.boolean_value(chosen)
    )
    return Allotment(chosen_ones, (-whole_bound(-solver.best_objective_bound) + step - 1) // step)
