"""Guests that hypervisors describe: read as they are, and held against every condition of an answer."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

import planner
from planner.domain.errors import FleetError, UsageError
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.domain.solution import DomainSolution

REAL = Path(__file__).resolve().parents[2] / "cases" / "real"
FLEET = """host,kernel,qemu
h1,6.1.0-18-amd64,1:7.2+dfsg-7+deb12u18
h2,6.1.0-18-amd64,1:7.2+dfsg-7+deb12u18
h3,5.10.0-32-amd64,1:7.2+dfsg-7+deb12u18
"""
XML = """<domain type='kvm' id='1'><name>g</name><uuid>u-1</uuid>
<os><type machine='pc-q35-7.2'>hvm</type></os>{cpu}<devices>{devices}</devices></domain>"""
PLAIN = "<cpu mode='custom'><model>Nehalem</model></cpu>"
QM = """boot: order=scsi0
cpu: x86-64-v2-AES
machine: pc-q35-7.2
name: web
net0: virtio=BC:24:11:00:00:01,bridge=vmbr0
scsi0: local:vm-100-disk-0,size=32G
scsihw: virtio-scsi-single

[before]
hostpci0: 0000:01:00.0
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    path = tmp_path / "fleet.csv"
    path.write_text(FLEET)
    return planner.read_fleet(path)


def solved(fleet: Fleet, guests: tuple[GuestGroup, ...]) -> DomainSolution:
    (domain,) = planner.solve(fleet, guests=guests).domains
    return domain


def only(path: Path, fleet: Fleet, host: str = "") -> GuestGroup:
    (guest,) = planner.read_guests(path, fleet, host=host)
    return guest


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_running_guests_meet_all_but_what_one_has(fleet: Fleet) -> None:
    domain = solved(fleet, planner.read_guests(REAL / "libvirt", fleet))
    acted_on = [one for one in domain.guests if one.kind != "position"]
    assert [(one.kind, one.conditions, one.examples) for one in acted_on] == [
        ("violated", ("cpu:tsx-ctrl",), ("g2",))
    ]
    assert acted_on[0].machine_type == "pc-i440fx-7.2"
    tallies = [one for baseline in domain.baselines for one in baseline.tallies]
    assert {one.condition for one in tallies if one.violated or one.open} == {"cpu:tsx-ctrl"}
    assert any(one.met for one in tallies)


def test_a_description_of_the_next_start_meets_nothing(fleet: Fleet) -> None:
    domain = solved(fleet, planner.read_guests(REAL / "inactive", fleet))
    tallies = [one for baseline in domain.baselines for one in baseline.tallies]
    assert tallies and not any(one.met for one in tallies)
    opened = [one for one in domain.guests if one.kind == "open"]
    assert [(one.examples, one.verify) for one in opened] == [(("g2",), "virsh dumpxml g2")]
    assert "the running process" in opened[0].fact


def test_the_running_process_is_preferred(tmp_path: Path, fleet: Fleet) -> None:
    for name in ("libvirt", "inactive"):
        written(tmp_path / "both", f"h2/{name}.xml", (REAL / name / "h2" / "g2.xml").read_text())
    assert not only(tmp_path / "both", fleet).inactive
    (tmp_path / "both" / "h2" / "libvirt.xml").unlink()
    assert only(tmp_path / "both", fleet).inactive


def test_a_tar_is_read_as_a_folder(tmp_path: Path, fleet: Fleet) -> None:
    path = tmp_path / "guests.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(REAL / "libvirt", arcname="dump")
        archive.addfile(tarfile.TarInfo("dump/h1/notes.txt"), io.BytesIO())
    assert planner.read_guests(path, fleet) == planner.read_guests(REAL / "libvirt", fleet)


