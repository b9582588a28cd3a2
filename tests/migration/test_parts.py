"""Parts of guests: what a build has, what never migrates, and how far flags and options reach."""

from __future__ import annotations

import datetime
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import planner
from planner.domain.guest import FOLLOWS_HOST, Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.migrated import Consequence
from planner.domain.policy import AcceptedLoss
from planner.domain.truth import Truth
from planner.domain.verdict import Outcome, Rule, Verdict
from planner.fleet.words import (
    read_capabilities,
    read_devices,
    read_flags,
    read_machine,
    read_traits,
)
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.judge import judge
from planner.migration.parts import judge_parts
from planner.migration.profiles import Profiler
from planner.migration.reach import with_reach
from planner.solver.default_issues import default_issues

TRIXIE, BOOKWORM = "1:10.0.13+ds-0+deb13u1", "1:7.2+dfsg-7+deb12u18"
BULLSEYE, NEWEST = "1:5.2+dfsg-11+deb11u3", "1:11.1.3+ds-1"
TRAITS = "uses-smm=no pae=no nested=no negotiates-uso=yes"


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def host(
    qemu: str, kernel: str = "6.8.0", arch: str = "x86_64", cpu: str = "", **stated: str
) -> HostProfile:
    present, absent = read_capabilities(stated.get("capabilities", ""), knowledge())
    group = HostGroup(
        pool=PoolName("p"),
        kernel=kernel,
        qemu=qemu,
        hosts=(HostName("h"),),
        arch=arch,
        cpu=cpu,
        present=present,
        absent=absent,
    )
    return Profiler(knowledge()).profile(group)


def judged(
    source: HostProfile,
    destination: HostProfile,
    machine: str,
    *devices: str,
    cpu: str = "qemu64",
    flags: str = "",
) -> Verdict:
    start = GuestStart(
        baseline=Baseline(machine_type=machine, flags=read_flags(flags)),
        devices=devices,
        cpu=GuestCpu.parse(cpu),
        traits=read_traits(TRAITS, knowledge().guests),
    )
    return judge(MigrationEdge(source=source, destination=destination), start, knowledge())


@pytest.mark.parametrize(
    ("edge", "machine", "cpu", "device", "told"),
    [
        ((BOOKWORM, BULLSEYE), "pc-q35-5.2", "EPYC-Milan", (), "the CPU model EPYC-Milan"),
        ((BOOKWORM, BULLSEYE), "pc-q35-5.2", "Snowridge-v4", (), "the CPU model Snowridge-v4"),
        ((BULLSEYE, BOOKWORM), "pc-q35-5.2", "Icelake-Client", (), "the CPU model Icelake-Client"),
        ((TRIXIE, BOOKWORM), "pc-q35-7.2", "qemu64,+amx-fp16", (), "the CPU feature amx-fp16"),
        ((BOOKWORM, BULLSEYE), "pc-q35-5.2", "qemu64,-avx-vnni", (), "the CPU feature avx-vnni"),
        ((TRIXIE, BOOKWORM), "pc-q35-7.2", "qemu64", ("igb",), "the device igb"),
        ((TRIXIE, BULLSEYE), "pc-q35-5.2", "qemu64", ("virtio-iommu-pci",), "virtio-iommu-pci"),
        ((BULLSEYE, BOOKWORM), "pc-q35-5.2", "EPYC-Rome", ("e1000e",), ""),
        ((BOOKWORM, TRIXIE), "pc-q35-7.2", "EPYC-Milan", (), ""),
    ],
)
def test_a_part_that_a_build_does_not_have_cannot_start(
    edge: tuple[str, str], machine: str, cpu: str, device: tuple[str, ...], told: str
) -> None:
    """As the four builds themselves said."""
    found = judged(host(edge[0]), host(edge[1]), machine, *device, cpu=cpu).objections
    lacking = [one.facts[0] for one in found if one.rule is Rule.PART_NOT_OFFERED]
    lacking += [one.facts[0] for one in found if one.is_gap and told and told in one.facts[0]]
    assert len(lacking) == (1 if told else 0)
    assert all(told in fact for fact in lacking)


