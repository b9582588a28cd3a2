"""Time `planner unlock` on a generated fleet with at least 1,000 distinct wants, and with a budget.

Run: python -m benchmarks.unlock [POOLS]
Two wants are one if they ask the same of pools with equal profiles and numbers of hosts. Prints the
number of wants, distinct ones, wall seconds, and the proven bound and gap of the budget.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fleets import write_fleet
from planner.domain.unlock import UnlockStatus
from planner.fleet.hosts import read_fleet
from planner.knowledge.load import load_knowledge
from planner.migration.profiles import Profiler
from planner.plan.budget import unlocks
from planner.plan.landscape import Landscape
from planner.plan.unlock import Unlocker
from planner.plan.wants import next_types


def main(pools: int) -> None:
    """Print two lines: the search for the cheapest upgrades, and the budget of a tenth of the hosts."""
    knowledge = load_knowledge()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.csv"
        write_fleet(path, hosts=100 * pools, pools=pools, most_profiles=8)
        fleet = read_fleet(path, knowledge)
    start = time.perf_counter()
    landscape = Landscape(
        fleet=fleet, arrows=None, policy=knowledge.policy, profiler=Profiler(knowledge)
    )
    unlocker = Unlocker(knowledge=knowledge, landscape=landscape)
    wants = tuple(next_types(unlocker.answers))
    found = unlocks(unlocker, wants)
    opened = sum(target.status is UnlockStatus.OPENED for target in found.targets)
    distinct = len(
        {
            (
                want.text,
                tuple((one.profile, one.hosts) for one in unlocker.domains[want.domain].members),
            )
            for want in wants
        }
    )
    taken = time.perf_counter() - start
    print(f"{len(wants):,} wants, {distinct:,} distinct, {opened:,} opened: {taken:.1f} s")
    start = time.perf_counter()
    bound = unlocks(unlocker, wants, budget=10 * pools).bound
    assert bound is not None
    taken = time.perf_counter() - start
    print(
        f"budget {bound.budget:,}: at most {bound.value:,.0f}, gap {bound.gap:,.0f}, {taken:.1f} s"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 500)
