"""Scenario files: names that a file does not give, and every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.domain.errors import ScenarioError
from planner.fleet.scenario_file import read_scenarios


def test_scenarios_without_a_name_get_that_of_their_file(tmp_path: Path) -> None:
    path = tmp_path / "autumn.toml"
    path.write_text("[[scenario]]\n[[scenario]]\nname = 'mine'\n")
    assert [one.name for one in read_scenarios(path)] == ["autumn 1", "mine"]
    path.write_text("")
    assert [one.name for one in read_scenarios(path)] == ["autumn"]


def test_wrong_keys_of_two_scenarios_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "autumn.toml"
    path.write_text("[[scenario]]\nnmae = 'x'\n[[scenario]]\nname = 3\n")
    with pytest.raises(ScenarioError) as caught:
        read_scenarios(path)
    told = str(caught.value).splitlines()
    assert len(told) == 2
    assert "autumn.toml:2" in told[0] and "'name'" in told[0]
    assert "autumn.toml:4" in told[1]
