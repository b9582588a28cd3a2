"""Examples of algorithms run, and each algorithm says idea, invariant, cost and source."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

ALGORITHMS = (
    "planner.solver.closed_form",
    "planner.solver.unit_facts",
    "planner.certificate.certify",
    "planner.optimize.waves.pack",
    "planner.optimize.waves.bounds",
    "planner.optimize.waves.local_search",
    "planner.rollout.flips",
    "planner.replay.pool_replay",
    "planner.unlocking.search",
)
EXAMPLES = (
    *("planner.optimize.upgrade_choice", "planner.optimize.knapsack"),
    *("planner.documents.typed", "planner.parallel"),
    *("planner.domain.shown", "planner.library.scenarios"),
)
WITHOUT = {
    "planner.optimize.waves.local_search",
    "planner.replay.pool_replay",
    "planner.unlocking.search",
}
"""Algorithms whose smallest input is a page long: their tests are their examples."""


@pytest.mark.parametrize("name", (*ALGORITHMS, *EXAMPLES))
def test_examples_run(name: str) -> None:
    failed, tried = doctest.testmod(import_module(name))
    assert not failed
    assert tried or name in WITHOUT


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_says_what_a_newcomer_asks(name: str) -> None:
    text = import_module(name).__doc__ or ""
    for word in ("In:", "Out:", "Idea:", "Invariant:", "Cost:", "Source:"):
        assert word in text, word
