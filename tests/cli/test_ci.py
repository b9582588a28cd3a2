"""`planner ci`: one line per finding, and the worst code of answer and plan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml

ROOT = Path(__file__).resolve().parents[2]
PLAN = ("--plan", "examples/seed/plan.json", "--today", "2027-01-11")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "planner", "ci", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_an_undecided_pool_is_one_line_and_the_code(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(
        "host,pool,kernel,qemu\nh1,p,6.1.0-28-amd64,7.2.0\nh2,p,nobody-knows,1:7.2+dfsg-7\n"
    )
    done = run(str(fleet))
    assert done.returncode == 5, done.stderr
    first, *_ = done.stdout.splitlines()
    assert first.startswith("error: p: undecided: ")
    again = run(str(fleet), "--exit-zero")
    assert again.returncode == 0 and again.stdout == done.stdout
    fleet.write_text("host\n")
    assert run(str(fleet), "--exit-zero").returncode == 3


def test_a_plan_tells_its_drift_and_its_code() -> None:
    alone = run("examples/seed/rollout.csv")
    done = run("examples/seed/rollout.csv", *PLAN)
    assert done.returncode in {0, 4, 5}, done.stderr
    assert set(alone.stdout.splitlines()) <= set(done.stdout.splitlines())
    assert all(
        line.split(": ")[0] in {"error", "warning", "note"} for line in done.stdout.splitlines()
    )


def test_a_drifted_host_is_a_line(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    text = (ROOT / "examples" / "seed" / "rollout.csv").read_text()
    kept = [line for line in text.splitlines() if not line.startswith("old1,")]
    fleet.write_text("\n".join(kept) + "\n")
    done = run(str(fleet), *PLAN)
    assert "plan-drift: old1" in done.stdout, done.stderr


@pytest.mark.parametrize("kind", ["junit", "sarif", "github"])
def test_a_server_reads_the_findings_of_answer_and_plan(kind: str) -> None:
    lines = run("examples/seed/rollout.csv", *PLAN).stdout.splitlines()
    done = run("examples/seed/rollout.csv", *PLAN, "--format", kind)
    assert lines and done.returncode in {0, 4, 5}, done.stderr
    if kind == "junit":
        cases = JUnitXml.fromstring(done.stdout.encode())
        assert sum(1 for suite in cases for case in suite if case.result) == len(lines)
    elif kind == "sarif":
        (only,) = json.loads(done.stdout)["runs"]
        assert len(only["results"]) == len(lines)
    else:
        assert len(done.stdout.splitlines()) == len(lines)
        assert all(line.startswith("::") for line in done.stdout.splitlines())
