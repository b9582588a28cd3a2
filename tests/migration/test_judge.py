"""Every rule of judgement has an edge that raises it and a near miss that does not."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.verdict import Objection, Rule, Verdict
from planner.fleet.words import (
    read_capabilities,
    read_cpu,
    read_devices,
    read_flags,
    read_traits,
)
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import GuestWords
from planner.knowledge.load import load_knowledge
from planner.migration.judge import judge
from planner.migration.profiles import Profiler

Host = tuple[str, str, str] | tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Move:
    """One edge; hosts are (kernel, qemu, capabilities, CPU), the guest in words of a cases file.

    With a `unit`, only what is said of that unit counts.
    """

    source: Host
    destination: Host
    guest: dict[str, str] = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleCase:
    """An edge that raises a rule, or nearly does; `expect` are all objections, as lines."""

    rule: Rule
    raised: bool
    why: str
    move: Move
    expect: tuple[str, ...]


@cache
def _knowledge() -> KnowledgeBase:
    return load_knowledge()


def _profile(host: Host, arch: str = "x86_64") -> HostProfile:
    kernel, qemu, capabilities, *cpu = host
    present, absent = read_capabilities(capabilities, _knowledge())
    group = HostGroup(
        pool=PoolName("pool"),
        arch=arch,
        kernel=kernel,
        qemu=qemu,
        hosts=(HostName("host"),),
        cpu="".join(cpu),
        present=present,
        absent=absent,
    )
    return Profiler(_knowledge()).profile(group)


def _start(guest: dict[str, str]) -> GuestStart:
    return GuestStart(
        baseline=Baseline(machine_type=guest["machine"], flags=read_flags(guest.get("flags", ""))),
        devices=read_devices(guest.get("devices", "-"), _knowledge().guests),
        cpu=GuestCpu.parse(guest.get("cpu", "qemu64")),
        traits=read_traits(guest.get("traits", "uses-smm=no pae=no"), _knowledge().guests),
    )


def verdict_of_move(move: Move) -> Verdict:
    """Return the strict verdict of a case."""
    edge = MigrationEdge(source=_profile(move.source), destination=_profile(move.destination))
    return judge(edge, _start(move.guest), _knowledge())


def _objections(move: Move) -> list[Objection]:
    """Return what is said against an edge, of its unit alone if it names one."""
    objections = verdict_of_move(move).objections
    return [one for one in objections if move.unit in {"", one.unit}]


def _rules(move: Move) -> set[Rule]:
    return {one.rule for one in _objections(move)}


def _qemu(version: str) -> Host:
    return ("6.1.0-40-amd64", version, "")


def _cpu(text: str) -> Host:
    return ("6.1.0-40-amd64", "8.2.7", "", text)


GOLDEN = Path(__file__).resolve().parents[1] / "cases" / "rules.toml"


def _golden() -> list[RuleCase]:
    """Return the cases of `rules.toml`."""
    return [
        RuleCase(
            rule=Rule(row.get("raises", row.get("spares"))),
            raised="raises" in row,
            why=row["why"],
            move=Move(
                source=_host(row["source"]),
                destination=_host(row["destination"]),
                guest=row["guest"],
                unit=row.get("unit", ""),
            ),
            expect=tuple(row["expect"]),
        )
        for row in tomllib.loads(GOLDEN.read_text(encoding="utf-8"))["case"]
    ]


def _host(row: dict[str, str]) -> Host:
    return (row["kernel"], row["qemu"], row.get("capabilities", ""), row.get("cpu", ""))


def _lines(move: Move) -> tuple[str, ...]:
    """Return every objection as a line of `expect`."""
    return tuple(
        sorted(
            {
                " ".join(
                    (
                        "?" if one.is_gap else "!",
                        one.rule.value,
                        *filter(None, (one.unit, one.property_key, one.capability)),
                    )
                )
                for one in _objections(move)
            }
        )
    )


CASES = _golden()


def test_every_rule_has_a_case_and_a_near_miss() -> None:
    for raised in (True, False):
        assert {case.rule for case in CASES if case.raised is raised} == set(Rule)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule.value}: {case.why}")
def test_a_rule_is_raised_by_its_edge_and_by_no_near_miss(case: RuleCase) -> None:
    found = {one.rule for one in _objections(case.move)}
    assert (case.rule in found) is case.raised


@pytest.mark.parametrize("number", range(len(CASES)))
def test_an_edge_has_the_objections_that_were_agreed_on(number: int, update_golden: bool) -> None:
    case = CASES[number]
    if update_golden:
        _write(number, _lines(case.move))
        return
    assert _lines(case.move) == case.expect


def _write(number: int, lines: tuple[str, ...]) -> None:
    """Write the objections of one case; what stands above them stays as it is."""
    head, *blocks = GOLDEN.read_text(encoding="utf-8").split("[[case]]")
    above, _, _ = blocks[number].partition("expect = [")
    listed = "".join(f"\n  {json.dumps(line)}," for line in lines)
    tail = "\n" if number + 1 == len(blocks) else "\n\n"
    blocks[number] = f"{above}expect = [{listed}{chr(10) if lines else ''}]{tail}"
    GOLDEN.write_text("[[case]]".join((head, *blocks)), encoding="utf-8")


def _judged(source: Host, destination: Host, guest: dict[str, str]) -> Verdict:
    edge = MigrationEdge(source=_profile(source), destination=_profile(destination))
    return judge(edge, _start(guest), _knowledge())


def test_what_hardware_decides_is_unknown_between_cpus_that_differ() -> None:
    icelake, skylake = _cpu("Intel Xeon Gold 6338"), _cpu("Intel Xeon Gold 6130")
    guest = {"machine": "pc-q35-8.2", "traits": "uses-smm=yes pae=no", "cpu": "kvm64,+spec-ctrl"}
    unit, asked = "cpu/spec_ctrl", "kvm.msr.spec_ctrl"
    found = [one for one in _judged(icelake, skylake, guest).objections if one.unit == unit]
    assert [(one.is_gap, one.capability) for one in found] == [(True, asked)]
    probed = ("6.1.0-40-amd64", "8.2.7", f"+{asked}", "Intel Xeon Gold 6130")
    for other in (icelake, _cpu("Intel"), _cpu(""), _cpu("Intel Xeon Gold 6354"), probed):
        judged = _judged(icelake, other, guest)
        assert not [one for one in judged.objections if one.unit == unit]
    of_smm = _judged(icelake, skylake, guest).objections
    assert not [one for one in of_smm if one.unit == "cpu/smm"]


@pytest.mark.parametrize("destination", ["8.2.6", "8.2.7"])
def test_a_device_without_a_row_is_a_missing_fact_also_between_equal_hosts(
    destination: str,
) -> None:
    guest = {"machine": "pc-q35-8.1", "devices": "acme-offload-pci"}
    judged = _judged(_qemu("8.2.7"), _qemu(destination), guest)
    (found,) = [one for one in judged.objections if "acme-offload-pci" in "".join(one.facts)]
    assert found.is_gap


@pytest.mark.parametrize("device", ["vhost-user-rng-pci", "virtio-gpu-gl-pci", "virtio-vga-gl"])
def test_devices_that_never_migrate_are_blocked_between_equal_hosts(device: str) -> None:
    guest = {"machine": "pc-q35-8.1", "devices": device}
    judged = _judged(_qemu("8.2.7"), _qemu("8.2.7"), guest)
    assert Rule.MIGRATION_BLOCKED in {one.rule for one in judged.objections}


def test_an_accelerator_setting_that_is_not_given_is_a_missing_fact() -> None:
    new, old = ("6.1.0-40-amd64", "7.0.0", ""), ("4.19.0-27-amd64", "7.0.0", "")
    guest = {"machine": "pc-q35-7.0"}
    traits = {"traits": "uses-smm=no pae=no bus-lock-ratelimit=no"}
    units = {one.unit for one in _judged(new, old, guest).objections}
    named = {one.unit for one in _judged(new, old, guest | traits).objections}
    assert units - named == {"kvm/bus_lock_exit"}


@pytest.mark.parametrize(
    ("read", "text", "hint"),
    [(read_cpu, "qemu64,+invtscc", "invtsc"), (read_traits, "nestet=yes", "nested")],
)
def test_misspelt_words_about_guests_are_refused(
    read: Callable[[str, GuestWords], object], text: str, hint: str
) -> None:
    with pytest.raises(ValueError, match=f"'{hint}'"):
        read(text, _knowledge().guests)


def test_a_misspelt_cpu_feature_of_a_host_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'cpu\.waitpkg'"):
        read_capabilities("-cpu.waitpkgg", _knowledge())


def test_a_kernel_newer_than_the_tables_is_named_as_inferred() -> None:
    known, newer = _profile(("7.3.2", "11.1.1", "")), _profile(("7.4.0", "11.1.1", ""))
    ubuntu = _profile(("9.9.0-10-generic", "11.1.1", ""))
    assert not known.kernel_doubt
    assert "mainline 7.3" in newer.kernel_doubt
    assert "mainline 7.3" in ubuntu.kernel_doubt


def test_a_feature_that_every_model_has_is_certain() -> None:
    having = ("6.1.0-40-amd64", "7.2.0", "")
    lacking = ("6.1.0-40-amd64", "7.2.0", "-cpu.kvmclock")
    found = _judged(having, lacking, {"machine": "pc-q35-7.2", "cpu": "Haswell"}).objections
    told = [(one.is_gap, one.capability) for one in found if one.capability.startswith("cpu.")]
    assert told == [(False, "cpu.kvmclock")]


def test_qemu_gives_some_features_past_the_kernel() -> None:
    """Seen with real builds: a guest of 10.0 has erms where KVM does not list it; 7.2 drops it."""
    older = ("6.1.0-40-amd64", "7.2.0", "-cpu.erms")
    newer = ("6.1.0-40-amd64", "10.0.2", "-cpu.erms")
    guest = {"machine": "pc-q35-7.2", "cpu": "Haswell"}

    def lost(source: Host, destination: Host) -> set[str]:
        """Return what the destination certainly lacks of the guest's CPU."""
        found = _judged(source, destination, guest).objections
        return {one.capability for one in found if one.rule is Rule.CAPABILITY_MISSING}

    assert lost(newer, older) == {"cpu.erms"}
    assert lost(older, newer) == lost(newer, newer) == lost(older, older) == set()


