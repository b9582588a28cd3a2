"""`planner explain`: one pool in full, or why one machine type is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    GuestProfileName,
    GuestsFile,
    GuestsHost,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    Verbose,
    arrows_in,
    guests_in,
    inputs_of,
    with_profile,
)
from planner.cli.screen.console import painted
from planner.cli.screen.output import answer
from planner.domain.errors import UsageError, nearest, wrong_word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from planner.domain.machine_type import MachineType
    from planner.domain.solution import Solution
    from planner.knowledge.base import KnowledgeBase
    from planner.present.lines import Line


def explain(
    fleet: FleetFile,
    pool: Annotated[str, typer.Option(metavar="POOL", help="only this pool")] = "",
    machine: Annotated[
        str,
        typer.Option(metavar="TYPE", help="explain this machine type instead of the next newer"),
    ] = "",
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
    domains = library.pools_of(given.fleet, arrows_in(edges, given.fleet), base)
    _known(pool, [one.name for one in domains])
    wanted = [one for one in domains if not pool or one.name == pool]
    row = _machine_type(machine, base)
    if row is None and not verbose:
        found = guests_in(guests, given, guests_host) or ()
        solved = library.solve_domains(wanted, base, rules, guests=found)
        answer(painted(_told(solved), output), output, exits.of_solution(solved, strict=False))
    trials = [
        library.try_next_newer(domain, base, rules)
        if row is None
        else library.try_machine_type(domain, row, base, rules)
        for domain in wanted
    ]
    code = exits.of_statuses(trial.status for trial in trials)
    answer(painted(trial_report(trials), output), output, code)


def _known(name: str, pools: Collection[str]) -> None:
    """Raise `UsageError` if a pool is named that is none."""
    if name and name not in pools:
        what = f"'{name}' is no pool of the fleet"
        raise UsageError([wrong_word("--pool", what, nearest(name, pools))])


def _machine_type(name: str, knowledge: KnowledgeBase) -> MachineType | None:
    """Return the machine type of a name, None if none is given; raises `UsageError`."""
    row = knowledge.machine_type(name)
    if name and row is None:
        is_alias = knowledge.machines.is_alias(name)
        what = f"'{name}' is {'an alias' if is_alias else 'no machine type'}"
        hint = "name a versioned type" if is_alias else nearest(name, knowledge.machines.types)
        raise UsageError([wrong_word("--machine", what, hint)])
    return row


def _told(solution: Solution) -> Iterator[Line]:
    """Yield every pool in full, with an empty line between two."""
    from planner.present.lines import Line
    from planner.present.pool_card import explained

    for number, domain in enumerate(solution.domains):
        if number:
            yield Line("")
        yield from explained(domain, domain.baselines[:1])
