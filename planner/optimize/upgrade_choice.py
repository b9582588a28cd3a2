"""The cheapest way to move hosts so that a judge agrees: proposals by cost, refusals become cuts.

Every proposal is the cheapest that no refusal forbids, so the first that the judge accepts is
optimal over the options that were given, and its cost is the bound.

>>> movers = [HostsToMove(hosts=3, options=(0, 1)), HostsToMove(hosts=1, options=(0, 1))]
>>> def judge(choice):  # somebody has to move
...     return Judged(opens=True) if 1 in choice else Judged(opens=False, cut=only(choice))
>>> best = cheapest_upgrade(movers, judge)
>>> best.choice, best.bound, best.method
((0, 1), 1, 'exhaustive')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

FEW_CHOICES = 4096
"""Combinations that are sorted by cost faster than CP-SAT starts (about a second)."""
MOST_JUDGED = 400
"""Proposals that are judged before a search gives up: each may cost a solved pool."""
STAYS = 0
"""The option of hosts that stay as they are."""
UNFINISHED = "unfinished"
"""The method of a search that ended before it was sure."""
HostOption = tuple[int, int]
Choice = tuple[int, ...]
Cut = tuple[frozenset[HostOption], ...]
"""Not every one of these groups may have a pick of the choice."""


@dataclass(frozen=True, slots=True)
class HostsToMove:
    """Hosts that move together, and the ways that they may take; way 0 is to stay, at no cost.

    Of ways with equal cost the one with the lower number is preferred.
    """

    hosts: int
    options: tuple[int, ...]

    def cost(self, option: int) -> int:
        """Return the hosts that a way touches."""
        return 0 if option == STAYS else self.hosts


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judge says of a choice: agreed, or refused with what else that forbids.

    `cut` must forbid the choice itself. `certain`: no missing fact is behind the refusal.
    """

    opens: bool
    cut: Cut = ()
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """A cheapest choice that no cut forbids (None: there is none), and a proven lower bound."""

    choice: Choice | None
    bound: int
    proven: bool = True


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The choice that the judge agreed to, or why there is none.

    `bound`: no cheaper choice is agreed to. Without a choice, `certain` says that none ever can be; if
    missing facts forbid it, `bound` is the cost of the cheapest choice that only they forbid.
    """

    choice: Choice | None
    bound: int
    method: str
    certain: bool = True


Judge = Callable[[Choice], Judged]


def cheapest_upgrade(movers: Sequence[HostsToMove], judge: Judge) -> SearchResult:
    """Return the cheapest choice that `judge` agrees to; all hosts to move have at least one option."""
    few = prod(len(mover.options) for mover in movers) <= FEW_CHOICES
    cuts: list[Cut] = []
    proposals = _by_cost(movers, cuts) if few else _by_search(movers, cuts)
    doubtful: int | None = None
    bound = 0
    for number, proposal in enumerate(proposals):
        bound = max(bound, proposal.bound)
        if proposal.choice is None or number == MOST_JUDGED:
            return SearchResult(None, bound, UNFINISHED, certain=False)
        judged = judge(proposal.choice)
        if judged.opens:
            method = "exhaustive" if few else "optimal" if proposal.proven else "heuristic"
            return SearchResult(proposal.choice, bound, method)
        if not judged.certain and doubtful is None:
            doubtful = proposal.bound
        cuts.append(judged.cut)
    method = "exhaustive" if few else "optimal"
    return SearchResult(
        None, bound if doubtful is None else doubtful, method, certain=doubtful is None
    )


def cost_of(movers: Sequence[HostsToMove], choice: Choice) -> int:
    """Return the hosts that a choice touches."""
    return sum(mover.cost(option) for mover, option in zip(movers, choice, strict=True))


def forbids(cut: Cut, choice: Choice) -> bool:
    """Whether a cut forbids a choice."""
    host_options = frozenset(enumerate(choice))
    return all(group & host_options for group in cut)


def only(choice: Choice) -> Cut:
    """Return the cut that forbids this very choice."""
    return tuple(frozenset({host_option}) for host_option in enumerate(choice))


def _by_cost(movers: Sequence[HostsToMove], cuts: list[Cut]) -> Iterator[Proposal]:
    """Yield every choice that no cut forbids at the time, cheapest first."""
    every = product(*(mover.options for mover in movers))
    for cost, _, choice in sorted(
        (cost_of(movers, option_list), sum(option_list), option_list) for option_list in every
    ):
        if not any(forbids(cut, choice) for cut in cuts):
            yield Proposal(choice, cost)


def _by_search(movers: Sequence[HostsToMove], cuts: list[Cut]) -> Iterator[Proposal]:
    """Yield the cheapest choice again and again, until the cuts forbid all."""
    while True:
        proposal = cheapest_choice(movers, cuts)
        if proposal.choice is None and proposal.proven:
            return
        yield proposal


def cheapest_choice(movers: Sequence[HostsToMove], cuts: Sequence[Cut]) -> Proposal:
    """Return the choice with the fewest hosts, then the lowest ways, that no cut forbids."""
    from ortools.sat.python import cp_model

    from planner.optimize.cpsat import a_solver, has_answer, whole_bound

    model = cp_model.CpModel()
    host_options = {
        (number, option): model.new_bool_var(f"pick{number}.{option}")
        for number, mover in enumerate(movers)
        for option in mover.options
    }
    for number, mover in enumerate(movers):
        model.add_exactly_one(host_options[number, option] for option in mover.options)
    _forbid(model, host_options, cuts)
    step = 1 + sum(max(mover.options) for mover in movers)
    model.minimize(
        sum(
            (step * movers[number].cost(option) + option) * host_option
            for (number, option), host_option in host_options.items()
        )
    )
    solver = a_solver()
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return Proposal(None, 0)
    bound = max(0, ceil((whole_bound(solver.best_objective_bound) - step + 1) / step))
    if not has_answer(status):
        return Proposal(None, bound, proven=False)
    return Proposal(_read(movers, host_options, solver), bound, proven=status == cp_model.OPTIMAL)


def _forbid(
    model: cp_model.CpModel, host_options: Mapping[HostOption, cp_model.IntVar], cuts: Sequence[Cut]
) -> None:
    """Write every cut as a sum, one variable per group of picks."""
    met: dict[frozenset[HostOption], cp_model.IntVar] = {}
    for group in dict.fromkeys(group for cut in cuts for group in cut):
        met[group] = model.new_bool_var(f"met{len(met)}")
        for host_option in sorted(group & host_options.keys()):
            model.add_implication(host_options[host_option], met[group])
    for cut in cuts:
        model.add(sum(met[group] for group in dict.fromkeys(cut)) <= len(set(cut)) - 1)


def _read(
    movers: Sequence[HostsToMove],
    host_options: Mapping[HostOption, cp_model.IntVar],
    solver: cp_model.CpSolver,
) -> Choice:
    return tuple(
        next(
            (
                option
                for option in mover.options
                if solver.boolean_value(host_options[number, option])
            ),
            STAYS,
        )
        for number, mover in enumerate(movers)
    )