def test_between_builds_that_were_read_a_part_is_open_but_from_the_older_one() -> None:
    old, new = host("11.0.0"), host("11.1.3")
    down = judged(new, old, "pc-q35-8.2", "virtio-rtc-pci").objections
    assert any("whether QEMU 11.0.0 has the device virtio-rtc-pci" in one.facts for one in down)
    up = judged(old, new, "pc-q35-8.2", "virtio-rtc-pci").objections
    assert not any("whether QEMU" in fact for one in up for fact in one.facts)


def test_a_part_that_only_a_third_build_has_is_on_neither_side() -> None:
    one = host("8.2.0")
    found = judged(one, one, "pc-q35-8.2", "virtio-rtc-pci").objections
    assert Rule.PART_NOT_OFFERED in {objection.rule for objection in found}


OPTIONS = [
    ((TRIXIE, BULLSEYE), "pc-q35-5.2", "virtio-blk-pci,aer=on", Rule.PROPERTY_NOT_OFFERED),
    ((BULLSEYE, TRIXIE), "pc-q35-5.2", "virtio-blk-pci,serial=x", None),
    ((NEWEST, "11.2.0"), "pc-q35-10.0", "virtio-blk-pci,aer=on", Rule.KNOWLEDGE_GAP),
    (("11.2.0", "11.2.0"), "pc-q35-10.0", "virtio-blk-pci,aer=on", None),
]


@pytest.mark.parametrize(("edge", "machine", "device", "rule"), OPTIONS)
def test_an_option_of_a_device_is_a_property(
    edge: tuple[str, str], machine: str, device: str, rule: Rule | None
) -> None:
    found = judged(host(edge[0]), host(edge[1]), machine, device).objections
    told = [one for one in found if "option" in " ".join(one.facts)]
    assert [one.rule for one in told] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("virtio-blk-pci,serial=x,id=a,bus=b", ""),
        ("virtio-blk-pci+x,nonsense=7", "has no option 'nonsense'"),
        ("virtio-blk-pci,serail=7", "did you mean 'serial'"),
        ("a-device-of-nobody,nonsense=7", ""),
    ],
)
def test_an_option_that_no_build_has_is_a_wrong_input(text: str, told: str) -> None:
    if not told:
        assert read_devices(text, knowledge().guests) == (text,)
        return
    with pytest.raises(ValueError, match=told):
        read_devices(text, knowledge().guests)


GONE = [
    ("virtio-pci.migrate-extra=off", "pc-q35-10.0", "virtio-blk-pci", TRIXIE, NEWEST),
    ("virtio-pci.x-disable-pcie=on", "pc-q35-10.0", "virtio-blk-pci", TRIXIE, NEWEST),
    ("e1000.mitigation=off", "pc-q35-7.2", "e1000", BOOKWORM, TRIXIE),
    ("vmxnet3.x-old-msi-offsets=on", "pc-q35-10.0", "vmxnet3", TRIXIE, NEWEST),
    ("ICH9-LPC.memory-hotplug-support=off", "pc-q35-7.2", "e1000", BOOKWORM, TRIXIE),
]


BALLOON = "virtio-balloon-pci-non-transitional"
GONE.append((f"{BALLOON}.class=1", "pc-q35-5.2", BALLOON, BULLSEYE, NEWEST))


@pytest.mark.parametrize(("flag", "machine", "device", "old", "new"), GONE)
def test_a_flag_that_a_newer_build_no_longer_has_cannot_start(
    flag: str, machine: str, device: str, old: str, new: str
) -> None:
    def refused(source: str, destination: str) -> bool:
        found = judged(host(source), host(destination), machine, device, flags=flag).objections
        return Rule.PROPERTY_NOT_OFFERED in {one.rule for one in found}

    assert refused(old, new)
    assert not refused(old, old)


RHEL = "qemu-kvm-8.0.0-16.el9_3.3"


@pytest.mark.parametrize(
    ("device", "told"),
    [("virtio-net-pci+tap", False), ("e1000e", False), ("nvme", True), ("vmxnet3", True)],
)
def test_a_vendor_who_leaves_devices_out_does_not_take_them(device: str, told: bool) -> None:
    found = judged(host("8.0.0"), host(RHEL, "5.14.0-362.8.1.el9_3.x86_64"), "pc-q35-8.0", device)
    absent = {one for one in found.objections if one.rule is Rule.PART_NOT_OFFERED}
    assert bool(absent) is told


