"""`simulate` and `status` on the command line: what is printed, exit codes, and bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli import exits
from tests.rollout.examples import (
    ROOT,
    Json,
    of_the_cpu,
    rows_of,
    seed_plan,
    write_fleet,
    write_plan,
)

HOSTS = rows_of("seed")


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planner", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )


class Files:
    """A plan and a fleet on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fleet = str(write_fleet(folder / "fleet.csv", HOSTS))

    def simulate(self, plan: Json, *words: str) -> subprocess.CompletedProcess[str]:
        path = write_plan(self.folder / "plan.json", plan)
        return run(["simulate", str(path), self.fleet, *words])


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_proof_says_how_much_it_judged(files: Files) -> None:
    done = files.simulate(seed_plan(HOSTS))
    assert done.returncode == exits.ANSWERED, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("proven: 25 phases, ") and first.endswith("no violation")


def test_an_early_flip_is_refused_with_the_edge(files: Files) -> None:
    plan = seed_plan(HOSTS)
    plan["waves"][-2]["flips"], plan["waves"][-1]["flips"] = plan["waves"][-1]["flips"], []
    plan["waves"][-2]["flips"][0]["after_wave"] -= 1
    done = files.simulate(plan)
    assert done.returncode == exits.UNSAFE
    assert "violation in wave 3, phase flip, pool default" in done.stdout
    assert "2 hosts (old7, old8)" in done.stdout
    assert "P004 cpu/msr_smi_count" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_a_plan_that_contradicts_itself_is_no_input(files: Files) -> None:
    plan = seed_plan(HOSTS, last=("pc-q35-4.0", ("x86_64-cpu.x-migrate-smi-count=off",)))
    plan["waves"][-1]["flips"] = seed_plan(HOSTS)["waves"][-1]["flips"]
    plan["waves"][-1]["flips"][0]["to"] = plan["waves"][-1]["flips"][0]["from"]
    plan["waves"][-1]["flips"][0]["after_wave"] = 2
    done = files.simulate(plan)
    assert done.returncode == exits.UNREADABLE
    assert "says after_wave 2; the two must agree" in done.stderr
    assert done.stdout == ""


def test_all_that_does_not_fit_the_fleet_is_named_at_once(files: Files) -> None:
    plan = seed_plan(HOSTS)
    plan["waves"][0]["upgrades"][0]["from_kernel"] = "4.14.1"
    plan["waves"][1]["hosts"][0] = plan["waves"][1]["upgrades"][0]["host"] = "old99"
    done = files.simulate(plan)
    assert done.returncode == exits.UNREADABLE
    told = done.stderr.splitlines()
    assert len(told) == 2
    assert "'old1' leaves kernel 4.14.1" in told[0]
    assert "'old99' is not in the fleet" in told[1]
    plan["domains"][0]["conditions"] += ["vmx", "cpu:"]
    plan["masks"] = [{"domain": "defualt", "capabilities": ["kvm.msr.smi"], "until_wave": 1}]
    done = files.simulate(plan)
    assert done.returncode == exits.UNREADABLE
    assert len(done.stderr.splitlines()) == 4
    assert "did you mean 'default'?" in done.stderr


def test_a_plan_without_waves_says_what_forbids_it(files: Files) -> None:
    one = {"domain": "default", "constraint": "x", "text": "too few hosts", "hosts": 0}
    plan = {**seed_plan(HOSTS), "waves": [], "relaxations": [{**one, "examples": []}]}
    done = files.simulate(plan)
    assert done.returncode == exits.UNREADABLE
    assert "too few hosts" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fail", "old1"], "'old1' is not HOST@WAVE"),
        (["--fail", "old1@nine"], "'old1@nine' is not HOST@WAVE"),
        (["--fail", "odl1@1"], "did you mean"),
        (["--fail", "old1@9"], "the plan has no wave 9; it has 4"),
        (["--abort-after", "5"], "the plan has 4 waves"),
        (["--abort-after", "-1"], "'-1' is no whole number"),
    ],
)
def test_wrong_options_are_usage_errors(files: Files, words: list[str], said: str) -> None:
    done = files.simulate(seed_plan(HOSTS), *words)
    assert done.returncode == exits.USAGE
    assert said in done.stderr


def test_faults_and_the_way_back_are_told(files: Files) -> None:
    done = files.simulate(seed_plan(HOSTS), "--fail", "old7@1", "--abort-after", "2")
    assert done.returncode == exits.ANSWERED, done.stdout
    assert "may fail     old7 in wave 1" in done.stdout
    assert "way back     free" in done.stdout
    seeded = files.simulate(seed_plan(HOSTS), "--seed", "1")
    again = files.simulate(seed_plan(HOSTS), "--seed", "1")
    assert seeded.stdout == again.stdout
    assert seeded.stdout.count("may fail") == 4


def test_output_is_a_file(files: Files, tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    done = files.simulate(seed_plan(HOSTS), "--format", "json", "-o", str(target))
    assert done.returncode == exits.ANSWERED
    assert json.loads(target.read_text(encoding="utf-8"))["outcome"] == "proven"


def test_status_says_what_is_due(files: Files, tmp_path: Path) -> None:
    plan = seed_plan(HOSTS)
    path = write_plan(tmp_path / "plan.json", plan)
    goal = plan["waves"][0]["upgrades"][0]
    rows = [{**row, "kernel": goal["kernel"], "capabilities": of_the_cpu(row)} for row in HOSTS]
    fleet = write_fleet(tmp_path / "later.csv", rows)
    done = run(["status", str(path), str(fleet), "--today", "2027-02-01"])
    assert done.returncode == exits.ANSWERED, done.stderr
    assert "waves 1-4: done, 8 hosts" in done.stdout
    assert "flip default, pc-q35: due now, unless made already" in done.stdout
    assert "  -machine pc-q35-4.0\n" in done.stdout
    early = run(["status", str(path), str(fleet), "--today", "2027-01-01"])
    assert "not before 2027-01-20" in early.stdout
    assert run(["status", str(path), str(fleet), "--today", "soon"]).returncode == exits.USAGE


def test_a_plan_of_another_fleet_or_other_rows_is_noted(tmp_path: Path) -> None:
    plan = json.loads((ROOT / "examples" / "seed" / "plan.json").read_text(encoding="utf-8"))
    path, fleet = tmp_path / "plan.json", tmp_path / "fleet.csv"
    plan["knowledge"]["digest"] = "sha256:0"
    path.write_text(json.dumps(plan), encoding="utf-8")
    fleet.write_bytes((ROOT / "examples" / "seed" / "rollout.csv").read_bytes() + b"\n")
    noted = {}
    for command in ("simulate", "status"):
        done = run([command, str(path), str(fleet)])
        assert done.returncode == 0
        noted[command] = done.stderr
    assert "other rows of knowledge" in noted["simulate"]
    assert "other rows of knowledge" in noted["status"]
    assert "another fleet file" in noted["simulate"]
    assert "another fleet file" not in noted["status"]
