"""Features that kernels take from CPUs with a fault: read in sources, judged, chosen, advised."""

from __future__ import annotations

from functools import cache

import pytest

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.truth import Truth
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.words import words
from planner.harvest.kernel.x86.errata import read_errata
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember, Profiler
from planner.migration.rules.cpu_rules import judge_cpu_features, open_faults
from planner.solver.cpu_feature_gaps import faults_to_check, not_everywhere

AMD, MEMORY = "arch/x86/kernel/cpu/amd.c", "arch/x86/mm/init.c"
XSAVES, PCID = "cleared.xsaves-zen1-zen2", "cleared.pcid-alderlake-raptorlake"
OLD, NEW = "6.2.1", "6.3.8"
"""Two kernels that were read, before and after the feature was taken from Zen 1 and 2."""


def read(**files: str) -> tuple[dict[str, str], list[str]]:
    texts = {{"amd": AMD, "memory": MEMORY}[name]: text for name, text in files.items()}
    vocabulary = words()
    tree = KernelTree(texts, vocabulary.configuration, vocabulary.optional)
    found, problems = read_errata(tree, vocabulary)
    said = {True: "yes", False: "no"}
    return {
        name: said[one] if isinstance(one, bool) else "hardware" for name, one in found.items()
    }, [str(one) for one in problems]


def test_a_call_that_clears_is_read_with_what_mends_it() -> None:
    plain = (
        "static void init_spectral_chicken(struct cpuinfo_x86 *c)\n{"
        "\n clear_cpu_cap(c, X86_FEATURE_XSAVES);\n}"
    )
    mended = (
        "static void fix_erratum_1386(struct cpuinfo_x86 *c)\n{"
        "\n if (x86_match_min_microcode_rev(table))"
        "\n  return;\n clear_cpu_cap(c, X86_FEATURE_XSAVES);\n}"
    )
    assert read(amd=plain)[0][XSAVES] == "yes"
    assert read(amd=mended)[0][XSAVES] == "hardware"
    assert read(amd="static void init_spectral_chicken(void)\n{\n}")[0][XSAVES] == "no"


def test_pcid_is_taken_by_the_list_of_models_alone() -> None:
    body = "static void setup_pcid(void)\n{{\n{} setup_clear_cpu_cap(X86_FEATURE_PCID);\n}}"
    assert read(memory=body.format(" if (x86_match_cpu(invlpg_miss_ids))\n"))[0][PCID] == "yes"
    assert read(memory=body.format(" if (!boot_cpu_has(X86_FEATURE_PGE))\n"))[0][PCID] == "no"


def test_a_call_that_nobody_looked_at_is_told() -> None:
    text = (
        "static void init_amd_zen9(struct cpuinfo_x86 *c)\n{"
        "\n clear_cpu_cap(c, X86_FEATURE_AVX2);\n}"
    )
    (problem,) = read(amd=text)[1]
    assert "`init_amd_zen9` clears `AVX2`" in problem
    assert AMD in problem


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def host(kernel: str, cpu: str = "", **more: object) -> HostProfile:
    group = HostGroup(
        pool=PoolName("p"),
        kernel=kernel,
        qemu="8.2.0",
        cpu=cpu,
        hosts=(HostName("h"),),
        **more,  # type: ignore[arg-type]
    )
    return Profiler(knowledge()).profile(group)


def start(model: str, booted: HostProfile) -> GuestStart:
    return GuestStart(
        baseline=Baseline(machine_type="pc-q35-8.2"), cpu=GuestCpu(model=model), booted_on=booted
    )


def objections(
    source: HostProfile, destination: HostProfile, model: str = "EPYC-Rome"
) -> set[tuple[str, str]]:
    edge = MigrationEdge(source=source, destination=destination)
    found = judge_cpu_features(edge, start(model, source), knowledge(), "")
    return {(one.capability, one.rule.value) for one in found}


def checked(source: HostProfile, destination: HostProfile, model: str = "EPYC-Rome") -> list[str]:
    edge = MigrationEdge(source=source, destination=destination)
    return [one.text for one in open_faults(edge, start(model, source), knowledge())]


def looks(*profiles: HostProfile) -> MigrationDomain:
    groups = HostGroup(pool=PoolName("p"), kernel="", qemu="", hosts=(HostName("h"),))
    members = tuple(PoolMember(profile=one, groups=(groups,)) for one in profiles)
    return MigrationDomain(name="p", starts=members, members=members)


@pytest.mark.parametrize("cpu", ["EPYC-Rome", "AMD EPYC 7402P 24-Core Processor", "EPYC-v4"])
def test_a_cpu_with_the_fault_loses_the_feature(cpu: str) -> None:
    assert ("cpu.xsaves", "P004") in objections(host(OLD, cpu), host(NEW, cpu))
    assert objections(host(NEW, cpu), host(OLD, cpu)) == set()
    assert "cpu.xsaves" in not_everywhere(looks(host(OLD, cpu), host(NEW, cpu)).cpu_aspects)


@pytest.mark.parametrize("cpu", ["EPYC-Milan", "AMD EPYC 9354 32-Core Processor", "Icelake-Server"])
def test_a_cpu_without_the_fault_keeps_it(cpu: str) -> None:
    one, other = host(OLD, cpu), host(NEW, cpu)
    assert "cpu.xsaves" not in {name for name, _ in objections(one, other)}
    assert checked(one, other) == []
    assert "cpu.xsaves" not in not_everywhere(looks(one, other).cpu_aspects)
    assert faults_to_check(looks(one, other).cpu_aspects) == frozenset()