@pytest.mark.parametrize(
    ("device", "free"),
    [
        ("nvme", (NEWEST,)),
        ("amd-iommu", ()),
        ("virtio-crypto-pci", ()),
        ("usb-net", ()),
        ("ivshmem-plain", ()),
        ("usb-audio", ()),
        ("vhost-user-fs-pci", (TRIXIE, NEWEST)),
        ("virtio-rng-pci", (BULLSEYE, BOOKWORM, TRIXIE, NEWEST)),
    ],
)
def test_devices_that_qemu_does_not_migrate(device: str, free: tuple[str, ...]) -> None:
    for build in (BULLSEYE, BOOKWORM, TRIXIE, NEWEST):
        found = judged(host(build), host(build), "pc-q35-5.2", device).objections
        blocked = Consequence.BLOCKED_AT_SOURCE in {one.consequence for one in found}
        assert blocked is (build not in free), build


def test_a_controller_that_only_the_source_migrates_is_not_taken() -> None:
    found = judged(host(NEWEST), host(TRIXIE), "pc-q35-10.0", "nvme").objections
    assert (Rule.UNIT_NOT_UNDERSTOOD, "nvme") in {(one.rule, one.unit) for one in found}


def test_hv_passthrough_is_not_migrated() -> None:
    same = host("9.2.0")
    found = judged(same, same, "pc-q35-9.2", cpu="qemu64,+hv-passthrough").objections
    assert "blocker/hv-passthrough" in {one.unit for one in found}
    plain = judged(same, same, "pc-q35-9.2").objections
    assert "blocker/hv-passthrough" not in {one.unit for one in plain}


def uso(verdict: Verdict) -> set[bool]:
    """Return whether what is said of the USO bits is certain, nothing if nothing is said."""
    units = {f"virtio-net-device/feature:{bit}" for bit in (54, 55, 56)}
    return {not one.is_gap for one in verdict.objections if one.unit in units or not one.unit}


USO = ("guest_uso4", "guest_uso6", "host_uso")
REACH = [
    ("virtio-net-device", "virtio-net-pci", True),
    ("virtio-net-device", "virtio-net-pci-transitional", True),
    ("virtio-net-pci-base", "virtio-net-pci-non-transitional", True),
    ("virtio-net-pci", "virtio-net-pci", True),
    ("virtio-net-pci", "virtio-net-pci-transitional", False),
    ("virtio-net-pci-transitional", "virtio-net-pci-transitional", True),
    ("virtio-net-pci-transitional", "virtio-net-pci", False),
    ("virtio-net-pci-non-transitional", "virtio-net-pci", False),
    ("virtio-net-ccw", "virtio-net-pci", False),
]


@pytest.mark.parametrize(("qom_type", "device", "reaches"), REACH)
def test_a_flag_reaches_the_devices_of_its_type(qom_type: str, device: str, reaches: bool) -> None:
    """As `-global` and qom-get of QEMU 10.0.13 said."""
    new, old = host("8.2.0", capabilities="+tun.uso"), host("8.2.0", capabilities="-tun.uso")
    flags = " ".join(f"{qom_type}.{name}=off" for name in USO)
    verdict = judged(new, old, "pc-q35-8.2", f"{device}+tap", flags=flags)
    assert bool(uso(verdict)) is not reaches
    both = judged(
        new, old, "pc-q35-8.2", "virtio-net-pci+tap", "virtio-net-pci-transitional+tap", flags=flags
    )
    assert bool(uso(both)) is (qom_type not in {"virtio-net-device", "virtio-net-pci-base"})


def test_an_option_of_a_device_beats_a_flag() -> None:
    new, old = host("8.2.0", capabilities="+tun.uso"), host("8.2.0", capabilities="-tun.uso")
    flags = " ".join(f"virtio-net-device.{name}=off" for name in USO)
    on, off = "virtio-net-pci+tap,guest_uso4=on", "virtio-net-pci+tap,netdev=n0,id=x"
    assert uso(judged(new, old, "pc-q35-8.2", off, flags=flags)) == set()
    assert True in uso(judged(new, old, "pc-q35-8.2", on, flags=flags))
    alone = "virtio-net-pci+tap," + ",".join(f"{name}=false" for name in USO)
    assert uso(judged(new, old, "pc-q35-8.2", alone)) == set()
    assert uso(judged(new, old, "pc-q35-8.2", on, off, flags=flags)) == {False}