def test_the_host_is_a_folder_or_an_option(tmp_path: Path, fleet: Fleet) -> None:
    path = written(tmp_path, "elsewhere/g.xml", XML.format(cpu=PLAIN, devices=""))
    with pytest.raises(FleetError, match="does not say on which host 'g' runs; put its file"):
        planner.read_guests(path, fleet)
    assert only(path, fleet, host="h3").host == "h3"
    with pytest.raises(UsageError, match="'h4' is not in the fleet; did you mean"):
        planner.read_guests(path, fleet, host="h4")
    assert only(written(tmp_path, "h2/qemu/g.xml", path.read_text()), fleet).host == "h2"


@pytest.mark.parametrize(
    ("element", "device"),
    [
        ("<interface type='user'><model type='virtio'/></interface>", "virtio-net-pci+user"),
        ("<interface type='bridge'><model type='virtio'/><driver name='vhost'/></interface>",
         "virtio-net-pci+tap+vhost"),
        ("<interface type='bridge'><model type='virtio'/></interface>", "virtio-net-pci"),
        ("<hostdev mode='subsystem' type='pci'/>", "vfio-pci"),
        ("<video><model type='virtio' heads='2'/></video>", "virtio-vga,max_outputs=2"),
        ("<video><model type='virtio' heads='1'/></video>", "virtio-vga"),
        ("<rng model='virtio'><address type='ccw'/></rng>", "virtio-rng-ccw"),
        ("<disk type='file' device='cdrom'><target bus='sata'/></disk>", "ide-cd"),
        ("<newthing model='x'/>", "libvirt-newthing"),
        ("<tpm model='tpm-new'/>", "libvirt-tpm-tpm-new"),
    ],
)  # fmt: skip
def test_elements_are_devices(tmp_path: Path, fleet: Fleet, element: str, device: str) -> None:
    path = written(tmp_path, "h1/g.xml", XML.format(cpu=PLAIN, devices=element))
    assert only(path, fleet).devices == (device,)


def test_elements_that_are_no_devices_are_none(tmp_path: Path, fleet: Fleet) -> None:
    devices = "<emulator>/usr/bin/kvm</emulator><memballoon model='none'/><graphics type='vnc'/>"
    path = written(tmp_path, "h1/g.xml", XML.format(cpu=PLAIN, devices=devices))
    assert only(path, fleet).devices == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (XML.format(cpu="<cpu><model>Nehalm</model></cpu>", devices=""), "did you mean 'Nehalem'?"),
        ("<domain id='1'><name>g</name></domain>", "no machine type in os/type"),
        ("<domain", "not XML"),
        ("<!DOCTYPE d [<!ENTITY a 'b'>]><domain>&a;</domain>", "document type or entities"),
        ("{", "not JSON"),
        ('{"kind": "Pod"}', "neither VirtualMachineInstance nor a list of them"),
        ("name: x\ncpu: EPYK\n", "did you mean 'EPYC'?"),
    ],
)
def test_faults_are_errors(tmp_path: Path, fleet: Fleet, text: str, what: str) -> None:
    for name in ("g.xml", "g.json", "g.conf"):
        path = written(tmp_path, f"h1/{name}", text)
        with pytest.raises(FleetError) as caught:
            planner.read_guests(path, fleet)
        assert what in str(caught.value)
        assert len(caught.value.problems) == 1


def test_a_folder_without_guests_is_an_error(tmp_path: Path, fleet: Fleet) -> None:
    written(tmp_path, "h1/net.xml", "<network><name>default</name></network>")
    with pytest.raises(FleetError, match="no guest in it"):
        planner.read_guests(tmp_path / "h1", fleet)


def test_a_guest_does_not_run_twice(tmp_path: Path, fleet: Fleet) -> None:
    for host in ("h1", "h2"):
        written(tmp_path / "all", f"{host}/g.xml", XML.format(cpu=PLAIN, devices=""))
    with pytest.raises(FleetError, match="'g' runs on h1 and on h2"):
        planner.read_guests(tmp_path / "all", fleet)


