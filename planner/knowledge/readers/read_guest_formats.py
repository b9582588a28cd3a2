"""Rows of what other programs write of a guest, as values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from planner.domain.capability import Evidence
from planner.domain.guest_formats import (
    CpuWords,
    DeviceWords,
    ElementKeys,
    GuestFormats,
    TraitWords,
)
from planner.knowledge.files.folder import Folder
from planner.knowledge.files.rows import Row

FORMATS = ("libvirt", "qm", "kubevirt")
ANSWERS = {"yes": True, "no": False, "open": None}
T = TypeVar("T")


def read_guest_formats(folder: Folder) -> GuestFormats:
    """Read all rows of formats."""
    elements = folder.read("guest-elements", read_element)
    words = folder.read("guest-devices", read_device_words)
    cpus = folder.read("guest-cpus", read_cpu_words)
    return GuestFormats(
        elements={(one.format, one.element): one for one in elements},
        devices=_grouped(words),
        traits=tuple(folder.read("guest-traits", read_trait_words)),
        cpus={(one.format, one.name): one for one in cpus},
        buses=dict(folder.read("guest-buses", read_bus)),
    )


def _grouped(
    words: Iterable[DeviceWords],
) -> dict[tuple[str, str], tuple[DeviceWords, ...]]:
    found: dict[tuple[str, str], tuple[DeviceWords, ...]] = {}
    for one in words:
        key = (one.format, one.element)
        found[key] = (*found.get(key, ()), one)
    return found


def _known(row: Row) -> str:
    """Check what every row has, and return its format."""
    row.choice("evidence", Evidence)
    row.text("source")
    return row.word("format", FORMATS)


def read_element(row: Row) -> ElementKeys:
    """Read where an element says what it is."""
    options = tuple((place, option) for place, option in row.lists("options", 2))
    return row.make(ElementKeys, format=_known(row), options=options)


def read_device_words(row: Row) -> DeviceWords:
    """Read what an element is by its values."""
    return row.make(DeviceWords, format=_known(row), values=row.texts("is"))


def read_trait_words(row: Row) -> TraitWords:
    """Read what a place says of a trait."""
    values = row.texts("values")
    otherwise = row.word("otherwise", tuple(ANSWERS), "open")
    return row.make(
        TraitWords,
        format=_known(row),
        values=frozenset(values) if values else None,
        says=row.word("says", ("yes", "no"), "yes") == "yes",
        otherwise=ANSWERS[otherwise],
        absent=ANSWERS[row.word("absent", tuple(ANSWERS), otherwise)],
    )


def read_cpu_words(row: Row) -> CpuWords:
    """Read a CPU model or a setting of the CPU."""
    return row.make(CpuWords, format=_known(row))


def read_bus(row: Row) -> tuple[tuple[str, str], str]:
    """Read which end of a device's name a bus has."""
    return (_known(row), row.text("bus")), row.text("device")
