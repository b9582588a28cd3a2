"""Time `planner unlock` on a generated fleet with at least 1,000 distinct wants, and with a budget.

Run: python -m benchmarks.unlock [POOLS]
Prints per kind of fleet the number of wants, how many are distinct, wall seconds after the file was
read, how the wants ended, and the proven bound and gap of the budget.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.fleets import KINDS, write_fleet
from planner.domain.host import Fleet
from planner.domain.plans.unlock import Goal, UnlockStatus
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.profiles import Profiler
from planner.optimize.upgrade_choice import UNFINISHED
from planner.unlocking.goals import next_types
from planner.unlocking.modified_fleet import ModifiedFleet
from planner.unlocking.search import UnlockSearch
from planner.unlocking.spend import unlocks


def main(pools: int) -> None:
    """Print two lines per kind of fleet: the cheapest upgrades, and a budget of a tenth of the hosts."""
    knowledge = load_knowledge()
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "fleet.csv"
            write_fleet(path, kind, hosts=100 * pools, pools=pools)
            fleet = read_fleet(path, knowledge)
        print(kind.name)
        measure(fleet, knowledge)


def measure(fleet: Fleet, knowledge: KnowledgeBase) -> None:
    """Answer every want of a fleet, then a budget, and print what it took."""
    start = time.perf_counter()
    landscape = ModifiedFleet(
        fleet=fleet, arrows=None, policy=knowledge.policy, profiler=Profiler(knowledge)
    )
    unlocker = UnlockSearch(knowledge=knowledge, landscape=landscape)
    wants = tuple(next_types(unlocker.answers))
    targets = unlocks(unlocker, wants).targets
    taken = time.perf_counter() - start
    words = ", ".join(
        f"{sum(target.status is status for target in targets):,} {status.value}"
        for status in UnlockStatus
    )
    ended = sum(target.bound.method == UNFINISHED for target in targets)
    print(f"  {len(wants):,} wants, {distinct(unlocker, wants):,} distinct: {taken:.1f} s")
    print(f"  {words}; {ended:,} searches ended early")
    start = time.perf_counter()
    bound = unlocks(unlocker, wants, budget=fleet.size // 10).bound
    taken = time.perf_counter() - start
    if bound is not None:
        gap = f"at most {bound.value:,.0f}, gap {bound.gap:,.0f}"
        print(f"  budget {bound.budget:,}: {gap}, {taken:.1f} s more")


def distinct(unlocker: UnlockSearch, wants: Iterable[Goal]) -> int:
    """Count wants; those that ask the same of pools with equal profiles and numbers are one."""
    found = set()
    for want in wants:
        members = unlocker.domains[want.domain].members
        found.add((want.text, tuple((one.profile, one.hosts) for one in members)))
    return len(found)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 500)
