"""What a case states of its guest is never taken as excluded by the conditions of an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.answers.check_cases import CaseJudge
from planner.domain.verdict import Outcome
from planner.fleet.cases import case_of
from tests.fleet.test_readers import run

HEAD = "host,kernel,qemu,cpu,capabilities\n"
BUILD = "6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.4"
LACKS = f"{HEAD}a,{BUILD},,\nb,{BUILD},,-cpu.pku\n"
MODELS = f"{HEAD}a,{BUILD},AMD EPYC 7763,\nb,{BUILD},AMD EPYC 7742,\n"
TRAITS = ("--trait", "uses-smm=no", "--trait", "nested=no", "--trait", "pae=no")


@pytest.mark.parametrize(
    ("fleet", "words", "outcome"),
    [
        (LACKS, ("--no-devices",), Outcome.SAFE),
        (LACKS, ("--no-devices", "--cpu", "qemu64"), Outcome.SAFE),
        (LACKS, ("--no-devices", "--cpu", "qemu64,+pku"), Outcome.UNKNOWN),
        (LACKS, ("--no-devices", "--cpu", "qemu64,+pku", "--booted-on", "a"), Outcome.UNSAFE),
        (MODELS, ("--no-devices",), Outcome.SAFE),
        (MODELS, ("--no-devices", "--cpu", "kvm64", *TRAITS), Outcome.SAFE),
        (MODELS, ("--no-devices", "--cpu", "EPYC-Milan,-rdtscp", *TRAITS), Outcome.UNKNOWN),
        (MODELS, ("--no-devices", "--cpu", "host"), Outcome.UNKNOWN),
    ],
)
def test_conditions_are_assumed_of_what_is_not_stated(
    tmp_path: Path, fleet: str, words: tuple[str, ...], outcome: Outcome
) -> None:
    (tmp_path / "fleet.csv").write_text(fleet)
    edge = ("--from", "a", "--to", "b", "--machine", "pc-q35-8.2", "--assume-conditions")
    done = run("check", "fleet.csv", *edge, *words, cwd=tmp_path)
    assert done.stdout.splitlines()[0].partition(",")[0] == outcome.value, done.stdout


def test_an_answer_for_two_cpu_models_asks_for_a_plain_guest_cpu(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(MODELS)
    (domain,) = planner.solve(planner.read_fleet(path)).domains
    texts = {one.text for baseline in domain.baselines for one in baseline.conditions}
    assert any(text.startswith("guest CPU of features that every") for text in texts)
    assert any("microcode on those with CPUs of one generation" in text for text in texts)
    path.write_text(MODELS.replace("EPYC 7742", "EPYC 7763"))
    (domain,) = planner.solve(planner.read_fleet(path)).domains
    texts = {one.text for baseline in domain.baselines for one in baseline.conditions}
    assert not any(text.startswith("guest CPU of features that every") for text in texts)
    assert any("microcode on those with CPUs of one generation" in text for text in texts)


def test_many_cases_are_judged_in_order_and_each_as_alone(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(LACKS)
    fleet, knowledge = planner.read_fleet(tmp_path / "fleet.csv"), planner.load_knowledge()
    ends = {"from": "a", "to": "b", "machine": "pc-q35-8.2", "devices": "-", "booted_on": "a"}
    rows = [ends | {"cpu": cpu} for cpu in ("qemu64,+pku", "qemu64", "qemu64,+pku")]
    read = (case_of(row, fleet, knowledge.guests)[0] for row in rows)
    cases = [case for case in read if case is not None]

    def judge() -> CaseJudge:
        return CaseJudge(fleet, knowledge, knowledge.policy)

    together = judge().verdicts(cases)
    assert [one.outcome for one in together] == [judge().verdict(case).outcome for case in cases]
    assert together[0] == together[2] != together[1]


@pytest.mark.parametrize(
    ("profile", "machine", "outcome"),
    [
        ("ordinary", "virt-10.0,mte=on", Outcome.UNSAFE),
        ("any", "virt-10.0,mte=on", Outcome.UNSAFE),
        ("ordinary", "virt-10.0", Outcome.SAFE),
    ],
)
def test_no_setting_is_taken_as_made_by_a_guest_that_does_not_name_it(
    tmp_path: Path, profile: str, machine: str, outcome: Outcome
) -> None:
    (tmp_path / "fleet.csv").write_text("host,arch,kernel,qemu\na,aarch64,6.12.10,10.0.3\n")
    edge = ("--from", "a", "--to", "a", "--machine", machine, "--cpu", "host", "--no-devices")
    done = run("check", "fleet.csv", *edge, "--guest-profile", profile, cwd=tmp_path)
    assert done.stdout.splitlines()[0].partition(",")[0] == outcome.value, done.stdout