@pytest.mark.parametrize("qom_type", ["virtio-net-device", "virtio-net-pci"])
def test_a_flag_of_a_bus_variant_and_of_its_base_type_are_alike(qom_type: str) -> None:
    """A guest that was never offered a feature may go where it is offered, but not the other way."""
    host = ("6.12.48+deb13-amd64", "10.0.2", "+tun.uso")
    guest = {"machine": "pc-q35-10.0", "devices": "virtio-net-pci+tap"}
    guest["traits"] = "negotiates-uso=yes"
    off, on = f"{qom_type}.host_uso=off", f"{qom_type}.host_uso=on"
    edge = MigrationEdge(source=_profile(host), destination=_profile(host))

    def rules(ours: str, theirs: str) -> set[tuple[Rule, str]]:
        """Judge a hop between processes with different flags."""
        start = replace(_start(guest | {"flags": ours}), hop_flags=read_flags(theirs))
        found = judge(edge, start, _knowledge()).objections
        return {(one.rule, one.unit) for one in found if "uso" in one.property_key}

    assert rules(off, on) == set()
    assert rules(on, off) == {(Rule.COMPAT_VALUE_DIFFERS, "virtio-net-device/feature:56")}


ONE_CPU, OTHER_CPU = "AMD EPYC Embedded 3351", "AMD EPYC Embedded 3251"
"""Names that no row reads: nothing is known of what their hardware has."""


