"""What a host lacks of what a machine type and a guest use, and what is no lack."""

from __future__ import annotations

from dataclasses import replace

import pytest

import planner
from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostProfile
from planner.domain.policy import AcceptedLoss
from planner.domain.truth import Truth
from planner.domain.verdict import Outcome
from planner.fleet.words import read_flags
from planner.gate.start import StartFinding, start_findings
from planner.gate.start_report import outcome_of, start_report
from planner.migration.profiles import profile_fleet
from tests.gate.hosts import ROOT, SEED

SMI = "cpu/msr_smi_count"
THREE = ROOT / "examples" / "three-pools" / "fleet.csv"


def host(name: str, fleet: object = SEED) -> HostProfile:
    profiled = profile_fleet(planner.read_fleet(str(fleet)), planner.load_knowledge())
    return next(profile for group, profile in profiled.profile_of.items() if name in group.hosts)


def lacks(
    name: str, machine: str, *, flags: str = "", cpu: str = "", **traits: bool
) -> tuple[StartFinding, ...]:
    knowledge = planner.load_knowledge()
    uses = {key.replace("_", "-"): value for key, value in traits.items()}
    start = GuestStart(
        baseline=Baseline(machine_type=machine, flags=read_flags(flags)),
        cpu=GuestCpu.parse(cpu) if cpu else None,
        traits=frozenset(uses.items()),
    )
    return start_findings(host(name), start, knowledge.policy, knowledge)


def test_the_lack_of_2019_is_told_before_the_start() -> None:
    (one,) = lacks("old1", "pc-q35-4.0", uses_smm=True)
    assert (one.unit, one.need, one.outcome) == (SMI, "kvm.msr.smi_count", Outcome.UNSAFE)
    assert str(one.flag) == "x86_64-cpu.x-migrate-smi-count=off"


@pytest.mark.parametrize(
    ("name", "machine", "flags"),
    [
        ("new1", "pc-q35-4.0", ""),
        ("old1", "pc-q35-2.11", ""),
        ("old1", "pc-q35-4.0", "x86_64-cpu.x-migrate-smi-count=off"),
    ],
)
def test_nothing_lacks_where_the_kernel_has_it_or_the_type_does_not_use_it(
    name: str, machine: str, flags: str
) -> None:
    assert not lacks(name, machine, flags=flags, uses_smm=True)


def test_what_nobody_says_of_the_guest_is_open() -> None:
    (one,) = lacks("old1", "pc-q35-4.0")
    assert (one.lacks, one.has, one.outcome) == (Truth.YES, Truth.UNKNOWN, Outcome.UNKNOWN)
    assert not lacks("old1", "pc-q35-4.0", uses_smm=False)


def test_what_somebody_accepts_is_left_out() -> None:
    knowledge = planner.load_knowledge()
    loss = AcceptedLoss(unit=SMI, owner="ops", reason="why")
    start = GuestStart(baseline=Baseline(machine_type="pc-q35-4.0"))
    policy = replace(knowledge.policy, accepted_losses=(loss,))
    assert not start_findings(host("old1"), start, policy, knowledge)


def test_a_moment_is_a_residual_risk_unless_the_policy_asks_for_it() -> None:
    knowledge = planner.load_knowledge()
    start = GuestStart(baseline=Baseline(machine_type="pc-q35-7.2"))
    old = host("deb001", THREE)
    assert not start_findings(old, start, knowledge.policy, knowledge)
    strict = replace(knowledge.policy, residual_exposures=frozenset())
    found = start_findings(old, start, strict, knowledge)
    assert [one.unit for one in found] == ["cpu/triple_fault"]


def test_a_type_that_the_qemu_does_not_have() -> None:
    (one, *_) = lacks("new1", "pc-q35-5.0", uses_smm=False)
    assert one.outcome is Outcome.UNSAFE and "machine type pc-q35-5.0" in one.title


def test_features_of_a_named_cpu_that_no_guest_gets() -> None:
    found = {one.unit: one for one in lacks("old1", "pc-q35-2.11", cpu="Nehalem,+stibp-always-on")}
    assert found["cpu/cpuid"].features == ("stibp-always-on",)
    assert not lacks("old1", "pc-q35-2.11", cpu="Nehalem")


def test_the_report_names_the_host_and_the_way_out() -> None:
    found = lacks("old1", "pc-q35-4.0", uses_smm=True)
    start = GuestStart(baseline=Baseline(machine_type="pc-q35-4.0"))
    text = [line.text for line in start_report("old1", "QEMU 4.0.0", start, found)]
    assert text[0] == "LACKS: 1 for certain   pc-q35-4.0 on old1 (QEMU 4.0.0)"
    assert "-global x86_64-cpu.x-migrate-smi-count=off" in text
    assert outcome_of(()) is Outcome.SAFE
