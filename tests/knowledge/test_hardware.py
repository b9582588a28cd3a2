"""A CPU's name in the fleet tells its generation, and that tells features which its hardware has."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.capability import CapabilityId, Presence
from planner.domain.host import HostGroup, HostName, PoolName
from planner.domain.solution import Solution, Status
from planner.domain.verdict import Outcome
from planner.knowledge.shipped import load_knowledge
from planner.migration.profiles import Profiler

CASCADE = "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"
ICELAKE = "Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz"
ROME = "AMD EPYC 7302 16-Core Processor"
SOLD = [
    ("Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz", "SandyBridge"),
    ("Intel(R) Xeon(R) CPU E5-2620 v2 @ 2.10GHz", "IvyBridge"),
    ("Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz", "Broadwell"),
    ("Intel(R) Xeon(R) Gold 6138 CPU @ 2.00GHz", "Skylake-Server"),
    (CASCADE, "Cascadelake-Server"),
    ("Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz", "Cascadelake-Server"),
    ("Intel(R) Xeon(R) Platinum 8380H CPU @ 2.90GHz", "Cooperlake"),
    (ICELAKE, "Icelake-Server"),
    ("Intel(R) Xeon(R) Platinum 8480+", "SapphireRapids"),
    ("AMD EPYC 7551P 32-Core Processor", "EPYC"),
    (ROME, "EPYC-Rome"),
    ("AMD EPYC 7713 64-Core Processor", "EPYC-Milan"),
    ("AMD EPYC 9354 32-Core Processor", "EPYC-Genoa"),
]
OPEN = [
    "",
    "Intel Xeon",
    "EPYC-Rome",
    "Cascadelake-Server",
    "AMD EPYC 3251",
    "Intel(R) Xeon(R) D-1541",
]


@pytest.mark.parametrize(("text", "generation"), [*SOLD, *((text, "") for text in OPEN)])
def test_a_name_tells_its_generation(text: str, generation: str) -> None:
    assert load_knowledge().guests.generation_of(text) == generation


def a_group(cpu: str, *, absent: str = "") -> HostGroup:
    knowledge = load_knowledge()
    named = [found for name in absent.split() if (found := knowledge.canonical(name))]
    return HostGroup(
        pool=PoolName("p"),
        kernel="6.1.0-39-amd64",
        qemu="1:7.2+dfsg-7+deb12u16",
        hosts=(HostName("h"),),
        cpu=cpu,
        absent=frozenset(named),
    )


def test_hardware_gives_what_every_version_of_its_model_has() -> None:
    profile = Profiler(load_knowledge()).profile(a_group(CASCADE))
    told = {
        name: profile.capabilities.presence(known)
        for name in ("pku", "avx512f", "hle")
        if (known := load_knowledge().canonical(f"cpu.{name}")) is not None
    }
    assert told == {"pku": Presence.PRESENT, "avx512f": Presence.PRESENT, "hle": Presence.POSSIBLE}


def test_what_the_fleet_states_beats_the_name() -> None:
    profile = Profiler(load_knowledge()).profile(a_group(CASCADE, absent="cpu.avx512f"))
    known = load_knowledge().canonical("cpu.avx512f")
    assert known is not None
    assert profile.capabilities.presence(known) is Presence.ABSENT


def test_a_register_comes_with_the_feature_that_reads_it() -> None:
    profiler, name = Profiler(load_knowledge()), load_knowledge().canonical("kvm.msr.tsc_aux")
    assert name is not None
    assert profiler.profile(a_group(ROME)).capabilities.presence(name) is Presence.PRESENT
    assert profiler.profile(a_group("")).capabilities.presence(name) is Presence.POSSIBLE


def a_fleet(folder: Path, *cpus: str) -> Path:
    path = folder / "fleet.csv"
    rows = [
        f"h{number},6.1.0-39-amd64,1:7.2+dfsg-7+deb12u16,{cpu}" for number, cpu in enumerate(cpus)
    ]
    path.write_text("\n".join(["host,kernel,qemu,cpu", *rows]) + "\n", encoding="utf-8")
    return path


def answered(folder: Path, *cpus: str) -> Solution:
    return planner.solve(planner.read_fleet(a_fleet(folder, *cpus)))


def ids_of(solution: Solution) -> set[str]:
    return {one.id for domain in solution.domains for one in domain.baselines[0].conditions}


def test_two_generations_leave_what_the_older_one_is_not_known_to_have(tmp_path: Path) -> None:
    solution = answered(tmp_path, CASCADE, ICELAKE)
    assert solution.status is Status.SAFE
    ids = ids_of(solution)
    assert "cpu:beyond-Cascadelake-Server" in ids
    assert "cpu:beyond-common" not in ids


def test_a_name_that_nobody_reads_leaves_common_features_only(tmp_path: Path) -> None:
    assert "cpu:beyond-common" in ids_of(answered(tmp_path, "Intel(R) Xeon(R) D-1541", ICELAKE))


@pytest.mark.parametrize(
    ("cpu", "outcome"),
    [
        ("Skylake-Server-v4", Outcome.SAFE),
        ("Skylake-Server-v4,+avx512-vpopcntdq", Outcome.UNSAFE),
    ],
)
def test_a_guest_within_the_older_generation_moves(
    tmp_path: Path, cpu: str, outcome: Outcome
) -> None:
    fleet = planner.read_fleet(a_fleet(tmp_path, CASCADE, ICELAKE))
    case = {
        "from": "h1",
        "to": "h0",
        "booted_on": "h1",
        "machine": "pc-q35-7.2",
        "devices": "virtio-net-pci+tap+vhost",
        "cpu": cpu,
        "traits": "smm=no uses-smm=no",
    }
    (verdict,) = planner.check(fleet, case, by_profile=True)
    assert verdict.outcome is outcome, [one.facts for one in verdict.objections]


@pytest.mark.parametrize(
    ("flag", "outcome"),
    [
        ("Skylake-Server-v4-x86_64-cpu.avx512f=off", Outcome.UNSAFE),
        ("x86_64-cpu.avx512-vpopcntdq=on", Outcome.UNSAFE),
        ("x86_64-cpu.avx512f=on", Outcome.SAFE),
        ("x86_64-cpu.avx512-vpopcntdq=off", Outcome.SAFE),
    ],
)
def test_a_flag_of_the_destination_alone_may_not_change_the_cpu(
    tmp_path: Path, flag: str, outcome: Outcome
) -> None:
    fleet = planner.read_fleet(a_fleet(tmp_path, CASCADE, CASCADE))
    case = {"from": "h0", "to": "h1", "machine": "pc-q35-7.2", "cpu": "Skylake-Server-v4"}
    asked = {**case, "devices": "e1000e", "to_flags": flag}
    (verdict,) = planner.check(fleet, asked, by_profile=True)
    assert verdict.outcome is outcome


OF_AMD = {"cpu.svm", "cpu.virt-ssbd", "cpu.sse4a"}
OF_INTEL = {"cpu.vmx", "cpu.hle", "cpu.amx-tile", "cpu.vmx-ept"}


@pytest.mark.parametrize(
    ("vendor", "lacked"),
    [("intel", OF_AMD), ("zhaoxin", OF_AMD), ("amd", OF_INTEL), ("hygon", OF_INTEL), ("", set())],
)
def test_hosts_of_one_vendor_lack_what_only_the_other_has(vendor: str, lacked: set[str]) -> None:
    found = load_knowledge().host_cpus.of_others("x86_64", vendor)
    assert found & (OF_AMD | OF_INTEL) == lacked
    assert not load_knowledge().host_cpus.of_others("aarch64", vendor)


def test_a_stated_feature_beats_what_the_vendor_implies() -> None:
    profiler = Profiler(load_knowledge())
    stated = frozenset({CapabilityId("cpu.svm")})
    for present, expected in ((frozenset(), True), (stated, False)):
        group = HostGroup(
            hosts=(HostName("a"),),
            pool=PoolName("p"),
            arch="x86_64",
            kernel="6.8.0-51-generic",
            qemu="1:8.2.2+ds-0ubuntu1.7",
            cpu=CASCADE,
            present=present,
        )
        absent = profiler.profile(group).capabilities.absent
        assert ("cpu.svm" in absent) is expected


def test_nothing_of_amd_is_asked_of_guests_on_intel_and_the_reverse(tmp_path: Path) -> None:
    rows = "host,kernel,qemu,cpu\na,5.15.0-130-generic,1:6.2+dfsg-2ubuntu6.24,{0}\n"
    rows += "b,6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.7,{0}\n"
    asked = {}
    for cpu in ("Xeon Gold 6248R", "AMD EPYC 7543", ""):
        (tmp_path / "fleet.csv").write_text(rows.format(cpu))
        (answer,) = planner.solve(planner.read_fleet(tmp_path / "fleet.csv")).domains
        assert answer.recommended is not None
        asked[cpu] = {word for one in answer.recommended.conditions for word in one.words}
    of_amd = {"cpu:flushbyasid", "cpu:tsc-scale", "cpu:vgif"}
    of_intel = {"cpu:tsx-ctrl", "cpu:vmx-ept-advanced-exitinfo"}
    assert not asked["Xeon Gold 6248R"] & of_amd
    assert not asked["AMD EPYC 7543"] & of_intel
    assert of_amd | of_intel <= asked[""], "nobody states the vendor"
