"""What an answer rests on is data, and `solve` and `check` say the same of the same pair."""

from __future__ import annotations

import random
from functools import cache
from itertools import product

import pytest

from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.verdict import Verdict
from planner.fleet.words import read_capabilities
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.accept import apply
from planner.migration.graph import MigrationDomain
from planner.migration.judge import judge
from planner.migration.profiles import PoolMember, Profiler
from planner.migration.rules.hardware_rules import HOST_CONDITION
from planner.solver.candidate import HARDWARE, Candidate, is_common_parts
from planner.solver.closed_form import ClosedForm
from tests.migration.test_judge import _start

KERNELS = ("4.18.20", "5.4.286", "5.10.223", "6.1.20", "6.8.0", "6.12.107", "6.18.5")
BUILDS = ("4.2.1", "5.2.0", "6.2.0", "7.2.0", "8.2.0", "9.2.0", "10.0.2")
STATED = ("", "", "-kvm.msr.smi_count", "-cpu.rdtscp -cpu.rdpid -kvm.msr.tsc_aux", "-tun.uso")
TYPES = ("pc-q35-4.2", "pc-i440fx-4.2")


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


UNIVERSAL = {
    f"{clause.kind.value}:{word}"
    for unit in knowledge().units
    if unit.is_universal
    for clause in unit.when
    for word in clause.any_of
}
"""Claims about what no host of any fleet takes."""


@cache
def member(kernel: str, qemu: str, capabilities: str) -> PoolMember:
    present, absent = read_capabilities(capabilities, knowledge())
    group = HostGroup(
        pool=PoolName("pool"),
        kernel=kernel,
        qemu=qemu,
        hosts=(HostName(f"{kernel}-{qemu}-{capabilities}"),),
        present=present,
        absent=absent,
    )
    return PoolMember(profile=Profiler(knowledge()).profile(group), groups=(group,))


def solved(members: tuple[PoolMember, ...], machine_type: str) -> Candidate:
    row = knowledge().machine_type(machine_type)
    assert row is not None
    domain = MigrationDomain(name="pool", starts=members, members=members)
    return ClosedForm(knowledge(), knowledge().policy).attempt(domain, row)


def judged(one: HostProfile, other: HostProfile, boot: HostProfile, answer: Candidate) -> Verdict:
    """Judge a guest of which nothing is said under an answer, its conditions not taken as kept."""
    flags = tuple(choice.flag for choice in answer.flags)
    start = GuestStart(
        baseline=Baseline(machine_type=answer.machine_type.name, flags=flags), booted_on=boot
    )
    edge = MigrationEdge(source=one, destination=other)
    return apply(knowledge().policy, judge(edge, start, knowledge()))


def claims(verdict: Verdict) -> set[str]:
    """Return what a verdict says of guests: in what it objects to, and in what it takes as absent."""
    found = {
        f"{clause.kind.value}:{word}"
        for objection in verdict.objections
        for clause in objection.depends_on
        for word in clause.any_of
    }
    return found.union(*(one.subject.split() for one in verdict.remarks))


@pytest.mark.parametrize("seed", range(25))
def test_solve_and_check_say_the_same_of_the_same_pair(seed: int) -> None:
    """Each condition of an answer is a claim of some verdict, and each objection meets a condition."""
    chance = random.Random(seed)
    members = tuple(
        member(chance.choice(KERNELS), chance.choice(BUILDS), chance.choice(STATED))
        for _ in range(2)
    )
    if members[0] == members[1]:
        members = members[:1]
    answer = solved(members, chance.choice(TYPES))
    if not answer.is_safe:
        return
    profiles = [one.profile for one in members]
    verdicts = [
        judged(one, other, boot, answer) for one, other, boot in product(profiles, repeat=3)
    ]
    told = set().union(*map(claims, verdicts))
    asked = {word for one in answer.conditions for word in one.words}
    of_parts = {word for one in answer.conditions if is_common_parts(one) for word in one.words}
    assert asked - UNIVERSAL - of_parts <= told
    for verdict in verdicts:
        for objection in verdict.objections:
            words = [
                {f"{clause.kind.value}:{word}" for word in clause.any_of}
                for clause in objection.depends_on
            ]
            assert any(found <= asked for found in words), objection
    checks = {one.text == HOST_CONDITION for verdict in verdicts for one in verdict.remarks}
    alone = len(members) < 2
    assert alone or (HARDWARE in answer.conditions) is (True in checks)


def asked(
    one: tuple[str, str, str], other: tuple[str, str, str], **guest: str
) -> set[tuple[str, str]]:
    hosts = [member(*host).profile for host in (one, other)]
    edge = MigrationEdge(source=hosts[0], destination=hosts[1])
    verdict = judge(edge, _start({"machine": "pc-q35-8.2", **guest}), knowledge())
    told = [one for one in verdict.remarks if one.subject and not one.universal]
    return {(one.polarity, one.subject) for one in told}


NEW, OLD = ("6.18.5", "9.2.0", ""), ("6.1.20", "9.2.0", "")
HWCR = ("without", "use:writes-hwcr")
WITHOUT = "uses-smm=no pae=no"


def test_a_register_that_hardly_a_guest_sets_is_named_where_it_would_not_arrive() -> None:
    assert HWCR in asked(NEW, OLD)
    assert HWCR in asked(NEW, ("6.18.5", "8.2.0", ""))
    assert HWCR not in asked(NEW, NEW)
    assert HWCR not in asked(NEW, OLD, traits=f"{WITHOUT} writes-hwcr=no")
    assert HWCR not in asked(NEW, OLD, traits=f"{WITHOUT} writes-hwcr=yes")


def test_what_every_fleet_is_asked_is_no_condition_of_a_pair() -> None:
    assert asked(NEW, NEW) == set()


def test_values_of_vmx_are_a_condition_of_guests_that_have_it() -> None:
    vmx = ("equal", "host:cpu/vmx_capabilities")
    assert vmx in asked(NEW, NEW, cpu="Haswell,+vmx", traits=f"{WITHOUT} nested=no")
    assert vmx not in asked(NEW, NEW, cpu="Haswell", traits=f"{WITHOUT} nested=no")


def test_backends_are_alike_where_the_devices_say_them() -> None:
    alike = ("equal", "host:virtio-net-device/vnet_hdr")
    assert alike in asked(NEW, NEW, devices="virtio-net-pci")
    assert alike not in asked(NEW, NEW, devices="virtio-net-pci+user")
