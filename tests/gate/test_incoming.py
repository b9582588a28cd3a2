"""The script reads a domain as the importer does: elements that rows know, flags, CPU and settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

import pytest

import planner
from planner.documents.complaints import Complaints
from planner.fleet.importers.libvirt_domain import DescribedGuest, read_domain
from planner.gate.script.incoming import Incoming
from planner.gate.tables import FORMAT, GuestTables
from tests.gate.hosts import RECORDED, domain

ADDRESSES = ("pci", "ccw", "virtio-mmio", "")
SETTINGS = """<features><kvm><hidden state='on'/></kvm><pmu state='off'/><hyperv mode='custom'>
<relaxed state='on'/><tlbflush state='on'/><stimer state='on'><direct state='on'/></stimer></hyperv>
<ioapic driver='qemu'/></features><memoryBacking><hugepages/></memoryBacking>
<clock><timer name='tsc' frequency='1'/></clock>"""
ARGUMENTS = """<qemu:commandline><qemu:arg value='-global'/><qemu:arg value='a.b=off'/>
<qemu:arg value='-global'/><qemu:arg value='driver=c,property=d,value=1'/>
<qemu:arg value='-device'/><qemu:arg value='e1000e,netdev=n'/>
<qemu:arg value='-device'/><qemu:arg value='{"driver":"e1000"}'/></qemu:commandline>
<qemu:override><qemu:device alias='balloon0'><qemu:frontend>
<qemu:property name='guest_ufo' type='bool' value='false'/></qemu:frontend></qemu:device>
</qemu:override>"""


def tables() -> GuestTables:
    return GuestTables(planner.load_knowledge(), "x86_64")


def read(xml: str) -> tuple[Incoming, DescribedGuest]:
    """Return what the script and the importer make of a domain."""
    root = ElementTree.fromstring(xml)
    knowledge = planner.load_knowledge()
    names = {row.trait for row in knowledge.guests.formats.traits if row.format == FORMAT}
    found = read_domain(root, knowledge.guests, Complaints("g"))
    assert found is not None
    return Incoming(root, tables().guest(names, (), frozenset())), found


def agree(xml: str) -> None:
    guest, found = read(xml)
    told = {",".join((name, *sorted(options))) for name, options in guest.devices}
    parted = (one.partition(",") for one in found.devices or ())
    assert told == {
        ",".join((name, *sorted(filter(None, more.split(","))))) for name, _, more in parted
    }
    flags = {f"{driver}.{name}={value}" for (driver, name), value in guest.globals.items()}
    assert flags == set(map(str, found.flags))
    cpu = found.cpu
    assert guest.model == (cpu.model if cpu else "")
    assert frozenset(guest.on) == (cpu.enabled if cpu else frozenset())
    assert frozenset(guest.off) == (cpu.disabled if cpu else frozenset())
    said = {(name, guest.trait(name)) for name in guest.tables["traits"]}
    assert {one for one in said if one[1] is not None} == set(found.traits)


def element(name: str, keys: Sequence[str], values: Sequence[str], address: str) -> str:
    """Return an element with values at its keys, empty if a key is no plain place."""
    own, children = dict[str, str](), dict[str, dict[str, str]]()
    for key, value in zip(keys, values, strict=False):
        path, _, attribute = key.rpartition("@")
        if value not in {"*", ""}:
            owner = children.setdefault(path.rstrip("/"), {}) if path else own
            owner[attribute] = value
    if any(set("/[") & set(path) for path in children):
        return ""
    if address:
        children.setdefault("address", {})["type"] = address
    inner = "".join(f"<{path}{_written(found)}/>" for path, found in children.items())
    return f"<{name}{_written(own)}>{inner}</{name}>"


def _written(attributes: dict[str, str]) -> str:
    return "".join(f" {name}='{value}'" for name, value in attributes.items())


def elements() -> Iterator[str]:
    for name, row in tables().elements.items():
        numbers = [place for place, _ in row["options"]]
        for place, (values, _) in enumerate(row["rows"]):
            address = ADDRESSES[place % len(ADDRESSES)]
            plain = element(name, row["keys"], values, address)
            more = element(
                name, [*row["keys"], *numbers], [*values, *["3"] * len(numbers)], address
            )
            yield from filter(None, dict.fromkeys((plain, more)))
        yield element(name, row["keys"], ["unheard-of"] * len(row["keys"]), "pci")


def test_every_element_of_the_rows() -> None:
    found = list(elements())
    assert len(found) > 200
    for one in found:
        agree(domain("pc-q35-7.2", devices=one))


def test_flags_devices_and_settings_beside_the_elements() -> None:
    agree(domain("pc-q35-7.2", extra=SETTINGS + ARGUMENTS))


@pytest.mark.parametrize(
    ("words", "unread"),
    [
        (("--device", "nvme,serial=1"), set()),
        (("-device",), {"commandline-device"}),
        (("-M", "pc-q35-7.2"), {"commandline-M"}),
        (("-machine", "usb=off"), set()),
        (("-readconfig", "x.cfg"), {"commandline-readconfig"}),
        (("-snapshot", "-drive", "file=x"), {"commandline-snapshot", "commandline-drive"}),
        (("-cpu", "host,migratable=off"), set()),
        (("-snapshot", "on", "disk.img"), {"commandline-snapshot", "commandline-"}),
    ],
)
def test_what_nobody_reads_of_a_command_line_is_an_unknown_device(
    words: tuple[str, ...], unread: set[str]
) -> None:
    arguments = "".join(f"<qemu:arg value='{word}'/>" for word in words)
    xml = domain("pc-q35-7.2", extra=f"<qemu:commandline>{arguments}</qemu:commandline>")
    agree(xml)
    _, found = read(xml)
    assert {one for one in found.devices or () if one.startswith("commandline")} == unread
    assert ("nvme,serial=1" in (found.devices or ())) is ("--device" in words)


@pytest.mark.parametrize("argument", ["-cpu", "-accel", "-machine"])
def test_what_may_be_set_past_the_elements_is_not_told(argument: str) -> None:
    hidden = (
        f"<qemu:commandline><qemu:arg value='{argument}'/><qemu:arg value='x'/></qemu:commandline>"
    )
    agree(domain("pc-q35-7.2", extra=SETTINGS + hidden))
    guest, _ = read(domain("pc-q35-7.2", extra=SETTINGS + hidden))
    assert (guest.model == "") is (argument == "-cpu")


@pytest.mark.parametrize(
    "cpu",
    [
        "<cpu mode='host-passthrough'/>",
        "<cpu mode='host-model'/>",
        "<cpu mode='maximum'/>",
        "<cpu><model>Nehalem</model><feature name='vme' policy='disable'/></cpu>",
        "<cpu><model>Nehalem</model><feature name='x2apic' policy='optional'/></cpu>",
        "<cpu/>",
    ],
)
def test_cpus(cpu: str) -> None:
    agree(domain("pc-q35-7.2", cpu=cpu))


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.xml")), ids=lambda path: path.stem)
def test_recorded_domains(path: object) -> None:
    agree(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
