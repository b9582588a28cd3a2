"""Time `planner solve` on generated fleets against reading the same file, in one environment.

Run: python -m benchmarks.solve [HOSTS POOLS]
Prints wall seconds, peak memory of the process and the ratio to a plain `csv.reader` pass over the file.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fleets import write_fleet

BASELINE = "import csv,sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline=''))))"


def timed(words: list[str]) -> tuple[float, int]:
    """Run a Python command; return wall seconds and its peak memory in MiB."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=False)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return time.perf_counter() - start, peak


def main(hosts: int, pools: int) -> None:
    """Print one line per run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.csv"
        write_fleet(path, hosts=hosts, pools=pools)
        base, _ = timed(["-c", BASELINE, str(path)])
        solved, peak = timed(["-m", "planner", "solve", str(path)])
    print(
        f"{hosts:,} hosts, {pools:,} pools: {solved:.1f} s, {peak} MiB, {solved / base:.1f} x reading"
    )


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:3]] or [1_000_000, 10_000]
    main(*sizes)
