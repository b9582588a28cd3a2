"""What probes tell of machines is compared: equal is verified, what differs is named."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from planner.certificate.certify import Certifier
from planner.domain.errors import FleetError
from planner.domain.host import Fleet, HostProfile, MigrationEdge
from planner.domain.solution import ChosenBaseline, Condition
from planner.domain.verdict import Rule, Verdict
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import complete_domains
from planner.migration.judge import judge
from planner.migration.profiles import profile_fleet
from planner.migration.rules.hardware_rules import HOST_CONDITION, VERIFIED
from planner.solver import candidate as attempt
from planner.solver.closed_form import ClosedForm
from planner.solver.hardware import asked_of_machines
from tests.migration.test_judge import _start

CPU = {
    "vendor": "GenuineIntel",
    "family": "6",
    "model": "85",
    "name": "Intel(R) Xeon(R) Processor @ 2.50GHz",
    "stepping": "7",
    "microcode": "0x1",
    "address_sizes": "46 bits physical, 48 bits virtual",
}
PARAMETERS = {"ignore_msrs": "N", "halt_poll_ns": "200000"}
AMD = {"vendor": "AuthenticAMD", "family": "25", "model": "1", "stepping": "1"}
HOST_ROW = "x86_64,6.12.48+deb13-amd64,1:7.2+dfsg-7+deb12u18"
GUEST = {"machine": "pc-q35-7.2", "cpu": "Haswell", "traits": "uses-smm=no pae=no nested=no"}


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@dataclass(frozen=True)
class Other:
    """What the second host's probe tells otherwise; `probed`: it was probed at all."""

    cpu: dict[str, str]
    parameters: dict[str, str]
    capabilities: dict[str, bool]
    probed: bool = True


def other(probed: bool = True, capabilities: dict[str, bool] | None = None, **facts: str) -> Other:
    parameters = {name: value for name, value in facts.items() if name in PARAMETERS}
    cpu = {name: value for name, value in facts.items() if name not in PARAMETERS}
    return Other(cpu, parameters, capabilities or {}, probed)


def fleet_of(folder: Path, one: Other, two: Other) -> Fleet:
    rows = ["host,arch,kernel,qemu,probe"]
    for name, host in (("a", one), ("b", two)):
        record: dict[str, Any] = {
            "schema": "planner.probe/1",
            "host": {
                "cpu": CPU | host.cpu,
                "modules": {"kvm": {"parameters": PARAMETERS | host.parameters}},
            },
            "capabilities": host.capabilities,
        }
        (folder / f"{name}.json").write_text(json.dumps(record))
        rows.append(f"{name},{HOST_ROW},{f'{name}.json' if host.probed else ''}")
    (folder / "fleet.csv").write_text("\n".join(rows) + "\n")
    return read_fleet(folder / "fleet.csv", knowledge())


def hosts_of(fleet: Fleet) -> tuple[HostProfile, HostProfile]:
    profile_of = profile_fleet(fleet, knowledge()).profile_of
    named = {name: profile_of[group] for group in fleet.groups for name in group.hosts}
    one, two = (named[name] for name in sorted(named))
    return one, two


def judged(fleet: Fleet) -> Verdict:
    one, two = hosts_of(fleet)
    return judge(MigrationEdge(source=one, destination=two), _start(GUEST), knowledge())


def solved(fleet: Fleet) -> attempt.Candidate:
    """Return the attempt at one type, certified if it is safe."""
    (domain,) = complete_domains(profile_fleet(fleet, knowledge()).pools)
    row = knowledge().machine_type("pc-q35-7.2")
    assert row is not None
    found = ClosedForm(knowledge(), knowledge().policy).attempt(domain, row)
    if found.is_safe:
        chosen = ChosenBaseline(
            board=row.board,
            line=row.line,
            machine_type=row.name,
            flags=found.flags,
            conditions=found.conditions,
        )
        Certifier(knowledge(), knowledge().policy).certify(domain, chosen)
    return found


def of_hosts(conditions: tuple[Condition, ...]) -> set[str]:
    return {one.text for one in conditions if one.kind == "host"}


SAME = other()


def test_equal_probes_are_verified_instead_of_a_check(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, SAME, other(halt_poll_ns="0"))
    told = {one.text for one in judged(fleet).remarks}
    assert VERIFIED in told and HOST_CONDITION not in told
    assert of_hosts(solved(fleet).conditions) == {attempt.VERIFIED.text}


def test_a_host_that_was_not_probed_keeps_the_check(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, SAME, other(probed=False))
    told = {one.text for one in judged(fleet).remarks}
    assert HOST_CONDITION in told and VERIFIED not in told
    asked = [one for one in solved(fleet).conditions if one.about != attempt.FAULTY_CPUS.about]
    of_machines = of_hosts(tuple(asked))
    assert of_machines == {attempt.HARDWARE.text}


