"""What a guest is started with decides: CPU settings, machine options, boards without versions."""

from __future__ import annotations

from functools import cache

import pytest

from planner.answers.check_cases import CaseJudge
from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import Fleet, HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule, Verdict
from planner.fleet.cases import case_of
from planner.fleet.words import read_capabilities, read_cpu, read_devices, read_machine, read_traits
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.judge import judge
from planner.migration.profiles import Profiler

TRIXIE, BOOKWORM = "1:10.0.13+ds-0+deb13u1", "1:7.2+dfsg-7+deb12u18"
BULLSEYE, NEWEST = "1:5.2+dfsg-11+deb11u3", "1:11.1.3+ds-1"
QUIET = "uses-smm=no pae=no nested=no negotiates-uso=no smt=no libvirt-compares-ht=no"


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def group(qemu: str, *, kernel: str = "6.8.0", arch: str = "x86_64", stated: str = "") -> HostGroup:
    present, absent = read_capabilities(stated, knowledge())
    return HostGroup(
        pool=PoolName("p"),
        kernel=kernel,
        qemu=qemu,
        hosts=(HostName(qemu),),
        arch=arch,
        present=present,
        absent=absent,
    )


def host(
    qemu: str, *, kernel: str = "6.8.0", arch: str = "x86_64", stated: str = ""
) -> HostProfile:
    return Profiler(knowledge()).profile(group(qemu, kernel=kernel, arch=arch, stated=stated))


def judged(
    source: HostProfile,
    destination: HostProfile,
    machine: str,
    *,
    cpu: str = "qemu64",
    devices: str = "-",
    traits: str = QUIET,
) -> Verdict:
    name, options = read_machine(machine, knowledge().guests)
    start = GuestStart(
        baseline=Baseline(machine_type=name),
        devices=read_devices(devices, knowledge().guests),
        cpu=read_cpu(cpu, knowledge().guests),
        traits=read_traits(traits, knowledge().guests),
        machine_options=options,
    )
    return judge(MigrationEdge(source=source, destination=destination), start, knowledge())


def rules(verdict: Verdict) -> set[Rule]:
    return {one.rule for one in lasting(verdict)}


def lasting(verdict: Verdict) -> list[Objection]:
    """What is against the move at any moment, not only while an event is in flight."""
    return [one for one in verdict.objections if not one.transient]


# ---- settings of the CPU


def test_a_setting_of_the_cpu_is_a_part_that_both_builds_must_have() -> None:
    def move(source: str, destination: str) -> Verdict:
        cpu = "qemu64,hv-version-id-build=7196"
        return judged(host(source), host(destination), "pc-q35-5.2", cpu=cpu)

    assert Rule.PART_NOT_OFFERED in rules(move(BOOKWORM, BULLSEYE))
    assert Rule.PART_NOT_OFFERED not in rules(move(BOOKWORM, TRIXIE))


def test_an_unknown_setting_is_a_wrong_input() -> None:
    with pytest.raises(ValueError, match="hv-version-id-build"):
        read_cpu("qemu64,hv-version-id-bild=7196", knowledge().guests)


def test_a_setting_that_asks_something_of_the_host_is_open_between_kernels() -> None:
    cpu = "Skylake-Server,lbr-fmt=0x5"
    other = judged(host(TRIXIE), host(TRIXIE, kernel="6.1.0"), "pc-q35-8.2", cpu=cpu)
    facts = [fact for one in other.objections for fact in one.facts]
    assert "whether the destination's kernel and CPU can do lbr-fmt=0x5" in facts
    same = judged(host(TRIXIE), host(TRIXIE), "pc-q35-8.2", cpu=cpu)
    assert not lasting(same)


def test_a_frequency_given_with_the_cpu_is_the_trait_of_that_name() -> None:
    start = GuestStart(
        baseline=Baseline(machine_type="q35"), cpu=GuestCpu.parse("host,tsc-frequency=2000000000")
    )
    assert start.trait("tsc-frequency") is Truth.YES
    assert start.trait("split-irqchip") is Truth.UNKNOWN


