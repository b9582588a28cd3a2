"""`planner gate` on the command line: where policies go, and which words say nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.export.answers import document, pool

ROOT = Path(__file__).resolve().parents[2]
PLAN = "examples/seed/plan.json"
SEED = "examples/seed/fleet.csv"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planner", "gate", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def answer(tmp_path: Path) -> str:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(document(pool("p", "pc-q35-7.2"), pool("q", "pc-i440fx-7.2"))))
    return str(path)


def test_a_policy_per_pool_goes_to_a_folder(answer: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    done = run("build", answer, "--enforce", "--folder", str(tmp_path / "out"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = {path.name: json.loads(path.read_text()) for path in (tmp_path / "out").iterdir()}
    assert sorted(found) == ["p.json", "q.json"]
    assert (
        found["q.json"]["mode"] == "enforce" and "pc-i440fx-7.2" in found["q.json"]["machine_types"]
    )


def test_one_pool_goes_to_standard_output_twice_alike(answer: str) -> None:
    one, other = run("build", answer, "--pool", "p"), run("build", answer, "--pool", "p")
    assert one.stdout == other.stdout and json.loads(one.stdout)["pool"] == "p"
    assert json.loads(one.stdout)["mode"] == "warn"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ANSWER",), "name one of p, q, or give --folder"),
        (("ANSWER", "--pool", "pp"), "did you mean 'p'?"),
        (("ANSWER", "--after-wave", "1", "--pool", "p"), "says nothing without a plan"),
        (("ANSWER", "--edges", "e.csv"), "says nothing beside a JSON file"),
        (("ANSWER", "--folder", "nowhere"), "is no folder"),
        (("ANSWER", "--folder", ".", "-o", "-"), "is the opposite of --folder"),
    ],
)
def test_wrong_words_are_told(words: tuple[str, ...], says: str, answer: str) -> None:
    done = run("build", *(answer if word == "ANSWER" else word for word in words))
    assert done.returncode == 2 and says in done.stderr, done.stderr


def test_a_plan_and_a_fleet_have_policies_too() -> None:
    assert json.loads(run("build", PLAN, "--after-wave", "2").stdout)["made_of"] == "plan"
    done = run("build", SEED)
    assert done.returncode == 0 and json.loads(done.stdout)["made_of"] == "fleet"


def test_the_scripts_are_written_with_what_was_asked() -> None:
    hook = run("libvirt-hook", "--policy", "/p.json", "--fail-closed", "--deadline", "0.5").stdout
    assert hook.startswith("#!/bin/sh\n") and "POLICY = '/p.json'" in hook
    assert "DEADLINE = 0.5" in hook and "ON_ERROR = 1" in hook
    note = run("libvirt-hook", "--companion", "--connect", "qemu+unix:///system").stdout
    assert "CONNECT = 'qemu+unix:///system'" in note
    assert run("libvirt-hook", "--deadline", "0").returncode == 2


def test_a_start_is_checked_by_options_or_by_the_guests_themselves(tmp_path: Path) -> None:
    plain = ("start", "old1", "--fleet", SEED)
    done = run(*plain, "--machine", "pc-q35-4.0", "--trait", "uses-smm=yes")
    assert done.returncode == 4 and "LACKS: 1 for certain" in done.stdout
    assert run("start", "new1", "--fleet", SEED, "--machine", "pc-q35-4.0").returncode == 0
    guests = ROOT / "tests" / "cases" / "gate" / "restore-begin.stdin.xml"
    described = run(*plain, "--guests", str(guests))
    assert described.returncode == 4 and "machine type pc-i440fx-7.2" in described.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("old11", "--machine", "pc-q35-4.0"), "did you mean 'old1'?"),
        (("old1",), "--machine: is missing"),
        (("old1", "--machine", "pc-q35-4.0", "--guests", "g.xml"), "says nothing beside --guests"),
        (("old1", "--machine", "pc-q35-4.0", "--flag", "nonsense"), "--flag"),
    ],
)
def test_wrong_words_of_a_start_are_told(words: tuple[str, ...], says: str) -> None:
    done = run("start", *words, "--fleet", SEED)
    assert done.returncode == 2 and says in done.stderr, done.stderr


def test_planes_get_files_of_their_own(answer: str, tmp_path: Path) -> None:
    done = run("build", answer, "--plane", "kubevirt", "--folder", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "ValidatingAdmissionPolicy" in (tmp_path / "p.yaml").read_text()
    script = run("build", answer, "--plane", "proxmox", "--pool", "q").stdout
    assert script.startswith("#!/bin/sh\n") and "pc-i440fx-7.2" in script
