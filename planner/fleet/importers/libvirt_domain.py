"""Domain XML of libvirt to a guest: of the running process where it is, else of its next start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from planner.documents.complaints import Complaints
from planner.domain.compat import CompatFlag
from planner.domain.errors import advised, nearest
from planner.domain.guest import GuestCpu
from planner.domain.guest_formats import GuestFormats
from planner.fleet.importers.guest_rules import Element as Described
from planner.fleet.importers.guest_rules import FormatReader
from planner.fleet.importers.qemu_arguments import added_devices, flags_of, is_open, options_of
from planner.fleet.vocabulary import GuestVocabulary

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FORMAT = "libvirt"
QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"
SIGNS = {"force": "+", "require": "+", "": "+", "disable": "-", "forbid": "-"}
"""What the policy of a CPU feature comes to; `optional` depends on the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedGuest:
    """A guest as a description tells it; `key` is the same in every description of it."""

    key: str
    name: str
    machine_type: str
    flags: tuple[CompatFlag, ...]
    cpu: GuestCpu | None
    devices: tuple[str, ...] | None
    traits: frozenset[tuple[str, bool]]
    inactive: bool
    told_by: str


def domain_of(root: Element) -> Element | None:
    """Return the `domain` of a document, of a status file too; None if it has none."""
    if root.tag == "domain":
        return root
    return root.find("domain") if root.tag == "domstatus" else None


def read_domain(
    domain: Element, words: GuestVocabulary, complaints: Complaints
) -> DescribedGuest | None:
    """Return the guest of a `domain` element, None with a complaint if it names no name or type."""
    name = (domain.findtext("name") or "").strip()
    os_type = domain.find("os/type")
    machine = "" if os_type is None else os_type.get("machine", "")
    if not (name and machine):
        what = "no machine type in os/type" if name else "a domain without a name"
        complaints.add((), what, "write `virsh dumpxml NAME` to the file")
        return None
    inactive = domain.get("id") is None
    reader = FormatReader(FORMAT, words.formats)
    arguments = options_of(one.get("value", "") for one in domain.iter(f"{QEMU}arg"))
    try:
        flags = tuple(flags_of(arguments))
    except ValueError as error:
        complaints.add((), f"-global {error}")
        return None
    traits = reader.traits(partial(_at, domain))
    if is_open(arguments):
        traits = frozenset(one for one in traits if one[1])
    return DescribedGuest(
        key=(domain.findtext("uuid") or "").strip() or name,
        name=name,
        machine_type=machine,
        flags=flags,
        cpu=None if is_open(arguments, frozenset({"-cpu"})) else _cpu(domain, words, complaints),
        devices=(*reader.devices(_elements(domain)), *added_devices(arguments)),
        traits=traits,
        inactive=inactive,
        told_by=f"virsh dumpxml {name}",
    )


def _at(element: Element, place: str) -> str | None:
    """Return an attribute (`child/@name`), or the text of a child; None if it is not there."""
    path, slash, attribute = place.rpartition("@")
    if not slash:
        found = element.find(place)
        return None if found is None else (found.text or "").strip()
    owner = element.find(path.rstrip("/")) if path else element
    return None if owner is None else owner.get(attribute)


def _elements(domain: Element) -> Iterator[Described]:
    """Yield the devices of a domain, and its overrides of properties with them."""
    overrides = {
        device.get("alias", ""): tuple(_overridden(device))
        for device in domain.iter(f"{QEMU}device")
    }
    for found in domain.iterfind("devices/*"):
        address, alias = found.find("address"), found.find("alias")
        yield Described(
            name=str(found.tag),
            at=partial(_at, found),
            bus="" if address is None else address.get("type", ""),
            options=() if alias is None else overrides.get(alias.get("name", ""), ()),
        )


def _overridden(device: Element) -> Iterator[str]:
    """Yield `property=value` of a device whose properties are set by hand."""
    for one in device.iter(f"{QEMU}property"):
        value = {"true": "on", "false": "off"}.get(one.get("value", ""), one.get("value", ""))
        if one.get("type") != "remove" and one.get("name") and value and "," not in value:
            yield f"{one.get('name')}={value}"


def _cpu(domain: Element, words: GuestVocabulary, complaints: Complaints) -> GuestCpu | None:
    """Return the CPU, None if it is left to QEMU or has features that only some hosts give."""
    cpu = domain.find("cpu")
    if cpu is None:
        return None
    mode = words.formats.cpus.get((FORMAT, f"mode {cpu.get('mode', 'custom')}"))
    model = (cpu.findtext("model") or "").strip() if mode is None else mode.model
    policies = {
        (one.get("name") or "").replace("_", "-"): one.get("policy", "")
        for one in cpu.iterfind("feature")
    }
    if not model or not SIGNS.keys() >= set(policies.values()):
        return None
    if mode is None and model not in words.cpu_names:
        hint = nearest(model, words.cpu_names)
        complaints.add(((), "cpu/model"), advised(f"unknown CPU model '{model}'", hint))
        return None
    added = list(_settings(domain, words.formats))
    enabled = {name for name, policy in policies.items() if SIGNS[policy] == "+"}
    return GuestCpu(
        model=model,
        enabled=frozenset(enabled | {word[1:] for word in added if word[0] == "+"}),
        disabled=frozenset(policies.keys() - enabled)
        | {word[1:] for word in added if word[0] == "-"},
    )


def _settings(domain: Element, formats: GuestFormats) -> Iterator[str]:
    """Yield `+f` and `-f` that settings outside of the CPU element add to it."""
    names = [f"hidden {_at(domain, 'features/kvm/hidden/@state') or ''}"]
    names.append(f"pmu {_at(domain, 'features/pmu/@state') or ''}")
    hyperv = domain.find("features/hyperv")
    if hyperv is not None:
        names.append(f"hyperv mode {hyperv.get('mode', '')}")
        for one in hyperv:
            if one.get("state") == "on":
                yield f"+hv-{one.tag.replace('_', '-')}"
            names += [f"hyperv {one.tag} {sub.tag}" for sub in one if sub.get("state") == "on"]
    for name in names:
        row = formats.cpus.get((FORMAT, name))
        yield from () if row is None else row.features
