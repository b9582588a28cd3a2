"""The shipped examples and the golden pools keep their answers."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from planner.answers.answer import solve
from planner.answers.check_cases import CaseJudge
from planner.answers.try_type import try_next_newer
from planner.domain.solution import Solution
from planner.domain.truth import Truth
from planner.fleet.cases import case_of
from planner.fleet.guests import read_guests
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.check import check_knowledge, manifest
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge
from planner.migration.graph import complete_domains
from planner.migration.profiles import profile_fleet
from planner.solver.candidate import (
    COMMON_PARTS,
    FAULTY_CPUS,
    HARDWARE,
    HARDWARE_OF_A_MODEL,
    common_parts,
)

ROOT = Path(__file__).resolve().parents[2]


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def solved(path: Path) -> Solution:
    base = knowledge()
    profiled = profile_fleet(read_fleet(path, base), base)
    return solve(complete_domains(profiled.pools), base, base.policy)


def test_seed() -> None:
    (domain,) = solved(ROOT / "examples" / "seed" / "fleet.csv").domains
    q35 = next(one for one in domain.baselines if one.board == "pc-q35")
    assert q35.machine_type == "pc-q35-4.0"
    (choice,) = q35.flags
    assert str(choice.flag) == "x86_64-cpu.x-migrate-smi-count=off"
    assert choice.visible.value == "stream"
    assert "pc-q35-2.11 is the newest type that leaves it out without a flag" in choice.reason


def test_uso() -> None:
    (domain,) = solved(ROOT / "examples" / "uso" / "fleet.csv").domains
    q35 = next(one for one in domain.baselines if one.board == "pc-q35")
    assert q35.machine_type == "pc-q35-10.0"
    assert {choice.flag.key.property for choice in q35.flags} == {
        "guest_uso4",
        "guest_uso6",
        "host_uso",
        "queue_reset",
    }
    assert {choice.visible.value for choice in q35.flags} == {"negotiated"}


@pytest.mark.parametrize(
    ("pool", "types"),
    [
        ("debian", {"pc-i440fx-7.2", "pc-q35-7.2"}),
        ("rhel", {"pc-i440fx-rhel7.6.0", "pc-q35-rhel8.6.0"}),
        ("ubuntu", {"pc-i440fx-jammy", "pc-i440fx-6.2", "pc-q35-jammy", "pc-q35-6.2"}),
    ],
)
def test_three_pools(pool: str, types: set[str]) -> None:
    solution = solved(ROOT / "examples" / "three-pools" / "fleet.csv")
    domain = next(one for one in solution.domains if one.domain == pool)
    assert domain.status.value == "safe"
    assert {baseline.machine_type for baseline in domain.baselines} == types
    assert all(baseline.why_not_newer is not None for baseline in domain.baselines)


@pytest.mark.parametrize("example", ["seed", "three-pools", "uso"])
def test_every_condition_has_its_reasons(example: str) -> None:
    """But for those on hosts and on common parts, which say of themselves why."""
    base = knowledge()
    fleet = read_fleet(ROOT / "examples" / example / "fleet.csv", base)
    of_vendors = common_parts(frozenset(), of_vendors=True)
    own = {HARDWARE.text, HARDWARE_OF_A_MODEL.text, COMMON_PARTS.text, of_vendors.text}
    told = 0
    for domain in complete_domains(profile_fleet(fleet, base).pools):
        for trial in try_next_newer(domain, base, base.policy).trials:
            if trial.chosen is not None:
                asked = {
                    one.text for one in trial.chosen.conditions if one.about != FAULTY_CPUS.about
                }
                assert {one.condition for one in trial.asked_by} == asked - own
                assert all(one.text and one.source for one in trial.asked_by)
                told += len(asked)
    assert told


def test_every_shipped_row_is_loaded_and_obeys_the_rules() -> None:
    base = knowledge()
    assert check_knowledge(base, [shipped_data()]) == ()
    rows = manifest(shipped_data())
    units = sum(number for name, number in rows.items() if name.endswith(":unit"))
    types = sum(number for name, number in rows.items() if name.endswith(":type"))
    changes = sum(number for name, number in rows.items() if name.endswith(":change"))
    builds = sum(number for name, number in rows.items() if name.endswith(":build"))
    assert len(base.units) == units
    named = {
        row["name"]
        for path in (shipped_data() / "machine_types").glob("*.toml")
        for row in tomllib.loads(path.read_text())["type"]
    }
    made = {name for name, row in base.machines.types.items() if row.suffixed}
    assert (
        len(named) == types
        and base.machines.types.keys() - made <= named <= base.machines.types.keys()
    )
    assert len(base.builds.known) == builds
    loaded = sum(len(found) for line in base.kernels.lines for found in line.changes.values())
    assert loaded == changes
    assert len(base.capabilities) == rows["capabilities.toml:capability"]
    assert len(base.properties) == rows["properties.toml:property"]


def test_the_x86_state_table_is_complete() -> None:
    covered = {unit.covers for unit in knowledge().units_of("x86_64")}
    listed = json.loads((ROOT / "tests" / "cases" / "x86_state_units.json").read_text())
    assert covered >= set(listed)


def test_raising_a_windows_guest_needs_an_acknowledgement(tmp_path: Path) -> None:
    base = knowledge()
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\na,6.1.90,8.2.4\nb,6.1.90,8.2.4\n")
    (tmp_path / "guests.csv").write_text(
        "guest,host,machine_type,traits\n"
        "win,a,pc-q35-5.1,windows=yes\nlinux,a,pc-q35-5.1,windows=no\nnew,b,pc-q35-8.2,windows=yes\n"
    )
    fleet = read_fleet(tmp_path / "fleet.csv", base)
    guests = read_guests(tmp_path / "guests.csv", fleet, base.guests)
    domains = complete_domains(profile_fleet(fleet, base).pools)
    (domain,) = solve(domains, base, base.policy, guests=guests).domains
    found = [one for one in domain.guests if "needs ack" in one.finding]
    assert [(one.machine_type, one.guests, one.examples) for one in found] == [
        ("pc-q35-5.1", 1, ("win",))
    ]


def test_pools_of_a_uniformity_group_get_one_answer(tmp_path: Path) -> None:
    base = knowledge()
    (tmp_path / "fleet.csv").write_text(
        "host,pool,kernel,qemu\na,x,6.1.90,8.2.4\nb,x,6.1.90,8.2.4\nc,y,6.1.90,9.2.3\nd,y,6.1.90,9.2.3\n"
    )
    domains = complete_domains(profile_fleet(read_fleet(tmp_path / "fleet.csv", base), base).pools)
    apart = solve(domains, base, base.policy).domains
    policy = replace(base.policy, uniformity_groups=(("x", "y"),))
    together = solve(domains, base, policy).domains
    assert {one.baselines[0].machine_type for one in apart} == {"pc-q35-8.2", "pc-q35-9.2"}
    assert {one.baselines[0].machine_type for one in together} == {"pc-q35-8.2"}


def test_an_inferred_kernel_is_printed_as_a_risk(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(
        "host,kernel,qemu\n"
        "a,5.14.0-611.5.1.el9_7.x86_64,qemu-kvm-8.2.0-11.el9_4\n"
        "b,5.14.0-570.32.1.el9_6.x86_64,qemu-kvm-8.2.0-11.el9_4\n"
    )
    (domain,) = solved(tmp_path / "fleet.csv").domains
    texts = [risk.text for risk in domain.baselines[0].residual_risks]
    assert any("newer than el9 570" in text for text in texts)


OBSERVED = """  {{ id = "{id}", passes = {passes}, devices = [{devices}],
    from = {{ kernel = "4.18*" }}, to = {{ kernel = "4.14*" }},
    machine_types = [], traits = [], evidence = "observed", source = "our own test" {rest} }},
