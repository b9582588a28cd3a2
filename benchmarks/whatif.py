"""Time hundreds of what-ifs on one generated fleet against solving it once, in one environment.

Run: python -m benchmarks.whatif [--hosts N] [--pools N] [--scenarios N] [--plans]
Scenarios of every kind are drawn: upgrades of pools and of some hosts, masks, removals, additions,
edges between pools, retired types, accepted losses. Prints seconds and the ratio to one `solve`.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import planner
from benchmarks.fleets import KINDS, write_fleet
from planner.domain.host import Fleet
from planner.domain.plans.scenario import (
    Addition,
    AllowedEdge,
    Masking,
    Removal,
    Scenario,
    Selection,
    Upgrade,
)
from planner.domain.solution import ChosenBaseline

CAPABILITIES = ("tun.uso", "kvm.msr.smi_count", "kvm.msr.umwait_control")
UNITS = 12
"""Distinct units whose loss somebody thinks of accepting."""


def drawn(fleet: Fleet, number: int, seed: int = 7) -> Iterator[Scenario]:
    """Yield scenarios of all kinds in turn."""
    chance = random.Random(seed)
    rows = planner.load_knowledge()
    pools = [str(pool) for pool in fleet.pools]
    units = chance.sample(sorted(unit.id for unit in rows.units_of("x86_64")), UNITS)
    types = sorted({one.machine_type for one in _answers(fleet)})
    for place in range(number):
        pool, other = chance.sample(pools, 2)
        groups = [group for group in fleet.groups if group.pool == pool]
        goal, name = chance.choice(groups), f"{place}"
        some = Selection(pool=pool, count=chance.randint(1, 30))
        kinds = (
            Scenario(
                name=f"{name} upgrade",
                changes=(
                    Upgrade(selection=Selection(pool=pool), kernel=goal.kernel, qemu=goal.qemu),
                ),
            ),
            Scenario(
                name=f"{name} upgrade of some",
                changes=(Upgrade(selection=some, kernel=goal.kernel, qemu=goal.qemu),),
            ),
            Scenario(
                name=f"{name} mask",
                changes=(
                    Masking(
                        selection=Selection(pool=pool), capabilities=(chance.choice(CAPABILITIES),)
                    ),
                ),
            ),
            Scenario(
                name=f"{name} remove",
                changes=(Removal(selection=Selection(pool=pool, from_qemu=goal.qemu)),),
            ),
            Scenario(
                name=f"{name} add",
                changes=(Addition(pool=pool, count=4, kernel=goal.kernel, qemu=goal.qemu),),
            ),
            Scenario(name=f"{name} edge", edges=(AllowedEdge(source=pool, destination=other),)),
            Scenario(name=f"{name} retire", retired=(chance.choice(types),)),
            Scenario(name=f"{name} accept", accepted=((chance.choice(units), "ops", "tried"),)),
        )
        yield kinds[place % len(kinds)]


def _answers(fleet: Fleet) -> Iterator[ChosenBaseline]:
    for domain in planner.solve(fleet).domains:
        yield from domain.baselines


def main() -> None:
    """Print the time of one solve, of the first scenario, and of all."""
    parser = argparse.ArgumentParser(description="Time what-ifs on a generated fleet.")
    parser.add_argument("--hosts", type=int, default=100_000)
    parser.add_argument("--pools", type=int, default=1_000)
    parser.add_argument("--scenarios", type=int, default=500)
    parser.add_argument("--plans", action="store_true", help="outline the upgrade plans too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.csv"
        write_fleet(path, KINDS[0], hosts=asked.hosts, pools=asked.pools)
        planner.load_knowledge()
        fleet = planner.read_fleet(path)
        start = time.perf_counter()
        what = planner.WhatIf(fleet)
        once = time.perf_counter() - start
        scenarios = [
            one
            for one in drawn(fleet, 2 * asked.scenarios)
            if not one.changes or list(what.effective([one]))
        ][: asked.scenarios]
        del what
        start = time.perf_counter()
        found = planner.what_if(fleet, scenarios, plans=asked.plans)
        taken = time.perf_counter() - start
    changes = sum(len(one.comparison.changes) for one in found.results)
    print(
        f"{asked.hosts:,} hosts, {asked.pools:,} pools: one solve {once:.1f} s, "
        f"{len(scenarios)} scenarios {taken:.1f} s with it ({changes:,} answers of pools change), "
        f"{(taken - once) / len(scenarios) / once:.3f} of a solve each"
    )


if __name__ == "__main__":
    main()
