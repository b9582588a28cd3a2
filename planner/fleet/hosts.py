"""fleet.csv to `Fleet`: the meaning of its columns; no capability is implied here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from planner.domain.errors import FleetError, Location, Problem, nearest
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.fleet.probe_file import Probed, read_probe
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
    seen: dict[tuple[str, str], _Facts] = {}
    for row in read_grouped(path, columns):
        try:
            found.append((row, _group(row, path, vocabulary, seen)))
        except FleetError as error:
            problems += (one for one in error.problems if one not in problems)
    if problems:
        raise FleetError(problems)
    return found


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the capabilities and the probe of a row state together, and the probe itself."""

    stated: Stated
    probed: Probed | None


def _group(
    row: GroupedRows, path: Path, vocabulary: Vocabulary, seen: dict[tuple[str, str], _Facts]
) -> HostGroup:
    cells = row.values
    problems = list(_arch_problems(row, path))
    words = (cells.get("capabilities", ""), cells.get("probe", ""))
    if words not in seen:
        try:
            seen[words] = _facts(words, path, vocabulary)
        except ValueError as error:
            place = Location(file=str(path), line=row.line, column="capabilities")
            problems.append(Problem(location=place, what=str(error)))
    probed = seen[words].probed if words in seen else None
    if probed is not None:
        problems += _other_host(row, probed, path)
    if problems:
        raise FleetError(problems)
    present, absent = seen[words].stated
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
        build_doubt=_build_doubt(cells["qemu"], probed),
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


def _other_host(row: GroupedRows, probed: Probed, path: Path) -> Iterator[Problem]:
    """Yield why a probe is not of this row: its answers are another kernel's, or another machine's."""
    arch = row.values.get("arch") or ARCHITECTURES[0]
    for column, own, probe_says in (
        ("kernel", row.values["kernel"], probed.kernel),
        ("arch", arch, probed.arch),
    ):
        if probe_says and probe_says != own:
            yield Problem(
                location=Location(file=str(path), line=row.line, column=column),
                what=f"'{own}', but '{probe_says}' answered in {row.values['probe']}",
                remedy="probe the host again, or correct the row",
            )


def _build_doubt(qemu: str, probed: Probed | None) -> str:
    """Return why the column `qemu` is doubtful: the probe found builds, and this is none of them."""
    if probed is None or not probed.builds or any(qemu in names for names in probed.builds):
        return ""
    found = ", ".join(min(names, key=len) for names in probed.builds if names)
    return f"QEMU {qemu} of the fleet file is none that the probe found installed ({found})"


def _facts(words: tuple[str, str], path: Path, vocabulary: Vocabulary) -> _Facts:
    """Return what a host states of itself: the probe beats the declared tokens."""
    present, absent = read_capabilities(words[0], vocabulary)
    if not words[1]:
        return _Facts((present, absent), None)
    probe = read_probe(path.parent / words[1], vocabulary)
    probed, missing = probe.stated
    return _Facts(((present - missing) | probed, (absent - probed) | missing), probe)
