"""`planner.toml` is found upwards; its paths are its folder's, and all that is wrong is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.domain.errors import FleetError
from planner.fleet.project_file import Project, find_project, read_project


def test_the_nearest_one_is_found(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "a"):
        (folder / "planner.toml").write_text("")
    assert find_project(deep) == tmp_path / "a" / "planner.toml"


def test_paths_begin_at_its_folder(tmp_path: Path) -> None:
    for name in ("fleet.csv", "guests.csv"):
        (tmp_path / name).write_text("")
    (tmp_path / "rows").mkdir()
    path = tmp_path / "planner.toml"
    path.write_text('fleet = "fleet.csv"\nguests = "guests.csv"\nknowledge = ["rows"]\n')
    assert read_project(path) == Project(
        file=path,
        fleet=tmp_path / "fleet.csv",
        guests=tmp_path / "guests.csv",
        knowledge=(tmp_path / "rows",),
    )


def test_every_wrong_key_and_missing_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "planner.toml"
    path.write_text('guest = "g.csv"\npolicy = "none.toml"\nknowledge = "rows"\n')
    with pytest.raises(FleetError) as error:
        read_project(path)
    told = "\n".join(map(str, error.value.problems))
    assert "did you mean 'guests'" in told
    assert f"{path}:2: policy: no file or folder 'none.toml'" in told
    assert "knowledge" in told and "fleet: is required" in told
