"""What refuses only guests that surely have it is told of those guests, as `check` tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.solution import DomainSolution

FLEET = "host,kernel,qemu\na,6.8.0,8.2.0\nb,6.8.0,9.0.0\n"
XML = """<domain type='kvm'><name>g</name><memory unit='GiB'>1</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='pc-q35-8.2'>hvm</type></os>
<cpu mode='custom' match='exact'><model fallback='forbid'>Haswell-noTSX</model></cpu>
<devices><controller type='scsi' index='0' model='virtio-scsi'/>{}</devices></domain>"""
LUN = (
    "<disk type='block' device='lun'><source dev='/dev/mapper/a'>{}</source>"
    "<target dev='sda' bus='scsi'/></disk>"
)
TPM = "<tpm model='tpm-crb'><backend type='{}'/></tpm>"


def held(folder: Path, guests: str) -> DomainSolution:
    (folder / "fleet.csv").write_text(FLEET)
    (folder / "guests.csv").write_text(guests)
    fleet = planner.read_fleet(folder / "fleet.csv")
    read = planner.read_guests(folder / "guests.csv", fleet)
    (domain,) = planner.solve(fleet, guests=read).domains
    return domain


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        ("multifd=yes postcopy=yes", "not yet compatible with multifd"),
        ("zero-copy=yes", "Zero-copy send without multifd"),
        ("zero-copy=yes multifd=yes", ""),
        ("mapped-ram=yes", "Pages at fixed offsets of a file"),
        ("", ""),
    ],
)
def test_a_way_of_migrating_that_is_refused_is_told_of_who_uses_it(
    tmp_path: Path, traits: str, said: str
) -> None:
    row = f"g,a,pc-q35-8.2,Haswell,virtio-net-pci,{traits}"
    domain = held(tmp_path, f"guest,host,machine_type,cpu,devices,traits\n{row}\n")
    found = [one.finding for one in domain.guests if one.kind == "violated"]
    assert len(found) == bool(said) and all(said in one for one in found), found
    assert domain.counted.violated == bool(said)


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        (TPM.format("passthrough"), "the TPM of another host"),
        (TPM.format("emulator"), ""),
        (LUN.format("<reservations managed='yes'/>"), "no persistent reservations"),
        (LUN.format(""), ""),
    ],
)
def test_what_the_xml_of_a_guest_says_is_read(tmp_path: Path, devices: str, said: str) -> None:
    (tmp_path / "fleet.csv").write_text(FLEET)
    (tmp_path / "g.xml").write_text(XML.format(devices))
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    read = planner.read_guests(tmp_path / "g.xml", fleet, host="a")
    (domain,) = planner.solve(fleet, guests=read).domains
    found = [one.finding for one in domain.guests if one.kind == "violated"]
    assert len(found) == bool(said) and all(said in one for one in found), found


@pytest.mark.parametrize(("queues", "said"), [("4", "virtio-net,mq=on"), ("1", "")])
def test_several_queues_of_a_card_are_read(tmp_path: Path, queues: str, said: str) -> None:
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\na,6.8.0,9.0.0\nb,6.8.0,9.1.1\n")
    card = (
        "<interface type='bridge'><source bridge='b'/><model type='virtio'/>"
        f"<driver name='vhost' queues='{queues}'/></interface>"
    )
    (tmp_path / "g.xml").write_text(XML.format(card))
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    read = planner.read_guests(tmp_path / "g.xml", fleet, host="a")
    (domain,) = planner.solve(fleet, guests=read).domains
    found = [one.finding for one in domain.guests if one.kind == "violated"]
    assert len(found) == bool(said) and all(said in one for one in found), found
