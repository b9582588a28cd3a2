"""`planner rehearse`: the fewest real migrations that would prove an answer."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    GuestProfileName,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    PoolName,
    arrows_in,
    inputs_of,
    known_pool,
    with_profile,
)
from planner.cli.screen.console import painted, working
from planner.cli.screen.output import answer


class RehearsalFormat(Enum):
    """Formats of a rehearsal."""

    TABLE = "table"
    JSON = "json"


Format = Annotated[RehearsalFormat, typer.Option("--format", "-f")]


def rehearse(
    fleet: FleetFile,
    pool: PoolName = "",
    edges: EdgesFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    format: Format = RehearsalFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Name the fewest migrations between your hosts that would prove the answer, and their guests.

    Example: planner rehearse examples/seed/fleet.csv
    """
    from planner.library.rehearsals import rehearsals_of
    from planner.present.document import dump
    from planner.present.plans.rehearsal_report import rehearsal_document, rehearsal_report

    given = with_profile(inputs_of(fleet, policy, knowledge), guest_profile)
    known_pool(pool, given.fleet.pools)
    with working("looking for the migrations that show every risk"):
        found = tuple(
            rehearsals_of(
                given.fleet,
                given.policy,
                given.knowledge,
                edges=arrows_in(edges, given.fleet),
                pool=pool,
            )
        )
    if format is RehearsalFormat.JSON:
        answer(dump(rehearsal_document(found)), output, exits.ANSWERED)
    answer(painted(rehearsal_report(found), output), output, exits.ANSWERED)
