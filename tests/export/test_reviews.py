"""Findings for jobs: each once, with its level, in the words of the tool that reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from junitparser import JUnitXml
from prometheus_client.parser import text_string_to_metric_families

from planner.domain.plans.simulation import (
    FlipCue,
    HostDrift,
    Phase,
    PlanStatus,
    Simulation,
    Violation,
)
from planner.export.findings import RULES, Gravity, findings_of, findings_of_plan
from planner.export.monitoring import prometheus
from planner.export.reviews import github, junit, sarif
from tests.export.answers import Json, condition, pool, schema, told

GUESTS: Json = {
    "machine_type": "pc-q35-6.2",
    "guests": 2,
    "finding": "cannot leave",
    "examples": ["g1", "g2"],
    "kind": "stuck",
    "conditions": [],
    "fact": "",
    "verify": "",
    "remedy": "start them anew",
    "hosts": ["h1"],
}
POOLS = told(
    pool("a", "pc-q35-7.2"),
    pool(
        "b,1",
        "pc-q35-7.2",
        verdict="safe-with-checks",
        conditions=[condition("100% alike"), condition("met", "met"), condition("open", "open")],
        guests=[GUESTS, GUESTS | {"kind": "position"}],
    ),
    pool("c", verdict="undecided", unknowns=["the kernel of h1"]),
    pool("d\u0001", verdict="no-safe-baseline"),
    pool("e", "pc-q35-7.2", verdict="no-safe-baseline", conditions=[condition("no x", "violated")]),
).domains
FINDINGS = findings_of(POOLS)


def test_each_finding_has_its_level_and_what_is_met_is_none() -> None:
    assert [(one.pool, one.rule, one.level.value) for one in FINDINGS] == [
        ("b,1", "guests", "warning"),
        ("b,1", "check-first", "note"),
        ("b,1", "check-first", "note"),
        ("c", "undecided", "error"),
        ("d\u0001", "no-safe-baseline", "error"),
        ("e", "violated-condition", "error"),
    ]
    assert FINDINGS[3].text == "the kernel of h1"
    assert "2 guests" in FINDINGS[0].text and FINDINGS[0].remedy == "start them anew"


def test_junit_has_a_suite_per_pool_and_fails_for_errors_alone(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text("".join(junit(FINDINGS, [one.domain for one in POOLS])), encoding="utf-8")
    suites = list(JUnitXml.fromfile(str(path)))
    assert [(one.tests, one.failures, one.skipped) for one in suites] == [
        *((1, 0, 0), (3, 0, 3), (1, 1, 0), (1, 1, 0), (1, 1, 0))
    ]
    for suite in suites:
        assert len(list(suite)) == suite.tests
        failed = [
            case for case in suite if case.result and type(case.result[0]).__name__ == "Failure"
        ]
        assert len(failed) == suite.failures


def test_sarif_obeys_its_schema() -> None:
    log = json.loads("".join(sarif(FINDINGS, "a fleet.csv", "1.0")))
    validator = Draft7Validator(schema("sarif-schema-2.1.0.json.gz"))
    validator.validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(run["results"]) == len(FINDINGS)
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20fleet.csv"
    run["results"][0]["level"] = "grave"
    assert list(validator.iter_errors(log))


def test_annotations_of_github_are_one_line_each_and_escaped() -> None:
    lines = "".join(github(FINDINGS, "fleet.csv")).splitlines()
    assert len(lines) == len(FINDINGS)
    assert lines[0].startswith("::warning file=fleet.csv,title=b%2C1%3A guests::")
    assert any("100%25 alike" in line for line in lines)
    assert lines[-1].startswith("::error ")


def test_metrics_are_read_by_the_parser_of_the_client() -> None:
    odd = told(pool('a"\\b\n', "pc-q35-7.2"), pool("c", verdict="undecided")).domains
    text = "".join(prometheus(odd, "sha256:0"))
    families = {one.name: one.samples for one in text_string_to_metric_families(text)}
    assert {one.labels["pool"] for one in families["planner_pool_hosts"]} == {'a"\\b\n', "c"}
    counts = {
        (one.labels["pool"], one.labels["level"]): one.value
        for one in families["planner_pool_findings"]
    }
    assert counts["c", "error"] == 1 and counts["c", "note"] == 0
    assert len(counts) == len(odd) * len(Gravity)
    (best,) = families["planner_pool_machine_type_info"]
    assert best.labels["machine_type"] == "pc-q35-7.2"


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: one.rule)
def test_every_finding_is_of_a_rule_that_is_described_and_is_one_line(finding: object) -> None:
    assert finding.rule in RULES and "\n" not in finding.line  # type: ignore[attr-defined]


def test_a_plan_tells_what_is_unsafe_drifted_and_due() -> None:
    bad = Violation(
        **dict[str, Any](wave=2, phase=Phase.EVACUATE, domain="p", guests="pc-q35-7.2", count=1),
        **dict[str, Any](source=None, destination=None, rule="P001", unit="u", text="it is lost"),
        **dict[str, Any](consequence="corruption", is_gap=False),
    )
    rest = Simulation(
        **dict[str, Any](waves=2, phases=1, judgements=1, violation=bad, gap=None, failures=()),
        **dict[str, Any](
            abort_after=None, no_way_back=(), pools=1, pools_without_room=0, conditions=()
        ),
    )
    cues = tuple(
        FlipCue(
            **dict[str, Any](domain="p", board="pc-q35", after_wave=1, due=due, not_before=""),
            **dict[str, Any](takes_effect="power cycle", arguments="-machine x", unlocks=""),
        )
        for due in (True, False)
    )
    drift = HostDrift(kind="gone", host="h1", domain="p", text="is gone")
    status = PlanStatus(waves=(), drift=(drift,), flips=cues, rest=rest)
    assert [one.line for one in findings_of_plan(status)] == [
        "error: p: plan-unsafe: wave 2, evacuate: pc-q35-7.2: it is lost",
        "warning: p: plan-drift: h1: is gone",
        "note: p: flip-due: pc-q35 after wave 1, at the power cycle; -machine x",
    ]
