"""CPUs with two names: what no CPU decides about, what one generation has, what is left open."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.host import Fleet
from planner.domain.verdict import Outcome, Verdict

KERNEL, BUILD = "5.15.0-91-generic", "1:6.2+dfsg-2ubuntu6.21"
CASCADE, OTHER_CASCADE, ICE = "Xeon Gold 6230", "Xeon Gold 6248R", "Xeon Platinum 8358"


def fleet(tmp_path: Path, *cpus: str, stated: str = "") -> Fleet:
    rows = (f"h{number},{KERNEL},{BUILD},{cpu},{stated}" for number, cpu in enumerate(cpus))
    path = tmp_path / "fleet.csv"
    path.write_text("\n".join(("host,kernel,qemu,cpu,capabilities", *rows)) + "\n")
    return planner.read_fleet(path)


def judged(hosts: Fleet, **words: str) -> Verdict:
    case = {"from": "h0", "to": "h1", "machine": "pc-q35-jammy", **words}
    (verdict,) = planner.check(hosts, case, by_profile=True)
    return verdict


@pytest.mark.parametrize(("stated", "outcome"), [("", Outcome.SAFE), ("-", Outcome.UNSAFE)])
def test_what_a_parameter_takes_is_no_question_of_the_cpu(
    tmp_path: Path, stated: str, outcome: Outcome
) -> None:
    hosts = fleet(tmp_path, CASCADE, ICE, stated=stated and f"{stated}kvm.cap.x86_smm")
    verdict = judged(hosts, cpu="kvm64", traits="smm=yes uses-smm=yes")
    assert verdict.outcome is outcome, verdict.objections
    asked = [one.condition.text for one in verdict.conditions]
    assert any("same kvm parameters on all hosts" in text for text in asked)


def test_what_a_cpu_decides_stays_open_between_two_generations(tmp_path: Path) -> None:
    verdict = judged(fleet(tmp_path, CASCADE, ICE), cpu="Skylake-Server-v4,+xsaves,+hle")
    assert verdict.outcome is Outcome.UNKNOWN
    assert any("whose CPU differs" in fact for one in verdict.objections for fact in one.facts)


def test_two_names_of_one_generation_are_one_cpu_whose_microcode_is_checked(tmp_path: Path) -> None:
    verdict = judged(fleet(tmp_path, CASCADE, OTHER_CASCADE), cpu="Cascadelake-Server-v4,+hle")
    assert verdict.outcome is Outcome.SAFE, verdict.objections
    (asked,) = (one.condition for one in verdict.conditions)
    assert "same microcode on those with CPUs of one generation" in asked.text


def test_a_name_that_nobody_reads_is_of_no_generation(tmp_path: Path) -> None:
    verdict = judged(fleet(tmp_path, CASCADE, "Intel Xeon 42"), cpu="Cascadelake-Server-v4,+hle")
    assert verdict.outcome is Outcome.UNKNOWN
