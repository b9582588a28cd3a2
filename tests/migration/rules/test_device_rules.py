"""Devices of which a build sends nothing, or not all, and blockers that no device's row tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.migrated import Consequence
from planner.domain.verdict import Objection, Rule
from planner.fleet.words import read_flags, read_traits
from planner.knowledge.qemu.inventory import KeptState
from planner.migration.judge import judge
from tests.migration.test_parts import BOOKWORM, BULLSEYE, NEWEST, TRIXIE, host, knowledge


def moved(
    device: str,
    source: str,
    destination: str = "",
    machine_type: str = "pc-q35-7.2",
    arch: str = "x86_64",
    traits: str = "uses-smm=no pae=no nested=no negotiates-uso=yes",
    flags: str = "",
) -> list[Objection]:
    """Return what speaks against moving a guest for the sake of one device."""
    ends = [host(qemu, arch=arch) for qemu in (source, destination or source)]
    edge = MigrationEdge(source=ends[0], destination=ends[1])
    bare = GuestStart(
        baseline=Baseline(machine_type=machine_type, flags=read_flags(flags)),
        devices=(),
        cpu=GuestCpu.parse("qemu64" if arch == "x86_64" else "host"),
        traits=read_traits(traits, knowledge().guests),
    )
    without = judge(edge, bare, knowledge()).objections
    found = judge(edge, replace(bare, devices=(device,)), knowledge()).objections
    return [one for one in found if one not in without]


@pytest.mark.parametrize("device", ["virtio-pmem-pci", "edu", "sdhci-pci", "acpi-erst", "cxl-rp"])
def test_a_device_that_no_build_sends_loses_its_state(device: str) -> None:
    for qemu in (BOOKWORM, TRIXIE, "8.2.0"):
        (objection,) = moved(device, qemu)
        assert objection.rule is Rule.STATE_NOT_SENT
        assert objection.consequence is Consequence.LOSES_STATE


@pytest.mark.parametrize(
    "device", ["virtio-blk-pci", "ide-hd", "virtserialport", "pc-dimm", "isa-debugcon", "i82550"]
)
def test_a_device_that_another_sends_or_that_keeps_nothing_is_no_loss(device: str) -> None:
    """Near misses: no description of their own, or one that is registered at the start."""
    assert moved(device, TRIXIE) == []


def test_a_device_of_which_nobody_knows_what_it_keeps_is_unknown() -> None:
    (objection,) = moved("pc-testdev", TRIXIE)
    assert objection.is_gap
    assert "what pc-testdev keeps" in objection.facts[0]


@pytest.mark.parametrize("device", ["vhost-user-vsock-pci", "vhost-user-snd-pci"])
def test_a_device_that_its_description_forbids_to_migrate_blocks(device: str) -> None:
    found = moved(device, TRIXIE)
    assert any(one.rule is Rule.MIGRATION_BLOCKED for one in found)


def test_every_device_that_a_read_build_does_not_send_is_judged_or_has_a_row() -> None:
    """No silence: whatever the harvested table says of a device, a verdict or a row says as well."""
    silent = []
    for arch in ("x86_64",):
        builds = knowledge().inventory.of(arch)
        for read in builds.builds:
            build = host(read.release, arch=arch)
            for device in sorted(builds.devices_of(read)) if "device_state" in read.parts else ():
                states = knowledge().device_states.states(arch, build.qemu, device)
                if states <= {KeptState.WHOLE} or knowledge().device_states.row(device):
                    continue
                if not moved(device, read.release):
                    silent.append((read.name, device))
    assert silent == []


@pytest.mark.parametrize(
    ("source", "destination", "machine_type", "lost"),
    [
        ("8.0.0", "8.0.0", "pc-q35-8.0", True),
        ("8.1.0", "8.2.0", "pc-q35-8.1", True),
        ("8.2.0", "8.2.0", "pc-q35-8.1", True),
        ("8.2.0", "8.2.0", "pc-q35-8.2", False),
    ],
)
def test_where_the_frame_buffer_of_ramfb_is_sent(
    source: str, destination: str, machine_type: str, lost: bool
) -> None:
    found = moved("ramfb", source, destination, machine_type)
    assert [one.unit for one in found] == ["device/ramfb"] * lost


@pytest.mark.parametrize(
    ("device", "qemu", "crashes"),
    [
        ("virtio-gpu-pci,blob=on", "6.2.0", True),
        ("virtio-gpu-pci,blob=on", "8.1.0", True),
        ("virtio-gpu-pci,blob=on", "8.2.0", True),
        ("virtio-gpu-pci,blob=on", "10.0.0", False),
        ("virtio-gpu-pci", "7.2.0", False),
    ],
)
def test_blobs_of_a_display(device: str, qemu: str, crashes: bool) -> None:
    found = moved(device, qemu, machine_type="pc-q35-6.2")
    told = {one.consequence for one in found if not one.is_gap}
    assert (Consequence.CRASHES_GUEST in told) is crashes


@pytest.mark.parametrize(
    ("device", "blocked"),
    [("virtio-net-pci", True), ("qemu-xhci", True), ("virtio-net-ccw", False)],
)
def test_a_pci_device_of_a_mainframe_brings_a_device_that_blocks(
    device: str, blocked: bool
) -> None:
    found = moved(device, "10.0.0", machine_type="s390-ccw-virtio-10.0", arch="s390x", traits="")
    assert any(one.unit == "blocker/zpci" for one in found) is blocked


@pytest.mark.parametrize(
    ("device", "traits", "unit", "told"),
    [
        ("virtio-vga", "gl-display=yes", "blocker/virgl", True),
        ("virtio-vga,virgl=off", "gl-display=yes", "blocker/virgl", False),
        ("virtio-vga", "gl-display=no", "blocker/virgl", False),
        ("scsi-block", "persistent-reservations=yes", "scsi/persistent-reservations", True),
        ("scsi-block", "persistent-reservations=no", "scsi/persistent-reservations", False),
        ("scsi-hd", "persistent-reservations=yes", "scsi/persistent-reservations", False),
    ],
)
def test_uses_that_stop_a_migration(device: str, traits: str, unit: str, told: bool) -> None:
    found = moved(device, BULLSEYE, machine_type="pc-q35-5.2", traits=traits)
    certain = [one for one in found if one.unit == unit and not one.is_gap]
    assert bool(certain) is told


def test_the_newest_build_keeps_persistent_reservations() -> None:
    found = moved("scsi-block", NEWEST, traits="persistent-reservations=yes")
    assert not any(one.unit == "scsi/persistent-reservations" for one in found)


@pytest.mark.parametrize(
    ("device", "flags", "blocks"),
    [
        ("vhost-scsi-pci", "", True),
        ("vhost-scsi-pci,migratable=off", "", True),
        ("vhost-scsi-pci,migratable=on", "", False),
        ("vhost-scsi-pci", "vhost-scsi-pci.migratable=on", False),
        ("vhost-scsi-pci", "vhost-scsi.migratable=on", False),
        ("vhost-scsi-pci,migratable=off", "vhost-scsi.migratable=on", True),
        ("amd-iommu", "", True),
        ("amd-iommu,pci-id=iommu", "", False),
        ("amd-iommu,xtsup=on", "", True),
    ],
)
def test_an_option_that_lifts_a_blocker_does_however_it_is_given(
    device: str, flags: str, blocks: bool
) -> None:
    found = moved(device, NEWEST, machine_type="pc-q35-10.0", flags=flags)
    assert any(one.rule is Rule.MIGRATION_BLOCKED for one in found) is blocks


@pytest.mark.parametrize("flag", ["virtio-gpu-device.blob=on", "virtio-gpu-pci.blob=on"])
def test_a_flag_on_a_device_is_its_option_to_what_asks_for_one(flag: str) -> None:
    found = moved("virtio-gpu-pci", BOOKWORM, flags=flag)
    assert {one.need for one in found if one.unit == "blocker/virtio-gpu-blob"} == {
        "QEMU tries, and fails"
    }
    assert not moved("virtio-gpu-pci", BOOKWORM, flags=flag.replace("=on", "=off"))
    other = moved("virtio-gpu-pci", BOOKWORM, flags="virtio-vga.blob=on")
    assert "blocker/virtio-gpu-blob" not in {one.unit for one in other}


@pytest.mark.parametrize(
    ("option", "lost"),
    [("sgx-epc.0.memdev=mem1", True), ("sgx-epc.1.memdev=mem2", True), ("hpet=off", False)],
)
def test_enclaves_do_not_come_along(option: str, lost: bool) -> None:
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-7.2"),
        devices=(),
        cpu=GuestCpu.parse("qemu64"),
        traits=read_traits("uses-smm=no pae=no nested=no", knowledge().guests),
        machine_options=(option,),
    )
    edge = MigrationEdge(source=host(BOOKWORM), destination=host(BOOKWORM))
    found = judge(edge, start, knowledge()).objections
    told = {(one.rule, one.unit) for one in found if not one.is_gap}
    assert ((Rule.STATE_NOT_SENT, "sgx/epc") in told) is lost