def test_a_config_of_proxmox_is_of_the_next_start(tmp_path: Path, fleet: Fleet) -> None:
    guest = only(written(tmp_path, "h1/100.conf", QM), fleet)
    assert (guest.names, guest.machine_type, guest.inactive) == (("web",), "pc-q35-7.2", True)
    assert guest.cpu is not None and guest.cpu.model == "qemu64" and "aes" in guest.cpu.enabled
    assert guest.devices is not None and "vfio-pci" not in guest.devices
    assert {"virtio-net-pci+tap+vhost", "virtio-scsi-pci", "scsi-hd"} <= set(guest.devices)


def test_instances_of_kubevirt_name_their_node(tmp_path: Path, fleet: Fleet) -> None:
    instance = {
        "kind": "VirtualMachineInstance",
        "metadata": {"namespace": "ns", "name": "vm"},
        "status": {"phase": "Running", "nodeName": "h3", "machine": {"type": "pc-q35-7.2"}},
    }
    guest = only(written(tmp_path, "vmis.json", json.dumps(instance)), fleet)
    assert (guest.host, guest.names, guest.inactive) == ("h3", ("ns/vm",), False)


def test_host_passthrough_has_the_cpu_of_its_boot_host(tmp_path: Path) -> None:
    text = FLEET.replace("qemu\n", "qemu,capabilities\n").replace("u18\n", "u18,+cpu.pku\n")
    path = written(
        tmp_path, "fleet.csv", text.replace("deb12u18,+cpu.pku\nh3", "deb12u18,-cpu.pku\nh3")
    )
    hosts = planner.read_fleet(path)
    table = tmp_path / "guests.csv"

    def standing(booted_on: str) -> set[str]:
        """Return how a guest of that boot host stands to the condition on pku."""
        table.write_text(
            "guest,host,machine_type,cpu,devices,booted_on\n"
            f"g,h1,pc-q35-7.2,host-passthrough,-,{booted_on}\n"
        )
        found = solved(hosts, planner.read_guests(table, hosts)).guests
        return {one.kind for one in found if "cpu:pku" in one.conditions}

    assert standing("h1") == {"violated"}
    assert standing("h2") == set()
    assert standing("") == {"open"}


def test_guests_that_cannot_leave_newer_hosts_are_stuck(tmp_path: Path) -> None:
    hosts = planner.read_fleet(
        written(tmp_path, "fleet.csv", "host,kernel,qemu\na,6.1.1,7.2.0\nb,6.1.1,8.2.0\n")
    )
    table = written(
        tmp_path, "guests.csv", "guest,host,machine_type\nnew,b,pc-q35-8.2\nold,a,pc-q35-7.1\n"
    )
    found = solved(hosts, planner.read_guests(table, hosts)).guests
    (stuck,) = [one for one in found if one.kind == "stuck"]
    assert (stuck.examples, stuck.hosts, stuck.machine_type) == (("new",), ("b",), "pc-q35-8.2")
    assert "cannot leave the 1 host that offer" in stuck.finding


def test_what_every_guest_meets_is_asked_of_nobody(tmp_path: Path) -> None:
    fleet = "host,kernel,qemu\na,5.15.0-100-generic,1:6.2+dfsg-2ubuntu6.31\n"
    fleet += "b,6.8.0-100-generic,1:8.2.2+ds-0ubuntu1.18\n"
    hosts = planner.read_fleet(written(tmp_path, "fleet.csv", fleet))
    policy = planner.read_policy(written(tmp_path, "p.toml", '[guests]\nprofile = "any"\n'))
    head = "guest,host,machine_type,cpu,devices,traits\n"
    uses = "nested=no pae=no uses-smm=no writes-hwcr=no negotiates-uso=no tcg=no postcopy=no"
    table = written(tmp_path, "guests.csv", f"{head}g,a,pc-q35-jammy,kvm64,-,{uses}\n")
    guests = planner.read_guests(table, hosts)
    (alone,) = planner.solve(hosts, policy=policy).domains
    (given,) = planner.solve(hosts, policy=policy, guests=guests).domains
    assert alone.recommended is not None and given.recommended is not None
    asked = {one.id for one in alone.recommended.checks}
    left = {one.id for one in given.recommended.checks}
    assert left < asked and "host:hardware" in left
