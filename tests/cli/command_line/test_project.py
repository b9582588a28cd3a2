"""A command that names no fleet takes what `planner.toml` says; one that names its own takes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from planner.cli.app import app
from planner.cli.command_line import project
from planner.domain.errors import UsageError

ROOT = Path(__file__).resolve().parents[3] / "examples" / "three-pools"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the working folder, below one with a project."""
    project.project.cache_clear()
    (tmp_path / "planner.toml").write_text(
        f'fleet = "{ROOT}/fleet.csv"\nguests = "{ROOT}/guests.csv"\npolicy = "{ROOT}/policy.toml"\n'
    )
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    yield below
    project.project.cache_clear()


def test_what_it_names_is_taken_and_told(folder: Path) -> None:
    named = [
        str(ROOT / "fleet.csv"),
        *("--guests", str(ROOT / "guests.csv")),
        *("--policy", str(ROOT / "policy.toml")),
    ]
    for command in ("solve", "explain"):
        done, other = run(command), run(command, *named)
        assert (done.exit_code, done.stdout) == (other.exit_code, other.stdout)
    assert "note: ../planner.toml: fleet " in run("solve").stderr


def test_what_is_given_beats_it(folder: Path) -> None:
    policy = folder / "policy.toml"
    policy.write_text('[guests]\nprofile = "any"\n')
    told = " ".join(run("solve", "--policy", str(policy)).stdout.split())
    assert "guest profile 'any'" in told


def test_another_fleet_takes_nothing_of_it(folder: Path) -> None:
    fleet = folder / "fleet.csv"
    fleet.write_text("host,kernel,qemu\nother,6.1.0-28-amd64,7.2.0\n")
    done = run("solve", str(fleet))
    assert "planner.toml" not in done.stderr
    assert done.exit_code == 0, done.output


def test_without_one_a_fleet_must_be_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planner.toml").unlink()
    done = run("solve")
    assert isinstance(done.exception, UsageError)
    assert "planner.toml" in str(done.exception)
