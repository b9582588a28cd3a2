"""A policy in what planes can hold: types that are safe from every host to every other."""

from __future__ import annotations

from planner.gate.planes import gated_pool
from tests.gate.hosts import compiled


def test_types_with_flags_are_told_apart() -> None:
    pool = gated_pool(compiled())  # type: ignore[arg-type]
    assert pool.enforced and pool.hosts == ("new1", "new2", "old1", "old2")
    flagged = {name: list(map(str, flags)) for name, flags in pool.flagged}
    assert "pc-q35-2.11" in pool.plain and "pc-q35-4.0" not in pool.plain
    assert flagged["pc-q35-4.0"] == ["x86_64-cpu.x-migrate-smi-count=off"]


def test_what_is_refused_or_not_reached_somewhere_is_left_out() -> None:
    policy = compiled()
    refusal = {"unit": "u", "text": "t", "certain": False}
    entries = [one | {"refusals": [refusal]} for one in policy["entries"]]
    assert not gated_pool(policy | {"entries": entries}).plain  # type: ignore[arg-type]
    types = {
        name: [cell | {"here": [0]} for cell in cells]
        for name, cells in policy["machine_types"].items()
    }
    assert not gated_pool(policy | {"machine_types": types}).plain  # type: ignore[arg-type]