@pytest.mark.parametrize(
    ("cpu", "fact"),
    [
        ("EPYC-Milan", "cpu.3dnowprefetch, cpu.abm, cpu.adx and"),
        ("host", "on the destination, whose CPU differs"),
        ("qemu64,+avx2", "cpu.avx2 on the destination, whose CPU differs"),
        ("GraniteRapids-v9", "features of CPU model 'GraniteRapids-v9'"),
        ("qemu64", ""),
        ("kvm64,+sse2", ""),
    ],
)
def test_features_of_the_guest_are_open_between_cpus_of_two_models(cpu: str, fact: str) -> None:
    guest = {"machine": "pc-q35-8.2", "traits": "uses-smm=no pae=no", "cpu": cpu}
    found = _judged(_cpu(ONE_CPU), _cpu(OTHER_CPU), guest).objections
    told = [one for one in found if one.unit == "cpu/cpuid"]
    assert [one.is_gap for one in told] == ([True] if fact else [])
    assert all(fact in one.facts[0] for one in told)
    for other in (ONE_CPU, "AMD", ""):
        assert "cpu/cpuid" not in {
            one.unit for one in _judged(_cpu(ONE_CPU), _cpu(other), guest).objections
        }


def test_a_feature_that_the_destination_is_known_to_have_is_not_open() -> None:
    guest = {"machine": "pc-q35-8.2", "traits": "uses-smm=no pae=no", "cpu": "qemu64,+avx2"}
    for stated, units in (("+cpu.avx2", set[str]()), ("-cpu.avx2", {"cpu/cpuid"})):
        probed = ("6.1.0-40-amd64", "8.2.7", stated, OTHER_CPU)
        found = _judged(_cpu(ONE_CPU), probed, guest).objections
        assert {one.unit for one in found if one.unit == "cpu/cpuid"} == units
        assert not any(one.is_gap for one in found if one.unit == "cpu/cpuid")


