"""Names in a policy that no row of knowledge has; a misspelt bound must not bound nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from planner.domain.errors import Location, PolicyError, Problem, nearest
from planner.domain.machine_type import MachineType
from planner.domain.migrated import MigratedUnit
from planner.domain.policy import Policy


def check_names(
    path: Path, policy: Policy, rows: Collection[MachineType], units: Collection[MigratedUnit]
) -> None:
    """Raise `PolicyError` with every name of `policy` that no machine type or unit row has."""
    types = {row.name: row.board for row in rows}
    boards = {row.board for row in rows}
    asked: tuple[tuple[str, Collection[str], Collection[str]], ...] = (
        ("boards", policy.boards, boards),
        ("lines", policy.lines, {row.line for row in rows}),
        ("floors", [board for board, _ in policy.floors], boards),
        ("floors", [name for _, name in policy.floors], types),
        ("ceilings", [board for board, _ in policy.ceilings], boards),
        ("ceilings", [name for _, name in policy.ceilings], types),
        (
            "accepted_severities",
            policy.accepted_severities,
            {unit.severity for unit in units},
        ),
        (
            "accepted_losses",
            [loss.unit for loss in policy.accepted_losses],
            {unit.id for unit in units},
        ),
    )
    problems = [
        problem for key, names, known in asked for problem in _unknown(path, key, names, known)
    ]
    problems += _foreign_bounds(path, policy, types)
    if problems:
        raise PolicyError(problems)


def _unknown(
    path: Path, key: str, names: Collection[str], known: Collection[str]
) -> Iterator[Problem]:
    for name in sorted(set(names) - set(known)):
        yield Problem(
            location=Location(file=str(path), column=key),
            what=f"'{name}' is not known",
            remedy=nearest(name, sorted(known)),
        )


def _foreign_bounds(path: Path, policy: Policy, types: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the bounds of one board that name a type of another."""
    for key, bounds in (("floors", policy.floors), ("ceilings", policy.ceilings)):
        for board, name in bounds:
            if types.get(name, board) != board:
                yield Problem(
                    location=Location(file=str(path), column=key),
                    what=f"'{name}' is a type of {types[name]}, not of {board}",
                )
