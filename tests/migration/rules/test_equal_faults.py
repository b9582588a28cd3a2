"""Faults that builds have between each other, equal ones too: judged, and asked of an answer."""

from __future__ import annotations

from functools import cache

import pytest

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.fleet.words import read_traits
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.judge import judge
from planner.migration.profiles import Profiler
from planner.migration.rules.build_rules import fault_bites
from planner.solver.difference_issues import fault_issues


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def profile(qemu: str) -> HostProfile:
    names = (HostName(f"{qemu}-1"), HostName(f"{qemu}-2"))
    group = HostGroup(pool=PoolName(qemu), kernel="6.1.0", qemu=qemu, hosts=names)
    return Profiler(knowledge()).profile(group)


CASES = [
    ("slot-status-8.0", "8.0.0", "8.0.0", "pc-q35-6.0", "pcie-root-port", "yes", Rule.KNOWN_FAULT),
    ("slot-status-8.0", "6.2.0", "8.0.0", "pc-q35-6.0", "pcie-root-port", "", Rule.KNOWLEDGE_GAP),
    ("slot-status-8.0", "8.0.0", "8.0.0", "pc-q35-6.0", "pcie-root-port", "no", None),
    ("slot-status-8.0", "8.0.0", "8.0.0", "pc-q35-6.1", "pcie-root-port", "yes", None),
    ("slot-status-8.0", "8.1.0", "8.1.0", "pc-q35-6.0", "pcie-root-port", "yes", None),
    ("slot-status-8.0", "8.0.0", "8.1.0", "pc-q35-6.0", "pcie-root-port", "yes", None),
    ("intel-iommu-ahci-2.9", "2.9.0", "2.9.0", "pc-q35-2.9", "intel-iommu", "", Rule.KNOWN_FAULT),
    ("intel-iommu-ahci-2.9", "2.10.0", "2.10.0", "pc-q35-2.9", "intel-iommu", "", None),
    ("virtio-iommu-7.0", "7.0.0", "7.0.0", "pc-q35-7.0", "virtio-iommu-pci", "", Rule.KNOWN_FAULT),
    ("virtio-iommu-7.0", "7.1.0", "7.1.0", "pc-q35-7.0", "virtio-iommu-pci", "", None),
    (
        "vhost-user-blk-config-4.0",
        "3.1.0",
        "7.1.0",
        "pc-q35-3.1",
        "vhost-user-blk-pci",
        "",
        Rule.KNOWN_FAULT,
    ),
    (
        "vhost-user-blk-config-4.0",
        "3.1.0",
        "7.1.0",
        "pc-q35-3.1",
        "vhost-user-blk-pci,disable-legacy=on",
        "",
        None,
    ),
    ("vhost-user-blk-config-4.0", "3.1.0", "7.2.0", "pc-q35-3.1", "vhost-user-blk-pci", "", None),
]


@pytest.mark.parametrize(
    ("fault", "source", "destination", "machine", "device", "trait", "rule"), CASES
)
def test_a_fault_within_builds_is_judged(
    fault: str,
    source: str,
    destination: str,
    machine: str,
    device: str,
    trait: str,
    rule: Rule | None,
) -> None:
    text = f"powers-off-slots={trait}" if trait else ""
    start = GuestStart(
        baseline=Baseline(machine_type=machine),
        devices=(device,),
        cpu=GuestCpu.parse("qemu64"),
        traits=read_traits(text, knowledge().guests),
    )
    edge = MigrationEdge(source=profile(source), destination=profile(destination))
    found = [one for one in judge(edge, start, knowledge()).objections if one.unit == fault]
    assert [one.rule for one in found] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("qemu", "machine", "word"),
    [
        ("8.0.0", "pc-q35-6.0", "powers-off-slots"),
        ("8.0.0", "pc-q35-6.1", ""),
        ("8.1.0", "pc-q35-6.0", ""),
        ("7.0.0", "pc-q35-7.0", "virtio-iommu"),
        ("7.1.0", "pc-q35-7.0", ""),
    ],
)
def test_an_answer_for_equal_builds_asks_of_it(qemu: str, machine: str, word: str) -> None:
    pair = (profile(qemu).qemu, profile(qemu).qemu)
    issues = list(fault_issues([pair], [pair], machine, knowledge()))
    words = {name for one in issues if one.clause is not None for name in one.clause.any_of}
    assert words & {"powers-off-slots", "virtio-iommu"} == ({word} if word else set())


