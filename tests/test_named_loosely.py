"""What a text names only loosely: a series, a variant of a type, a build nobody read, a lone host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import planner
from planner.domain.errors import PlannerError
from planner.domain.host import Fleet
from planner.domain.solution import DomainSolution, Status
from planner.domain.upgrade import PlanPolicy
from planner.domain.verdict import Outcome, Verdict
from planner.fleet.edges import arrows_of, read_edges
from planner.knowledge.load import load_knowledge


def fleet(folder: Path, *rows: str, head: str = "host,kernel,qemu") -> Fleet:
    path = folder / "fleet.csv"
    path.write_text("\n".join((head, *rows, "")), encoding="utf-8")
    return planner.read_fleet(path)


def solved(hosts: Fleet, **options: object) -> DomainSolution:
    (domain,) = planner.solve(hosts, **options).domains  # type: ignore[arg-type]
    return domain


def conditions(domain: DomainSolution) -> set[str]:
    return {one.text for baseline in domain.baselines for one in baseline.conditions}


def judged(hosts: Fleet, **words: str) -> Verdict:
    case = {name.rstrip("_"): text for name, text in words.items()}
    (verdict,) = planner.check(hosts, case)
    return verdict


@pytest.mark.parametrize(
    ("kernel", "qemu", "word"),
    [("4.14", "9.1.0", "kernel 4.14"), ("6.8.0-51-generic", "10.1", "QEMU 10.1")],
)
def test_hosts_of_a_series_run_one_release_of_it(
    tmp_path: Path, kernel: str, qemu: str, word: str
) -> None:
    text = f"one point release on all hosts given as {word}"
    hosts = fleet(tmp_path, f"a,{kernel},{qemu}", f"b,{kernel},{qemu}")
    assert text in conditions(solved(hosts))
    found = judged(hosts, from_="a", to="b", machine="pc-q35-9.1", devices="-", cpu="qemu64")
    assert text in {remark.text for remark in found.remarks}
    exact = fleet(tmp_path, "a,4.14.1,9.1.0", "b,4.14.1,9.1.0")
    assert not [one for one in conditions(solved(exact)) if "point release" in one]


def test_a_flag_on_a_variant_leaves_its_siblings_open(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.1.0,9.1.0", "b,6.8.0,9.1.0")
    names = ("host_uso", "guest_uso4", "guest_uso6")
    off = {
        kind: " ".join(
            ["virtio-net-device.queue_reset=off", *(f"{kind}.{name}=off" for name in names)]
        )
        for kind in ("virtio-net-device", "virtio-net-pci")
    }
    words = {"from_": "b", "to": "a", "booted_on": "b", "machine": "pc-q35-9.1", "cpu": "kvm64"}

    def uso(flags: str, **devices: str) -> set[bool]:
        """Return whether what is said of the offloads is a gap."""
        found = judged(hosts, flags=flags, **words, **devices).objections
        return {one.is_gap for one in found if one.capability.startswith("tun.uso")}

    assert uso(off["virtio-net-device"]) == set()
    assert uso(off["virtio-net-pci"]) == set()
    assert uso(off["virtio-net-pci"], devices="virtio-net-pci+tap") == set()
    assert uso(off["virtio-net-pci"], devices="virtio-net-pci-transitional+tap") == {False}
    taken = judged(hosts, flags=off["virtio-net-pci"], **words).remarks
    assert any("is a virtio-net-pci" in one.text for one in taken if one.kind == "assumed")
    policy = tmp_path / "policy.toml"
    policy.write_text('required_flags = ["virtio-net-pci.host_uso=off"]\n', encoding="utf-8")
    domain = solved(hosts, policy=planner.read_policy(policy))
    flags = {str(one.flag) for baseline in domain.baselines for one in baseline.flags}
    assert "virtio-net-device.host_uso=off" in flags
    assert not [flag for flag in flags if flag.startswith("virtio-net-pci.")]
    policy.write_text('required_flags = ["virtio-net-ccw.host_uso=off"]\n', encoding="utf-8")
    with pytest.raises(PlannerError, match="name the base type 'virtio-net-device'"):
        planner.read_policy(policy)


def test_a_required_flag_that_lets_state_out_asks_a_condition(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.1.0,9.1.0", "b,6.8.0,9.1.0")
    policy = tmp_path / "policy.toml"
    policy.write_text('required_flags = ["virtio-net-device.host_uso=on"]\n', encoding="utf-8")
    domain = solved(hosts, policy=planner.read_policy(policy))
    assert domain.status is Status.SAFE
    assert "guest drivers without UDP segmentation offload" in conditions(domain)


@pytest.mark.parametrize(
    ("qemu", "outcome"),
    [("10.0.3", Outcome.SAFE), ("10.0.12", Outcome.UNKNOWN), ("10.0.13", Outcome.UNSAFE)],
)
def test_a_fault_of_a_build_nearby_is_a_missing_fact(
    tmp_path: Path, qemu: str, outcome: Outcome
) -> None:
    hosts = fleet(tmp_path, f"a,6.12.1,{qemu}", "b,6.12.1,1:11.1.3+ds-1~bpo13+1")
    words = {"from_": "a", "to": "b", "booted_on": "a", "machine": "pc-q35-10.0", "cpu": "qemu64"}
    found = judged(hosts, devices="virtio-blk-pci", **words)
    assert found.outcome is outcome
    safe = conditions(solved(hosts))
    assert ("no virtio device" in safe) is (outcome is not Outcome.SAFE)


def test_flavours_count_their_builds_on_their_own(tmp_path: Path) -> None:
    hosts = fleet(
        tmp_path,
        "new,4.15.0-213-generic,4.0.0",
        "old,4.15.0-20-generic,4.0.0",
        "aws,4.15.0-1007-aws,4.0.0",
    )
    words = {"from_": "new", "booted_on": "new", "machine": "pc-q35-4.0", "devices": "-"}
    outcomes = {
        to: judged(hosts, to=to, cpu="EPYC,+virt-ssbd", **words).outcome
        for to in ("new", "old", "aws")
    }
    assert outcomes["old"] is Outcome.UNSAFE
    assert outcomes["aws"] is Outcome.UNKNOWN


def test_guests_are_certified_where_they_can_come(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "h0,6.12.1,6.1.0", "h1,6.12.1,10.1.1", "h2,6.12.1,6.1.0")
    edges = tmp_path / "edges.csv"
    edges.write_text("source,destination\nh0,h2\nh2,h0\n", encoding="utf-8")
    domain = solved(hosts, edges=arrows_of(read_edges(edges, hosts)))
    assert domain.status is Status.SAFE
    assert {one.machine_type for one in domain.baselines} >= {"pc-q35-6.1"}


TARGETS = "host,kernel,qemu,target_kernel"


def test_one_host_of_a_pool_stays_up(tmp_path: Path) -> None:
    fleet(tmp_path, *(f"{name},6.1.0,9.1.0,6.8.0" for name in "abc"), head=TARGETS)
    policy = replace(load_knowledge().policy, plan=PlanPolicy(pool_share=1.0))
    plan = planner.make_plan(planner.read_upgrades(tmp_path / "fleet.csv"), policy=policy)
    assert [len(wave.hosts) for wave in plan.waves] == [2, 1]


def test_guests_of_a_lone_host_are_off_while_it_is_upgraded(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.1.0,9.1.0,6.8.0", head=TARGETS)
    path = tmp_path / "guests.csv"
    path.write_text("guest,host,machine_type\ng,a,pc-q35-9.1\n", encoding="utf-8")
    guests = planner.read_guests(path, hosts)
    way = planner.read_upgrades(tmp_path / "fleet.csv")
    plan = planner.make_plan(way, guests=guests)
    assert not plan.waves
    assert [one.constraint for one in plan.relaxations] == ["restarts"]
    policy = replace(load_knowledge().policy, plan=PlanPolicy(restarts=True))
    plan = planner.make_plan(way, guests=guests, policy=policy)
    assert [one.guests for one in plan.restarts] == [1]
    assert planner.simulate(plan, way, guests=guests).outcome is Outcome.SAFE
    unknown = planner.make_plan(way)
    (domain,) = unknown.domains
    assert any("they could go nowhere" in text for text in domain.assumptions)


def test_packages_of_one_series_run_one_release_of_it(tmp_path: Path) -> None:
    text = "one point release on all hosts given as QEMU 7.2"
    old, new = "1:7.2+dfsg-7+deb12u5", "1:7.2+dfsg-7+deb12u12"
    mixed = fleet(tmp_path, f"a,6.1.0-20-amd64,{old}", f"b,6.1.0-20-amd64,{new}")
    assert text in conditions(solved(mixed))
    equal = fleet(tmp_path, f"a,6.1.0-20-amd64,{old}", f"b,6.1.0-20-amd64,{old}")
    assert text not in conditions(solved(equal))
