"""How every search asks CP-SAT: one worker, a fixed seed, effort counted in the solver's own steps.

One worker: with two, some releases of the solver never move their bound. Time is counted in steps of
the solver and not in seconds, so that equal questions get equal answers on any machine.
"""

from __future__ import annotations

from math import ceil

from ortools.sat.python import cp_model

EFFORT = 10.0
"""Deterministic time of the solver; about as many seconds on one core of 2020."""
SLACK = 1e-6
"""What a bound in floating point may lie above the whole number that it stands for."""


def a_solver(effort: float = EFFORT) -> cp_model.CpSolver:
    """Return a solver whose answer depends on the question alone."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = effort
    return solver


def has_answer(status: cp_model.CpSolverStatus) -> bool:
    """Whether a search ended with a choice, proven best or not."""
    return status in {cp_model.OPTIMAL, cp_model.FEASIBLE}


def whole_bound(bound: float) -> int:
    """Return the least whole number that a solver's bound allows, never above the truth."""
    return ceil(bound - SLACK)