def test_an_observation_of_builds_says_nothing_of_machines() -> None:
    old, new = "1:2.0.0+dfsg-2ubuntu1.46", "1:2.5+dfsg-5ubuntu10.51"
    source = host(old, "4.4.0-200-generic", cpu="Intel Xeon E5-2690 v4")
    passed = judged(source, host(new, "4.4.0-200-generic"), "pc-i440fx-trusty")
    assert passed.outcome is Outcome.SAFE
    arm = host(new, "4.4.0-200-generic", arch="aarch64")
    amd = host(new, "4.4.0-200-generic", cpu="AMD EPYC 7763")
    for other in (arm, amd):
        assert judged(source, other, "pc-i440fx-trusty").outcome is Outcome.UNSAFE
    flagged = judged(
        source,
        host(new, "4.4.0-200-generic"),
        "pc-i440fx-trusty",
        flags="virtio-net-device.guest_uso4=on",
    )
    assert Rule.PROPERTY_NOT_OFFERED in {one.rule for one in flagged.objections}


@pytest.mark.parametrize(
    ("one", "other", "machine"),
    [
        ("1:9.2.1+ds-1ubuntu5", "1:10.1.0+ds-5ubuntu2", "pc-q35-9.2"),
        ("1:9.2.1+ds-1ubuntu5", "1:10.1.0+ds-5ubuntu2", "pc-q35-plucky"),
        ("pve-qemu-kvm 9.2.0-5", "pve-qemu-kvm 10.0.2-4", "pc-q35-9.2"),
    ],
)
def test_a_fault_of_a_release_is_one_of_what_vendors_make_of_it(
    one: str, other: str, machine: str
) -> None:
    found = judged(host(one), host(other), machine, "intel-iommu").objections
    assert "intel-iommu-aw-bits-9.2" in {objection.unit for objection in found}


@pytest.mark.parametrize(
    ("start", "kept"), [("2026-12-01", True), ("2027-01-11", False), ("2027-03-11", False)]
)
def test_a_loss_is_accepted_only_if_it_is_until_the_end(
    tmp_path: Path, start: str, kept: bool
) -> None:
    path = tmp_path / "fleet.csv"
    rows = [f"a{n},{'5.4.0' if n < 4 else '5.15.0'},7.2.0,6.1.0" for n in range(1, 7)]
    path.write_text("\n".join(["host,kernel,qemu,target_kernel", *rows, ""]))
    loss = AcceptedLoss(
        unit="cpu/pdptrs", owner="ops", reason="none runs", expires=datetime.date(2027, 1, 12)
    )
    policy = replace(knowledge().policy, accepted_losses=(loss,))
    day = datetime.date.fromisoformat(start)
    plan = planner.make_plan(planner.read_upgrades(path), start=day, policy=policy)
    (domain,) = plan.domains
    assert ("no 32-bit PAE guest" not in domain.holds_if) is kept
    told = "ops accepts the loss of cpu/pdptrs until 2027-01-12"
    assert (told in domain.assumptions) is kept


ALTRA = "Ampere Altra"


@pytest.mark.parametrize(("device", "blocks"), [("nvme", True), ("virtio-net-pci+tap", False)])
def test_what_blocks_on_one_architecture_blocks_on_every_one(device: str, blocks: bool) -> None:
    same = host("8.2.2", arch="aarch64", cpu=ALTRA)
    found = judged(same, same, "virt-8.2", device).objections
    blocked = Consequence.BLOCKED_AT_SOURCE in {one.consequence for one in found if not one.is_gap}
    assert blocked is blocks


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("", {Rule.KNOWLEDGE_GAP}),
        ("+vfio.device_migrates +vfio.migration_v2", set()),
        ("-vfio.device_migrates", {Rule.MIGRATION_BLOCKED}),
    ],
)
def test_an_assigned_device_migrates_if_the_fleet_says_that_its_driver_can(
    stated: str, told: set[Rule]
) -> None:
    one = host("1:8.2.2+ds-0ubuntu1.10", "6.8.0-51-generic", capabilities=stated)
    found = judged(one, one, "pc-q35-8.2", "vfio-pci").objections
    assert {objection.rule for objection in found if objection.unit == "vfio-pci"} == told


