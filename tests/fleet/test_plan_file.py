"""Plan files: what is written is read back, and what is wrong is named, all of it at once."""

from __future__ import annotations

import copy
import datetime
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.documents.complaints import Complaints
from planner.domain.compat import CompatFlag, PropertyKey
from planner.domain.errors import PlanError
from planner.domain.guest import Baseline
from planner.domain.plans.plan import Plan
from planner.fleet.plan_file import SCHEMA, plan_of, read_plan
from planner.present.document import dump
from planner.present.plans.plan_document import PLAN_SCHEMA, plan_document

WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True)
ROUNDED = st.integers(0, 10**6).map(lambda number: number / 8)
st.register_type_strategy(str, WORDS)
st.register_type_strategy(int, st.integers(0, 10**6))
st.register_type_strategy(float, ROUNDED)
st.register_type_strategy(datetime.date, st.dates())
st.register_type_strategy(
    CompatFlag,
    st.builds(
        CompatFlag,
        key=st.builds(PropertyKey, qom_type=NAMES, property=NAMES),
        value=st.sampled_from(["on", "off", "7"]),
    ),
)
st.register_type_strategy(
    Baseline,
    st.builds(
        Baseline,
        machine_type=NAMES,
        flags=st.lists(st.from_type(CompatFlag), max_size=2).map(tuple),
    ),
)


def plans() -> st.SearchStrategy[Plan]:
    return st.from_type(Plan)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=plans(), method=st.sampled_from(["closed-form", "optimal", "heuristic"]))
def test_a_plan_is_read_back_as_it_was_written(plan: Plan, method: str) -> None:
    document = plan_document(plan)
    document["bounds"] = {"waves": plan.bounds.waves, "method": method, "gap": plan.bounds.gap}
    complaints = Complaints("plan.json")
    found = plan_of(json.loads("".join(dump(document))), complaints)
    assert not complaints.problems
    assert found is not None
    again = plan_document(found)
    assert again == document
    assert (found.waves, found.domains, found.masks) == (plan.waves, plan.domains, plan.masks)
    assert (found.restarts, found.held, found.radar) == (plan.restarts, plan.held, plan.radar)


def test_reader_and_writer_name_one_schema() -> None:
    assert SCHEMA == PLAN_SCHEMA


DOCUMENT: dict[str, Any] = {
    "schema": SCHEMA,
    "knowledge": {"digest": "sha256:0"},
    "fleet": {"digest": "sha256:0"},
    "guest_profile": "ordinary",
    "bounds": {"waves": 1, "method": "closed-form", "gap": 0},
    "domains": [
        {
            "domain": "p",
            "hosts": 1,
            "baselines": [{"machine_type": "pc-q35-4.0", "flags": ["a.b=off"]}],
            "routing": "any",
            "remedies": [],
            "point_of_no_return": None,
            "conditions": ["cpu:vmx"],
            "holds_if": ["guest CPU without vmx"],
            "checks": ["guest CPU without vmx"],
            "cpu_models": ["Skylake-Server-v1"],
            "cpu_refused": ["Icelake-Server"],
            "needs_ack": ["cpu/tsc_khz"],
            "assumptions": ["room is not checked"],
            "cautions": ["1 host (a) would get an older QEMU than today: 4.0.0 after 8.2.0"],
        }
    ],
    "waves": [
        {
            "number": 1,
            "day": None,
            "hosts": ["h"],
            "upgrades": [
                {"host": "h", "from_kernel": "1", "from_qemu": "2", "kernel": "3", "qemu": "4"}
            ],
            "why": [],
            "moves": None,
            "spare": None,
            "flips": [],
            "rollback": {"free": True, "guests": None, "vcpus": None, "reasons": []},
            "one_way_guests": None,
        }
    ],
    "restarts": [],
    "masks": [],
    "held": [],
    "states": [],
    "radar": [],
    "relaxations": [],
}


def problems_of(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(path)
    return [str(problem).removeprefix(f"{path}") for problem in caught.value.problems]


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    wrong = copy.deepcopy(DOCUMENT)
    wrong["domains"][0]["routing"] = "somewhere"
    wrong["domains"][0]["baselines"][0]["flags"] = ["off"]
    wrong["waves"][0]["number"] = "1"
    wrong["waves"][0]["day"] = "tomorrow"
    wrong["waves"][0]["upgrades"][0]["kernal"] = wrong["waves"][0]["upgrades"][0].pop("kernel")
    wrong["bounds"]["waves"] = True
    found = problems_of(tmp_path / "plan.json", json.dumps(wrong))
    assert found == [
        ":1: bounds.waves: true is not a whole number",
        ':1: domains[1].baselines[1].flags[1]: "off" is not TYPE.PROPERTY=VALUE',
        ':1: domains[1].routing: "somewhere" is none of any, upgraded-only',
        ':1: waves[1].number: "1" is not a whole number',
        ':1: waves[1].day: "tomorrow" is not a day such as 2026-12-01',
        ":1: waves[1].upgrades[1]: the key 'kernel' is missing",
        ":1: waves[1].upgrades[1].kernal: unknown key; did you mean 'kernel'?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "not a plan"),
        ("null", "not a plan"),
        ('{"schema": "planner.solution/1"}', "not a plan"),
        ('{"schema": "planner.plan/2", "schema": "planner.plan/2"}', "appears twice"),
        ('{"schema": NaN}', "not a number"),
        ("[" * 100_000, "nested too deeply"),
        (f'{{"schema": "{SCHEMA}", "waves": {"[" * 500}{"]" * 500}}}', "recursion limit"),
        (f'{{"schema": "{SCHEMA}", "waves": "\\ud800"}}', "end of hex escape"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str, said: str) -> None:
    found = problems_of(tmp_path / "plan.json", text)
    assert len(found) == 1
    assert said in found[0]


def test_a_missing_file_and_wrong_bytes_are_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="No such file"):
        read_plan(tmp_path / "none.json")
    path = tmp_path / "plan.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PlanError, match="not UTF-8"):
        read_plan(path)


def test_many_problems_are_counted(tmp_path: Path) -> None:
    wrong = copy.deepcopy(DOCUMENT)
    wrong["masks"] = [1] * 50
    found = problems_of(tmp_path / "plan.json", json.dumps(wrong))
    assert len(found) == 21
    assert found[-1].endswith("and 30 more problems")


Change = Callable[[dict[str, Any]], None]
KINDS: dict[str, Change] = {
    "a text for a list": lambda plan: plan.update(waves="none"),
    "null for a number": lambda plan: plan["waves"][0].update(number=None),
    "a list for an object": lambda plan: plan["waves"][0].update(rollback=[]),
    "a number for true": lambda plan: plan["waves"][0]["rollback"].update(free=1),
    "less than nothing": lambda plan: plan["domains"][0].update(hosts=-1),
    "infinity": lambda plan: plan["waves"][0]["rollback"].update(vcpus=10**400),
    "a missing table": lambda plan: plan.__delitem__("masks"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_value_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    wrong = copy.deepcopy(DOCUMENT)
    KINDS[name](wrong)
    assert len(problems_of(tmp_path / "plan.json", json.dumps(wrong))) == 1


def test_the_document_of_these_tests_is_a_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    assert plan_document(read_plan(path)) == DOCUMENT


def test_pydantic_waits_for_a_plan() -> None:
    code = "import sys, planner.library.read; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
