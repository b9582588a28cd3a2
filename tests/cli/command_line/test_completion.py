"""A shell is told pools and hosts of the fleet on the line, and machine types; never an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FLEET = "examples/three-pools/fleet.csv"


def completed(*words: str, folder: Path = ROOT) -> list[str]:
    asked = {
        "_PLANNER_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("planner", *words)),
        "COMP_CWORD": str(len(words)),
    }
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[0] = 'planner'; "
    done = subprocess.run(
        [sys.executable, "-c", f"{start}from planner.__main__ import main; main()"],
        cwd=folder,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("solve", FLEET, "--pool", "r"), {"rhel", "rhel10"}),
        (("solve", "no-such-file", "--pool", "r"), set()),
        (("solve", "--pool", "r"), set()),
        (("explain", FLEET, "--machine", "pc-q35-10.0+"), {"pc-q35-10.0+pve0", "pc-q35-10.0+pve1"}),
        (("solve", FLEET, "--guest-profile", "ord"), {"ordinary"}),
    ],
)
def test_names_that_begin_so(words: tuple[str, ...], names: set[str]) -> None:
    assert set(completed(*words)) == names


def test_the_fleet_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\nnode-7,6.1.0-28-amd64,7.2.0\n")
    (tmp_path / "planner.toml").write_text('fleet = "fleet.csv"\n')
    assert completed("check", "--from", "no", folder=tmp_path) == ["node-7"]
