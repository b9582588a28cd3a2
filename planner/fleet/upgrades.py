"""Planning columns of fleet.csv and `--target` words to `UpgradeHost`; plans nothing."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from planner.domain.errors import Problem, UsageError, nearest, quoted, wrong_word
from planner.domain.host import HostGroup
from planner.domain.plans.upgrade import Blackout, FailureDomain, UpgradeHost
from planner.fleet.hosts import PLANNING, read_groups
from planner.fleet.importers.described import files_in
from planner.fleet.loose_cells import LooseCells, loose_cells
from planner.fleet.tables.grouping import GroupedRows, RowProblems
from planner.fleet.tables.sources import opened
from planner.fleet.vocabulary import Vocabulary
from planner.fleet.words import Cells, read_room

TARGET_KEYS = ("kernel", "qemu", "pool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A kernel and a QEMU to upgrade to; empty words leave what a host has, or name every pool."""

    kernel: str = ""
    qemu: str = ""
    pool: str = ""


def parse_target(text: str) -> Target:
    """Read `kernel=...,qemu=...[,pool=...]`; raises `UsageError`."""
    cells: dict[str, str] = {}
    problems = []
    for word in text.split(","):
        key, equals, value = word.partition("=")
        if not equals or not value or key not in TARGET_KEYS:
            hint = nearest(key, TARGET_KEYS) or "expected kernel=...,qemu=...[,pool=...]"
            problems.append(wrong_word("--target", f"{quoted(word)} is no part of a target", hint))
        elif key in cells:
            problems.append(
                wrong_word("--target", f"{quoted(text)} names {key} twice", "name it once")
            )
        cells[key] = value
    if not problems and not (cells.get("kernel") or cells.get("qemu")):
        problems.append(wrong_word("--target", f"'{text}' names neither kernel nor qemu", ""))
    if problems:
        raise UsageError(problems)
    return Target(**cells)


def read_upgrades(
    path: Path, vocabulary: Vocabulary, targets: Sequence[Target]
) -> tuple[UpgradeHost, ...]:
    """Read every host with its way; a column beats `--target`, a pool's target one for all pools.

    Raises `FleetError` with every wrong cell, `UsageError` for a target of a kernel, a QEMU or a pool
    that is not there.
    """
    _refuse_strange(targets, vocabulary)
    read = read_groups(path, vocabulary, PLANNING)
    hosts = [host for row, group in read.rows for host in _hosts(row, group, targets, read.wrong)]
    read.refuse()
    _refuse_lost(targets, {group.pool for _, group in read.rows})
    return _in_order(hosts)


def _in_order(hosts: Iterable[UpgradeHost]) -> tuple[UpgradeHost, ...]:
    return tuple(sorted(hosts, key=lambda host: (len(host.name), host.name)))


def upgrades_of(
    groups: Iterable[HostGroup], vocabulary: Vocabulary, targets: Sequence[Target]
) -> tuple[UpgradeHost, ...]:
    """Return hosts that no planning column describes, each with its way; raises `UsageError`."""
    _refuse_strange(targets, vocabulary)
    hosts = tuple(
        UpgradeHost(
            name=name,
            pool=group.pool,
            group=group,
            target=_aimed(group, _way({}, group.pool, targets)),
        )
        for group in groups
        for name in group.hosts
    )
    _refuse_lost(targets, {host.pool for host in hosts})
    return _in_order(hosts)


def _refuse_strange(targets: Sequence[Target], vocabulary: Vocabulary) -> None:
    """Raise `UsageError` for targets whose kernel or QEMU fits no line."""
    strange = list(_strange(targets, vocabulary))
    if strange:
        raise UsageError(strange)


def _refuse_lost(targets: Sequence[Target], pools: Collection[str]) -> None:
    """Raise `UsageError` for targets of a pool that is not there."""
    lost = [target.pool for target in targets if target.pool and target.pool not in pools]
    if lost:
        raise UsageError(
            wrong_word("--target", f"no pool '{name}'", nearest(name, pools)) for name in lost
        )


def loose_targets(hosts: Iterable[UpgradeHost], vocabulary: Vocabulary) -> LooseCells:
    """Return the texts of targets that are hardly read as they were meant, but those of today."""
    moving = {id(host.target): host for host in hosts if host.target is not None}
    today = loose_cells((host.group for host in moving.values()), vocabulary)
    found = loose_cells((host.target for host in moving.values() if host.target), vocabulary)
    known = {_what(one) for one in today.told}
    return LooseCells(
        told=tuple(_of_target(one) for one in found.told if _what(one) not in known),
        wrong=tuple(_of_target(one) for one in found.wrong if _what(one) not in known),
    )


