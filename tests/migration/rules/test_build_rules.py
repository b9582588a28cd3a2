"""A fault that a guest carries from the build it booted on: judged where it arrives, by both rules.

Seen with real builds: booted on 10.0.13 and moved by way of 7.2 a guest is refused by 11.1; booted on
7.2 and moved by way of 10.0.13 it passes only if it resets no device on the way.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from planner.answers.answer import solve
from planner.domain.errors import KnowledgeError
from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import MigrationDomain, complete_domains, directed_domains
from planner.migration.judge import judge
from planner.migration.profiles import PoolMember, Profiler

FAULT = "virtio-queue-size-10.0.13"
FAULTY, OLD, OLDER, NEW = "10.0.13", "7.2.0", "7.1.0", "11.1.1"


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def group(qemu: str) -> HostGroup:
    names = (HostName(f"{qemu}-1"), HostName(f"{qemu}-2"))
    return HostGroup(pool=PoolName(qemu), kernel="6.12.0", qemu=qemu, hosts=names)


def profile(qemu: str) -> HostProfile:
    return Profiler(knowledge()).profile(group(qemu))


@pytest.mark.parametrize(
    ("booted", "source", "refused"),
    [
        (FAULTY, FAULTY, True),
        (FAULTY, OLD, True),
        (OLD, FAULTY, True),
        (NEW, FAULTY, True),
        (OLD, OLD, False),
    ],
)
def test_boot_host_and_source_decide(booted: str, source: str, refused: bool) -> None:
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-7.2"),
        booted_on=profile(booted),
        devices=("virtio-rng-pci",),
        cpu=GuestCpu.parse("qemu64"),
    )
    edge = MigrationEdge(source=profile(source), destination=profile(NEW))
    found = {one.rule for one in judge(edge, start, knowledge()).objections if one.unit == FAULT}
    assert found == ({Rule.KNOWN_FAULT} if refused else set())
    without = replace(start, devices=("e1000",))
    assert not [one for one in judge(edge, without, knowledge()).objections if one.unit == FAULT]


def member(qemu: str) -> PoolMember:
    return PoolMember(profile=profile(qemu), groups=(group(qemu),))


def conditions(domain: MigrationDomain) -> set[str]:
    """Solve, which also certifies, and return the words of all conditions."""
    solution = solve((domain,), knowledge(), knowledge().policy)
    (answered,) = solution.domains
    assert answered.baselines
    return {
        word
        for answer in answered.baselines
        for condition in answer.conditions
        for word in condition.words
    }


def chain(*builds: str) -> MigrationDomain:
    """Return the domain of the first build's guests, who move along the builds."""
    nodes = [(qemu, profile(qemu)) for qemu in builds]
    pools = {qemu: (member(qemu),) for qemu in builds}
    domains = directed_domains(pools, pairwise(nodes))
    return next(one for one in domains if one.name == builds[0])


def test_an_answer_along_a_chain_knows_what_its_guests_carry() -> None:
    assert "device:virtio" in conditions(chain(FAULTY, OLD, NEW))
    assert "device:virtio" in conditions(chain(OLD, FAULTY, OLDER, NEW))
    assert "device:virtio" not in conditions(chain(OLD, OLDER, NEW))


def test_an_answer_of_a_pool_is_for_guests_of_every_boot() -> None:
    (domain,) = complete_domains({"p": (member(FAULTY), member(NEW))})
    assert "device:virtio" in conditions(domain)


def test_a_carried_fault_goes_forward(tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text(
        'schema = 1\nfault = [{ id = "x", builds = { upstream = ["7.2.0..7.2.0"] }, '
        'direction = "both", carried = true, consequence = "fails-cleanly", reason = "r", '
        'evidence = "source", source = "s" }]\n',
        encoding="utf-8",
    )
    with pytest.raises(KnowledgeError, match="a carried fault goes forward"):
        load_knowledge(tmp_path)
