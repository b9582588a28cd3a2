"""Rehearsals of a fleet: a pool alone, and where migrations go one way only."""

from __future__ import annotations

from pathlib import Path

import planner
from planner.library.rehearsals import rehearsals_of

ROOT = Path(__file__).resolve().parents[2] / "examples"


def test_one_pool_is_rehearsed_alone() -> None:
    knowledge = planner.load_knowledge()
    fleet = planner.read_fleet(ROOT / "three-pools" / "fleet.csv")
    found = tuple(rehearsals_of(fleet, knowledge.policy, knowledge, pool="rhel"))
    assert [one.domain for one in found] == ["rhel"]


def test_only_migrations_that_are_made_are_rehearsed() -> None:
    knowledge = planner.load_knowledge()
    fleet = planner.read_fleet(ROOT / "seed" / "fleet.csv")
    edges = planner.read_edges(ROOT / "seed" / "edges.csv", fleet)
    allowed = {(source.kernel, destination.kernel) for source, destination in edges}
    (pool,) = rehearsals_of(fleet, knowledge.policy, knowledge, edges=edges)
    made = {
        tuple(text.partition("kernel ")[2] for text in (pair.source, pair.destination))
        for pair in pool.pairs
    }
    assert made <= allowed
