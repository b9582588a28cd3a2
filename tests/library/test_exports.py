"""Exports from Python: a solution of now is told as its document is."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.errors import FleetError, UsageError
from planner.fleet.plan_file import read_plan
from planner.knowledge.shipped import load_knowledge
from planner.library.exports import ExportRequest, export_answer, export_plan, told_of, unset
from tests.export.answers import pool, told

ROOT = Path(__file__).resolve().parents[2]
ROWS = load_knowledge()
KINDS = ("libvirt", "kubevirt", "proxmox", "nova", "junit", "sarif", "github", "prometheus")


@pytest.mark.parametrize("kind", KINDS)
def test_a_solution_is_exported_as_every_kind(kind: str) -> None:
    fleet = planner.read_fleet(ROOT / "examples" / "seed" / "fleet.csv")
    answer = told_of(planner.solve(fleet))
    assert answer.domains[0].baselines[0].machine_type == "pc-q35-4.0"
    assert "".join(export_answer(kind, answer, ExportRequest(), ROWS))


@pytest.mark.parametrize("kind", ["libvirt", "kubevirt", "proxmox", "nova"])
def test_no_setting_is_written_without_a_safe_answer(kind: str) -> None:
    answer = told(pool("p", "pc-q35-7.2", verdict="undecided"))
    with pytest.raises(UsageError, match="nothing to set"):
        export_answer(kind, answer, ExportRequest(), ROWS)
    assert unset(answer, "") == ("pool p: undecided, so nothing is set",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<domain id='1'><name>g</name><os><type machine='q35'/></os></domain>", "--inactive g"),
        ("<domain><name>g</name></domain>", "not a libvirt domain"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><domain/>", "document type"),
        ("\x00", "not XML"),
    ],
)
def test_a_guest_that_is_none_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "g.xml"
    path.write_text(text)
    request = ExportRequest(vms=(str(path),))
    with pytest.raises(FleetError, match=says):
        export_answer("libvirt", told(pool("p", "pc-q35-7.2")), request, ROWS)


def test_a_guest_of_a_pool_that_is_not_named_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.xml"
    path.write_text("<domain><name>g</name><os><type machine='pc-q35-5.1'/></os></domain>")
    request = ExportRequest(vms=(str(path),))
    both = told(pool("p", "pc-q35-7.2"), pool("q", "pc-q35-7.2", verdict="undecided"))
    with pytest.raises(UsageError, match="--pool"):
        export_answer("libvirt", both, request, ROWS)
    one = told(pool("p", "pc-q35-7.2", flags=()))
    assert "pc-q35-7.2" in "".join(export_answer("libvirt", one, request, ROWS))


def test_a_calendar_needs_days() -> None:
    plan = read_plan(ROOT / "examples" / "seed" / "plan.json")
    assert "".join(export_plan("ansible", plan)).startswith("#")
    if plan.waves[0].day is None:
        with pytest.raises(UsageError, match="--start"):
            export_plan("ics", plan)
