"""A folder, an archive or JSON of a plane in place of a fleet file: the answer is its import's."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from planner.cli.app import app
from planner.fleet.upgrades import digest_of
from tests.fleet.importers.planes.test_kubevirt_plane import SAMPLES, listed, release

TARGET = ("--target", "kernel=5.14.0-570.12.1.el9_6.x86_64,qemu=qemu-kvm-10.1.0-10.el9")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """Return a folder of what kubectl prints, a file for each kind."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    for name in ("nodes.json", "vmis.json"):
        (folder / name).write_bytes((SAMPLES / name).read_bytes())
    (folder / "kubevirt.json").write_text(listed([release()]))
    return folder


@pytest.fixture
def imported(tmp_path: Path, cluster: Path) -> list[str]:
    """Return the words of a fleet that was imported, with its guests."""
    files = [str(tmp_path / "fleet.csv"), "--guests", str(tmp_path / "guests.csv")]
    assert run("import", "kubevirt", str(cluster), "-o", *files).exit_code == 0
    return files


def document(done: Result) -> dict[str, Any]:
    assert done.exit_code in {0, 4, 5}, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("form", ["folder", "tar", "json"])
def test_solve_takes_it_with_its_guests(
    cluster: Path, imported: list[str], tmp_path: Path, form: str
) -> None:
    place = cluster
    if form == "tar":
        place = tmp_path / "cluster.tar"
        with tarfile.open(place, "w") as archive:
            archive.add(cluster, "cluster")
    if form == "json":
        place = tmp_path / "cluster.json"
        parts = [json.loads((cluster / name).read_text())["items"] for name in NAMES]
        place.write_text(listed([item for part in parts for item in part]))
    done = document(run("solve", str(place), "-f", "json"))
    assert done == document(run("solve", *imported, "-f", "json"))
    assert any(domain["guests"] for domain in done["domains"])


NAMES = ("nodes.json", "vmis.json", "kubevirt.json")


def test_plan_takes_it(cluster: Path, imported: list[str]) -> None:
    done = document(run("plan", str(cluster), *TARGET, "-f", "json"))
    other = document(run("plan", *imported, *TARGET, "-f", "json"))
    assert done.pop("fleet") != other.pop("fleet")
    assert done == other


@pytest.mark.parametrize(
    "words", [("cpu",), ("unlock",), ("explain",), ("ci",), ("export", "prometheus"), ("report",)]
)
def test_other_commands_take_it(cluster: Path, words: tuple[str, ...]) -> None:
    done = run(*words, str(cluster))
    assert done.exit_code in {0, 4, 5}, done.output


def test_a_folder_is_known_by_all_that_is_in_it(cluster: Path) -> None:
    before = digest_of(cluster)
    assert before == digest_of(cluster)
    (cluster / "more.json").write_text(listed([]))
    assert digest_of(cluster) != before


def test_what_is_missing_is_one_error_with_the_command_of_that_plane(cluster: Path) -> None:
    (cluster / "kubevirt.json").unlink()
    done = run("solve", str(cluster))
    assert done.exit_code != 0
    assert "kubectl get kubevirt" in str(done.exception) + done.output
    (cluster / "nodes.json").unlink()
    (cluster / "vmis.json").unlink()
    assert "tells of no host" in str(run("solve", str(cluster)).exception)
