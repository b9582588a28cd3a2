"""Results as tables: one row per thing, with the columns that the function documents."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.host import Fleet
from planner.fleet.frames import to_frame

FLEET = "host,pool,kernel,qemu\na,p,6.1.0,8.2.7\nb,p,6.1.0,9.0.1\nc,q,6.1.0,9.0.1\n"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    (tmp_path / "fleet.csv").write_text(FLEET)
    return planner.read_fleet(tmp_path / "fleet.csv")


def test_a_fleet_is_a_row_per_host(fleet: Fleet) -> None:
    frame = to_frame(fleet)
    assert list(frame["host"]) == ["a", "b", "c"]
    assert list(frame["pool"]) == ["p", "p", "q"]


def test_a_solution_is_a_row_per_board_of_a_pool(fleet: Fleet) -> None:
    solution = planner.solve(fleet)
    frame = to_frame(solution)
    assert set(frame["domain"]) == {"p", "q"}
    answers = {
        (domain.domain, one.board) for domain in solution.domains for one in domain.baselines
    }
    assert len(frame) >= len(answers)
