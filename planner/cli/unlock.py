"""`planner unlock`: the cheapest upgrades that open a newer type or drop a flag."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    Format,
    GuestsFile,
    GuestsHost,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    PoolName,
    TableFormat,
    arrows_in,
    asked_of,
    guests_in,
    inputs_of,
    known_pool,
    whole_number,
)
from planner.cli.screen.console import painted, working
from planner.cli.screen.output import answer, emit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.domain.guest import GuestGroup
    from planner.domain.host import Fleet
    from planner.domain.plans.unlock import Unlocks
    from planner.fleet.edges import Arrows
    from planner.present.asked import Asked
    from planner.present.lines import Line


def unlock(
    fleet: FleetFile,
    pool: PoolName = "",
    edges: EdgesFile = None,
    guests: GuestsFile = None,
    guests_host: GuestsHost = "",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    budget: Annotated[
        int | None,
        typer.Option(
            parser=whole_number, metavar="HOSTS", help="hosts to upgrade: what to spend them on"
        ),
    ] = None,
    want: Annotated[
        list[str] | None,
        typer.Option(metavar="WANT", help="POOL:TYPE or POOL:FLAG, instead of every next type"),
    ] = None,
    upgraded: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="write the fleet with target columns for the cheapest type of each pool, or for --want",
        ),
    ] = None,
    format: Format = TableFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Say which hosts to upgrade, and to what, so that the next machine types open at the least cost.

    Example: planner unlock fleet.csv --budget 60
    """
    given = inputs_of(fleet, policy, knowledge)
    arrows = arrows_in(edges, given.fleet)
    known_pool(pool, given.fleet.pools)
    today = guests_in(guests, given, guests_host)
    found = _searched(given, arrows, want or [], budget, pool)
    code = exits.of_unlocks((target.status for target in found.targets), asked=bool(want))
    if upgraded is not None:
        _write_upgraded(fleet, found, upgraded)
    if format is not TableFormat.TABLE:
        answer(_written(found, format), output, code)
    words = {"edges": edges, "guests": guests, "guests_host": guests_host, "policy": policy}
    asked = asked_of(fleet, given.policy.guest_profile, **words, knowledge=knowledge, pool=pool)
    answer(painted(_screen(found, given, today, asked, upgraded), output), output, code)


def _searched(
    given: Inputs, arrows: Arrows | None, want: list[str], budget: int | None, pool: str
) -> Unlocks:
    """Search for the cheapest upgrades, of one `pool` if it is named."""
    from planner.library import plans

    with working("searching for the cheapest upgrades"):
        found = plans.unlock(
            given.fleet,
            wants=want,
            budget=budget,
            edges=arrows,
            policy=given.policy,
            knowledge=given.knowledge,
            pools=[pool] if pool else None,
        )
    own = tuple(one for one in found.targets if pool in ("", one.goal.domain))
    return replace(found, targets=own)


def _write_upgraded(fleet: Path, found: Unlocks, upgraded: Path) -> None:
    """Write the fleet with the cheapest way of each pool as target columns."""
    from planner.fleet.upgraded_file import with_targets
    from planner.present.rungs import first_upgrades, hosts_to

    emit(with_targets(fleet, hosts_to(first_upgrades(found))), upgraded)


def _screen(
    found: Unlocks,
    given: Inputs,
    today: tuple[GuestGroup, ...] | None,
    asked: Asked,
    upgraded: Path | None,
) -> Iterable[Line]:
    """Return what opens what as lines, with the guests of `today` and the commands to go on with."""
    from planner.library.plans import raised_by
    from planner.present.plans.unlock_report import unlock_report
    from planner.present.rungs import plan_commands

    raised = raised_by(found.targets, today or (), given.knowledge)
    if upgraded is not None:
        return unlock_report(found, [asked.command("plan", fleet=str(upgraded))], raised)
    commands = plan_commands(found, asked, _running(given.fleet))
    return unlock_report(found, commands, raised)


def _running(fleet: Fleet) -> dict[str, frozenset[tuple[str, str]]]:
    """Return the (kernel, QEMU) texts that hosts of each pool run."""
    found: dict[str, set[tuple[str, str]]] = {}
    for group in fleet.groups:
        found.setdefault(str(group.pool), set()).add((group.kernel, group.qemu))
    return {pool: frozenset(pairs) for pool, pairs in found.items()}


def _written(found: Unlocks, format: TableFormat) -> Iterable[str]:
    if format is TableFormat.JSON:
        from planner.present.document import dump
        from planner.present.plans.plan_document import unlock_document

        return dump(unlock_document(found))
    from planner.present.plans.unlock_report import unlock_csv, unlock_markdown

    return unlock_csv(found) if format is TableFormat.CSV else unlock_markdown(found)
