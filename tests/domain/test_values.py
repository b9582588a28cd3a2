"""Domain values: none can be changed, and three-valued truth is Kleene's."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from inspect import getmembers, isclass
from itertools import product
from pathlib import Path
from types import ModuleType

import pytest

from planner.domain import (
    capability,
    compat,
    cpu_advice,
    diagnosis,
    edge_map,
    errors,
    guest,
    guest_formats,
    guest_profile,
    host,
    machine_type,
    migrated,
    policy,
    refusal,
    shown,
    solution,
    trial,
    truth,
    verdict,
)
from planner.domain.plans import plan, rehearsal, scenario, simulation, unlock, upgrade
from planner.domain.truth import Truth, all_of, any_of

MODULES = (
    capability,
    compat,
    cpu_advice,
    diagnosis,
    edge_map,
    errors,
    guest,
    guest_formats,
    guest_profile,
    host,
    machine_type,
    migrated,
    policy,
    refusal,
    shown,
    solution,
    trial,
    truth,
    verdict,
    plan,
    rehearsal,
    scenario,
    simulation,
    unlock,
    upgrade,
)
HOUSE = Path(__file__).resolve().parents[2] / "planner"
MUTABLE = ("list[", "dict[", "set[", "List[", "Dict[")


def values_of(module: ModuleType) -> list[type]:
    return [
        found
        for _, found in getmembers(module, isclass)
        if found.__module__ == module.__name__ and is_dataclass(found)
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_values_are_immutable(module: ModuleType) -> None:
    for value in values_of(module):
        assert value.__dataclass_params__.frozen, value  # type: ignore[attr-defined]
        mutable = [one.name for one in fields(value) if str(one.type).startswith(MUTABLE)]
        assert not mutable, (value, mutable)


def test_the_modules_are_all_of_the_room() -> None:
    folder = {path.stem for path in (HOUSE / "domain").rglob("*.py")} - {"__init__"}
    assert folder == {module.__name__.rpartition(".")[2] for module in MODULES}


@pytest.mark.parametrize(("one", "other"), [*product(Truth, repeat=2)])
def test_truth_is_that_of_its_completions(one: Truth, other: Truth) -> None:
    """What is unknown may be either; a claim is told only if both completions agree."""

    def completions(value: Truth) -> tuple[bool, ...]:
        return (True, False) if value is Truth.UNKNOWN else (value is Truth.YES,)

    pairs = list(product(completions(one), completions(other)))
    for join, law in ((all_of, all), (any_of, any)):
        told = {law(pair) for pair in pairs}
        expected = Truth.of(told.pop()) if len(told) == 1 else Truth.UNKNOWN
        assert join((one, other)) is expected
    assert ~(~one) is one
