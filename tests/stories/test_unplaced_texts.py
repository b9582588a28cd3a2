"""A kernel or a QEMU that no row knows: its pool is undecided, and the rest of the fleet is answered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli import exits

ROOT = Path(__file__).resolve().parents[2]
UBUNTU = "1:8.2.2+ds-0ubuntu1.18"
ROWS = (
    f"a1,whole,6.8.0-51-generic,{UBUNTU}",
    f"a2,whole,6.8.0-51-generic,{UBUNTU}",
    f"b1,qemu,6.8.0-51-generic,{UBUNTU}",
    "b2,qemu,6.8.0-51-generic,qemu-foo_8.2-bar",
    f"c1,kernel,unknown,{UBUNTU}",
    f"c2,kernel,unknown,{UBUNTU}",
)


def planner(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "planner", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def fleet(tmp_path: Path) -> str:
    path = tmp_path / "fleet.csv"
    path.write_text("\n".join(("host,pool,kernel,qemu", *ROWS, "")))
    return str(path)


def test_the_rest_of_the_fleet_is_answered(fleet: str) -> None:
    done = planner("solve", fleet, "--format", "json")
    assert done.returncode == exits.UNDECIDED, done.stderr
    document = json.loads(done.stdout)
    pools = {pool["domain"]: pool for pool in document["domains"]}
    assert {name: pool["status"] for name, pool in pools.items()} == {
        "whole": "safe",
        "qemu": "undecided",
        "kernel": "undecided",
    }
    (fact,) = pools["qemu"]["unknowns"]
    assert "'qemu-foo_8.2-bar'" in fact["fact"]
    assert "expected 8.2.4 or what dpkg" in fact["fact"]
    assert "nearest known" not in fact["fact"]
    assert fact["examples"] == ["b2"]
    assert "fleet.csv:5: qemu: 'qemu-foo_8.2-bar'" in done.stderr


def test_two_texts_that_fit_no_line_leave_only_their_pool_undecided(tmp_path: Path) -> None:
    rows = (*ROWS[:2], "n1,none,6.8.0,kvm-1.4.2-35.1", "n2,none,6.8.0,1:1.0+noroms-0ubuntu14.31")
    path = tmp_path / "fleet.csv"
    path.write_text("\n".join(("host,pool,kernel,qemu", *rows, "")))
    done = planner("solve", str(path), "--format", "json")
    assert done.returncode == exits.UNDECIDED, done.stderr
    pools = {pool["domain"]: pool["status"] for pool in json.loads(done.stdout)["domains"]}
    assert pools == {"whole": "safe", "none": "undecided"}
    cases = tmp_path / "cases.csv"
    cases.write_text("from,to,machine\na1,a2,pc-q35-noble\nn1,n2,pc-q35-8.2\n")
    done = planner("check", str(path), "--cases", str(cases))
    assert done.returncode == exits.UNDECIDED, done.stderr


def test_equal_texts_that_fit_no_line_do_not_cancel(fleet: str) -> None:
    words = ("--from", "c1", "--to", "c2", "--machine", "pc-q35-8.2", "--no-devices")
    done = planner("check", fleet, *words, "--cpu", "qemu64")
    assert done.returncode == exits.UNDECIDED
    assert "which kernel 'unknown' is" in done.stdout


def test_what_is_certain_of_the_other_host_stands(fleet: str) -> None:
    words = ("--from", "b2", "--to", "b1", "--machine")
    done = planner("check", fleet, *words, "pc-q35-9.2")
    assert done.returncode == exits.UNSAFE
    assert "P001" in done.stdout
    near = planner("check", fleet, *words, "pc-q35-8.2")
    assert near.returncode == exits.UNDECIDED


def test_strict_input_refuses_it_and_so_does_a_file_without_another_row(
    fleet: str, tmp_path: Path
) -> None:
    assert planner("solve", fleet, "--strict-input").returncode == exits.UNREADABLE
    path = tmp_path / "swapped.csv"
    path.write_text(f"host,kernel,qemu\na,{UBUNTU},6.8.0-51-generic\nb,{UBUNTU},6.8.0-51-generic\n")
    done = planner("solve", str(path))
    assert done.returncode == exits.UNREADABLE
    assert "swapped.csv:2: qemu" in done.stderr


def test_other_commands_go_on(fleet: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert planner("report", fleet, "--output", str(page)).returncode == exits.UNDECIDED
    assert "qemu-foo_8.2-bar" in page.read_text()
    target = ("--target", "qemu=1:8.2.2+ds-0ubuntu1.20,pool=whole")
    assert planner("plan", fleet, *target).returncode in {exits.ANSWERED, exits.UNDECIDED}
    wrong = planner("plan", fleet, "--target", "qemu=nonsense,pool=whole")
    assert wrong.returncode == exits.USAGE
    assert planner("explain", fleet, "--pool", "qemu").returncode == exits.UNDECIDED
    assert planner("unlock", fleet).returncode in {exits.ANSWERED, exits.UNDECIDED, exits.UNSAFE}