def _what(problem: Problem) -> str:
    """Return what is told of a text, without its number of hosts."""
    return problem.what.rpartition(" (")[0]


def _of_target(problem: Problem) -> Problem:
    """Return what is told of a text as of the target's column."""
    place = problem.location
    return replace(problem, location=replace(place, column=f"target_{place.column}"))


def _strange(targets: Iterable[Target], vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield the kernels and builds of targets that have no line."""
    texts = [(("kernel", one.kernel), ("qemu", one.qemu)) for one in targets]
    for cell in dict.fromkeys(cell for pair in texts for cell in pair if cell[1]):
        misfit = vocabulary.misfit(*cell)
        if misfit is not None:
            yield wrong_word("--target", *misfit)


def _hosts(
    row: GroupedRows, group: HostGroup, targets: Sequence[Target], wrong: RowProblems
) -> Iterator[UpgradeHost]:
    cells = Cells(row.values)
    target = _aimed(group, _way(row.values, group.pool, targets))
    domains = cells.read("failure_domain", _failure_domains) or ()
    capacity = read_room(cells, "vcpus", "memory_gib")
    used = read_room(cells, "used_vcpus", "used_memory_gib")
    blackouts = cells.read("blackout", _blackouts) or ()
    for column, what in cells.wrong:
        wrong.add(row.line, column, what)
    for name in group.hosts:
        yield UpgradeHost(
            name=name,
            pool=group.pool,
            group=group,
            target=target,
            failure_domains=domains,
            capacity=capacity,
            used=used,
            blackouts=blackouts,
        )


def _aimed(group: HostGroup, way: Target) -> HostGroup | None:
    """Return hosts as they shall be, None if they stay as they are."""
    kernel, qemu = way.kernel or group.kernel, way.qemu or group.qemu
    if (kernel, qemu) == (group.kernel, group.qemu):
        return None
    return group.with_build(kernel=kernel, qemu=qemu)


def _way(cells: Mapping[str, str], pool: str, targets: Iterable[Target]) -> Target:
    """Return where a host goes: its own columns, else the target of its pool, else the one for all."""
    way = Target(kernel=cells.get("target_kernel", ""), qemu=cells.get("target_qemu", ""))
    for target in sorted(targets, key=lambda target: not target.pool):
        if target.pool in {"", pool}:
            way = Target(kernel=way.kernel or target.kernel, qemu=way.qemu or target.qemu)
    return way


def _failure_domains(text: str) -> tuple[FailureDomain, ...]:
    """Read `rack=r1;feed=b`, each family once; a bare name belongs to the family `domain`."""
    domains: dict[str, FailureDomain] = {}
    for word in _parts(text):
        family, equals, name = (part.strip() for part in word.partition("="))
        if equals and not (family and name):
            raise ValueError(f"{quoted(word)} is not FAMILY=NAME")
        if not equals:
            family, name = "domain", family
        if family in domains:
            raise ValueError(f"two failure domains of the family {quoted(family)}")
        domains[family] = FailureDomain(family=family, name=name)
    return tuple(domains.values())


def _parts(text: str) -> Iterator[str]:
    return filter(None, (part.strip() for part in text.split(";")))


def _blackouts(text: str) -> tuple[Blackout, ...]:
    """Read `2026-12-20..2027-01-06;2027-02-01`: days on which a host may not be touched."""
    return tuple(_blackout(word) for word in _parts(text))


def _blackout(word: str) -> Blackout:
    first, dots, last = word.partition("..")
    try:
        days = (
            datetime.date.fromisoformat(first.strip()),
            datetime.date.fromisoformat((last if dots else first).strip()),
        )
    except ValueError:
        raise ValueError(f"{quoted(word)} is not DAY or DAY..DAY, as 2026-12-31") from None
    if days[1] < days[0]:
        raise ValueError(f"{quoted(word)} ends before it begins")
    return Blackout(first=days[0], last=days[1])


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file or of all files of a folder, by which a plan knows its fleet."""
    if path.is_dir():
        whole = hashlib.sha256()
        for part in files_in(path, None):
            whole.update(f"{part.name} {len(part.data)}\n".encode() + part.data)
        return f"sha256:{whole.hexdigest()[:32]}"
    with opened(path) as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}"
