"""Time `planner plan` and `planner simulate` on generated roll-outs against reading the same file.

Run: python -m benchmarks.plan [--hosts N] [--pools N] [--runs N]
Every pool goes to the newest kernel and QEMU package of its release, with loads, racks and limits.
Prints wall seconds, seconds of all processors, peak memory, the ratio to a plain `csv.reader` pass,
and what the plan says of itself: waves, bound, gap; then the same for the replay of that plan.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path

from benchmarks.fleets import RELEASES
from benchmarks.solve import BASELINE, Cost, least

POLICY = "[plan]\npool_share = 0.2\nwave_days = 1\ndomain_unavailable = { rack = 4 }\n"
CAPACITY = (128, 1024)
RACK = 20
"""Hosts of a pool that share a rack."""
OLD_STEPS = 4
"""The hosts of a pool stand at most so many updates behind their target."""


def write_rollout(path: Path, *, hosts: int, pools: int, seed: int = 7) -> None:
    """Write pools of one release each, a few of their hosts done already."""
    chance = random.Random(seed)
    columns = "host,pool,kernel,qemu,target_kernel,target_qemu,failure_domain"
    sizes = "vcpus,memory_gib,used_vcpus,used_memory_gib"
    with path.open("w", encoding="utf-8") as file:
        print(columns, sizes, sep=",", file=file)
        number = 0
        for pool in range(pools):
            pairs = chance.choice(RELEASES).pairs()
            size = hosts // pools + (pool < hosts % pools)
            for place in range(size):
                print(_row(number + place, pool, place, pairs, chance), file=file)
            number += size


def _row(
    number: int, pool: int, place: int, pairs: list[tuple[str, str]], chance: random.Random
) -> str:
    kernel, qemu = pairs[-1]
    if place % 10:
        kernel, qemu = chance.choice(pairs[-1 - OLD_STEPS : -1])
    load = 8 * round(min(0.85, max(0.2, chance.gauss(0.6, 0.15))) * CAPACITY[1] / 8)
    cells = (
        *(f"h{number:07d}", f"p{pool:05d}", kernel, qemu, *pairs[-1]),
        *(f"rack=p{pool}r{place // RACK}", *CAPACITY, load // 16, load),
    )
    return ",".join(map(str, cells))


def told(name: str, taken: Cost, base: Cost, rest: str) -> str:
    """Return a line of figures."""
    return (
        f"{name:9} {taken.wall:5.1f} s wall {taken.processors:5.1f} s cpu {taken.memory:5} MiB "
        f"{taken.wall / base.wall:5.1f} x reading; {rest}"
    )


def measure(*, hosts: int, pools: int, runs: int) -> None:
    """Print a line for the plan and one for its replay."""
    with tempfile.TemporaryDirectory() as folder:
        fleet, policy = Path(folder) / "fleet.csv", Path(folder) / "policy.toml"
        plan, replay = Path(folder) / "plan.json", Path(folder) / "replay.json"
        write_rollout(fleet, hosts=hosts, pools=pools)
        policy.write_text(POLICY, encoding="utf-8")
        base = least(["-c", BASELINE, str(fleet)], runs)
        common = ["--policy", str(policy), "--format", "json", "--output"]
        words = ["-m", "planner", "plan", str(fleet), *common, str(plan)]
        taken = least(words, runs)
        made = json.loads(plan.read_text(encoding="utf-8"))
        bounds = made["bounds"]
        rest = (
            f"{len(made['waves'])} waves, bound {bounds['waves']}, gap {bounds['gap']}, "
            f"{bounds['method']}, {len(made['relaxations'])} relaxations"
        )
        print(told("plan", taken, base, rest), flush=True)
        words = ["-m", "planner", "simulate", str(plan), str(fleet), *common, str(replay)]
        taken = least(words, runs)
        found = json.loads(replay.read_text(encoding="utf-8"))
        print(told("simulate", taken, base, found["outcome"]), flush=True)


def main() -> None:
    """Measure the sizes that are asked for, or one large pool and many pools."""
    parser = argparse.ArgumentParser(description="Time planner plan and simulate.")
    parser.add_argument("--hosts", type=int, default=0)
    parser.add_argument("--pools", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1)
    asked = parser.parse_args()
    sizes = [(asked.hosts, asked.pools)] if asked.hosts else [(5_000, 1), (300_000, 10_000)]
    for hosts, pools in sizes:
        print(f"{hosts:,} hosts, {pools:,} pools, least of {asked.runs} runs")
        measure(hosts=hosts, pools=pools, runs=asked.runs)


if __name__ == "__main__":
    main()
