"""What `planner export libvirt` writes is defined and started by libvirt, and QEMU has each property."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from planner.export.chosen import chosen
from planner.export.libvirt import guest
from planner.knowledge.shipped import load_knowledge
from tests.export.answers import pool, told
from tests.qemu import libvirt

FLAGS = {
    "virtio-net-device.guest_ufo=off": ("net1", "guest_ufo", False),
    "virtio-net-device.queue_reset=off": ("net1", "queue_reset", False),
    "virtio-blk-device.num-queues=3": ("virtio-disk1", "num-queues", 3),
    "virtio-balloon-device.free-page-reporting=on": ("balloon0", "free-page-reporting", True),
    "virtio-rng-device.max-bytes=512": ("rng0", "max-bytes", 512),
    "virtio-scsi-device.num_queues=2": ("scsi0", "num_queues", 2),
    "virtio-serial-device.max_ports=7": ("virtio-serial0", "max_ports", 7),
}
OF_THE_CPU = "x86_64-cpu.x-migrate-smi-count=off"
GUEST = """<domain type='kvm'><name>exported</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc-q35-5.2'>hvm</type></os><features><acpi/></features>
<cpu mode='custom' check='none'><model fallback='allow'>qemu64</model></cpu><devices>
<interface type='user'><model type='e1000'/></interface>
<interface type='user'><model type='virtio'/></interface>
<disk type='file'><source file='{disk}'/><target dev='vdb' bus='virtio'/></disk>
<controller type='scsi' index='0' model='virtio-scsi'/><controller type='virtio-serial' index='0'/>
<memballoon model='virtio'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
<video><model type='none'/></video></devices></domain>"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Define and start an exported guest; yield the address of its libvirt."""
    reason = libvirt.why_not()
    if reason:
        pytest.skip(f"{reason}: EXPORTED XML WAS NOT HELD AGAINST LIBVIRT")
    folder = tmp_path_factory.mktemp("exported")
    disk = folder / "disk"
    disk.write_bytes(bytes(1 << 20))
    xml = Tree.fromstring(GUEST.format(disk=disk))
    (one,) = chosen(told(pool("p", "pc-q35-7.2", flags=[*FLAGS, OF_THE_CPU])).domains, "")
    (folder / "guest.xml").write_text(
        "".join(guest(xml, one, load_knowledge().planes.aliases)), encoding="utf-8"
    )
    with libvirt.daemon(folder / "host") as address:
        libvirt.virsh(address, "define", "--validate", str(folder / "guest.xml"))
        libvirt.virsh(address, "start", "exported")
        try:
            yield address
        finally:
            libvirt.virsh(address, "destroy", "exported")


def asked(address: str, command: str, **arguments: str) -> Any:
    words = json.dumps({"execute": command, "arguments": arguments})
    return json.loads(libvirt.virsh(address, "qemu-monitor-command", "exported", words))["return"]


def test_the_machine_type_runs(started: str) -> None:
    live = Tree.fromstring(libvirt.virsh(started, "dumpxml", "exported"))
    assert live.find("os/type[@machine='pc-q35-7.2']") is not None


@pytest.mark.parametrize("flag", FLAGS)
def test_qemu_has_the_property_of_a_device(started: str, flag: str) -> None:
    alias, name, value = FLAGS[flag]
    path = f"/machine/peripheral/{alias}"
    assert asked(started, "qom-get", path=path, property=name) == value


def test_qemu_has_the_property_of_the_cpu(started: str) -> None:
    (cpu,) = asked(started, "query-cpus-fast")
    path, name = cpu["qom-path"], "x-migrate-smi-count"
    assert asked(started, "qom-get", path=path, property=name) is False