def test_cpus_of_two_models_leave_other_architectures_open() -> None:
    def arm(cpu: str) -> HostProfile:
        """Return an aarch64 host."""
        group = HostGroup(
            pool=PoolName("pool"),
            kernel="6.1.0-40-arm64",
            qemu="8.2.7",
            hosts=(HostName("host"),),
            arch="aarch64",
            cpu=cpu,
        )
        return Profiler(_knowledge()).profile(group)

    start = _start({"machine": "virt-8.2", "cpu": "host"})
    edge = MigrationEdge(source=arm("Neoverse N1"), destination=arm("Neoverse V1"))
    facts = [fact for one in judge(edge, start, _knowledge()).objections for fact in one.facts]
    assert any("neoverse n1" in fact for fact in facts)
    same = MigrationEdge(source=arm("Neoverse N1"), destination=arm("Neoverse N1"))
    assert not any(
        "neoverse" in fact
        for one in judge(same, start, _knowledge()).objections
        for fact in one.facts
    )


USO = "6.12.48+deb13-amd64", "10.0.2", "+tun.uso"
NO_USO = "6.1.0-40-amd64", "10.0.2", "-tun.uso"


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("+tap", {(False, "virtio-net-device/feature:56")}),
        ("+bridge", {(False, "virtio-net-device/feature:56")}),
        ("+user", set[tuple[bool, str]]()),
        ("+tpa", {(True, "virtio-net-device/feature:56"), (True, "")}),
        ("+", {(True, "virtio-net-device/feature:56"), (True, "")}),
    ],
)
def test_a_misspelt_backend_takes_no_objection_away(
    backend: str, found: set[tuple[bool, str]]
) -> None:
    guest = {"machine": "pc-q35-10.0", "devices": f"virtio-net-pci{backend}"}
    guest["traits"] = "negotiates-uso=yes"
    objections = _judged(USO, NO_USO, guest).objections
    told = {(one.is_gap, one.unit) for one in objections}
    assert {one for one in told if one[1] in {"", "virtio-net-device/feature:56"}} == found


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("backend", "refused"), [("+tap", True), ("+bridge", True), ("+user", False)]
)
def test_a_tap_without_ufo_refuses_whatever_the_flags_say(
    backend: str, refused: bool, arch: str
) -> None:
    """`has_ufo` speaks of the tap, not of the features, so no flag helps."""
    flags = "virtio-net-pci.host_ufo=off virtio-net-pci.guest_ufo=off"
    machine = {"x86_64": "pc-q35-10.0", "aarch64": "virt-10.0"}[arch]
    guest = {"machine": machine, "devices": f"virtio-net-pci{backend}", "flags": flags}
    hosts = [_profile(("6.18.44", "10.0.2", f"{sign}tun.ufo"), arch=arch) for sign in "+-"]
    for source, destination in (hosts, hosts[::-1]):
        edge = MigrationEdge(source=source, destination=destination)
        units = {one.unit for one in judge(edge, _start(guest), _knowledge()).objections}
        expected = refused and source is hosts[0]
        assert ("virtio-net-device/has_ufo" in units) is expected


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        ("tpm-crb", {"backend/tpm"}),
        ("virtio-net-pci+vhost-user", {"backend/vhost-user"}),
        ("vhost-user-fs-pci", {"backend/virtiofsd"}),
        ("virtio-net-pci+tap", set[str]()),
        (None, set[str]()),
    ],
)
def test_what_is_beside_qemu_is_a_check_for_guests_that_have_it(
    devices: str | None, told: set[str]
) -> None:
    start = _start({"machine": "pc-q35-10.0", "devices": devices or "-"})
    if devices is None:
        start = replace(start, devices=None)
    edge = MigrationEdge(source=_profile(USO), destination=_profile(USO))
    remarks = judge(edge, start, _knowledge()).remarks
    found = {one.unit for one in remarks if one.unit.startswith("backend/")}
    assert found == told


