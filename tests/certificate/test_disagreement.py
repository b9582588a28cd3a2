"""Where choice and certificate disagree one pool is undecided; the other pools keep their answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

OLD = "6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1"
NEW = "6.12.48+deb13-amd64,1:10.0.3+ds-0+deb13u1"
UNIT = "virtio-net-device/feature:54"
ROWS = f"a1,alike,{OLD}\na2,alike,{OLD}\nm1,mixed,{OLD}\nm2,mixed,{NEW}\n"
CARELESS = f"""
from planner.__main__ import main
from planner.solver.unit_resolution import UnitResolver

tolerates = UnitResolver._tolerates
UnitResolver._tolerates = lambda self, unit, failure: (
    unit.id == "{UNIT}" or tolerates(self, unit, failure)
)
main()
"""
"""A planner whose choice forgets one unit, which differs between the hosts of one pool."""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CARELESS, *words, "--format", "json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_one_pool_is_undecided_and_the_others_are_answered(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(f"host,pool,kernel,qemu\n{ROWS}")
    done = run("solve", str(fleet))
    assert done.returncode == 1
    alike, mixed = json.loads(done.stdout)["domains"]
    assert (alike["status"], mixed["status"]) == ("safe", "undecided")
    assert alike["baselines"]
    assert not mixed["baselines"]
    (reason, *_) = mixed["refused"][0]["objections"]
    assert reason["unit"] == UNIT
    assert "from QEMU 1:10.0.3+ds-0+deb13u1, kernel 6.12.48+deb13-amd64 to" in reason["text"]
    assert not mixed["refused"][0]["remedies"]
    assert "bug: choice and certificate disagree" in done.stderr
    assert "pool mixed" in done.stderr
    assert "pool alike" not in done.stderr


def test_a_plan_through_a_disputed_mixture_is_none(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    rows = f"a1,alike,{OLD},{NEW}\na2,alike,{OLD},{NEW}\n"
    fleet.write_text(f"host,pool,kernel,qemu,target_kernel,target_qemu\n{rows}")
    done = run("plan", str(fleet))
    assert done.returncode == 1
    made = json.loads(done.stdout)
    assert not made["waves"]
    assert {one["constraint"] for one in made["relaxations"]} == {"missing-fact"}
    assert any(UNIT in one["text"] for one in made["relaxations"])
