"""cases.csv: rows become edges of known hosts with guests in words; every wrong row is told."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.errors import PlannerError
from planner.fleet.cases import Case, places_of, read_cases
from planner.knowledge.load import load_knowledge

FLEET = "host,kernel,qemu\na,6.1.0,8.2.7\nb,6.1.0,9.0.1\n"


def cases(tmp_path: Path, text: str) -> list[Case]:
    (tmp_path / "fleet.csv").write_text(FLEET)
    (tmp_path / "cases.csv").write_text(text)
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    assert places_of(fleet).keys() == {"a", "b"}
    return read_cases(tmp_path / "cases.csv", fleet, load_knowledge().guests)


def test_a_row_is_an_edge_and_a_guest(tmp_path: Path) -> None:
    (found,) = cases(tmp_path, "from,to,machine,cpu\na,b,pc-q35-8.2,EPYC\n")
    assert (found.source.qemu, found.destination.qemu) == ("8.2.7", "9.0.1")
    assert found.machine_type == "pc-q35-8.2"
    assert found.cpu is not None and found.cpu.model == "EPYC"


def test_wrong_rows_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(PlannerError) as caught:
        cases(tmp_path, "from,to,machine\nx,b,pc-q35-8.2\na,y,pc-q35-8.2\n")
    told = str(caught.value)
    assert "cases.csv:2" in told and "cases.csv:3" in told