"""
FAILING = OBSERVED.format(
    id="site-not", passes="false", devices="", rest=', consequence = "loses-state"'
).replace("\n    ", " ")


@pytest.mark.parametrize(
    ("devices", "more", "flags"),
    [("", "", 0), ('"vfio-pci"', "", 1), ("", FAILING, None)],
    ids=["every-guest", "some-guests", "later-failure"],
)
def test_an_observed_pass_lifts_only_what_it_speaks_of(
    tmp_path: Path, devices: str, more: str, flags: int | None
) -> None:
    passing = OBSERVED.format(id="site-down", passes="true", devices=devices, rest="")
    rows = passing.replace("\n    ", " ") + more
    (tmp_path / "observations.toml").write_text(f"schema = 1\nobservation = [\n{rows}]\n")
    base = load_knowledge(tmp_path)
    profiled = profile_fleet(read_fleet(ROOT / "examples" / "seed" / "fleet.csv", base), base)
    (domain,) = solve(complete_domains(profiled.pools), base, base.policy).domains
    q35 = [one for one in domain.baselines if one.board == "pc-q35"]
    assert [len(one.flags) for one in q35] == ([] if flags is None else [flags])
    texts = [risk.text for one in q35 for risk in one.residual_risks if "site-down" in risk.text]
    assert [("not counted on" in text) for text in texts] == ([] if flags is None else [flags == 1])


@pytest.mark.parametrize(
    ("flags", "finding"),
    [
        ("x86_64-cpu.x-migrate-smi-count=off", "as the answer"),
        ("", "without its flags x86_64-cpu.x-migrate-smi-count=off"),
        ("x86_64-cpu.x-migrate-smi-count=on", "with flags it does not have"),
    ],
)
def test_a_guest_without_the_flags_is_not_as_the_answer(
    tmp_path: Path, flags: str, finding: str
) -> None:
    base = knowledge()
    path = tmp_path / "guests.csv"
    path.write_text(f"guest,host,machine_type,flags\ng,new1,pc-q35-4.0,{flags}\n")
    fleet = read_fleet(ROOT / "examples" / "seed" / "fleet.csv", base)
    pools = complete_domains(profile_fleet(fleet, base).pools)
    (domain,) = solve(
        pools, base, base.policy, guests=read_guests(path, fleet, base.guests)
    ).domains
    (found,) = [one for one in domain.guests if "answer" in one.finding or "flags" in one.finding]
    assert finding in found.finding
    assert (found.finding == "as the answer") is (finding == "as the answer")


def test_a_gap_is_told_once_with_all_its_facts() -> None:
    """Without a boot host every host of the pool may have been it, and each leaves its own gap."""
    base = knowledge()
    fleet = read_fleet(ROOT / "examples" / "three-pools" / "fleet.csv", base)
    judge = CaseJudge(fleet=fleet, knowledge=base, policy=base.policy)
    words = {"from": "deb001", "to": "deb053", "machine": "pc-q35-7.2"}
    case, wrong = case_of(words, fleet, base.guests)
    assert case is not None and not wrong
    found = judge.verdict(case)
    subjects = [
        (gap.unit, gap.property_key, gap.capability) for gap in found.objections if gap.is_gap
    ]
    assert subjects
    assert len(subjects) == len(set(subjects))
    told = {fact for one in found.objections for fact in one.facts}
    for group in fleet.groups:
        build = base.builds.place(group.qemu)
        if group.pool != "debian" or build is None:
            continue
        if base.machines.offers(build, words["machine"]) is Truth.NO:
            continue
        boot = group.hosts[0]
        given, _ = case_of({**words, "booted_on": boot}, fleet, base.guests)
        assert given is not None
        assert {fact for one in judge.verdict(given).objections for fact in one.facts} <= told
