"""The JSON documents obey their published schemas and do not change from run to run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

from planner.answers.answer import solve
from planner.answers.check_cases import CaseJudge
from planner.cli import exits
from planner.domain.host import Fleet
from planner.domain.policy import Policy
from planner.domain.solution import Status
from planner.domain.verdict import Outcome, Rule, Verdict
from planner.fleet.cases import case_of
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import complete_domains
from planner.migration.profiles import profile_fleet
from planner.present.document import (
    dump,
    solution_document,
    verdict_document,
    verdicts_document,
)
from tests.house import row_reference, schema_reference
from tests.rollout.examples import rows_of, seed_plan, write_fleet, write_plan

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "docs" / "schema"
HOSTS = """host,pool,kernel,qemu
deb1,debian,5.10.0-32-amd64,1:7.2.22+dfsg-0+deb12u1
deb2,debian,5.10.0-32-amd64,1:7.2.22+dfsg-0+deb12u1
nob1,mixed,6.8.0-100-generic,1:8.2.2+ds-0ubuntu1.18
jam1,mixed,5.15.0-100-generic,1:6.2+dfsg-2ubuntu6.31
uso1,uso,6.8.0-100-generic,8.2.4
uso2,uso,5.15.0-100-generic,8.2.4
old1,apart,4.14.336,4.0.0
el91,apart,5.14.0-570.el9.x86_64,qemu-kvm-9.1.0-19.el9
arm1,arm,6.8.0-100-generic,1:8.2.2+ds-0ubuntu1.18
arm2,arm,6.1.0-32-arm64,1:7.2.22+dfsg-0+deb12u1
"""
EDGES = (
    {"from": "deb1", "to": "deb2", "machine": "pc-q35-7.2"},
    {"from": "nob1", "to": "jam1", "machine": "pc-q35-8.2"},
    {"from": "nob1", "to": "jam1", "machine": "pc-q35-6.2", "devices": "-", "cpu": "qemu64"},
    {"from": "nob1", "to": "el91", "machine": "q35", "flags": "virtio-net-device.host_uso=off"},
    {"from": "jam1", "to": "nob1", "machine": "pc-q35-6.2", "booted_on": "nob1"},
    {"from": "deb1", "to": "deb2", "machine": "pc-q35-7.2", "devices": "-", "cpu": "qemu64"},
)


def _validator(name: str) -> Draft202012Validator:
    schemas: dict[str, Any] = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")
    }
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    resources = [(schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft202012Validator(schemas[name], registry=registry)


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@pytest.fixture
def fleet(tmp_path: Path, knowledge: KnowledgeBase) -> Fleet:
    rows = [line.split(",") for line in HOSTS.splitlines()]
    lines = [",".join([*rows[0], "arch"])]
    lines += [",".join([*row, "aarch64" if row[1] == "arm" else "x86_64"]) for row in rows[1:]]
    path = tmp_path / "fleet.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_fleet(path, knowledge)


def _solution(fleet: Fleet, knowledge: KnowledgeBase, policy: Policy) -> str:
    domains = complete_domains(profile_fleet(fleet, knowledge).pools)
    return "".join(dump(solution_document(solve(domains, knowledge, policy))))


def _verdicts(fleet: Fleet, knowledge: KnowledgeBase) -> list[Verdict]:
    judge = CaseJudge(fleet=fleet, knowledge=knowledge, policy=knowledge.policy)
    verdicts = []
    for cells in EDGES:
        case, wrong = case_of(cells, fleet, knowledge.guests)
        assert case is not None, wrong
        verdicts.append(judge.verdict(case))
    return verdicts


def test_solution_obeys_its_schema(fleet: Fleet, knowledge: KnowledgeBase) -> None:
    document = json.loads(_solution(fleet, knowledge, knowledge.policy))
    _validator("solution-2").validate(document)
    assert {domain["domain"] for domain in document["domains"]} == set(fleet.pools)
    statuses = {domain["status"] for domain in document["domains"]}
    assert Status.SAFE.value in statuses and len(statuses) > 1
    baselines = [found for domain in document["domains"] for found in domain["baselines"]]
    assert any(found["flags"] for found in baselines)
    assert any(found["why_not_newer"] for found in baselines)


def test_strict_policy_obeys_the_schema(fleet: Fleet, knowledge: KnowledgeBase) -> None:
    strict = Policy(accepted_severities=frozenset(), residual_exposures=frozenset())
    _validator("solution-2").validate(json.loads(_solution(fleet, knowledge, strict)))


def test_verdicts_obey_their_schemas(fleet: Fleet, knowledge: KnowledgeBase) -> None:
    verdicts = _verdicts(fleet, knowledge)
    assert {verdict.outcome for verdict in verdicts} >= {Outcome.UNSAFE, Outcome.SAFE}
    _validator("verdicts-3").validate(json.loads("".join(dump(verdicts_document(verdicts)))))
    for verdict in verdicts:
        _validator("verdict-3").validate(json.loads("".join(dump(verdict_document(verdict)))))


def _printed(words: list[str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "planner", *words, "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode in {exits.ANSWERED, exits.UNSAFE, exits.UNDECIDED}, done.stderr
    return json.loads(done.stdout)


SOLVES = {
    "seed": ["examples/seed/fleet.csv"],
    "edges": ["examples/seed/fleet.csv", "--edges", "examples/seed/edges.csv"],
    "uso": ["examples/uso/fleet.csv"],
    "three-pools": ["examples/three-pools/fleet.csv"],
    "guests": [
        "examples/three-pools/fleet.csv",
        *("--guests", "examples/three-pools/guests.csv"),
        *("--policy", "examples/three-pools/policy.toml"),
    ],
}


@pytest.mark.parametrize("name", SOLVES)
def test_answers_of_the_examples_obey_the_schema(name: str) -> None:
    document = _printed(["solve", *SOLVES[name]])
    _validator("solution-2").validate(document)
    assert document["status"] == "safe"
    found = [finding for domain in document["domains"] for finding in domain["guests"]]
    assert bool(found) is (name == "guests")


def test_checks_of_the_examples_obey_their_schemas(tmp_path: Path) -> None:
    one = ["examples/seed/fleet.csv", "--from", "new1", "--to", "old1", "--machine", "pc-q35-4.0"]
    document = _printed(["check", *one, "--cpu", "qemu64", "--trait", "uses-smm"])
    _validator("verdict-3").validate(document)
    assert (document["outcome"], document["consequence"]) == ("unsafe", "loses-state")
    cases = tmp_path / "cases.csv"
    cases.write_text(
        "from,to,machine,cpu\nnew1,old1,pc-q35-4.0,qemu64\nold1,new1,pc-q35-4.0,qemu64\n",
        encoding="utf-8",
    )
    document = _printed(["check", "examples/seed/fleet.csv", "--cases", str(cases)])
    _validator("verdicts-3").validate(document)
    assert [case["outcome"] for case in document["cases"]] == ["unknown", "safe"]


@pytest.mark.parametrize("name", ["solution-2", "verdict-3", "verdicts-3"])
def test_unknown_key_is_refused(name: str, fleet: Fleet, knowledge: KnowledgeBase) -> None:
    verdicts = _verdicts(fleet, knowledge)
    documents: dict[str, Any] = {
        "solution-2": json.loads(_solution(fleet, knowledge, knowledge.policy)),
        "verdict-3": verdict_document(verdicts[0]),
        "verdicts-3": verdicts_document(verdicts),
    }
    assert _validator(name).is_valid(documents[name])
    assert not _validator(name).is_valid({**documents[name], "surplus": 1})


def test_two_runs_give_equal_bytes(fleet: Fleet, knowledge: KnowledgeBase) -> None:
    again = load_knowledge()
    policy = knowledge.policy
    assert _solution(fleet, knowledge, policy) == _solution(fleet, again, policy)
    first = list(dump(verdicts_document(_verdicts(fleet, knowledge))))
    assert first == list(dump(verdicts_document(_verdicts(fleet, again))))


UNLOCKS = {
    "seed": [],
    "flag": ["--want", "default:x86_64-cpu.x-migrate-smi-count"],
    "edges": ["--edges", "examples/seed/edges.csv"],
    "budget": ["--budget", "60"],
}


@pytest.mark.parametrize("name", UNLOCKS)
def test_unlocking_upgrades_obey_their_schema(name: str) -> None:
    fleet = "three-pools" if name == "budget" else "seed"
    document = _printed(["unlock", f"examples/{fleet}/fleet.csv", *UNLOCKS[name]])
    _validator("unlock-1").validate(document)
    assert (document["bounds"] is not None) is (name == "budget") is bool(document["chosen"])
    opened = [target for target in document["targets"] if target["status"] == "opened"]
    assert opened
    for target in opened:
        assert not _validator("unlock-1").is_valid(
            {**document, "targets": [{**target, "verified": False}]}
        )
    assert not _validator("unlock-1").is_valid({**document, "surplus": 1})


PLANS = {
    "three-pools": [
        "examples/three-pools/fleet.csv",
        *("--target", "kernel=6.8.0-51-generic,qemu=1:8.2.2+ds-0ubuntu1.18,pool=ubuntu"),
        *("--policy", "examples/three-pools/policy.toml", "--start", "2027-01-11"),
    ],
    "rollout": ["examples/seed/rollout.csv"],
    "nowhere": ["examples/seed/fleet.csv", "--target", "qemu=11.1.0,kernel=6.12.10"],
}


@pytest.mark.parametrize("name", PLANS)
def test_plans_obey_their_schema(name: str) -> None:
    document = _printed(["plan", *PLANS[name]])
    _validator("plan-2").validate(document)
    assert bool(document["waves"]) is not bool(document["relaxations"])
    assert not _validator("plan-2").is_valid({**document, "surplus": 1})


def _status_of_flip(folder: Path) -> Any:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    later = [{**row, "kernel": rows[-1]["kernel"], "capabilities": ""} for row in rows[1:]]
    spare = {**rows[0], "host": "spare"}
    paths = write_plan(folder / "plan.json", plan), write_fleet(folder / "f.csv", [*later, spare])
    return _printed(["status", *map(str, paths), "--today", "2027-02-01"])


def test_replays_obey_their_schemas(tmp_path: Path) -> None:
    words = ["simulate", "examples/seed/plan.json", "examples/seed/rollout.csv"]
    outcomes = set()
    for faults in ([], ["--fail", "old8@8"], ["--abort-after", "8", "--seed", "3"]):
        document = _printed([*words, *faults])
        _validator("simulation-1").validate(document)
        assert bool(document["failures"]) is bool(faults)
        outcomes.add(document["outcome"])
    assert outcomes == {"proven", "violation"}
    assert not _validator("simulation-1").is_valid({**document, "surplus": 1})
    document = _status_of_flip(tmp_path)
    _validator("status-1").validate(document)
    assert document["drift"] and document["flips"] and document["rest"]["violation"]
    assert not _validator("status-1").is_valid({**document, "surplus": 1})


def test_the_example_plan_is_what_planning_gives() -> None:
    kept = json.loads((ROOT / "examples" / "seed" / "plan.json").read_text(encoding="utf-8"))
    made = _printed(["plan", *PLANS["rollout"]])
    _validator("plan-2").validate(kept)
    for key in ("domains", "waves", "bounds", "fleet"):
        assert made[key] == kept[key]


def test_every_rule_of_judgement_has_a_place_in_the_schemas() -> None:
    patterns = {
        found
        for file in (Path(__file__).resolve().parents[2] / "docs" / "schema").glob("*.json")
        for found in re.findall(r'"pattern": "(\^[^"]*P0[^"]*)"', file.read_text(encoding="utf-8"))
    }
    assert len(patterns) == 2
    for rule, pattern in product(Rule, patterns):
        assert re.search(pattern, rule.value), (rule, pattern)


def test_the_schema_of_many_verdicts_stands_alone() -> None:
    many = json.loads((SCHEMAS / "verdicts-3.json").read_text(encoding="utf-8"))
    one = json.loads((SCHEMAS / "verdict-3.json").read_text(encoding="utf-8"))
    shapes = dict(many["$defs"])
    assert shapes.pop("VerdictDocument")["properties"] == one["properties"]
    assert shapes == one["$defs"]
    Draft202012Validator(many).validate({"schema": "planner.verdicts/3", "cases": []})
    case = {"schema": "planner.verdict/3", "outcome": "safe", "consequence": None}
    document = {"schema": "planner.verdicts/3", "cases": [{**case, "objections": []}]}
    with pytest.raises(ValidationError, match="remarks"):
        Draft202012Validator(many).validate(document)


@pytest.mark.parametrize("name", schema_reference.TYPES)
def test_a_schema_is_written_from_its_types(name: str) -> None:
    kept = (SCHEMAS / f"{name}.json").read_text(encoding="utf-8")
    assert kept == schema_reference.page(name), "make reference"


def test_the_page_of_columns_is_what_readers_ask() -> None:
    kept = row_reference.PAGE.read_text(encoding="utf-8")
    assert kept == row_reference.page(), "make reference"


def test_every_word_is_of_a_type_and_a_key_that_a_schema_has() -> None:
    shapes: dict[str, dict[str, Any]] = {}
    for name in schema_reference.TYPES:
        file = schema_reference.words_file(name)
        shapes.setdefault(file, {}).update(schema_reference.shapes_of(name)[1])
    for file, kinds in shapes.items():
        words = tomllib.loads((SCHEMAS / file).read_text(encoding="utf-8"))
        assert words.keys() <= kinds.keys(), file
        for kind, about in words.items():
            keys = {key for key in about if key in kinds[kind].get("properties", {})}
            assert about.keys() - keys <= RESTRICTIONS, (file, kind)


RESTRICTIONS = {
    *("description", "like", "if", "then", "else", "pattern", "minimum", "minLength"),
    *("minItems", "maxItems", "not", "anyOf", "oneOf", "allOf"),
}
"""What a table of words says of the whole type, and not of a key."""
