"""A machine has its board's parts, whatever devices a guest lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.domain.compat import PropertyKey
from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.fleet.words import read_flags, read_traits
from planner.migration.judge import judge
from planner.solver.difference_issues import clause_of
from tests.migration.test_parts import TRIXIE, host, knowledge

QUIET = "uses-smm=no pae=no nested=no"


def rules_of(flag: str, machine_type: str = "pc-q35-10.0", devices: str = "e1000e") -> set[Rule]:
    """Return the rules against a move whose destination alone is started with a flag."""
    edge = MigrationEdge(source=host(TRIXIE), destination=host(TRIXIE))
    start = GuestStart(
        baseline=Baseline(machine_type=machine_type),
        devices=(devices,),
        cpu=GuestCpu.parse("qemu64"),
        traits=read_traits(QUIET, knowledge().guests),
    )
    judged = judge(edge, replace(start, hop_flags=read_flags(flag)), knowledge())
    return {one.rule for one in judged.objections if one.property_key == flag.partition("=")[0]}


@pytest.mark.parametrize(
    "flag",
    [
        "hpet.timers=8",
        "kvm-apic.vapic=off",
        "fw_cfg.x-file-slots=16",
        "fw_cfg.dma_enabled=off",
        "q35-pcihost.pci-hole64-size=1G",
        "ich9-ahci.addr=5",
        "mc146818rtc.lost_tick_policy=slew",
    ],
)
def test_a_part_of_the_board_is_compared_though_the_guest_lists_its_devices(flag: str) -> None:
    assert rules_of(flag) == {Rule.COMPAT_VALUE_DIFFERS}


@pytest.mark.parametrize(
    ("flag", "machine_type"),
    [
        ("hpet.timers=3", "pc-q35-10.0"),
        ("i440FX-pcihost.pci-hole64-size=1G", "pc-q35-10.0"),
        ("q35-pcihost.pci-hole64-size=1G", "pc-i440fx-10.0"),
        ("virtio-net-pci.rx_queue_size=512", "pc-q35-10.0"),
    ],
)
def test_defaults_and_parts_of_other_boards_or_of_no_device_are_not(
    flag: str, machine_type: str
) -> None:
    assert rules_of(flag, machine_type) == set()


def test_a_part_that_only_some_machines_have_is_open() -> None:
    assert rules_of("kvm-pit.lost_tick_policy=discard") == {Rule.KNOWLEDGE_GAP}


@pytest.mark.parametrize(
    ("kind", "board", "told"),
    [
        ("hpet", "pc-q35", Truth.YES),
        ("fw_cfg", "pc-q35", Truth.YES),  # what fw_cfg_io descends from
        ("hpet", "microvm", Truth.NO),
        ("ioapic", "pc-q35", Truth.UNKNOWN),
        ("sgx-epc", "pc-q35", Truth.UNKNOWN),  # no board's row names it, and no user creates it
        ("virtio-net-pci", "pc-q35", Truth.NO),  # the list of devices tells
        ("pci-device", "pc-q35", Truth.NO),
    ],
)
def test_what_a_board_brings(kind: str, board: str, told: Truth) -> None:
    assert knowledge().boards.has("x86_64", board, kind) is told


def test_the_choice_excludes_no_guest_for_the_sake_of_what_every_machine_has() -> None:
    timers = PropertyKey(qom_type="hpet", property="timers")
    assert clause_of(timers, "pc-q35-10.0", knowledge()) is None
    assert clause_of(timers, "microvm", knowledge()) is not None
