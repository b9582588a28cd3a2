"""Cells that say the same in other words, and cells that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.errors import PlannerError
from planner.domain.guest import GuestCpu
from planner.domain.host import Fleet
from planner.domain.verdict import Outcome, Verdict


def fleet(folder: Path, arch: str = "x86_64", kernel: str = "6.8.0") -> Fleet:
    path = folder / "fleet.csv"
    rows = (f"{host},{arch},{kernel},9.1.0" for host in "ab")
    path.write_text("\n".join(("host,arch,kernel,qemu", *rows, "")))
    return planner.read_fleet(path)


@pytest.mark.parametrize(
    ("text", "arch"), [("arm64", "aarch64"), ("amd64", "x86_64"), ("ppc64el", "ppc64")]
)
def test_an_architecture_has_the_names_that_dpkg_and_go_give(
    tmp_path: Path, text: str, arch: str
) -> None:
    assert {group.arch for group in fleet(tmp_path, text).groups} == {arch}


def test_a_word_that_only_speaks_of_an_architecture_is_none(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="did you mean 'aarch64'"):
        fleet(tmp_path, "linux-arm64")
    with pytest.raises(PlannerError, match="is a kernel of x86_64"):
        fleet(tmp_path, "arm64", "6.12.48+deb13-amd64")


def asked(folder: Path, **cells: str) -> tuple[Verdict, ...]:
    case = {"from": "a", "to": "b", "machine": "pc-q35-9.1", "cpu": "qemu64", **cells}
    return planner.check(fleet(folder), case)


def test_a_property_has_one_value(tmp_path: Path) -> None:
    twice = "virtio-blk-pci.vectors=1 virtio-blk-pci.vectors={}"
    with pytest.raises(PlannerError, match=r"virtio-blk-pci\.vectors is both 1 and 5"):
        asked(tmp_path, flags=twice.format(5))
    asked(tmp_path, flags=twice.format(1))


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"flags": "virtio-blk-pci.queue-size=banana"}, "a whole number"),
        ({"to_flags": "virtio-blk-pci.queue-size=banana"}, "a whole number"),
        ({"devices": "virtio-blk-pci,queue-size=banana"}, "a whole number"),
        ({"devices": "virtio-blk-pci,share-rw=7"}, "on, off"),
        ({"devices": "virtio-blk-pci,num-queues=99999999999999999999"}, "from 0 to 65535"),
        ({"devices": "virtio-blk-pci,num-queues=-1"}, "from 0 to 65535"),
        ({"devices": "virtio-blk-pci,num-queues=0x10000"}, "from 0 to 65535"),
        ({"devices": "virtio-blk-pci,addr=20"}, "the slot from 0 to 1f"),
        ({"flags": "virtio-blk-pci.addr=maybe"}, "the slot from 0 to 1f"),
    ],
)
def test_a_value_that_cannot_be_is_wrong(tmp_path: Path, cells: dict[str, str], wrong: str) -> None:
    with pytest.raises(PlannerError, match=f"is no value of virtio-blk-pci.*allowed: .*{wrong}"):
        asked(tmp_path, **cells)


@pytest.mark.parametrize(
    "text",
    [
        "virtio-blk-pci,queue-size=256,share-rw=on,addr=1c.7",
        "virtio-blk-pci,queue-size=0x100,share-rw=true,serial=banana",
        "virtio-blk-pci,logical_block_size=4096,discard_granularity=4K",
        "virtio-blk-pci,num-queues=65535,addr=1f,rombar=-1",
        "virtio-blk-pci,num-queues=010,addr=0x3.1",
    ],
)
def test_a_value_that_some_build_takes_is_read(tmp_path: Path, text: str) -> None:
    asked(tmp_path, devices=text)
    asked(tmp_path, flags="virtio-blk-pci.nobody-read-this=banana")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Cascadelake-Sever", "Cascadelake-Server"),
        ("cortex-a75x", "cortex-a7"),
        ("Hasswell,+vmx", "Haswell"),
    ],
)
def test_a_cpu_model_that_no_qemu_has_is_wrong(tmp_path: Path, text: str, meant: str) -> None:
    with pytest.raises(PlannerError, match=f"unknown CPU model.*did you mean '{meant}"):
        asked(tmp_path, cpu=text)


@pytest.mark.parametrize(
    "text", ["host", "max", "host-passthrough", "POWER9", "cortex-a57", "x86-64-v2-AES", "EPYC-v4"]
)
def test_a_cpu_model_that_some_program_has_is_read(tmp_path: Path, text: str) -> None:
    asked(tmp_path, cpu=text)


def test_what_a_property_takes_is_said_without_what_another_one_takes(tmp_path: Path) -> None:
    with pytest.raises(PlannerError) as caught:
        asked(tmp_path, devices="virtio-blk-pci,rombar=maybe")
    assert "slot" not in str(caught.value)


@pytest.mark.parametrize("text", ["Foobarium", "EPYC-Turin-v9"])
def test_a_cpu_model_that_nobody_read_leaves_its_case_open(tmp_path: Path, text: str) -> None:
    (verdict,) = asked(tmp_path, cpu=text)
    assert verdict.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("text", ["pc-q35-12.1", "pc-q35-rhel10.4.0", "virt-rhel9.9.0"])
def test_a_machine_type_that_nobody_read_leaves_its_case_open(tmp_path: Path, text: str) -> None:
    (verdict,) = asked(tmp_path, machine=text)
    assert verdict.outcome is not Outcome.SAFE


@pytest.mark.parametrize("text", ["pc-q35-8.3", "pc-q35-rhel9.40", "pc-q35-nobel", "q53"])
def test_a_machine_type_that_no_row_can_have_is_wrong(tmp_path: Path, text: str) -> None:
    with pytest.raises(PlannerError, match="unknown machine type"):
        asked(tmp_path, machine=text)


def test_a_bare_feature_is_on_as_qemu_reads_it(tmp_path: Path) -> None:
    assert GuestCpu.parse("Haswell,hv-time,vmx") == GuestCpu.parse("Haswell,hv-time=on,+vmx")
    with pytest.raises(PlannerError, match="unknown CPU feature 'hv-tyme'"):
        asked(tmp_path, cpu="Haswell,hv-tyme")


def test_an_option_that_no_read_build_was_made_with_is_open(tmp_path: Path) -> None:
    asked(tmp_path, machine="pc-q35-8.2,igvm-cfg=igvm0")
    with pytest.raises(PlannerError, match="'igvm-cgf' is no option of -machine"):
        asked(tmp_path, machine="pc-q35-8.2,igvm-cgf=igvm0")
