"""Names in a policy that nothing has; a misspelt bound must not bound nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from planner.domain.compat import PropertyKey
from planner.domain.errors import Location, PolicyError, Problem, nearest
from planner.domain.machine_type import MachineType
from planner.domain.migrated import MigratedUnit
from planner.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """What a policy can name: machine types, units, properties, and the pools of a fleet, if any."""

    types: Collection[MachineType]
    units: Collection[MigratedUnit]
    properties: Collection[str]
    has_property: Callable[[PropertyKey], bool]
    pools: Collection[str] | None = None


def check_names(path: Path, policy: Policy, known: KnownNames) -> None:
    """Raise `PolicyError` with every name of `policy` that no row and no pool has."""
    problems = [
        problem
        for key, names, choices in (*_of_types(policy, known), *_of_units(policy, known))
        for problem in _unknown(path, key, names, choices)
    ]
    problems += _wrong_bounds(path, policy, {row.name: row for row in known.types})
    if problems:
        raise PolicyError(problems)


def check_families(path: Path, policy: Policy, families: Collection[str]) -> None:
    """Raise `PolicyError` for bounds on families of failure domains that no host of the fleet has."""
    asked = [family for family, _ in policy.plan.domain_unavailable]
    problems = tuple(_unknown(path, "plan.domain_unavailable", asked, families))
    if problems:
        raise PolicyError(problems)


Asked = tuple[str, Collection[str], Collection[str]]


def _of_types(policy: Policy, known: KnownNames) -> Iterator[Asked]:
    """Yield (key, its names, the names that there are) of boards, lines, types and pools."""
    types = {row.name for row in known.types}
    boards = {row.board for row in known.types}
    yield "boards", policy.boards, boards
    yield "lines", policy.lines, {row.line for row in known.types}
    for key, bounds in (("floors", policy.floors), ("ceilings", policy.ceilings)):
        yield key, [board for board, _ in bounds], boards
        yield key, [name for _, name in bounds], types
    yield "retired_types", policy.retired_types, types
    if known.pools is not None:
        pools = [name for group in policy.uniformity_groups for name in group]
        yield "uniformity_groups", pools, known.pools
        yield "plan.weights", [name for name, _ in policy.plan.weights], known.pools
        yield "plan.holds", [hold.pool for hold in policy.plan.holds if hold.pool], known.pools


def _of_units(policy: Policy, known: KnownNames) -> Iterator[Asked]:
    """Yield (key, its names, the names that there are) of units and properties."""
    units = {unit.id for unit in known.units}
    yield "accepted_severities", policy.accepted_severities, {unit.severity for unit in known.units}
    yield "accepted_losses", [loss.unit for loss in policy.accepted_losses], units
    yield "acknowledged", policy.acknowledged, units
    yield "residual_exposures", policy.residual_exposures, {unit.exposure for unit in known.units}
    yield "forbidden_flags", policy.forbidden_flags, known.properties
    odd = [flag.key for flag in policy.required_flags if not known.has_property(flag.key)]
    yield "required_flags", [str(key) for key in odd], known.properties


def _unknown(
    path: Path, key: str, names: Collection[str], known: Collection[str]
) -> Iterator[Problem]:
    for name in sorted(set(names) - set(known)):
        yield Problem(
            location=Location(file=str(path), column=key),
            what=f"'{name}' is not known",
            remedy=nearest(name, sorted(known)),
        )


def _wrong_bounds(path: Path, policy: Policy, types: dict[str, MachineType]) -> Iterator[Problem]:
    """Yield the bounds of one board that name a type of another, and floors above ceilings."""
    for key, bounds in (("floors", policy.floors), ("ceilings", policy.ceilings)):
        for board, name in bounds:
            if name in types and types[name].board != board:
                yield Problem(
                    location=Location(file=str(path), column=key),
                    what=f"'{name}' is a type of {types[name].board}, not of {board}",
                )
    ceilings = dict(policy.ceilings)
    for board, name in policy.floors:
        floor, ceiling = types.get(name), types.get(ceilings.get(board, ""))
        if floor is None or ceiling is None or floor.line != ceiling.line:
            continue
        if floor.board == ceiling.board and floor.is_newer_than(ceiling):
            yield Problem(
                location=Location(file=str(path), column="floors"),
                what=f"'{floor.name}' is newer than the ceiling '{ceiling.name}'",
            )
