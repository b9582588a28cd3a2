"""`planner explain`: one pool in full, or why one machine type is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.command_line.completion import completing, machine_types
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    GuestProfileName,
    GuestsFile,
    GuestsHost,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    PoolName,
    Verbose,
    arrows_in,
    asked_of,
    guests_in,
    inputs_of,
    known_pool,
    with_profile,
)
from planner.cli.screen.console import painted
from planner.cli.screen.output import answer
from planner.cli.solve import opened_next
from planner.domain.errors import UsageError, nearest, wrong_word
from planner.present.rungs import NO_RUNGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.domain.machine_type import MachineType
    from planner.domain.solution import Solution
    from planner.fleet.edges import Arrows
    from planner.knowledge.base import KnowledgeBase
    from planner.present.asked import Asked
    from planner.present.lines import Line
    from planner.present.rungs import Rungs


Explained = Annotated[
    str,
    typer.Option(
        metavar="TYPE",
        help="explain this machine type instead of the next newer",
        autocompletion=completing(machine_types),
    ),
]


def explain(
    fleet: FleetFile,
    pool: PoolName = "",
    machine: Explained = "",
    edges: EdgesFile = None,
    guests: GuestsFile = None,
    guests_host: GuestsHost = "",
    guest_profile: GuestProfileName = "",
    verbose: Verbose = False,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    output: OutputFile = None,
) -> None:
    """Say why the answer is not newer, host by host class, and what would open it.

    Example: planner explain fleet.csv --pool west --machine pc-q35-9.2
    """
    from planner.library import explanations as library
    from planner.present.explain_report import trial_report

    given = with_profile(inputs_of(fleet, policy, knowledge), guest_profile)
    base, rules = given.knowledge, given.policy
    arrows = arrows_in(edges, given.fleet)
    domains = library.pools_of(given.fleet, arrows, base)
    known_pool(pool, [one.name for one in domains])
    wanted = [one for one in domains if not pool or one.name == pool]
    row = _machine_type(machine, base)
    if row is None and not verbose:
        found = guests_in(guests, given, guests_host) or ()
        words = {"edges": edges, "guests": guests, "guests_host": guests_host, "policy": policy}
        asked = asked_of(fleet, rules.guest_profile, **words, knowledge=knowledge, pool=pool)
        solved = library.solve_domains(wanted, base, rules, guests=found)
        lines = _screen(given, arrows, pool, solved, asked)
        answer(painted(lines, output), output, exits.of_solution(solved, strict=False))
    trials = [
        library.try_next_newer(domain, base, rules)
        if row is None
        else library.try_machine_type(domain, row, base, rules)
        for domain in wanted
    ]
    code = exits.of_statuses(trial.status for trial in trials)
    answer(painted(trial_report(trials), output), output, code)


def _screen(
    given: Inputs, arrows: Arrows | None, pool: str, solved: Solution, asked: Asked
) -> Iterator[Line]:
    """Yield the answer of the pools, and of one pool what opens its next types."""
    opened = _of_pool(given, arrows, pool, solved) if pool else (NO_RUNGS, {})
    yield from _pool_lines(solved, *opened)
    yield from _next(solved, asked)


def _machine_type(name: str, knowledge: KnowledgeBase) -> MachineType | None:
    """Return the machine type of a name, None if none is given; raises `UsageError`."""
    row = knowledge.machine_type(name)
    if name and row is None:
        is_alias = knowledge.machines.is_alias(name)
        what = f"'{name}' is {'an alias' if is_alias else 'no machine type'}"
        hint = "name a versioned type" if is_alias else nearest(name, knowledge.machines.types)
        raise UsageError([wrong_word("--machine", what, hint)])
    return row


def _of_pool(
    given: Inputs, arrows: Arrows | None, pool: str, solved: Solution
) -> tuple[Rungs, Mapping[str, tuple[str, ...]]]:
    """Return what is told of a single pool alone: what opens its next type, and all its hosts."""
    from planner.library.explanations import host_names

    names = host_names(given.fleet, arrows, given.knowledge, pool)
    return opened_next(given, arrows, solved), names


def _next(solution: Solution, asked: Asked) -> Iterator[Line]:
    """Yield the command that goes on from what holds the next types back, if anything does."""
    from planner.present.lines import commands

    best = [domain.recommended for domain in solution.domains]
    if any(one is not None and one.why_not_newer is not None for one in best):
        yield from commands((asked.command("unlock"),))


def _pool_lines(
    solution: Solution, rungs: Rungs, names: Mapping[str, tuple[str, ...]]
) -> Iterator[Line]:
    """Yield every pool in full, with an empty line between two."""
    from planner.present.explain_report import explained
    from planner.present.lines import Line

    for number, domain in enumerate(solution.domains):
        if number:
            yield Line("")
        yield from explained(domain, domain.baselines[:1], rungs, names)
