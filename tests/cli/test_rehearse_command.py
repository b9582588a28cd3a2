"""`planner rehearse` on the command line: the migrations of each pool in lines, and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planner", "rehearse", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_migrations_of_a_pool_are_told_with_their_bound() -> None:
    done = run("examples/three-pools/fleet.csv", "--pool", "debian")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "debian   80 hosts, pc-q35-7.2"
    assert "no fewer show them all" in lines[1]
    assert max(map(len, lines)) <= 80
    assert "focal" not in done.stdout


def test_the_document_has_every_risk() -> None:
    done = run("examples/seed/fleet.csv", "-f", "json")
    document = json.loads(done.stdout)
    assert document["schema"] == "planner.rehearsal/1"
    (pool,) = document["domains"]
    risks = [risk for pair in pool["pairs"] for risk in pair["risks"]]
    assert len(risks) == pool["risks"] and pool["bound"] == len(pool["pairs"]) == 1


def test_a_wrong_pool_is_told() -> None:
    done = run("examples/three-pools/fleet.csv", "--pool", "debain")
    assert done.returncode == 2 and "did you mean 'debian'?" in done.stderr
