"""What a text names only loosely: a series, a variant of a type, a build nobody read, a lone host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import planner
from planner.domain.capability import CapabilityId
from planner.domain.errors import PlannerError
from planner.domain.host import Fleet
from planner.domain.plans.upgrade import PlanPolicy
from planner.domain.solution import DomainSolution, Status
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


HEAD_WITH_ARCH = "host,kernel,qemu,arch"


def features_shut_out(domain: DomainSolution) -> set[str]:
    texts = {text for text in conditions(domain) if text.startswith("guest CPU without ")}
    return {word for text in texts for word in text.removeprefix("guest CPU without ").split(", ")}


def test_hosts_of_a_kernel_series_may_run_different_releases(tmp_path: Path) -> None:
    words = {"from_": "a", "to": "b", "machine": "pc-q35-9.1", "devices": "-"}
    series = fleet(tmp_path, "a,4.14,9.1.0", "b,4.14,9.1.0")
    assert "virt-ssbd" in features_shut_out(solved(series))
    assert judged(series, cpu="EPYC,+virt-ssbd", **words).outcome is Outcome.UNKNOWN
    exact = fleet(tmp_path, "a,4.14.200,9.1.0", "b,4.14.200,9.1.0")
    assert "virt-ssbd" not in features_shut_out(solved(exact))
    assert judged(exact, cpu="EPYC,+virt-ssbd", **words).outcome is Outcome.SAFE


def test_a_kernel_series_has_nothing_that_a_later_release_of_it_changes() -> None:
    kernels = load_knowledge().kernels
    for text, presence in (("4.14", "unknown"), ("4.14.0", "absent"), ("4.13", "present")):
        placed = kernels.place(text)
        assert placed is not None
        found, _ = kernels.presence(placed, CapabilityId("tun.ufo"), arch="x86_64")
        assert found.value == presence, text


def test_hosts_of_a_qemu_series_may_run_different_releases(tmp_path: Path) -> None:
    words = {"from_": "a", "to": "b", "machine": "pc-q35-7.1", "cpu": "qemu64"}
    words["devices"] = "virtio-rng-pci"
    for build in ("7.2", "QEMU emulator version 7.2"):
        series = fleet(tmp_path, f"a,6.1.1,{build}", f"b,6.1.1,{build}")
        assert judged(series, **words).outcome is Outcome.UNKNOWN
    exact = fleet(tmp_path, "a,6.1.1,7.2.5", "b,6.1.1,7.2.5")
    assert judged(exact, **words).outcome is Outcome.SAFE


def test_a_series_may_have_what_one_of_its_releases_has(tmp_path: Path) -> None:
    words = {"from_": "a", "to": "b", "machine": "pc-q35-2.11", "devices": "-", "traits": "pae=no"}
    for build, outcome in (("2.11", Outcome.UNKNOWN), ("2.11.2", Outcome.SAFE)):
        hosts = fleet(tmp_path, f"a,5.4.100,{build}", f"b,5.4.100,{build}")
        assert judged(hosts, cpu="EPYC,+spec-ctrl", **words).outcome is outcome


def test_packages_of_one_series_are_different_builds(tmp_path: Path) -> None:
    words = {"from_": "a", "to": "b", "machine": "pc-q35-7.1", "cpu": "qemu64"}
    old, new = "1:7.2+dfsg-3", "1:7.2+dfsg-5"
    for other, outcome in ((old, Outcome.SAFE), (new, Outcome.UNKNOWN)):
        hosts = fleet(tmp_path, f"a,6.1.0-20-amd64,{old}", f"b,6.1.0-20-amd64,{other}")
        assert judged(hosts, devices="virtio-rng-pci", **words).outcome is outcome
        assert judged(hosts, devices="-", **words).outcome is Outcome.SAFE


def test_registers_that_nobody_listed_ask_for_equal_hardware(tmp_path: Path) -> None:
    rows = ("a,6.8.1,9.1.0,aarch64", "b,6.8.1,9.1.0,aarch64")
    hosts = fleet(tmp_path, *rows, head=HEAD_WITH_ARCH)
    asked = {text.partition(",")[0] for text in conditions(solved(hosts))}
    assert "same CPU model and stepping" in asked
    found = judged(hosts, from_="a", to="b", machine="virt-9.1", devices="-")
    assert found.outcome is Outcome.SAFE
    assert "host-condition" in {remark.kind for remark in found.remarks}
    loose = fleet(tmp_path, "a,6.8,9.1.0,aarch64", "b,6.8,9.1.0,aarch64", head=HEAD_WITH_ARCH)
    assert solved(loose).status is Status.UNDECIDED


def test_guests_with_parts_that_not_every_build_has_are_listed(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.12.1,7.2.0", "b,6.12.1,11.1.0")
    path = tmp_path / "guests.csv"
    path.write_text(
        "guest,host,machine_type,cpu,devices\n"
        "new,b,pc-q35-7.2,qemu64,virtio-rtc-pci\nplain,b,pc-q35-7.2,qemu64,-\n",
        encoding="utf-8",
    )
    found = solved(hosts, guests=planner.read_guests(path, hosts)).guests
    told = [one for one in found if "not every one has virtio-rtc-pci" in one.finding]
    assert [one.machine_type for one in told] == ["pc-q35-7.2"]
    assert {one.examples for one in told} == {("new",)}
    assert all(one.finding.startswith("violates: only devices") for one in told)


def test_guests_that_are_what_nobody_is_taken_for_are_listed(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.1.1,9.1.0", "b,6.1.1,9.1.0")
    path = tmp_path / "guests.csv"
    path.write_text(
        "guest,host,machine_type,cpu,devices,traits\n"
        "sev,a,pc-q35-9.1,qemu64,-,confidential-guest-support=yes\n"
        "plain,b,pc-q35-9.1,qemu64,-,confidential-guest-support=no\n",
        encoding="utf-8",
    )
    found = solved(hosts, guests=planner.read_guests(path, hosts)).guests
    told = [one for one in found if "without confidential-guest-support" in one.finding]
    assert [(one.machine_type, one.examples) for one in told] == [("pc-q35-9.1", ("sev",))]


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
    words["traits"] = "negotiates-uso=yes"

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


def test_guests_of_a_pool_that_is_all_down_have_nowhere_to_go(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.1.0,9.1.0,6.8.0", "b,6.1.0,9.1.0,6.8.0", head=TARGETS)
    path = tmp_path / "guests.csv"
    rows = "".join(f"{name},{name},pc-q35-9.1,qemu64,-\n" for name in "ab")
    path.write_text(f"guest,host,machine_type,cpu,devices\n{rows}", encoding="utf-8")
    guests, ways = planner.read_guests(path, hosts), planner.read_upgrades(tmp_path / "fleet.csv")
    plan = planner.make_plan(ways, guests=guests)
    first, second = plan.waves
    assert planner.simulate(plan, ways, guests=guests).outcome is Outcome.SAFE
    both = replace(
        first,
        hosts=(*first.hosts, *second.hosts),
        upgrades=(*first.upgrades, *second.upgrades),
        flips=tuple(replace(one, after_wave=1) for one in (*first.flips, *second.flips)),
    )
    at_once = replace(plan, waves=(both,), bounds=replace(plan.bounds, waves=1))
    violation = planner.simulate(at_once, ways, guests=guests).violation
    assert violation is not None and violation.rule == "S002"


def test_a_type_without_versions_is_what_each_build_makes_of_it(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.12.10,9.0.2", "b,6.12.10,9.1.0", "c,6.12.10,9.1.0")
    case = {"machine": "microvm", "cpu": "qemu64,+pku", "devices": "-", "traits": "pae=no"}
    assert judged(hosts, from_="a", to="b", **case).outcome is Outcome.UNKNOWN
    assert judged(hosts, from_="b", to="c", booted_on="b", **case).outcome is Outcome.SAFE


@pytest.mark.parametrize(
    ("arch", "name"),
    [("aarch64", "virt"), ("s390x", "s390-ccw-virtio"), ("ppc64", "pseries"), ("x86_64", "q35")],
)
def test_an_alias_is_the_type_that_every_build_means(tmp_path: Path, arch: str, name: str) -> None:
    rows = (f"a,6.12.10,9.2.0,{arch}", f"b,6.12.10,9.2.0,{arch}")
    hosts = fleet(tmp_path, *rows, head=HEAD_WITH_ARCH)
    case = {"machine": name, "devices": "-"}
    if arch == "x86_64":
        case |= {"cpu": "qemu64,+pku", "traits": "pae=no"}
    found = judged(hosts, from_="a", to="b", booted_on="a", **case)
    assert found.outcome is Outcome.SAFE
    assert any(f"'{name}' is " in remark.text for remark in found.remarks)


def test_a_name_without_a_row_is_told_before_what_follows_from_it(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.12.10,8.2.5", "b,6.1.10,8.2.4")
    found = judged(hosts, from_="a", to="b", machine="pc-q35-8.2", devices="acme-accelerator")
    assert found.outcome is Outcome.UNKNOWN
    assert len(found.objections) > 1
    assert "the device 'acme-accelerator'" in found.objections[0].facts[0]


@pytest.mark.parametrize(
    "words",
    [{"machine": "pc-q35-8.22"}, {"machine": "pc-q35-8.2", "devices": "virtio-net-pcii"}],
)
def test_a_misspelt_name_is_no_case(tmp_path: Path, words: dict[str, str]) -> None:
    hosts = fleet(tmp_path, "a,6.12.10,8.2.5", "b,6.1.10,8.2.4")
    with pytest.raises(PlannerError, match="did you mean"):
        judged(hosts, from_="a", to="b", **words)


def test_no_guest_has_booted_where_its_type_is_not_offered(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,6.12.10,8.2.5", "b,6.12.10,8.2.5", "old,6.12.10,4.0.0")
    case = {"machine": "pc-q35-8.2", "cpu": "qemu64,+pku", "devices": "-"}
    found = judged(hosts, from_="a", to="b", traits="pae=no uses-smm=no", **case)
    assert found.outcome is Outcome.SAFE


def test_conditions_are_taken_as_kept_where_nobody_knows_the_cpu_of_the_host(
    tmp_path: Path,
) -> None:
    older = "a,5.15.0-100-generic,1:8.2.2+ds-0ubuntu1.4"
    hosts = fleet(tmp_path, older, "b,6.8.0-60-generic,1:8.2.2+ds-0ubuntu1.4")
    case = {"from": "b", "to": "a", "machine": "pc-q35-jammy", "cpu": "host", "devices": "-"}
    gaps = {one.unit for one in planner.check(hosts, case)[0].objections if one.is_gap}
    assert "cpu/intel_amx_xtile" in gaps
    assert planner.check(hosts, case, assume_conditions=True)[0].outcome is Outcome.SAFE


def test_a_cpu_that_follows_its_host_has_no_hyper_v_that_nobody_named(tmp_path: Path) -> None:
    hosts = fleet(tmp_path, "a,4.15.0-100-generic,8.2.2", "b,6.8.0-60-generic,8.2.2")
    case = {"machine": "pc-q35-8.2", "devices": "-", "booted_on": "b"}
    plain = judged(hosts, from_="b", to="a", cpu="host", **case)
    assert not [one for one in plain.objections if "hv-" in one.unit]
    named = judged(hosts, from_="b", to="a", cpu="host,+hv-evmcs", **case)
    assert [one.unit for one in named.objections if "hv-" in one.unit]
