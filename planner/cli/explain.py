"""`planner explain`: one pool in full, or why one machine type is refused."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli import exits
from planner.cli.console import painted
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    arrows_in,
    inputs_of,
)
from planner.cli.output import answer
from planner.domain.errors import UsageError, nearest, wrong_word


def explain(
    fleet: FleetFile,
    pool: Annotated[str, typer.Option(metavar="POOL", help="only this pool")] = "",
    machine: Annotated[
        str,
        typer.Option(metavar="TYPE", help="explain this machine type instead of the next newer"),
    ] = "",
    edges: EdgesFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    output: OutputFile = None,
) -> None:
    """Say why the answer is not newer, host by host class, and what would open it.

    Example: planner explain fleet.csv --pool west --machine pc-q35-9.2
    """
    from planner.explain.trial import try_machine_type, try_next_newer
    from planner.library.answers import domains_of
    from planner.migration.profiles import profile_fleet
    from planner.present.explain_report import trial_report

    given = inputs_of(fleet, policy, knowledge)
    base, rules = given.knowledge, given.policy
    domains = domains_of(profile_fleet(given.fleet, base), arrows_in(edges, given.fleet))
    names = [domain.name for domain in domains]
    if pool and pool not in names:
        raise UsageError(
            [wrong_word("--pool", f"'{pool}' is no pool of the fleet", nearest(pool, names))]
        )
    row = base.machine_type(machine)
    if machine and row is None:
        is_alias = base.machines.is_alias(machine)
        what = f"'{machine}' is {'an alias' if is_alias else 'no machine type'}"
        hint = "name a versioned type" if is_alias else nearest(machine, base.machines.types)
        raise UsageError([wrong_word("--machine", what, hint)])
    wanted = [domain for domain in domains if not pool or domain.name == pool]
    trials = [
        try_next_newer(domain, base, rules)
        if row is None
        else try_machine_type(domain, row, base, rules)
        for domain in wanted
    ]
    code = exits.of_statuses(trial.status for trial in trials)
    answer(painted(trial_report(trials), output), output, code)
