"""The only home of ortools: choices that are hard, with one worker, a fixed seed and a stated bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ortools.sat.python import cp_model

from planner.domain.host import HostProfile
from planner.solver.requirement import Requirement, Unlock

SECONDS = 20.0


def cheapest_by_search(
    requirements: Sequence[Requirement], hosts: Mapping[HostProfile, int]
) -> Unlock:
    """Return the set of profiles with the fewest hosts that meets every requirement.

    One worker: with two, some releases of the solver never move their bound.
    """
    model = cp_model.CpModel()
    order = list(hosts)
    touched = {profile: model.new_bool_var(f"touch{place}") for place, profile in enumerate(order)}
    for number, requirement in enumerate(requirements):
        taken = []
        for place, way in enumerate(requirement.ways):
            chosen = model.new_bool_var(f"way{number}.{place}")
            for profile in order:
                if profile in way:
                    model.add_implication(chosen, touched[profile])
            taken.append(chosen)
        model.add(sum(taken) >= 1)
    model.minimize(sum(hosts[profile] * touched[profile] for profile in order))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_time_in_seconds = SECONDS
    status = solver.solve(model)
    found = frozenset(profile for profile in order if solver.boolean_value(touched[profile]))
    method = "optimal" if status == cp_model.OPTIMAL else "heuristic"
    bound = round(solver.best_objective_bound)
    return Unlock(found, sum(hosts[profile] for profile in found), bound, method)
