"""Golden cases: public incidents as fleets and guests, judged through the public readers."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from planner.answers.answer import solve
from planner.answers.check_cases import CaseJudge
from planner.domain.compat import Visible
from planner.domain.host import Fleet
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline, Status
from planner.domain.verdict import Verdict
from planner.fleet.cases import COLUMNS, case_of
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import complete_domains
from planner.migration.profiles import profile_fleet

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "incidents"
BASES = {"reported", "commit", "derived"}
FLEET_COLUMNS = ("kernel", "qemu", "arch", "cpu", "capabilities")
INCIDENT_KEYS = {"title", "evidence", "management", "hosts", "guest", "edge", "solve"}
EDGE_KEYS = {
    "name",
    *COLUMNS,
    "outcome",
    "consequence",
    "rule",
    "unit",
    "property",
    "facts",
    "bits",
    "basis",
    "disagrees",
}
SOLVE_KEYS = {
    "name",
    "hosts",
    "boards",
    "forbidden_flags",
    "machine_type",
    "flags",
    "exact",
    "reason",
    "visible",
    "conditions",
    "basis",
    "disagrees",
}

Table = Mapping[str, Any]


def _incidents() -> dict[str, Table]:
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.toml"))
    }


INCIDENTS = _incidents()


def _rows(kind: str) -> list[Any]:
    return [
        pytest.param(incident, row, id=f"{stem}: {row['name']}")
        for stem, incident in INCIDENTS.items()
        for row in incident.get(kind, ())
    ]


@cache
def _knowledge() -> KnowledgeBase:
    return load_knowledge()


def _fleet(hosts: Mapping[str, Mapping[str, str]], folder: Path) -> Fleet:
    path = folder / "fleet.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("host", *FLEET_COLUMNS))
        writer.writerows(
            (name, *(cells.get(column, "") for column in FLEET_COLUMNS))
            for name, cells in hosts.items()
        )
    return read_fleet(path, _knowledge())


def _policy(incident: Table) -> Policy:
    return replace(_knowledge().policy, management=incident.get("management", "plain"))


def _verdict(incident: Table, edge: Table, folder: Path) -> Verdict:
    fleet = _fleet(incident["hosts"], folder)
    cells = {**incident.get("guest", {}), **edge}
    words = {column: str(cells.get(column, "")) for column in COLUMNS}
    words["booted_on"] = words["booted_on"] or words["from"]
    case, wrong = case_of(words, fleet, _knowledge().guests)
    assert case is not None, wrong
    judge = CaseJudge(fleet=fleet, knowledge=_knowledge(), policy=_policy(incident))
    return judge.verdict(case)


def _story(verdict: Verdict) -> str:
    lines = (
        f"{objection.rule.value} {objection.unit or objection.property_key or '-'} "
        f"{objection.consequence.value}: {', '.join(objection.facts)}"
        for objection in verdict.objections
    )
    return "\n".join(("judged:", *lines))


def _facts(verdict: Verdict, unit: str) -> set[str]:
    return {
        fact
        for objection in verdict.objections
        for fact in objection.facts
        if not unit or objection.unit == unit
    }


@pytest.mark.parametrize(("incident", "edge"), _rows("edge"))
def test_edge(incident: Table, edge: Table, tmp_path: Path) -> None:
    """Outcome, consequence and the named unit, property and bits of one edge of an incident."""
    verdict = _verdict(incident, edge, tmp_path)
    found = verdict.consequence.value if verdict.consequence else ""
    expected = (edge["outcome"], edge.get("consequence", ""))
    assert (verdict.outcome.value, found) == expected, _story(verdict)
    certain = [objection for objection in verdict.objections if not objection.is_gap]
    if "rule" in edge:
        assert edge["rule"] in {objection.rule.value for objection in certain}, _story(verdict)
    if "unit" in edge:
        assert edge["unit"] in {objection.unit for objection in certain}, _story(verdict)
    if "property" in edge:
        assert edge["property"] in {objection.property_key for objection in certain}
    assert set(edge.get("facts", ())) <= _facts(verdict, edge.get("unit", "")), _story(verdict)


@pytest.mark.parametrize(("incident", "edge"), _rows("edge"))
def test_feature_bits(incident: Table, edge: Table, tmp_path: Path) -> None:
    """The bits that the error message of the incident names, and no others."""
    verdict = _verdict(incident, edge, tmp_path)
    bits = {fact for fact in _facts(verdict, "") if fact.startswith("bit ")}
    assert bits == {f"bit {bit}" for bit in edge.get("bits", ())}, _story(verdict)


def _baseline(incident: Table, row: Table, folder: Path) -> ChosenBaseline:
    names = row.get("hosts", list(incident["hosts"]))
    fleet = _fleet({name: incident["hosts"][name] for name in names}, folder)
    policy = replace(
        _policy(incident),
        boards=tuple(row["boards"]),
        forbidden_flags=tuple(row.get("forbidden_flags", ())),
    )
    domains = complete_domains(profile_fleet(fleet, _knowledge()).pools)
    solution = solve(domains, _knowledge(), policy)
    assert solution.status is Status.SAFE
    (domain,) = solution.domains
    (baseline,) = domain.baselines
    return baseline


@pytest.mark.parametrize(("incident", "row"), _rows("solve"))
def test_answer(incident: Table, row: Table, tmp_path: Path) -> None:
    """The newest machine type of the incident's fleet, and the flags it names among the answer's."""
    baseline = _baseline(incident, row, tmp_path)
    chosen = {str(choice.flag): choice for choice in baseline.flags}
    assert baseline.machine_type == row["machine_type"]
    assert set(row.get("flags", ())) <= set(chosen)
    assert not row.get("exact") or set(row["flags"]) == set(chosen)
    if "visible" in row:
        kinds = {chosen[flag].visible for flag in row["flags"]}
        assert kinds == {Visible(row["visible"])}
    if "reason" in row:
        assert all(row["reason"] in chosen[flag].reason for flag in row["flags"])
    texts = {condition.text for condition in baseline.conditions}
    assert set(row.get("conditions", ())) <= texts
    assert not set(row.get("forbidden_flags", ())) & {
        str(choice.flag.key) for choice in baseline.flags
    }


@pytest.mark.parametrize("stem", INCIDENTS)
def test_file_is_complete(stem: str) -> None:
    """Evidence in every file, a basis in every row, no unknown key, a reason for a disagreement."""
    incident = INCIDENTS[stem]
    assert set(incident) <= INCIDENT_KEYS
    assert incident["evidence"].startswith("public incident: ")
    for kind, keys in (("edge", EDGE_KEYS), ("solve", SOLVE_KEYS)):
        for row in incident.get(kind, ()):
            assert set(row) <= keys
            assert row["basis"] in BASES
            assert row.get("disagrees", "-")
