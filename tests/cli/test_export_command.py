"""`planner export` on the command line: what it is made of, and the code that it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.export.answers import document, pool

ROOT = Path(__file__).resolve().parents[2]
SEED = "examples/seed/fleet.csv"
PLAN = "examples/seed/plan.json"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planner", "export", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fleet_and_its_answer_are_exported_alike(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    solve = ["-m", "planner", "solve", SEED, "-f", "json", "-o", str(answer)]
    subprocess.run([sys.executable, *solve], cwd=ROOT, check=True)
    one, other = run("kubevirt", SEED), run("kubevirt", str(answer))
    assert one.returncode == other.returncode == 0, one.stderr + other.stderr
    assert one.stdout == other.stdout and "machineType: pc-q35-4.0" in one.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("kubevirt", PLAN), "planner solve FLEET --format json"),
        (("ansible", "ANSWER"), "planner plan FLEET --format json"),
        (("junit", "ANSWER", "--vm", "1"), "--vm: says nothing for junit"),
        (("ansible", PLAN, "--pool", "p"), "--pool: says nothing for ansible"),
        (("nova", "ANSWER", "--start", "2027-01-01"), "--start: says nothing for nova"),
        (("nova", "ANSWER", "--guests", "g.csv"), "--guests: says nothing beside a JSON file"),
        (("nova", "ANSWER", "--pool", "pp"), "did you mean 'p'?"),
        (("libvirt", "ANSWER", "--pool", "q"), "no pool has a safe answer"),
    ],
)
def test_wrong_words_are_told(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text(
        json.dumps(document(pool("p", "pc-q35-7.2"), pool("q", "pc-q35-7.2", verdict="undecided")))
    )
    done = run(*(str(answer) if word == "ANSWER" else word for word in words))
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert not done.stdout


def test_the_code_is_that_of_the_gravest_pool_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps(document(pool("p", "pc-q35-7.2"), pool("q", verdict="undecided"))))
    done = run("nova", str(answer))
    assert done.returncode == 5 and "pool q: undecided, so nothing is set" in done.stderr
    assert "x86_64=pc-q35-7.2" in done.stdout
    assert run("nova", str(answer), "--pool", "p").returncode == 0


def test_a_plan_of_a_fleet_is_exported(tmp_path: Path) -> None:
    dated = ("--start", "2027-01-11")
    out = tmp_path / "plan.ics"
    done = run("ics", "examples/seed/rollout.csv", *dated, "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert out.read_text().startswith("BEGIN:VCALENDAR")