@pytest.mark.parametrize("arch", ["aarch64", "ppc64", "s390x"])
def test_other_architectures_are_not_asked_what_only_x86_has(arch: str) -> None:
    found = asked_of_machines(
        frozenset({((), False, frozenset())}), knowledge(), possible=True, one_model=True, arch=arch
    )
    (asked,) = found
    assert asked.about == attempt.HARDWARE.about
    assert "TSC" not in asked.text and "microcode" not in asked.text


def test_a_probe_that_leaves_a_fact_out_keeps_the_check(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, SAME, other(microcode=""))
    assert VERIFIED not in {one.text for one in judged(fleet).remarks}
    assert attempt.HARDWARE.text in of_hosts(solved(fleet).conditions)


@pytest.mark.parametrize(
    ("differing", "words"),
    [
        (other(model="106", stepping="6"), "CPU model (85 against 106)"),
        (other(stepping="4"), "CPU stepping (7 against 4)"),
        (other(microcode="0x2"), "microcode (0x1 against 0x2)"),
        (other(ignore_msrs="Y"), "kvm.ignore_msrs (N against Y)"),
        (other(address_sizes="52 bits physical, 57 bits virtual"), "phys-bits set for guests"),
    ],
)
def test_what_differs_is_named(tmp_path: Path, differing: Other, words: str) -> None:
    fleet = fleet_of(tmp_path, SAME, differing)
    (told,) = [one.text for one in judged(fleet).remarks if "hosts differ in" in one.text]
    assert words in told
    found = of_hosts(solved(fleet).conditions)
    assert any("the hosts differ in" in text for text in found)
    assert not found & {attempt.VERIFIED.text, attempt.HARDWARE.text}


def test_vendors_of_probes_are_vendors(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, SAME, replace(SAME, cpu=AMD))
    assert Rule.CPU_VENDOR_DIFFERS in {one.rule for one in judged(fleet).objections}
    assert Rule.CPU_VENDOR_DIFFERS.value in {one.rule for one in solved(fleet).obstacles}


@pytest.mark.parametrize(
    ("khz", "scaling", "named"),
    [
        ("2500300", False, False),
        ("2600000", False, True),
        ("2600000", True, False),
    ],
)
def test_rates_of_the_tsc_differ_beyond_what_kvm_tolerates(
    tmp_path: Path, khz: str, scaling: bool, named: bool
) -> None:
    stated = {"kvm.cap.tsc_control": scaling}
    fleet = fleet_of(
        tmp_path,
        other(capabilities=stated, tsc_khz="2500000"),
        other(capabilities=stated, tsc_khz=khz),
    )
    verdict = judged(fleet)
    assert any("TSC rate" in one.text or "cpu.tsc_khz" in one.text for one in verdict.remarks) is (
        named
    )
    asked = any("TSC" in text for text in of_hosts(solved(fleet).conditions))
    assert asked is named
    assert any(one.unit == "cpu/tsc_khz" for one in verdict.remarks) is named


def test_parameters_that_are_no_table_are_refused(tmp_path: Path) -> None:
    fleet_of(tmp_path, SAME, SAME)
    record = json.loads((tmp_path / "b.json").read_text())
    record["host"]["modules"] = ["kvm"]
    (tmp_path / "b.json").write_text(json.dumps(record))
    with pytest.raises(FleetError, match=r"host\.modules"):
        read_fleet(tmp_path / "fleet.csv", knowledge())


NO_RDTSCP = {"cpu.rdtscp": False, "cpu.rdpid": False, "kvm.msr.tsc_aux": False}


def test_a_guest_has_no_more_than_its_boot_host_could_give(tmp_path: Path) -> None:
    """Haswell is asked to have RDTSCP; where KVM gives none, TSC_AUX is no loss."""
    without = other(capabilities=NO_RDTSCP)
    fleet = fleet_of(tmp_path, without, without)
    assert not [one for one in judged(fleet).objections if one.unit == "cpu/tsc_aux"]
    assert not [one for one in solved(fleet).conditions if "rdtscp" in one.text]


def test_a_guest_that_may_have_booted_where_the_feature_is_can_lose_it(tmp_path: Path) -> None:
    fleet = fleet_of(
        tmp_path,
        other(capabilities={"cpu.rdtscp": True, "kvm.msr.tsc_aux": True}),
        other(capabilities=NO_RDTSCP),
    )
    assert [one for one in judged(fleet).objections if one.unit == "cpu/tsc_aux"]
    assert [one for one in solved(fleet).conditions if "rdtscp" in one.text]


def test_what_qemu_adds_to_the_list_of_kvm_is_no_lack(tmp_path: Path) -> None:
    """QEMU takes ERMS from the CPU itself from 8.0 on; 7.2 has the guest without it."""
    lacking = other(capabilities={"cpu.erms": False, "cpu.arat": False})
    one, two = hosts_of(fleet_of(tmp_path, other(capabilities={"cpu.erms": True}), lacking))
    start = _start(GUEST)
    found = judge(MigrationEdge(source=one, destination=two), start, knowledge()).objections
    assert {one.capability for one in found if one.capability.startswith("cpu.")} == {"cpu.erms"}
