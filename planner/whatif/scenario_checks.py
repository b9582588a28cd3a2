"""Names in a scenario that neither the fleet nor the rows have: all of them are told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.errors import Location, Problem, ScenarioError, nearest
from planner.domain.host import Fleet
from planner.domain.plans.scenario import Addition, Masking, Removal, Scenario, Upgrade
from planner.fleet.words import read_capabilities
from planner.knowledge.base import KnowledgeBase

Wrong = Iterator[tuple[str, str, str]]
"""Key, what is wrong, and what would be right."""


def check_scenario(scenario: Scenario, fleet: Fleet, knowledge: KnowledgeBase) -> None:
    """Raise `ScenarioError` with every pool, host, build, capability, type and unit unknown here."""
    check_scenarios((scenario,), fleet, knowledge)


def check_scenarios(scenarios: Iterable[Scenario], fleet: Fleet, knowledge: KnowledgeBase) -> None:
    """Raise one `ScenarioError` with the unknown names of all scenarios."""
    problems = [
        Problem(
            location=Location(file=scenario.place, column=key),
            what=what,
            remedy=remedy,
        )
        for scenario in scenarios
        for key, what, remedy in dict.fromkeys(
            (*_changes(scenario, fleet, knowledge), *_rules(scenario, fleet, knowledge))
        )
    ]
    if problems:
        raise ScenarioError(problems)


def _changes(scenario: Scenario, fleet: Fleet, knowledge: KnowledgeBase) -> Wrong:
    hosts = {name for group in fleet.groups for name in group.hosts} if _names(scenario) else set()
    for change in scenario.changes:
        match change:
            case Upgrade(kernel=kernel, qemu=qemu):
                yield from _builds("upgrade", kernel, qemu, knowledge)
            case Masking(capabilities=capabilities):
                yield from _masked(capabilities, knowledge)
            case Addition():
                yield from _builds("add", change.kernel, change.qemu, knowledge)
                yield from _stated(change.capabilities, knowledge)
        if not isinstance(change, Addition):
            for name in change.selection.hosts:
                if name not in hosts:
                    yield "hosts", f"'{name}' is not a host of the fleet", nearest(name, hosts)
            pool = change.selection.pool
            if pool and pool not in fleet.pools:
                yield "pool", f"'{pool}' is not a pool of the fleet", nearest(pool, fleet.pools)


def _names(scenario: Scenario) -> bool:
    """Whether a scenario names hosts."""
    return any(
        isinstance(change, Upgrade | Masking | Removal) and change.selection.hosts
        for change in scenario.changes
    )


def _builds(key: str, kernel: str, qemu: str, knowledge: KnowledgeBase) -> Wrong:
    for column, text in (("kernel", kernel), ("qemu", qemu)):
        misfit = knowledge.misfit(column, text) if text else None
        if misfit is not None:
            yield f"{key}.{column}", *misfit


def _masked(capabilities: tuple[str, ...], knowledge: KnowledgeBase) -> Wrong:
    for name in capabilities:
        if knowledge.canonical(name) is None:
            hint = nearest(name.lower(), knowledge.capability_names)
            yield "mask.capabilities", f"'{name}' is no capability", hint


def _stated(words: str, knowledge: KnowledgeBase) -> Wrong:
    try:
        read_capabilities(words, knowledge)
    except ValueError as error:
        yield "add.capabilities", str(error), ""


def _rules(scenario: Scenario, fleet: Fleet, knowledge: KnowledgeBase) -> Wrong:
    types = knowledge.machines.types
    units = {unit.id for unit in knowledge.units}
    for name in scenario.retired:
        if name not in types:
            yield "retire", f"'{name}' is no machine type", nearest(name, types)
    for unit, _, _ in scenario.accepted:
        if unit not in units:
            yield "accept_loss.unit", f"'{unit}' is no migrated unit", nearest(unit, units)
    pools = {*fleet.pools, *(one.pool for one in scenario.changes if isinstance(one, Addition))}
    for edge in scenario.edges:
        for key, name in (("source", edge.source), ("destination", edge.destination)):
            if name not in pools:
                hint = nearest(name, pools)
                yield f"allow_edge.{key}", f"'{name}' is not a pool of the fleet", hint
