"""Nodes and guests of Proxmox VE out of pveversion, pvesh and guest configs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import planner
from planner.cli.app import app
from planner.domain.errors import FleetError
from planner.library.imports import read_planes

VERSIONS = """proxmox-ve: 8.3.0 (running kernel: 6.8.12-4-pve)
pve-manager: 8.3.0 (running version: 8.3.0/c1689ccb1065a83b)
proxmox-kernel-6.8: 6.8.12-4
libqb0: 1.0.5-1
pve-qemu-kvm: 9.0.2-4
qemu-server: 8.2.7
"""
STATUS: dict[str, Any] = {
    "kversion": "Linux 6.8.12-4-pve #1 SMP PREEMPT_DYNAMIC PMX 6.8.12-4",
    "current-kernel": {"machine": "x86_64", "release": "6.8.12-4-pve", "sysname": "Linux"},
    "pveversion": "pve-manager/8.3.0/c1689ccb1065a83b",
    "cpuinfo": {"model": "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "cpus": 80},
    "loadavg": ["0.1", "0.2", "0.3"],
}
CONFIG = """boot: order=scsi0
cores: 4
cpu: x86-64-v2-AES
memory: 4096
meta: creation-qemu=9.0.2,ctime=1730000000
name: web-1
net0: virtio=BC:24:11:00:00:01,bridge=vmbr0
ostype: l26
scsi0: local-lvm:vm-100-disk-0,size=32G
scsihw: virtio-scsi-single
"""
RUNS = {
    "vmid": 100,
    "name": "web-1",
    "status": "running",
    "running-machine": "pc-i440fx-9.0+pve0",
    "running-qemu": "9.0.2",
}


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    """Return folders of two nodes; guest 100 runs on the first."""
    root = tmp_path / "pve"
    for node in ("pve1", "pve2"):
        (root / node / "qemu-server").mkdir(parents=True)
        (root / node / "pveversion.txt").write_text(VERSIONS)
        (root / node / "status.json").write_text(json.dumps(STATUS))
    (root / "pve1" / "qemu-server" / "100.conf").write_text(CONFIG)
    (root / "pve1" / "guests.json").write_text(json.dumps([RUNS]))
    return root


def test_nodes_have_kernel_package_and_cpu(nodes: Path) -> None:
    (group,) = read_planes("proxmox", nodes).fleet.groups
    assert group.hosts == ("pve1", "pve2")
    assert (group.kernel, group.qemu, group.arch) == ("6.8.12-4-pve", "9.0.2-4", "x86_64")
    assert group.cpu == "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"
    assert planner.load_knowledge().builds.place(group.qemu) is not None


def test_a_guest_runs_what_its_status_says(nodes: Path) -> None:
    (guest,) = read_planes("proxmox", nodes).guests
    assert (guest.host, guest.names) == ("pve1", ("web-1",))
    assert guest.machine_type == "pc-i440fx-9.0+pve0"
    assert guest.devices
    assert any("virtio-net" in device for device in guest.devices)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ([], "guests of which no status tells a running machine type"),
        ([{"vmid": 100, "status": "stopped"}], "guests that are stopped (100)"),
        ([RUNS | {"running-qemu": "8.1.5"}], "guests of which no status tells that they run"),
        ([RUNS | {"running-qemu": ""}], "guests of which no status tells that they run"),
    ],
)
def test_a_guest_whose_process_is_not_told_is_counted(
    nodes: Path, status: list[dict[str, Any]], why: str
) -> None:
    (nodes / "pve1" / "guests.json").write_text(json.dumps(status or [{"vmid": 100}]))
    found = read_planes("proxmox", nodes)
    assert not found.guests
    assert [text for text, _ in found.left_out if text.startswith(why)]


def test_a_node_without_guests_is_no_file_of_another_kind(nodes: Path) -> None:
    before = read_planes("proxmox", nodes).left_out
    (nodes / "pve2" / "guests.json").write_text("[]")
    assert read_planes("proxmox", nodes).left_out == before


def test_the_tree_of_etc_pve_is_read_and_containers_are_none(nodes: Path) -> None:
    (nodes / "pve1" / "lxc").mkdir()
    (nodes / "pve1" / "lxc" / "101.conf").write_text("arch: amd64\nhostname: box\n")
    whole = nodes.parent / "etc"
    (whole / "nodes").mkdir(parents=True)
    for node in ("pve1", "pve2"):
        (nodes / node).rename(whole / "nodes" / node)
    found = read_planes("proxmox", whole)
    assert found.fleet.groups[0].hosts == ("pve1", "pve2")
    assert ("containers", 1) in found.left_out


def test_a_missing_package_is_one_error_with_the_command(nodes: Path) -> None:
    (nodes / "pve2" / "pveversion.txt").unlink()
    with pytest.raises(FleetError) as caught:
        read_planes("proxmox", nodes)
    (told,) = str(caught.value).splitlines()
    assert told.endswith("qemu; run: ssh pve2 pveversion -v > pve2/pveversion.txt")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("status.json", json.dumps(STATUS).encode()[:80], "not JSON"),
        ("status.json", b'{"pveversion": "8", "kversion": 6}', "6 is not a text"),
        ("pveversion.txt", b"\0\0", "in UTF-8"),
        ("qemu-server/100.conf", CONFIG.encode(), "guest 100 is on pve1 and on pve2"),
        ("qemu-server/101.conf", b'args: "-x\n', "No closing quotation"),
    ],
)
def test_broken_files_are_one_clear_error_each(
    nodes: Path, name: str, data: bytes, said: str
) -> None:
    path = nodes / "pve2" / name
    path.write_bytes(data)
    with pytest.raises(FleetError) as caught:
        read_planes("proxmox", nodes)
    (told,) = [line for line in str(caught.value).splitlines() if str(path) in line]
    assert said in told


def test_from_nodes_to_an_answer(nodes: Path) -> None:
    fleet, guests = nodes.parent / "fleet.csv", nodes.parent / "guests.csv"
    run = CliRunner()
    words = ["import", "proxmox", str(nodes), "-o", str(fleet), "--guests", str(guests)]
    assert run.invoke(app, words, catch_exceptions=False).exit_code == 0
    solved = run.invoke(app, ["solve", str(fleet), "--guests", str(guests)], catch_exceptions=False)
    assert "2 hosts, 1 build" in solved.output


def test_flags_of_proxmox_are_said_as_qemu_says_them(nodes: Path) -> None:
    config = nodes / "pve1" / "qemu-server" / "100.conf"
    flagged = "cpu: host,flags=+pcid;+nested-virt;-md-clear"
    config.write_text(CONFIG.replace("cpu: x86-64-v2-AES", flagged))
    (guest,) = read_planes("proxmox", nodes).guests
    assert guest.cpu is not None
    assert guest.cpu.model == "host"
    assert guest.cpu.enabled == {"pcid", "svm", "vmx"}
    assert guest.cpu.disabled == {"md-clear"}


def test_a_flag_that_no_qemu_has_is_told_with_its_file(nodes: Path) -> None:
    config = nodes / "pve1" / "qemu-server" / "100.conf"
    config.write_text(CONFIG.replace("cpu: x86-64-v2-AES", "cpu: host,flags=+pcidd"))
    with pytest.raises(FleetError, match=r"100\.conf: cpu: unknown CPU flag '\+pcidd'.*'pcid'"):
        read_planes("proxmox", nodes)