def test_a_probe_tells_the_cpu_by_its_numbers() -> None:
    facts = {model: (("cpu.family", "23"), ("cpu.model", model)) for model in ("49",)}
    rome = host(NEW, hardware=facts["49"])
    milan = host(NEW, hardware=(("cpu.family", "25"), ("cpu.model", "1")))
    assert "cpu.xsaves" in rome.lacked_cpu_features
    assert "cpu.xsaves" not in milan.lacked_cpu_features


def test_microcode_that_mends_it_leaves_it_open_on_such_cpus_alone() -> None:
    rome = host(OLD, "EPYC-Rome"), host("6.14.0", "EPYC-Rome")
    assert ("cpu.xsaves", "P012") in objections(*rome)
    milan = host(OLD, "EPYC-Milan"), host("6.14.0", "EPYC-Milan")
    assert "cpu.xsaves" not in {name for name, _ in objections(*milan)}


def test_kernels_that_agree_leave_nothing_open() -> None:
    one, other = host("6.4.6", "EPYC-Rome"), host("6.5.0", "EPYC-Rome")
    assert "cpu.xsaves" not in {name for name, _ in objections(one, other, "EPYC-Rome")}
    assert "xsaves" not in "".join(checked(host("6.4.6"), host("6.5.0")))


def test_a_release_between_two_that_differ_is_open() -> None:
    assert ("cpu.xsaves", "P012") in objections(
        host("6.1.4", "EPYC-Rome"), host("6.1.60", "EPYC-Rome")
    )


def test_tsx_that_a_kernel_takes_by_its_default_is_open() -> None:
    one, other = host("5.3.0", "Cascadelake-Server"), host("5.10.0", "Cascadelake-Server")
    found = objections(one, other, "Cascadelake-Server")
    assert {("cpu.rtm", "P012"), ("cpu.hle", "P012")} <= set(found)
    assert "cpu.rtm" not in {name for name, _ in objections(other, one, "Cascadelake-Server")}
    assert "cpu.rtm" not in {name for name, _ in objections(one, other, "Cascadelake-Server-noTSX")}
    newer = host("6.1.0", "Cascadelake-Server")
    assert "cpu.rtm" not in {name for name, _ in objections(other, newer, "Cascadelake-Server")}


def test_tsx_by_vendor_and_generation() -> None:
    def takes(kernel: str, cpu: str) -> bool:
        return any(one.feature == "cpu.rtm" for one in host(kernel, cpu).taken_cpu_features)

    assert not takes("4.18.0-193.el8.x86_64", "Cascadelake-Server"), "RHEL 8.2: tsx=on"
    assert takes("4.18.0-240.el8.x86_64", "Cascadelake-Server"), "RHEL 8.3: tsx=off"
    assert not takes("3.10.0-1160.el7.x86_64", "Cascadelake-Server")
    assert takes("6.12.0", "Icelake-Server")
    assert not takes("7.1.0", "Icelake-Server"), "7.0 asks whether the CPU has TAA"
    assert takes("7.1.0", "Cascadelake-Server")
    assert not takes("5.13.0", "Intel Xeon Gold 6130")
    assert takes("5.14.0", "Intel Xeon Gold 6130")


def test_cpus_that_nobody_states_are_a_check_with_their_names() -> None:
    (text,) = checked(host(OLD), host(NEW), "EPYC-Rome")
    assert text.endswith("AMD Zen 1, Zen 2, Cyan Skillfish"), "EPYC-Rome has no pcid"
    (text,) = checked(host(OLD), host(NEW, "Intel"), "Haswell-noTSX")
    assert text.endswith(": Intel Alder Lake and Raptor Lake")
    assert checked(host(NEW), host(OLD)) == []
    assert XSAVES in faults_to_check(looks(host(OLD), host(NEW)).cpu_aspects)


def test_what_the_fleet_states_of_a_feature_wins() -> None:
    stated = host(NEW, "EPYC-Rome", present=frozenset({"cpu.xsaves"}))
    assert "cpu.xsaves" not in stated.lacked_cpu_features


def test_every_fault_has_cpus_and_a_fact_of_the_kernels() -> None:
    errata = knowledge().host_cpus.errata
    rows = words().table["erratum"]
    assert isinstance(rows, list)
    listed = {row["name"] for row in rows if "name" in row}
    read = knowledge().kernels.tables.names("x86_64")
    assert listed == errata.names & read
    assert errata.names <= knowledge().kernels.told_of("x86_64"), "the others are told by rows"
    for row in errata.errata:
        assert errata.concerns(row, row.cpus) is Truth.YES


def test_registers_that_both_neighbours_save_are_not_open() -> None:
    """6.14.0 and 6.17.8 were read; a release between is inferred, though such names may come late."""
    for kernel in ("6.15.3", "6.16.3", "6.17.5", "7.1.1"):
        present = host(kernel).capabilities
        for name in ("kvm.msr.tsc_aux", "kvm.msr.spec_ctrl", "kvm.msr.arch_capabilities"):
            told = present.presence(name)  # type: ignore[arg-type]
            assert told.value in {"possible", "present"}, (kernel, name)
