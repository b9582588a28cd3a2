"""Guests that QEMU emulates (trait `tcg`): builds emulate different CPUs, and no host has a say.

Seen with real builds: under TCG, QEMU 7.2 gives a Haswell AVX and QEMU 5.2 does not, and nobody is told.
"""

from __future__ import annotations

from functools import cache

import pytest

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.emulation import judge_emulation
from planner.migration.judge import judge
from planner.migration.profiles import Profiler

NEW, OLD, UNREAD, TOO_NEW = "7.2.0", "5.2.0", "4.2.0", "12.0.0"


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def profile(qemu: str) -> HostProfile:
    names = (HostName("host"),)
    group = HostGroup(pool=PoolName("p"), kernel="6.12.0", qemu=qemu, hosts=names)
    return Profiler(knowledge()).profile(group)


def start_of(cpu: str, booted: str, emulated: Truth) -> GuestStart:
    return GuestStart(
        baseline=Baseline(machine_type="pc-q35-4.2"),
        booted_on=profile(booted),
        devices=(),
        cpu=GuestCpu.parse(cpu) if cpu else None,
        traits=frozenset(() if emulated is Truth.UNKNOWN else {("tcg", emulated is Truth.YES)}),
    )


def gaps(
    cpu: str, source: str, destination: str, booted: str = "", emulated: Truth = Truth.YES
) -> tuple[Objection, ...]:
    edge = MigrationEdge(source=profile(source), destination=profile(destination))
    start = start_of(cpu, booted or source, emulated)
    return tuple(judge_emulation(edge, start, knowledge()))


@pytest.mark.parametrize(
    ("cpu", "destination", "fact"),
    [
        ("Haswell", OLD, "whether QEMU 7.2.0 and 5.2.0 emulate the CPU Haswell alike"),
        ("max", OLD, "whether QEMU 7.2.0 and 5.2.0 emulate the CPU max alike"),
        ("qemu64,+avx2,+fma", OLD, "whether QEMU 7.2.0 and 5.2.0 both emulate avx2, fma"),
        ("", OLD, "guest CPU"),
        ("qemu64", UNREAD, "which CPU features QEMU 4.2.0 emulates"),
        ("qemu64", TOO_NEW, "which CPU features QEMU 12.0.0 emulates"),
    ],
)
def test_what_builds_may_emulate_differently_is_a_missing_fact(
    cpu: str, destination: str, fact: str
) -> None:
    (found,) = gaps(cpu, NEW, destination)
    assert (found.rule, found.facts) == (Rule.KNOWLEDGE_GAP, (fact,))


@pytest.mark.parametrize("cpu", ["qemu64", "kvm64,-pni,+tsc-adjust,+clflushopt", "qemu64,-avx2"])
def test_what_builds_emulate_alike_passes(cpu: str) -> None:
    assert not gaps(cpu, NEW, OLD) and not gaps(cpu, OLD, NEW)


@pytest.mark.parametrize("emulated", [Truth.NO, Truth.UNKNOWN])
def test_nothing_is_asked_of_guests_that_kvm_runs(emulated: Truth) -> None:
    assert not gaps("Haswell", NEW, OLD, emulated=emulated)


def test_the_boot_build_gave_the_guest_its_cpu() -> None:
    assert not gaps("Haswell", NEW, NEW)
    assert not gaps("Haswell", OLD, NEW, booted=NEW)
    assert gaps("Haswell", OLD, OLD, booted=NEW)


def test_an_edge_is_judged_by_it() -> None:
    edge = MigrationEdge(source=profile(NEW), destination=profile(OLD))
    verdict = judge(edge, start_of("Haswell", NEW, Truth.YES), knowledge())
    assert any("Haswell alike" in "".join(one.facts) for one in verdict.objections)