@pytest.mark.parametrize(
    ("device", "machine", "edge", "differs"),
    [
        ("intel-iommu", "pc-q35-9.2", ("9.2.0", "10.0.2"), True),
        ("intel-iommu,aw-bits=39", "pc-q35-9.2", ("9.2.0", "10.0.2"), False),
        ("intel-iommu", "pc-q35-9.1", ("9.1.0", "10.0.2"), False),
        ("pvpanic", "pc-q35-9.0", ("9.0.0", "9.1.0"), False),
        ("e1000e", "pc-q35-9.2", ("9.2.0", "10.0.2"), False),
    ],
)
def test_a_default_that_no_machine_type_keeps_is_a_difference(
    device: str, machine: str, edge: tuple[str, str], differs: bool
) -> None:
    found = judged(host(edge[0]), host(edge[1]), machine, device).objections
    told = {one.property_key for one in found if one.rule is Rule.COMPAT_VALUE_DIFFERS}
    assert told == ({"intel-iommu.aw-bits"} if differs else set())


def test_an_answer_excludes_the_devices_whose_defaults_differ() -> None:
    builds = (host("9.2.0").qemu, host("10.0.2").qemu)
    issues = list(default_issues([builds], "x86_64", "pc-q35-9.2", knowledge()))
    assert [issue.clause.any_of for issue in issues if issue.clause] == [("intel-iommu",)]
    assert not list(default_issues([builds], "x86_64", "pc-q35-9.1", knowledge()))


@pytest.mark.parametrize(
    ("option", "edge", "machine", "rule"),
    [
        ("aux-ram-share=on", (TRIXIE, BOOKWORM), "pc-q35-7.2", Rule.PART_NOT_OFFERED),
        ("i8042=off", (TRIXIE, BULLSEYE), "pc-i440fx-5.2", Rule.PART_NOT_OFFERED),
        ("graphics=off", (TRIXIE, BULLSEYE), "pc-i440fx-5.2", None),
    ],
)
def test_an_option_of_the_machine_must_be_on_both_builds(
    option: str, edge: tuple[str, str], machine: str, rule: Rule | None
) -> None:
    name, options = read_machine(f"{machine},{option}", knowledge().guests)
    start = GuestStart(
        baseline=Baseline(machine_type=name),
        devices=(),
        cpu=GuestCpu.parse("qemu64"),
        machine_options=options,
    )
    move = MigrationEdge(source=host(edge[0]), destination=host(edge[1]))
    found = judge(move, start, knowledge()).objections
    told = [one.rule for one in found if any("machine option" in fact for fact in one.facts)]
    assert told == ([rule] if rule else [])


def test_an_option_of_the_machine_that_no_build_has_is_wrong() -> None:
    with pytest.raises(ValueError, match="no option of -machine in any QEMU"):
        read_machine("pc-i440fx-5.2,no-such-option=on", knowledge().guests)


@pytest.mark.parametrize(
    ("device", "blocks"),
    [
        ("ivshmem-plain,memdev=m", True),
        ("ivshmem-plain,master=on", False),
        ("ivshmem-doorbell", True),
        ("ivshmem-doorbell,master=off", True),
        ("ivshmem-doorbell,master=true", False),
    ],
)
def test_what_was_seen_to_block_blocks_unless_an_option_lifts_it(device: str, blocks: bool) -> None:
    one = host(TRIXIE)
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-10.0"),
        devices=(device,),
        cpu=GuestCpu.parse("qemu64"),
    )
    found = judge(MigrationEdge(source=one, destination=one), start, knowledge()).objections
    assert (Rule.MIGRATION_BLOCKED in {objection.rule for objection in found}) is blocks


@pytest.mark.parametrize("kind", ["device", "cpu-model", "cpu-feature"])
def test_no_name_of_an_inventory_is_answered_by_silence(kind: str) -> None:
    """Every name, from the newest build to an older one: there, refused, or unknown by name."""
    source, destination = host(NEWEST), host(BOOKWORM)
    silent = []
    for name in sorted(knowledge().inventory.names(kind, "x86_64")):
        cpu = {"cpu-model": name, "cpu-feature": f"qemu64,+{name}"}.get(kind, "qemu64")
        if "," in name or (kind == "cpu-model" and name in FOLLOWS_HOST):
            continue
        start = GuestStart(
            baseline=Baseline(machine_type="pc-q35-7.2"),
            devices=(name,) if kind == "device" else (),
            cpu=GuestCpu.parse(cpu),
        )
        edge = MigrationEdge(source=source, destination=destination)
        found = list(judge_parts(edge, start, knowledge()))
        told = any(f" {name} " in f"{fact} " for one in found for fact in one.facts)
        has = [
            knowledge().parts.has(kind, "x86_64", one.qemu, name) for one in (source, destination)
        ]
        there = has[0] is not Truth.NO and has[1] is Truth.YES
        if told is there:
            silent.append(name)
    assert silent == []


