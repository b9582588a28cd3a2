"""Time `planner solve` on generated fleets against reading the same file, in one environment.

Run: python -m benchmarks.solve [--hosts N] [--pools N] [--runs N] [--kind WORD]
Prints per kind of fleet, for the report and for the JSON document: wall seconds, seconds of all
processors, peak memory, and the ratio of wall seconds to a plain `csv.reader` pass over the file.
Each time is the least of some runs, for other work on the machine only adds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fleets import KINDS, Kind, write_fleet

BASELINE = "import csv,sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline=''))))"
ANSWERED = (0, 4, 5)
"""Exit codes of `planner solve` that come with an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one command took: seconds on the wall, seconds of processors, and MiB at the most."""

    wall: float
    processors: float
    memory: int


def cost(words: Sequence[str]) -> Cost:
    """Run a Python command and return what it took.

    Processes that it starts count in `processors`; `memory` is that of the largest of them. Raises
    `RuntimeError` if the command does not answer.
    """
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if child.returncode not in ANSWERED:
        raise RuntimeError(f"{' '.join(words)}: exit code {child.returncode}")
    return Cost(wall=wall, processors=used.ru_utime + used.ru_stime, memory=used.ru_maxrss // 1024)


def least(words: Sequence[str], runs: int) -> Cost:
    """Return the least of some runs, each measure on its own; of memory the most."""
    found = [cost(words) for _ in range(runs)]
    return Cost(
        wall=min(one.wall for one in found),
        processors=min(one.processors for one in found),
        memory=max(one.memory for one in found),
    )


def measure(kind: Kind, *, hosts: int, pools: int, runs: int) -> None:
    """Print one line for the report and one for the JSON document of a kind of fleet."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.csv"
        write_fleet(path, kind, hosts=hosts, pools=pools)
        base = least(["-c", BASELINE, str(path)], runs)
        solve = ["-m", "planner", "solve", str(path)]
        document = ["--format", "json", "--output", str(Path(folder) / "answer.json")]
        for name, words in (("report", solve), ("json", [*solve, *document])):
            taken = least(words, runs)
            print(
                f"{kind.name:24} {name:7} {taken.wall:5.1f} s wall {taken.processors:5.1f} s cpu "
                f"{taken.memory:4} MiB {taken.wall / base.wall:5.1f} x reading",
                flush=True,
            )


def main() -> None:
    """Measure the kinds of fleets that are asked for."""
    parser = argparse.ArgumentParser(description="Time planner solve on generated fleets.")
    parser.add_argument("--hosts", type=int, default=1_000_000)
    parser.add_argument("--pools", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--kind", default="", help="only kinds of fleets with this in their name")
    asked = parser.parse_args()
    print(f"{asked.hosts:,} hosts, {asked.pools:,} pools, least of {asked.runs} runs")
    for kind in KINDS:
        if asked.kind in kind.name:
            measure(kind, hosts=asked.hosts, pools=asked.pools, runs=asked.runs)


if __name__ == "__main__":
    main()
