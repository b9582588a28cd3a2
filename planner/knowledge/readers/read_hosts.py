"""Rows of CPU features, CPU vendors, moves between vendors and release days as values."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection

from planner.domain.capability import CapabilityId, Evidence
from planner.domain.errors import quoted
from planner.domain.migrated import Consequence
from planner.knowledge.calendar import ReleaseCalendar, VendorRelease
from planner.knowledge.cpu_errata import CpuErratum, CpuRow
from planner.knowledge.files.rows import Row, release_key
from planner.knowledge.hardware import (
    Architecture,
    CpuVendor,
    FeaturesOfCpu,
    HardwareFact,
    Role,
    UnreadKernels,
    VendorCrossing,
)
from planner.knowledge.readers.read_lines import read_pattern


def read_cpu_features(row: Row) -> frozenset[str]:
    """Read the names of the CPU features of an architecture."""
    row.text("arch")
    row.choice("evidence", Evidence)
    row.text("source")
    return frozenset(row.texts("names"))


def read_features_of_cpu(row: Row) -> FeaturesOfCpu:
    """Read what QEMU takes from the CPU itself."""
    return FeaturesOfCpu(
        arch=row.text("arch"),
        names=frozenset(row.texts("names")),
        since=release_key(row.text("since")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_architecture(row: Row) -> Architecture:
    """Read what is known of an architecture."""
    return Architecture(
        name=row.text("arch"),
        registers=row.word("registers", ("listed", "kernel")),
        words=row.texts("words"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_unread(row: Row) -> UnreadKernels:
    """Read which releases of a kernel line could not be read, and why."""
    return UnreadKernels(
        line=row.text("line"),
        releases=row.text("releases"),
        why=row.text("why"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_cpu_vendor(row: Row) -> CpuVendor:
    """Read a vendor of cpu_vendors.toml; its examples must match its own pattern."""
    match = read_pattern(row)
    examples = row.texts("examples")
    for text in examples:
        if not match.search(text):
            raise row.fail(f"example '{text}' does not match")
    return CpuVendor(
        name=row.text("name"),
        title=row.text("title"),
        runs_as=row.text("runs_as"),
        match=match,
        bare=frozenset(row.texts("bare")),
        examples=examples,
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


NUMBERS = re.compile(r"(\d+):(\d+)-(\d+)")


def read_cpu_row(row: Row) -> CpuRow:
    """Read CPUs of one vendor."""
    numbers = []
    for text in row.texts("numbers"):
        found = NUMBERS.fullmatch(text)
        if found is None:
            raise row.fail(f"'{text}' is no `family:first-last`")
        numbers.append((int(found[1]), int(found[2]), int(found[3])))
    return CpuRow(
        name=row.text("name"),
        title=row.text("title"),
        vendor=row.text("vendor"),
        numbers=tuple(numbers),
        match=read_pattern(row),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_cpu_erratum(row: Row, cpus: Collection[str]) -> CpuErratum:
    """Read a fault of CPUs; each of its `cpus` must have a row."""
    named = frozenset(row.texts("cpus"))
    if wrong := named - set(cpus):
        raise row.fail(f"no row of a CPU is called {', '.join(sorted(wrong))}")
    return CpuErratum(
        name=CapabilityId(row.text("name")),
        feature=CapabilityId(f"cpu.{row.text('feature')}"),
        cpus=named,
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_hardware_fact(row: Row) -> HardwareFact:
    """Read what a fact about machines is good for."""
    return HardwareFact(
        name=row.text("name"),
        match=read_pattern(row),
        words=row.text("words"),
        role=row.choice("role", Role),
        arch=row.texts("arch"),
        required=row.truth("required"),
        ppm=row.number("ppm", 0),
        settled_by=frozenset(CapabilityId(name) for name in row.texts("settled_by")),
        needs=row.text("needs", ""),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_crossing(row: Row) -> VendorCrossing:
    """Read a crossing of cpu_vendors.toml."""
    return VendorCrossing(
        id=row.text("id"),
        arch=row.text("arch"),
        vendors=frozenset(row.texts("vendors")),
        consequence=row.choice("consequence", Consequence),
        reason=row.text("reason"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_vendor_release(row: Row) -> VendorRelease:
    """Read a row of vendor_releases.toml; the file says the day that its rows speak for."""
    assert row.head is not None
    until = row.text("until", "")
    return VendorRelease(
        name=row.text("name"),
        hosts=row.texts("hosts"),
        qemu=row.text("qemu"),
        kernel=row.text("kernel", ""),
        uname=row.text("uname", ""),
        since=_day(row, row.text("from")),
        until=_day(row, until) if until else None,
        as_of=_day(row, row.head.text("as_of")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def _day(row: Row, text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise row.fail(f"{quoted(text)} is not a day", "write 2026-11-28") from None


def read_calendar(row: Row) -> ReleaseCalendar:
    """Read a row of release_calendar.toml."""
    return ReleaseCalendar(
        line=row.text("line"),
        year_of_major_0=row.number("year_of_major_0"),
        months=row.numbers("months"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )
