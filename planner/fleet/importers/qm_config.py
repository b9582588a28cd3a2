"""What `qm config` of Proxmox prints to a guest: always of its next start, never of the process."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import partial

from planner.documents.complaints import Complaints
from planner.domain.errors import advised, nearest
from planner.domain.guest import GuestCpu
from planner.domain.guest_formats import GuestFormats
from planner.fleet.importers.guest_rules import Element, FormatReader
from planner.fleet.importers.libvirt_domain import DescribedGuest
from planner.fleet.importers.qemu_arguments import added_devices, flags_of, is_open, options_of
from planner.fleet.vocabulary import GuestVocabulary

FORMAT = "qm"
NUMBERED = re.compile(r"^([a-z]+)(\d+)$")
DEFAULT_TYPE = "pc"
"""What a guest without a `machine` is started as: the newest type of its board, an alias."""


def read_qm_config(
    text: str, stem: str, words: GuestVocabulary, complaints: Complaints
) -> DescribedGuest | None:
    """Return the guest of a config; sections of snapshots behind it are left out."""
    options = dict(_options(text))
    if not options:
        complaints.add((), "not what `qm config` prints: no line `option: value`")
        return None
    reader = FormatReader(FORMAT, words.formats)
    name = options.get("name", stem)
    arguments = options_of(shlex.split(options.get("args", "")))
    machine, _, _ = options.get("machine", DEFAULT_TYPE).removeprefix("type=").partition(",")
    return DescribedGuest(
        key=options.get("vmgenid") or f"{stem} {name}",
        name=name,
        machine_type=machine,
        flags=tuple(flags_of(arguments)),
        cpu=None if is_open(arguments, frozenset({"-cpu"})) else _cpu(options, words, complaints),
        devices=(*reader.devices(_elements(options, words.formats)), *added_devices(arguments)),
        traits=reader.traits(options.get),
        inactive=True,
        told_by=f"qm showcmd {stem}",
    )


def _options(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.startswith("["):
            return
        name, colon, value = line.partition(":")
        if colon and name and not line.startswith("#"):
            yield name.strip(), value.strip()


def _elements(options: Mapping[str, str], formats: GuestFormats) -> Iterator[Element]:
    """Yield the options that stand for devices: those given, and those that hold where none is."""
    rows = {row.element: row for row in formats.elements.values() if row.format == FORMAT}
    numbered = {name: found[1] for name in options if (found := NUMBERED.match(name))}
    present = {"", *numbered.values()}
    absent = {row.element: row.absent for row in rows.values() if row.absent}
    for name, value in {**absent, **options}.items():
        row = rows.get(numbered.get(name, name))
        if row is not None and row.numbered is (name in numbered) and row.beside in present:
            yield Element(name=row.element, at=partial(_word, value or row.absent))


def _word(value: str, place: str) -> str | None:
    """Return what an option says: `@` its first word, `@model` the key of it, else the word's value.

    A word of key and value is also at `@key`.
    """
    first, *others = value.split(",")
    if place == "@":
        return first.partition("=")[2] or first
    words = dict(word.partition("=")[::2] for word in (first, *others))
    if place == "@model":
        return words.get("model") or first.partition("=")[0]
    return words.get(place.removeprefix("@"))


def _cpu(
    options: Mapping[str, str], words: GuestVocabulary, complaints: Complaints
) -> GuestCpu | None:
    """Return the CPU; None for a custom model, whose rows another file has, and for Windows.

    A guest of Windows gets enlightenments that the config does not name.
    """
    said = options.get("cpu", "")
    first, *others = said.split(",") if said else [""]
    name = first.removeprefix("cputype=")
    row = words.formats.cpus.get((FORMAT, name or "default"))
    model = name if row is None or not row.model else row.model
    if model.startswith("custom-") or ("windows", True) in FormatReader(
        FORMAT, words.formats
    ).traits(options.get):
        return None
    if model not in words.cpu_names:
        hint = nearest(model, words.cpu_names)
        complaints.add(((), "cpu"), advised(f"unknown CPU model '{model}'", hint))
        return None
    given = dict(word.partition("=")[::2] for word in others)
    asked = tuple(filter(None, given.get("flags", "").split(";")))
    flags = [
        *(() if row is None else row.features),
        *(flag for word in asked for flag in _flags(word, words, complaints)),
    ]
    if given.get("hidden") == "1":
        flags.append("-kvm")
    return GuestCpu.parse(",".join((model, *flags)))


def _flags(word: str, words: GuestVocabulary, complaints: Complaints) -> Iterator[str]:
    """Yield a flag as QEMU says it; one that Proxmox has of its own may be several."""
    sign, name = word[:1], word[1:].replace("_", "-")
    row = words.formats.cpus.get((FORMAT, f"flag {name}"))
    for feature in (name,) if row is None else row.features:
        if sign not in "+-" or feature not in words.cpu_features:
            hint = nearest(feature, words.cpu_features)
            what = f"unknown CPU flag '{word}': no QEMU has it"
            complaints.add(((), "cpu"), advised(what, hint))
        else:
            yield f"{sign}{feature}"