@pytest.mark.parametrize(
    ("source", "destination", "rule"),
    [
        ("9.0.2", "9.1.0", Rule.KNOWN_FAULT),
        ("9.0.2", "9.1.2", Rule.KNOWN_FAULT),
        ("9.0.4", "9.1.2", Rule.KNOWN_FAULT),
        ("9.1.2", "9.0.4", None),
        ("9.0.2", "9.1.3", None),
        ("9.1.3", "9.2.0", None),
        ("9.0.2", "9.1", Rule.KNOWLEDGE_GAP),
        ("9.0.2", "9.1.50", Rule.KNOWLEDGE_GAP),
        ("9.0.2", "pve-qemu-kvm 9.1.2-1", Rule.KNOWLEDGE_GAP),
    ],
)
def test_a_release_is_known_by_its_number(source: str, destination: str, rule: Rule | None) -> None:
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-9.0"), devices=("virtio-net-pci,mq=on",)
    )
    edge = MigrationEdge(source=profile(source), destination=profile(destination))
    fault = "virtio-net-queues-9.1"
    found = [one for one in judge(edge, start, knowledge()).objections if one.unit == fault]
    assert [one.rule for one in found] == ([rule] if rule else [])
    pair = (edge.source.qemu, edge.destination.qemu)
    issues = fault_issues([pair], [pair], "pc-q35-9.0", knowledge())
    told = [one.certain for one in issues if one.unit == fault]
    assert told == ([rule is Rule.KNOWN_FAULT] if rule else [])


def test_a_build_that_nobody_published_may_have_the_fix_of_its_number() -> None:
    own = profile("QEMU emulator version 9.1.2 (v9.1.2-12-gabcdef1)").qemu
    fault = next(one for one in knowledge().faults if one.id == "virtio-net-queues-9.1")
    builds = knowledge().builds
    assert fault_bites(fault, profile("9.0.2").qemu, own, builds) is Truth.UNKNOWN
    assert fault_bites(fault, profile("9.0.2").qemu, profile("9.1.2").qemu, builds) is Truth.YES


def test_a_build_of_no_line_has_no_features_of_a_release() -> None:
    """A host that no line of builds takes is judged by itself; it stops no other host."""
    unplaced = profile("9.2.4-mycorp1")
    assert not unplaced.qemu.is_placed
    assert unplaced.unoffered_cpu_features == frozenset()


@pytest.mark.parametrize(
    ("cpu", "source", "destination", "fault", "rule"),
    [
        ("qemu64,+srso-no", "10.0.13", "11.1.1", "amd-cache-leaf-11.1", Rule.KNOWN_FAULT),
        ("qemu64,+eraps", "11.1.1", "10.0.13", "amd-cache-leaf-11.1", Rule.KNOWN_FAULT),
        ("qemu64,+srso-no", "10.1.0", "11.1.1", "amd-cache-leaf-11.1", Rule.KNOWLEDGE_GAP),
        ("EPYC-Genoa", "10.0.13", "11.1.1", "amd-cache-leaf-11.1", None),
        ("qemu64,+ht", "11.1.1", "7.2.0", "ht-of-one-vcpu-10.0", Rule.KNOWN_FAULT),
        ("qemu64,+ht", "11.1.1", "10.0.13", "ht-of-one-vcpu-10.0", None),
        ("Haswell", "11.1.1", "7.2.0", "ht-of-one-vcpu-10.0", None),
        ("n270", "7.2.0", "10.0.13", "address-width-without-lm-10.0", Rule.KNOWN_FAULT),
        ("coreduo-v1", "7.2.0", "10.0.13", "address-width-without-lm-10.0", Rule.KNOWN_FAULT),
        ("coreduo", "7.2.0", "6.2.0", "address-width-without-lm-10.0", None),
        ("kvm32", "7.2.0", "10.0.13", "address-width-without-lm-10.0", None),
    ],
)
def test_what_builds_make_of_a_cpu_is_judged(
    cpu: str, source: str, destination: str, fault: str, rule: Rule | None
) -> None:
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-6.0"), devices=(), cpu=GuestCpu.parse(cpu)
    )
    edge = MigrationEdge(source=profile(source), destination=profile(destination))
    found = [one for one in judge(edge, start, knowledge()).objections if one.unit == fault]
    assert [one.rule for one in found] == ([rule] if rule else [])
