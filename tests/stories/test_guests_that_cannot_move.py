"""Guests that no host can hand over are told in each plane's words: assigned, confidential, disks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.domain.solution import PoolVerdict

FLEET = "host,kernel,qemu\n" + "".join(
    f"h{number},5.14.0-570.12.1.el9_6.x86_64,qemu-kvm-9.1.0-15.el9_6\n" for number in (1, 2)
)
CPU = {"model": "Cascadelake-Server-noTSX"}
XML = (
    "<domain type='kvm' id='1'><name>g</name><os><type machine='pc-q35-rhel9.6.0'>hvm</type></os>"
    "<cpu mode='custom'><model>Cascadelake-Server-noTSX</model></cpu>{}<devices>{}</devices></domain>"
)


OLD = """host,kernel,qemu
h1,6.1.0-30-amd64,1:7.2+dfsg-7+deb12u13
h2,5.10.0-33-amd64,1:5.2+dfsg-11+deb11u3
"""


def verdict(
    tmp_path: Path, name: str, text: str, rows: str = FLEET
) -> tuple[PoolVerdict, set[str]]:
    """Return the verdict of two equal hosts with a guest, and how the guest stands."""
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(rows)
    folder = tmp_path / "h1"
    folder.mkdir()
    (folder / name).write_text(text)
    hosts = planner.read_fleet(fleet)
    guests = planner.read_guests(tmp_path / "h1", hosts, host="h1")
    (pool,) = planner.solve(hosts, guests=guests).domains
    return pool.verdict, {one.kind for one in pool.guests}


@pytest.mark.parametrize(
    "domain",
    [
        {"devices": {"gpus": [{"name": "g", "deviceName": "nvidia.com/T4"}]}},
        {"devices": {"hostDevices": [{"name": "h", "deviceName": "intel.com/qat"}]}},
        {"devices": {"interfaces": [{"name": "default", "sriov": {}}]}},
        {"launchSecurity": {"sev": {}}},
        {"launchSecurity": {"tdx": {}}},
    ],
)
def test_instances_of_kubevirt(tmp_path: Path, domain: dict[str, Any]) -> None:
    instance = {
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "g", "namespace": "n"},
        "spec": {"domain": {"cpu": CPU, **domain}},
        "status": {"phase": "Running", "nodeName": "h1", "machine": {"type": "pc-q35-rhel9.6.0"}},
    }
    text = json.dumps({"kind": "List", "items": [instance]})
    _, kinds = verdict(tmp_path, "vmis.json", text)
    assert "violated" in kinds


DISK = "<disk type='file'><driver name='qemu' type='{}'/><target dev='vda' bus='virtio'/></disk>"
VIDEO = "<video><model type='virtio'{}>{}</model></video>"


@pytest.mark.parametrize(
    ("devices", "moves"),
    [
        (DISK.format("qcow2"), True),
        (DISK.format("vmdk"), False),
        (DISK.format("vhdx"), False),
        (DISK.format("raw") + DISK.format("vdi"), False),
        (VIDEO.format("", ""), True),
        (VIDEO.format("", "<acceleration accel3d='no'/>"), True),
        (VIDEO.format("", "<acceleration accel3d='yes'/>"), False),
    ],
)
def test_domains_of_libvirt(tmp_path: Path, devices: str, moves: bool) -> None:
    _, kinds = verdict(tmp_path, "g.xml", XML.format("", devices))
    assert ("violated" not in kinds) is moves


RING = "<features><kvm><dirty-ring state='{}' size='4096'/></kvm></features>"
PORT = "<interface type='user'>{}<model type='virtio'/></interface>"


@pytest.mark.parametrize(
    ("features", "devices", "moves"),
    [
        (RING.format("on"), "", False),
        (RING.format("off"), "", True),
        ("", PORT.format("<backend type='passt'/>"), False),
        ("", PORT.format(""), True),
    ],
)
def test_what_an_older_qemu_does_not_have(
    tmp_path: Path, features: str, devices: str, moves: bool
) -> None:
    xml = XML.replace("pc-q35-rhel9.6.0", "pc-q35-5.2").format(features, devices)
    _, kinds = verdict(tmp_path, "g.xml", xml, OLD)
    assert ("violated" not in kinds) is moves
