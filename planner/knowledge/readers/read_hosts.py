"""Rows of CPU features, CPU vendors, moves between vendors and release days as values."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection

from planner.domain.capability import CapabilityId, Evidence
from planner.domain.errors import quoted
from planner.knowledge.calendar import ReleaseCalendar, VendorRelease
from planner.knowledge.cpu_errata import CpuErratum, CpuRow
from planner.knowledge.files.rows import Row, release_key
from planner.knowledge.hardware import (
    Architecture,
    CpuVendor,
    FeaturesOfCpu,
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
    return row.make(FeaturesOfCpu, since=release_key(row.text("since")))


def read_architecture(row: Row) -> Architecture:
    """Read what is known of an architecture."""
    registers = row.word("registers", ("listed", "kernel"))
    unsaid = "read" if registers == "listed" else "unread"
    return row.make(
        Architecture,
        name=row.text("arch"),
        registers=registers,
        boards=row.word("boards", ("read", "unread"), unsaid),
    )


def read_cpu_vendor(row: Row) -> CpuVendor:
    """Read a vendor of cpu_vendors.toml; its examples must match its own pattern."""
    match = read_pattern(row)
    examples = row.texts("examples")
    for text in examples:
        if not match.search(text):
            raise row.fail(f"example '{text}' does not match")
    return row.make(CpuVendor, match=match, examples=examples)


NUMBERS = re.compile(r"(\d+):(\d+)-(\d+)")


def read_cpu_row(row: Row) -> CpuRow:
    """Read CPUs of one vendor."""
    numbers = []
    for text in row.texts("numbers"):
        found = NUMBERS.fullmatch(text)
        if found is None:
            raise row.fail(f"'{text}' is no `family:first-last`")
        numbers.append((int(found[1]), int(found[2]), int(found[3])))
    return row.make(CpuRow, numbers=tuple(numbers))


def read_cpu_erratum(row: Row, cpus: Collection[str]) -> CpuErratum:
    """Read a fault of CPUs; each of its `cpus` must have a row."""
    named = frozenset(row.texts("cpus"))
    if wrong := named - set(cpus):
        raise row.fail(f"no row of a CPU is called {', '.join(sorted(wrong))}")
    return row.make(CpuErratum, feature=CapabilityId(f"cpu.{row.text('feature')}"), cpus=named)


def read_vendor_release(row: Row) -> VendorRelease:
    """Read a row of vendor_releases.toml; the file says the day that its rows speak for."""
    assert row.head is not None
    until = row.text("until", "")
    return row.make(
        VendorRelease,
        since=_day(row, row.text("from")),
        until=_day(row, until) if until else None,
        as_of=_day(row, row.head.text("as_of")),
    )


def _day(row: Row, text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise row.fail(f"{quoted(text)} is not a day", "write 2026-11-28") from None


def read_calendar(row: Row) -> ReleaseCalendar:
    """Read a row of release_calendar.toml."""
    return row.make(ReleaseCalendar, months=row.numbers("months"))
