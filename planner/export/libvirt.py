"""An answer for libvirt: the inactive XML of a guest with its machine type and flags, or a pattern.

A flag goes to the devices that it acts on, by `qemu:override` and their aliases. What has no alias, such
as the CPU, gets `-global` by `qemu:commandline`, which marks the guest as tainted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.etree import ElementTree as Tree
from xml.etree.ElementTree import Comment, Element, SubElement

from planner.domain.compat import SWITCH, CompatFlag
from planner.export.chosen import Chosen, remarks
from planner.knowledge.plane_rows import DeviceAlias

NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0"
QEMU = f"{{{NAMESPACE}}}"
TAINT = "libvirt supports no qemu:commandline: it marks the guest as tainted (custom-argv)"
UNUSED = "this guest has no device for it"


def pattern(one: Chosen, rows: Sequence[DeviceAlias]) -> Iterator[str]:
    """Yield the parts of a domain that the answer of a pool sets, for its first device of each kind."""
    domain = Element("domain", type="kvm")
    os = SubElement(domain, "os")
    SubElement(os, "type", machine=one.machine_type).text = "hvm"
    for flag in one.flags:
        row = _row(flag, rows)
        if row is None:
            _add_argument(domain, flag)
        else:
            _set_property(domain, f"{row.alias}0", flag)
    yield from _written(domain, [*remarks(one), "a pattern: --vm GUEST.xml writes a whole guest"])


def guest(domain: Element, one: Chosen, rows: Sequence[DeviceAlias]) -> Iterator[str]:
    """Yield the XML of a guest, ready for `virsh define`, with what the answer of its pool sets."""
    told = [f"virsh define THIS_FILE; {domain.findtext('name')} gets it when it is started anew"]
    machine = domain.find("os/type")
    assert machine is not None
    machine.set("machine", one.machine_type)
    for flag in one.flags:
        row = _row(flag, rows)
        if row is None:
            _add_argument(domain, flag)
            continue
        aliases = list(_aliases(domain, row))
        for alias in aliases:
            _set_property(domain, alias, flag)
        if not aliases:
            told.append(f"{flag}: {UNUSED}")
    yield from _written(domain, [*remarks(one), *told])


def _row(flag: CompatFlag, rows: Sequence[DeviceAlias]) -> DeviceAlias | None:
    return next((row for row in rows if row.qom_type == flag.key.qom_type), None)


def _aliases(domain: Element, row: DeviceAlias) -> Iterator[str]:
    """Yield the aliases of a domain's devices of one kind: what is written there, else what comes."""
    place = 0
    for found in domain.iterfind(f"devices/{row.element}"):
        if found.get("type") in row.apart:
            continue
        fits = not row.values or _at(found, row.at) in row.values
        given = found.find("alias")
        if fits:
            name = "" if given is None else given.get("name", "")
            yield name or f"{row.alias}{_number(found, row.number, place)}"
        place += fits or row.number == "order"


def _at(element: Element, place: str) -> str:
    path, _, attribute = place.rpartition("@")
    owner = element.find(path.rstrip("/")) if path else element
    return "" if owner is None else owner.get(attribute, "")


def _number(element: Element, number: str, place: int) -> str:
    """Return the number of an alias: a place, an attribute, or that of a target such as `vdb`."""
    if number in {"order", "own"}:
        return str(place)
    if number.startswith("@"):
        return element.get(number[1:], "0")
    letters = _at(element, "target/@dev")[2:]
    found = 0
    for letter in letters:
        found = found * 26 + ord(letter) - ord("a") + 1
    return str(max(found - 1, 0))


def _set_property(domain: Element, alias: str, flag: CompatFlag) -> None:
    """Set a property of a device, in place of what was set there by hand."""
    override = _child(domain, "override")
    device = next((one for one in override if one.get("alias") == alias), None)
    if device is None:
        device = SubElement(override, f"{QEMU}device", alias=alias)
    frontend = _child(device, "frontend")
    for old in [one for one in frontend if one.get("name") == flag.key.property]:
        frontend.remove(old)
    kind, value = _typed(flag.value)
    SubElement(frontend, f"{QEMU}property", name=flag.key.property, type=kind, value=value)


def _typed(value: str) -> tuple[str, str]:
    """Return libvirt's word for the type of a value, and the value in its words."""
    if value in SWITCH:
        return "bool", "true" if value == "on" else "false"
    return ("unsigned" if value.isascii() and value.isdecimal() else "string"), value


def _add_argument(domain: Element, flag: CompatFlag) -> None:
    """Add `-global`, in place of one for the same property."""
    line = _child(domain, "commandline")
    words = list(line)
    for before, old in pairwise(words):
        if before.get("value") == "-global" and old.get("value", "").startswith(f"{flag.key}="):
            old.set("value", str(flag))
            return
    if not words:
        line.append(Comment(f" {TAINT} "))
    for word in ("-global", str(flag)):
        SubElement(line, f"{QEMU}arg", value=word)


def _child(element: Element, name: str) -> Element:
    found = element.find(f"{QEMU}{name}")
    return SubElement(element, f"{QEMU}{name}") if found is None else found


def _written(domain: Element, told: Sequence[str]) -> Iterator[str]:
    """Yield a domain with its comment; `--` may not stand in one."""
    Tree.register_namespace("qemu", NAMESPACE)
    for line in told:
        yield f"<!-- {line.replace('--', '- -')} -->\n"
    Tree.indent(domain)
    yield Tree.tostring(domain, encoding="unicode") + "\n"