# ---- options of the machine


@pytest.mark.parametrize(
    ("option", "truth"), [("smm=on", Truth.YES), ("smm=off", Truth.NO), ("", Truth.UNKNOWN)]
)
def test_an_option_of_the_machine_states_the_trait_of_its_name(option: str, truth: Truth) -> None:
    _, options = read_machine(f"pc-q35-8.2,{option}", knowledge().guests)
    start = GuestStart(baseline=Baseline(machine_type="pc-q35-8.2"), machine_options=options)
    assert start.trait("smm") is truth


def test_a_machine_that_asks_for_smm_needs_a_kernel_with_it() -> None:
    lacking = host(TRIXIE, stated="-kvm.cap.x86_smm")
    refused = judged(host(TRIXIE), lacking, "pc-q35-8.2,smm=on")
    assert [one.consequence for one in lasting(refused)] == [Consequence.CANNOT_START]
    assert not lasting(judged(host(TRIXIE), lacking, "pc-q35-8.2,smm=off"))


# ---- boards without versions


@pytest.mark.parametrize(
    ("edge", "passes"),
    [
        ((BOOKWORM, TRIXIE), True),
        ((TRIXIE, BOOKWORM), False),
        ((BULLSEYE, BOOKWORM), True),
        ((BOOKWORM, BULLSEYE), False),
    ],
)
def test_a_board_without_versions_has_the_defaults_of_its_build(
    edge: tuple[str, str], passes: bool
) -> None:
    """Types with versions shut the gates of the command before the switchover and of the keyboard."""
    source, destination = (host(qemu) for qemu in edge)
    found = lasting(judged(source, destination, "isapc", cpu="486"))
    assert (not found) is passes
    assert passes or any(one.rule is Rule.UNIT_NOT_UNDERSTOOD for one in found)


def test_a_board_that_nobody_compared_stays_open() -> None:
    found = judged(host("8.1.0"), host("8.2.0"), "microvm", cpu="486")
    assert any(
        "what differing builds make" in fact for one in found.objections for fact in one.facts
    )


# ---- options of one device


def test_an_option_of_one_of_several_devices_is_open_only_where_a_unit_hangs_on_it() -> None:
    def move(devices: str) -> Verdict:
        return judged(host(BOOKWORM), host(TRIXIE), "pc-q35-7.2", devices=devices)

    assert not lasting(move("cirrus-vga,rombar=0 bochs-display"))
    gated = move("virtio-rng-pci,packed=on virtio-balloon-pci")
    assert any("of only one of several" in fact for one in gated.objections for fact in one.facts)


def test_an_option_of_a_bus_variant_is_not_asked_of_its_base_type() -> None:
    devices = "virtio-scsi-pci-transitional,vectors=1"
    found = judged(host(BULLSEYE), host(BOOKWORM), "pc-i440fx-5.2", devices=devices)
    assert Rule.PROPERTY_NOT_OFFERED not in rules(found)


# ---- CPUs that follow their host


@pytest.mark.parametrize(
    ("cpu", "blocked"),
    [("host", False), ("host,-migratable", True), ("host,+invtsc", True), ("max", False)],
)
def test_a_cpu_that_follows_its_host_leaves_out_what_blocks_migration(
    cpu: str, blocked: bool
) -> None:
    one = host(TRIXIE, stated="+cpu.invtsc")
    found = judged(one, one, "pc-q35-8.2", cpu=cpu)
    assert (Rule.MIGRATION_BLOCKED in rules(found)) is blocked


