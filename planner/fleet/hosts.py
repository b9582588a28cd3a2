"""fleet.csv to `Fleet`: the meaning of its columns; no capability is implied here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from planner.domain.errors import FleetError, Location, Problem, nearest
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.fleet.probe_file import read_probe
from planner.fleet.table import Columns, GroupedRows, read_grouped
from planner.fleet.vocabulary import Vocabulary
from planner.fleet.words import Stated, read_capabilities

ARCHITECTURES = ("x86_64", "aarch64", "s390x", "ppc64")
DEFAULT_POOL = PoolName("default")
PLANNING = (
    "failure_domain",
    "target_kernel",
    "target_qemu",
    "vcpus",
    "memory_gib",
    "used_vcpus",
    "used_memory_gib",
    "blackout",
)
FLEET = Columns(
    name="host",
    keys=("pool", "arch", "kernel", "qemu", "cpu", "capabilities", "probe"),
    required=("host", "kernel", "qemu"),
    allowed=PLANNING,
)


def read_fleet(path: Path, vocabulary: Vocabulary) -> Fleet:
    """Read a fleet file, CSV or Parquet; raises `FleetError` with every problem of every row."""
    groups = tuple(group for _, group in read_groups(path, vocabulary))
    return Fleet(groups=groups, source=str(path))


def read_groups(
    path: Path, vocabulary: Vocabulary, apart: tuple[str, ...] = ()
) -> list[tuple[GroupedRows, HostGroup]]:
    """Read rows that agree in every column, the columns `apart` included, with their group."""
    columns = replace(FLEET, keys=(*FLEET.keys, *apart)) if apart else FLEET
    found: list[tuple[GroupedRows, HostGroup]] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str], Stated] = {}
    for row in read_grouped(path, columns):
        try:
            found.append((row, _group(row, path, vocabulary, seen)))
        except FleetError as error:
            problems += error.problems
    if problems:
        raise FleetError(problems)
    return found


def _group(
    row: GroupedRows, path: Path, vocabulary: Vocabulary, seen: dict[tuple[str, str], Stated]
) -> HostGroup:
    cells = row.values
    problems = list(_arch_problems(row, path))
    words = (cells.get("capabilities", ""), cells.get("probe", ""))
    if words not in seen:
        try:
            seen[words] = _stated(words, path, vocabulary)
        except ValueError as error:
            place = Location(file=str(path), line=row.line, column="capabilities")
            problems.append(Problem(location=place, what=str(error)))
    if problems:
        raise FleetError(problems)
    present, absent = seen[words]
    return HostGroup(
        pool=PoolName(cells.get("pool") or DEFAULT_POOL),
        kernel=cells["kernel"],
        qemu=cells["qemu"],
        hosts=cast("tuple[HostName, ...]", row.names),
        arch=cells.get("arch") or ARCHITECTURES[0],
        cpu=cells.get("cpu", ""),
        present=present,
        absent=absent,
        probe=words[1],
        line=row.line,
    )


def _arch_problems(row: GroupedRows, path: Path) -> Iterator[Problem]:
    arch = row.values.get("arch", "")
    if arch and arch not in ARCHITECTURES:
        yield Problem(
            location=Location(file=str(path), line=row.line, column="arch"),
            what=f"'{arch}' is not an architecture",
            remedy=f"allowed: {', '.join(ARCHITECTURES)} {nearest(arch, ARCHITECTURES)}".strip(),
        )


def _stated(words: tuple[str, str], path: Path, vocabulary: Vocabulary) -> Stated:
    """Return what a host states of itself: the probe beats the declared tokens."""
    present, absent = read_capabilities(words[0], vocabulary)
    if not words[1]:
        return present, absent
    probed, missing = read_probe(path.parent / words[1], vocabulary)
    return (present - missing) | probed, (absent - probed) | missing