@pytest.mark.parametrize("value", ["maybe", "yess", "auto"])
def test_a_value_that_is_none_does_not_shut_a_gate(value: str) -> None:
    smi = "x86_64-cpu.x-migrate-smi-count"
    old, new = ("4.14.300", "4.0.0", "-kvm.msr.smi_count"), ("4.18.20", "4.0.0", "")
    guest = {"machine": "pc-q35-4.0", "traits": "uses-smm=yes pae=no"}
    lost = (False, Rule.CAPABILITY_MISSING)

    def told(flag: str) -> set[tuple[bool, Rule]]:
        """Return what is said of the SMI count and of the flag."""
        found = _judged(new, old, guest | {"flags": f"{smi}={flag}"}).objections
        return {(one.is_gap, one.rule) for one in found if "smi" in one.unit + one.property_key}

    assert lost in told("on") and lost not in told("off")
    assert {(False, Rule.PROPERTY_NOT_OFFERED), (True, Rule.KNOWLEDGE_GAP)} <= told(value)


@pytest.mark.parametrize(("cpu", "lost"), [("qemu64,+xsave", True), ("qemu64", False)])
def test_a_guest_with_xsave_needs_a_destination_that_takes_xcr0(cpu: str, lost: bool) -> None:
    source, other = ("6.1.0-40-amd64", "8.2.7", ""), ("6.1.0-40-amd64", "8.2.7", "-kvm.cap.xcrs")
    guest = {"machine": "pc-q35-7.2", "cpu": cpu}
    move = Move(source=source, destination=other, guest=guest, unit="cpu/xcr0")
    assert (Rule.CAPABILITY_MISSING in _rules(move)) is lost
    assert not _rules(replace(move, destination=source))


def test_a_machine_type_of_another_architecture_cannot_start() -> None:
    host = _qemu("8.2.7")
    found = _judged(host, host, {"machine": "virt-8.2"}).objections
    assert Rule.MACHINE_TYPE_NOT_OFFERED in {one.rule for one in found}
