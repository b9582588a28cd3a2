"""The wheel holds all that commands need, answers from an empty folder, and is built the same twice."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = "6.1.0-28-amd64,1:7.2+dfsg-7+deb12u7"
FLEET = f"host,kernel,qemu\na,{BUILD}\nb,{BUILD}\n"


def built(folder: Path) -> Path:
    """Build the wheel into a folder and return it."""
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of this tree."""
    return built(tmp_path_factory.mktemp("wheel"))


def test_it_is_built_the_same_twice(wheel: Path, tmp_path: Path) -> None:
    assert built(tmp_path).read_bytes() == wheel.read_bytes()


def test_it_answers_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    installed, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    (work / "fleet.csv").write_text(FLEET)
    start = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from planner.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", start, str(installed), "solve", "fleet.csv", "-q"],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("default: SAFE")
    assert "pc-q35-7.2" in done.stdout
