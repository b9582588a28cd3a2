"""Conditions that no guest meets together are no answer: a CPU with a feature and without it."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.certificate.certify import CertificationError, Certifier
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline, Condition, Solution, Status
from planner.fleet.hosts import read_fleet
from planner.knowledge.load import load_knowledge
from planner.migration.graph import complete_domains
from planner.migration.profiles import profile_fleet

QEMU = "1:7.2.22+dfsg-0+deb12u1"
OVERSAVES, LIMITS = "5.16.0", "6.0.1"
"""Two kernels: the older one saves XSAVE components that a guest does not have."""


def _solved(folder: Path, *hosts: str, header: str) -> Solution:
    path = folder / "fleet.csv"
    path.write_text("\n".join([f"host,kernel,qemu,{header}", *hosts]))
    return planner.solve(planner.read_fleet(path))


def test_a_feature_asked_for_and_excluded_is_no_answer(tmp_path: Path) -> None:
    hosts = (f"a,{OVERSAVES},{QEMU},+cpu.pku", f"b,{LIMITS},{QEMU},-cpu.pku")
    (domain,) = _solved(tmp_path, *hosts, header="capabilities").domains
    assert domain.status is Status.NO_SAFE_BASELINE
    texts = [one.text for line in domain.refused for one in line.objections]
    assert any("'guest CPU with pku' beside 'guest CPU without pku'" in text for text in texts)
    kinds = {one.kind for line in domain.refused for one in line.remedies}
    assert {"upgrade-kernel", "split-pool", "accept-loss"} <= kinds


def test_cpu_models_of_which_nothing_is_known_leave_it_open(tmp_path: Path) -> None:
    hosts = (f"a,{OVERSAVES},{QEMU},Skylake-Server", f"b,{LIMITS},{QEMU},Icelake-Server")
    (domain,) = _solved(tmp_path, *hosts, header="cpu").domains
    assert domain.status is Status.UNDECIDED
    assert "cpu.pku" in {one.fact for one in domain.unknowns if one.decides}


@pytest.mark.parametrize(
    ("older", "newer"), [("+cpu.pku", "+cpu.pku"), ("-cpu.pku", "+cpu.pku"), ("", "")]
)
def test_a_feature_that_guests_can_have_or_leave_is_a_condition(
    tmp_path: Path, older: str, newer: str
) -> None:
    hosts = (f"a,{OVERSAVES},{QEMU},{older}", f"b,{LIMITS},{QEMU},{newer}")
    (domain,) = _solved(tmp_path, *hosts, header="capabilities").domains
    assert domain.status is Status.SAFE


@pytest.mark.parametrize("excluding", ["cpu:pku", "cpu:beyond-common"])
def test_the_certificate_refuses_an_answer_for_no_guest(excluding: str, tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(f"host,kernel,qemu\na,{LIMITS},{QEMU}\n")
    knowledge = load_knowledge()
    (domain,) = complete_domains(profile_fleet(read_fleet(path, knowledge), knowledge).pools)
    chosen = ChosenBaseline(
        board="pc-q35",
        line="upstream",
        machine_type="pc-q35-7.2",
        conditions=(_condition("cpu-lacks:pku"), _condition(excluding)),
    )
    with pytest.raises(CertificationError, match="pku"):
        Certifier(knowledge, Policy()).certify(domain, chosen)


def _condition(word: str) -> Condition:
    return Condition(kind="cpu", text=word, price="functional", words=(word,))
