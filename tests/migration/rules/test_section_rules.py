"""Sections of devices by release: what a destination does not load, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import pytest

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.migrated import Consequence
from planner.domain.policy import Policy
from planner.domain.verdict import Outcome, Rule, Verdict
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge
from planner.knowledge.qemu.sections import Sections, Sent
from planner.migration.graph import complete_domains
from planner.migration.judge import judge
from planner.migration.profiles import PoolMember, Profiler
from planner.migration.rules.section_rules import judge_sections
from planner.solver.section_issues import section_issues
from planner.solver.solve import Solver


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@cache
def profile(qemu: str) -> HostProfile:
    names = (HostName(f"{qemu}-1"), HostName(f"{qemu}-2"))
    group = HostGroup(pool=PoolName("p"), kernel="6.12.10", qemu=qemu, hosts=names)
    return Profiler(knowledge()).profile(group)


@dataclass(frozen=True)
class Move:
    """A guest with a device that goes from one build to another."""

    source: str
    destination: str
    machine: str
    device: str
    traits: tuple[tuple[str, bool], ...] = (("pae", False),)

    def verdict(self) -> Verdict:
        start = GuestStart(
            baseline=Baseline(machine_type=self.machine),
            booted_on=profile(self.source),
            devices=(self.device,),
            cpu=GuestCpu.parse("qemu64"),
            traits=frozenset(self.traits),
        )
        edge = MigrationEdge(source=profile(self.source), destination=profile(self.destination))
        return judge(edge, start, knowledge())


REFUSED = {
    "a version that the destination lacks": (
        Move("4.0.0", "3.1.0", "pc-i440fx-3.1", "lsi53c895a"),
        "unsupported version 1 for 'lsiscsi' v0",
    ),
    "the same on vendors' builds": (
        Move("1:4.0+dfsg-1", "1:3.1+dfsg-8+deb10u8", "pc-i440fx-3.1", "lsi53c895a"),
        "unsupported version 1 for 'lsiscsi' v0",
    ),
    "a version that is too old": (
        Move("3.1.0", "4.0.0", "pc-q35-3.1", "am53c974"),
        "incoming version_id 0 is too old for local minimum version_id 1",
    ),
    "too old, over several releases": (
        Move("2.12.0", "4.2.0", "pc-q35-2.12", "dc390"),
        "incoming version_id 0 is too old for local minimum version_id 1",
    ),
    "a virtio device, too old": (
        Move("6.1.0", "7.2.0", "pc-q35-6.1", "virtio-iommu-pci"),
        "incoming version_id 1 is too old for local minimum version_id 2",
    ),
    "a virtio device, too new": (
        Move("7.2.0", "6.2.0", "pc-q35-6.2", "virtio-iommu-pci"),
        "unsupported version 2 for 'virtio-iommu' v1",
    ),
    "a section with another name": (
        Move("3.0.0", "3.1.0", "pc-q35-3.0", "isa-ipmi-bt"),
        "Unknown savevm section or instance 'ipmi-interface'",
    ),
}


@pytest.mark.parametrize(("move", "said"), REFUSED.values(), ids=REFUSED)
def test_what_the_destination_says_is_the_objection(move: Move, said: str) -> None:
    found = [one for one in move.verdict().objections if one.unit.startswith("section/")]
    assert [(one.rule, one.consequence) for one in found] == [
        (Rule.UNIT_NOT_UNDERSTOOD, Consequence.FAILS_CLEANLY)
    ]
    assert said in found[0].facts[0]


LOADED = [
    Move("3.1.0", "4.0.0", "pc-i440fx-3.1", "lsi53c895a"),
    Move("4.0.0", "4.2.0", "pc-i440fx-4.0", "lsi53c895a"),
    Move("2.12.0", "3.1.0", "pc-q35-2.12", "am53c974"),
    Move("4.0.0", "4.2.0", "pc-q35-4.0", "am53c974"),
    Move("7.2.0", "8.0.1", "pc-q35-7.2", "virtio-iommu-pci"),
    Move("3.1.0", "4.2.0", "pc-q35-3.1", "isa-ipmi-bt"),
    Move("3.0.0", "3.1.0", "pc-q35-3.0", "isa-ipmi-kcs"),
    Move("5.2.0", "7.2.0", "pc-q35-5.2", "am53c974"),
    Move("7.2.0", "10.0.0", "pc-q35-7.2", "ich9-usb-uhci1"),
]


@pytest.mark.parametrize("move", LOADED, ids=str)
def test_sections_that_agree_raise_nothing(move: Move) -> None:
    assert not [one for one in move.verdict().objections if one.unit.startswith("section/")]


def test_fields_that_differ_under_one_version_are_open() -> None:
    found = Move("4.1.0", "4.2.0", "pc-q35-4.1", "vmxnet3").verdict()
    assert {(one.rule, one.unit) for one in found.objections} >= {
        (Rule.KNOWLEDGE_GAP, "section/vmxnet3"),
        (Rule.KNOWN_FAULT, "vmxnet3-4.2"),
    }
    assert found.outcome is Outcome.UNSAFE


FAULTS = [
    (Move("4.1.0", "4.1.0", "pc-q35-4.1", "vmxnet3"), "vmxnet3-4.1", ""),
    (
        Move("6.0.0", "6.0.0", "pc-q35-6.0", "virtio-balloon-pci"),
        "page-poison-6.1",
        "page-poisoning",
    ),
    (
        Move("5.2.0", "7.2.0", "pc-q35-5.2", "virtio-balloon-pci"),
        "page-poison-6.2",
        "page-poisoning",
    ),
    (Move("4.2.0", "4.2.0", "pc-q35-4.2", "tpm-tis"), "tpm-ppi-post-copy-4.2", "postcopy"),
    (Move("8.0.0", "8.0.0", "pc-q35-8.0", "igb"), "igb-vfs-9.2", "enables-vfs"),
]


@pytest.mark.parametrize(("move", "fault", "trait"), FAULTS, ids=[row[1] for row in FAULTS])
def test_a_fault_of_a_use_is_certain_if_stated_and_a_missing_fact_if_not(
    move: Move, fault: str, trait: str
) -> None:
    stated = Move(
        move.source,
        move.destination,
        move.machine,
        move.device,
        traits=(*move.traits, *(((trait, True),) if trait else ())),
    )
    assert fault in {one.unit for one in stated.verdict().objections if not one.is_gap}
    if trait:
        unstated = move.verdict()
        assert {one.is_gap for one in unstated.objections if one.unit == fault} == {True}


MISSES = [
    (Move("4.2.0", "5.2.0", "pc-q35-4.2", "vmxnet3"), ""),
    (Move("6.0.0", "6.0.0", "pc-q35-5.0", "virtio-balloon-pci"), "page-poisoning"),
    (Move("6.2.0", "7.2.0", "pc-q35-6.0", "virtio-balloon-pci"), "page-poisoning"),
    (Move("4.2.0", "5.0.0", "pc-q35-4.2", "tpm-tis"), "postcopy"),
    (Move("10.0.0", "10.0.0", "pc-q35-10.0", "igb"), "enables-vfs"),
]


@pytest.mark.parametrize(("move", "trait"), MISSES, ids=str)
def test_near_misses_of_the_faults(move: Move, trait: str) -> None:
    traits = (*move.traits, *(((trait, True),) if trait else ()))
    found = Move(move.source, move.destination, move.machine, move.device, traits).verdict()
    assert Rule.KNOWN_FAULT not in {one.rule for one in found.objections}


def test_every_device_between_neighbours_is_judged_as_the_solver_chooses() -> None:
    releases = knowledge().sections.releases
    devices = sorted(knowledge().guests.devices)
    for older, newer in pairwise(releases):
        for source, destination in ((older, newer), (newer, older)):
            pair = (profile(source).qemu, profile(destination).qemu)
            issues = section_issues([pair], "x86_64", knowledge())
            chosen = {name for one in issues if one.clause for name in one.clause.any_of}
            judged = {
                device for device in devices if _section_objections(source, destination, device)
            }
            assert judged == chosen, (source, destination)


def _section_objections(source: str, destination: str, device: str) -> bool:
    start = GuestStart(baseline=Baseline(machine_type="pc-q35-2.12"), devices=(device,))
    edge = MigrationEdge(source=profile(source), destination=profile(destination))
    return any(judge_sections(edge, start, knowledge(), frozenset()))


def test_the_answer_of_a_pool_excludes_a_device_that_fails() -> None:
    members = tuple(
        PoolMember(profile=profile(qemu), groups=(_group(qemu),)) for qemu in ("3.0.0", "3.1.0")
    )
    (domain,) = complete_domains({"p": members})
    chosen = [one.chosen for one in Solver(knowledge(), Policy()).solve(domain) if one.chosen]
    assert chosen
    assert all(any("isa-ipmi-bt" in one.text for one in attempt.conditions) for attempt in chosen)


def _group(qemu: str) -> HostGroup:
    return HostGroup(pool=PoolName("p"), kernel="6.12.10", qemu=qemu, hosts=(HostName(qemu),))


def test_vendors_that_follow_no_release_are_not_judged_by_it() -> None:
    move = Move("6.2.0-93.oe2203sp3", "7.2.0", "pc-q35-6.2", "virtio-iommu-pci")
    assert not [one for one in move.verdict().objections if one.unit.startswith("section/")]


def test_every_row_is_told() -> None:
    sections = Sections([shipped_data()])
    assert len(sections.releases) > 24
    for device in sections.devices:
        for release in sections.releases:
            for row in sections.of(release, device):
                assert row.name
                if row.sent in {Sent.ALWAYS, Sent.NEEDED}:
                    assert row.version is None or row.version >= (row.minimum or 0)