def test_typed_blockers_agree_with_every_build_that_was_asked() -> None:
    """A device that a build was seen to block, or not, and what the judge says of it there."""
    builds = [row for row in knowledge().inventory.of("x86_64").builds if "blockers" in row.parts]
    for row in builds:
        one = host(row.release)
        for device in sorted(knowledge().guests.devices):
            told = knowledge().inventory.blocks("x86_64", one.qemu, device)
            if told is Truth.UNKNOWN:
                continue
            found = judged(one, one, "pc-q35-5.2", device).objections
            rules = {one.rule for one in found if one.unit.startswith("blocker/")}
            assert (Rule.MIGRATION_BLOCKED in rules) is (told is Truth.YES), (row.name, device)


def test_a_flag_that_reaches_a_device_still_does_when_the_start_is_judged_again() -> None:
    flags = read_flags(f"{BALLOON}.vectors=1")
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-5.2", flags=flags),
        devices=(BALLOON,),
        cpu=GuestCpu.parse("qemu64"),
    )
    once = with_reach(start, knowledge())
    assert [flag.key.qom_type for flag in once.baseline.flags] == ["virtio-balloon-device"]
    assert with_reach(once, knowledge()) == once


def test_a_fix_may_bring_a_property_into_a_series() -> None:
    def told(build: str, name: str) -> Truth:
        return knowledge().parts.has_property("x86_64", host(build).qemu, "pci-device", name)

    assert told("8.0.0", "x-pcie-err-unc-mask") is Truth.NO
    assert told("8.0.1", "x-pcie-err-unc-mask") is Truth.UNKNOWN
    assert told("8.1.2", "x-pcie-err-unc-mask") is Truth.YES
    assert told("8.0.1", "rombar") is Truth.YES


@pytest.mark.parametrize(
    ("edge", "device", "rule"),
    [
        (("8.0.0", "8.0.0"), "vfio-pci", Rule.MIGRATION_BLOCKED),
        (("6.0.0", "6.0.0"), "vfio-pci", Rule.MIGRATION_BLOCKED),
        (("6.0.0", "6.0.0"), "vfio-pci,x-enable-migration=on", Rule.KNOWLEDGE_GAP),
        (("8.1.0", "8.1.0"), "vfio-pci", Rule.KNOWLEDGE_GAP),
        (("8.2.2", "8.1.0"), "vhost-user-fs-pci", Rule.UNIT_NOT_UNDERSTOOD),
        (("8.2.2", "9.1.0"), "vhost-user-fs-pci", None),
    ],
)
def test_back_ends_migrate_from_a_build_on(
    edge: tuple[str, str], device: str, rule: Rule | None
) -> None:
    """Before it the source refuses, or the destination does not know the section; both are named."""
    about = ("blocker/v", "vfio-pci", "vhost-user-fs")
    found = judged(host(edge[0]), host(edge[1]), "pc-q35-6.0", device).objections
    rules = {one.rule for one in found if one.unit.startswith(about)}
    assert (rule in rules) if rule else not rules


@pytest.mark.parametrize(
    ("device", "word"),
    [
        ("usb-host", "USB device of the host"),
        ("tpm-crb", "swtpm"),
        ("vhost-user-blk-pci", "vhost-user back ends"),
        ("virtio-blk-pci+vhost-user", "vhost-user back ends"),
        ("vhost-user-fs-pci", "virtiofsd"),
        ("virtio-blk-pci", ""),
    ],
)
def test_an_external_back_end_is_a_condition_of_its_devices(device: str, word: str) -> None:
    one, other = host("9.1.0"), host("9.1.0", kernel="6.12.0")
    told = [
        remark.text
        for remark in judged(one, other, "pc-q35-6.0", device).remarks
        if remark.kind == "host-condition" and remark.unit.startswith("backend/")
    ]
    assert [text for text in told if word in text] == told
    assert bool(told) is bool(word)
