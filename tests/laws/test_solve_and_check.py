"""`solve` and `check` ask the same conditions of the same pair of hosts, by id."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planner
from planner.domain.verdict import Outcome
from planner.knowledge.shipped import load_knowledge
from tests.fleet.test_readers import run

KERNELS = (
    "5.10.0-32-amd64",
    "5.15.0-100-generic",
    "6.1.0-18-amd64",
    "6.8.0-51-generic",
    "6.12.1",
    "5.14.0-570.el9.x86_64",
)
BUILDS = (
    "1:7.2+dfsg-7+deb12u18",
    "1:6.2+dfsg-2ubuntu6.31",
    "1:8.2.2+ds-0ubuntu1.4",
    "8.2.0",
    "9.1.0",
    "qemu-kvm-9.1.0-19.el9",
)
CPUS = ("", "Intel Xeon Gold 6230", "AMD EPYC 7763")
HOSTS = st.tuples(st.sampled_from(KERNELS), st.sampled_from(BUILDS), st.sampled_from(CPUS))


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(one=HOSTS, other=HOSTS, profile=st.sampled_from(["ordinary", "any", "nested"]))
def test_one_pair_has_one_set_of_conditions(
    tmp_path: Path, one: tuple[str, ...], other: tuple[str, ...], profile: str
) -> None:
    base = load_knowledge()
    policy = replace(base.policy, guest_profile=profile)
    path, edges = tmp_path / "fleet.csv", tmp_path / "edges.csv"
    path.write_text(f"host,kernel,qemu,cpu\na,{','.join(one)}\nb,{','.join(other)}\n")
    edges.write_text("source,destination\na,b\n")
    fleet = planner.read_fleet(path)
    arrows = planner.read_edges(edges, fleet)
    (domain,) = planner.solve(fleet, edges=arrows, policy=policy).domains
    for baseline in domain.baselines:
        flags = " ".join(str(choice.flag) for choice in baseline.flags)
        case = {"from": "a", "to": "b", "machine": baseline.machine_type, "flags": flags}
        (verdict,) = planner.check(fleet, case, policy=policy, by_profile=True)
        asked = {found.condition.id for found in verdict.conditions}
        assert asked == {found.id for found in baseline.checks}
        if not {found.kind for found in baseline.checks} - {"host"}:
            assert verdict.outcome is Outcome.SAFE, verdict.objections


BUILD = "1:7.2+dfsg-7+deb12u18"
FLEET = f"host,kernel,qemu\na,6.1.0-18-amd64,{BUILD}\nb,5.10.0-32-amd64,{BUILD}\n"
EDGE = ("--from", "a", "--to", "b", "--machine", "pc-q35-7.2")


def test_check_says_which_profile_and_takes_another(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(FLEET)
    done = run("check", "fleet.csv", *EDGE, cwd=tmp_path)
    assert done.stdout.splitlines()[:2] == [
        "safe",
        "  for guest profile 'ordinary', where the case does not say it",
    ]
    done = run("check", "fleet.csv", *EDGE, "--guest-profile", "any", cwd=tmp_path)
    assert done.stdout.splitlines()[:2] == [
        "unknown",
        "  for guest profile 'any', where the case does not say it",
    ]


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (("--device", "vfio-pci"), "unsafe"),
        (("--trait", "nested=yes"), "unknown"),
        (("--cpu", "Cascadelake-Server,+tsx-ctrl"), "unsafe"),
        (("--cpu", "kvm64", "--no-devices"), "safe"),
    ],
)
def test_what_a_case_says_beats_the_profile(
    tmp_path: Path, words: tuple[str, ...], outcome: str
) -> None:
    (tmp_path / "fleet.csv").write_text(FLEET)
    done = run("check", "fleet.csv", *EDGE, *words, cwd=tmp_path)
    assert done.stdout.partition("\n")[0].partition(",")[0] == outcome, done.stdout


def test_what_a_guest_has_for_certain_is_asked_of_the_hosts(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(FLEET)
    (tmp_path / "cases.csv").write_text(
        "from,to,machine,cpu,traits\n"
        'a,b,pc-q35-7.2,"Haswell,+vmx",nested=no\na,b,pc-q35-7.2,Haswell,nested=no\n'
    )
    done = run("check", "fleet.csv", "--cases", "cases.csv", cwd=tmp_path)
    asked = ["host:cpu/vmx_capabilities" in line for line in done.stdout.splitlines()[1:]]
    assert asked == [True, False], done.stdout
    done = run("knowledge", "show", "host:cpu/vmx_capabilities", cwd=tmp_path)
    assert "equal VMX capability values" in done.stdout


def test_a_file_of_cases_has_the_ids(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(FLEET)
    (tmp_path / "cases.csv").write_text("from,to,machine\na,b,pc-q35-7.2\n")
    done = run("check", "fleet.csv", "--cases", "cases.csv", cwd=tmp_path)
    assert done.stdout.splitlines()[1].endswith(",host:cpu-faults host:hardware"), done.stdout
    assert "guest profile 'ordinary'" in done.stderr
