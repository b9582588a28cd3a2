"""An answer and a plan as policies: their own machine types, wherever a guest booted."""

from __future__ import annotations

import json
from functools import cache

import jsonschema
import pytest

import planner
from planner.gate import told
from planner.library.exports import told_of
from planner.library.gates import GateSettings, dumped, gate_of_answer, gate_of_plan
from tests.export.answers import condition, pool
from tests.export.answers import told as answered
from tests.gate.hosts import ROOT, SEED, Json, compiled, domain, verdict

SETTINGS = GateSettings(mode="enforce", unknown="allow")
FLAGGED = (
    "<qemu:commandline><qemu:arg value='-global'/>"
    "<qemu:arg value='x86_64-cpu.x-migrate-smi-count=off'/></qemu:commandline>"
)


@cache
def of_answer() -> Json:
    knowledge = planner.load_knowledge()
    answer = told_of(planner.solve(planner.read_fleet(SEED)))
    (made,) = gate_of_answer(answer, SETTINGS, knowledge.policy, knowledge)
    found: Json = json.loads(dumped(made))
    return found


@cache
def of_plan(wave: int) -> Json:
    knowledge = planner.load_knowledge()
    plan = planner.read_plan(ROOT / "examples" / "seed" / "plan.json")
    (made,) = gate_of_plan(plan, wave, SETTINGS, knowledge.policy, knowledge)
    found: Json = json.loads(dumped(made))
    return found


def test_every_policy_keeps_its_schema() -> None:
    schema = json.loads((ROOT / "docs" / "schema" / "gate-1.json").read_text(encoding="utf-8"))
    for policy in (compiled(), of_answer(), of_plan(0)):
        jsonschema.validate(policy, schema)


def test_an_answer_knows_its_own_types_on_any_host() -> None:
    policy = of_answer()
    assert policy["made_of"] == "solution" and not policy["classes"]
    plain, flagged = domain("pc-q35-4.0"), domain("pc-q35-4.0", extra=FLAGGED)
    assert verdict(policy, plain, "anywhere", "5.10")[0] == "unsafe"
    assert verdict(policy, flagged, "anywhere", "5.10") == ("safe", "")
    assert verdict(policy, domain("pc-q35-2.11"), "anywhere", "5.10")[0] == "unknown"


@pytest.mark.parametrize("name", ["umip", "vmx-ept"])
def test_a_condition_of_an_answer_is_held_against_guests(name: str) -> None:
    cpu = f"<cpu><model>Nehalem</model><feature name='{name}' policy='require'/></cpu>"
    guest = domain("pc-q35-4.0", extra=FLAGGED, cpu=cpu)
    outcome, reason = verdict(of_answer(), guest, "h", "5.10")
    assert outcome == "unsafe" and name in reason


def test_conditions_come_through_a_document_unchanged() -> None:
    solution = planner.solve(planner.read_fleet(SEED))
    ((baseline, *_),) = [domain.baselines for domain in solution.domains]
    ((back, *_),) = [
        [told.baseline_told(one) for one in pool.baselines] for pool in told_of(solution).domains
    ]
    assert [one.id for one in back.conditions] == [one.id for one in baseline.conditions]
    asked = {one.text: one.words for one in baseline.conditions if one.words and not one.about}
    assert {one.text: one.words for one in back.conditions if one.text in asked} == asked
    texts = {one.text for one in baseline.universal}
    assert {one.text for one in back.universal} == texts


def test_parts_that_not_every_build_has_are_no_question_where_no_build_is_told() -> None:
    told_parts = condition("only devices that every QEMU of the pool has")
    told_parts |= {"id": "guest:common-parts", "kind": "guest", "polarity": "without"}
    told_parts |= {"subject": ["common-parts"]}
    knowledge = planner.load_knowledge()
    answer = answered(pool("p", "pc-q35-7.2", flags=(), conditions=[told_parts]))
    (made,) = gate_of_answer(answer, SETTINGS, knowledge.policy, knowledge)
    assert verdict(json.loads(dumped(made)), domain("pc-q35-7.2"), "h", "5.10") == ("safe", "")


def test_a_plan_lets_in_what_its_flips_start_once_they_are_made() -> None:
    before, after = of_plan(0)["machine_types"], of_plan(99)["machine_types"]
    assert before.keys() <= after.keys()
    flips = planner.read_plan(ROOT / "examples" / "seed" / "plan.json").flips
    assert {flip.after.machine_type for flip in flips} <= after.keys()
