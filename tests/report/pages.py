"""Reports that several tests read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from planner.cli import exits

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "</style><img src=x onerror=alert(3)>",
    '" onmouseover="alert(4)',
    "' autofocus onfocus='alert(5)",
    "{{ 7 * 7 }}",
    "&lt;b&gt;",
)
TARGET = "kernel=6.8.0-51-generic,qemu=1:8.2.2+ds-0ubuntu1.18,pool=ubuntu"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run planner in the root of the repository."""
    return subprocess.run(
        [sys.executable, "-m", "planner", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def made(path: Path, *words: str) -> Path:
    """Write a report and return its path."""
    done = run("report", *words, "--output", str(path))
    assert done.returncode in {exits.ANSWERED, exits.UNSAFE, exits.UNDECIDED}, done.stderr
    return path


def three_pools(path: Path) -> Path:
    """Write the report of the three pools with a plan."""
    folder = "examples/three-pools"
    words = ("--target", TARGET, "--policy", f"{folder}/policy.toml", "--start", "2027-01-11")
    return made(path, f"{folder}/fleet.csv", *words, "--date", "2027-01-04")