@pytest.mark.parametrize(
    ("edge", "fault"),
    [
        ((BULLSEYE, BOOKWORM), "host-cpu-address-width-6.0"),
        ((BOOKWORM, TRIXIE), "host-cpu-8.0"),
        ((TRIXIE, BOOKWORM), "host-cpu-8.0"),
        ((TRIXIE, NEWEST), ""),
    ],
)
def test_builds_make_different_cpus_of_one_host(edge: tuple[str, str], fault: str) -> None:
    source, destination = (host(qemu) for qemu in edge)
    machine = "pc-q35-5.2" if BULLSEYE in edge else "pc-q35-7.2"
    found = judged(source, destination, machine, cpu="host")
    units = {one.unit for one in found.objections if one.unit.startswith("host-cpu")}
    assert units == ({fault} if fault else set())
    named = judged(source, destination, machine, cpu="Westmere")
    assert not any(one.unit.startswith("host-cpu") for one in named.objections)


# ---- emulated CPUs


@pytest.mark.parametrize(
    ("edge", "cpu", "refused"),
    [
        ((BOOKWORM, TRIXIE), "cortex-a57", True),
        ((TRIXIE, BOOKWORM), "neoverse-n1", True),
        ((TRIXIE, TRIXIE), "cortex-a57", False),
        ((BOOKWORM, TRIXIE), "cortex-a15", False),
    ],
)
def test_series_do_not_load_the_registers_of_an_emulated_arm_cpu(
    edge: tuple[str, str], cpu: str, refused: bool
) -> None:
    source, destination = (host(qemu, arch="aarch64") for qemu in edge)
    found = judged(source, destination, "virt-7.2", cpu=cpu, traits=f"{QUIET} tcg=yes")
    assert (Rule.UNIT_NOT_UNDERSTOOD in rules(found)) is refused
    facts = [fact for one in found.objections for fact in one.facts]
    assert not any("registers that each kernel exposes" in fact for fact in facts)


# ---- other names of devices


@pytest.mark.parametrize("name", ["virtio-blk", "lsi", "e1000-82540em", "ac97"])
def test_another_name_of_a_device_is_that_device(name: str) -> None:
    found = judged(host(BOOKWORM), host(TRIXIE), "pc-q35-7.2", devices=name)
    assert not any("no row" in fact for one in found.objections for fact in one.facts)
    none = judged(host(BOOKWORM), host(TRIXIE), "pc-q35-7.2", devices=f"{name}-of-nobody")
    assert any("no row" in fact for one in none.objections for fact in one.facts)


# ---- what nobody named is off, and the flags stay


def test_a_flag_on_a_variant_is_judged_when_settings_are_taken_as_off() -> None:
    groups = (group(BULLSEYE, stated="-kvm.cap.x86_smm"), group(NEWEST, stated="-kvm.cap.x86_smm"))
    fleet = Fleet(groups=groups, source="fleet.csv")
    flag = "virtio-balloon-pci-non-transitional.class=1"
    cells = {
        "from": BULLSEYE,
        "to": NEWEST,
        "machine": "pc-i440fx-5.2",
        "flags": flag,
        "devices": "virtio-balloon-pci-non-transitional",
        "cpu": "qemu64",
        "traits": QUIET,
    }
    case, wrong = case_of(cells, fleet, knowledge().guests)
    assert case is not None, wrong
    judge_of = CaseJudge(fleet=fleet, knowledge=knowledge(), policy=knowledge().policy)
    found = judge_of.verdict(case)
    assert Rule.PROPERTY_NOT_OFFERED in rules(found)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("fo=off", "no option"),
        ("hmat=banana", "allowed: on, off"),
        ("smm=maybe", "allowed"),
        ("smm=auto", ""),
        ("kernel-irqchip=split", ""),
        ("cxl-fmw.0.targets.0=one", ""),
    ],
)
def test_an_option_of_the_machine_that_no_build_takes_is_refused(option: str, told: str) -> None:
    def read() -> str:
        try:
            read_machine(f"pc-q35-10.0,{option}", knowledge().guests)
        except ValueError as error:
            return str(error)
        return ""

    assert told in read()
    assert bool(read()) is bool(told)
