"""Every pair of kernels of a line that were read, every CPU feature: the judge beside the raw tables.

The tables are read here by another reader than the planner's, cell by cell.
"""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from functools import cache
from itertools import permutations

import pytest

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge
from planner.migration.profiles import Profiler
from planner.migration.rules.cpu_rules import judge_cpu_features

ARCH, QEMU = "x86_64", "1:11.1.3+ds-1~bpo13+1"
FOLDER = shipped_data() / "harvested" / "kernels"
Cell = tuple[str, str]
"""Who is given a feature, and under which condition."""

Kernel = tuple[str, str]
"""A line and a release of it."""


def rows_of(stem: str) -> list[list[str]]:
    with (FOLDER / f"{stem}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(line for line in file if not line.startswith("#")))[1:]


@cache
def releases() -> dict[str, list[str]]:
    """Return the releases of each line whose CPU features were read, in the tables' order."""
    found: dict[str, list[str]] = defaultdict(list)
    for line, release, arch, _, parts in rows_of("releases"):
        if arch == ARCH and "cpuid" in parts.split():
            found[line].append(release)
    return found


@cache
def given(line: str) -> dict[str, dict[str, Cell]]:
    """Return what each release of a line gives, by feature without the word `cpu.`."""
    order = [row[1] for row in rows_of("releases") if row[0] == line and row[2] == ARCH]
    found: dict[str, dict[str, Cell]] = {release: {} for release in releases()[line]}
    for arch, name, who, condition, intervals in rows_of(line):
        if arch != ARCH or not name.startswith("cpu."):
            continue
        for interval in intervals.split(";"):
            first, _, last = interval.partition("..")
            for release in order[order.index(first) : order.index(last or first) + 1]:
                found[release][name.removeprefix("cpu.")] = (who, condition)
    return found


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@cache
def profile(kernel: str) -> HostProfile:
    group = HostGroup(pool=PoolName("p"), kernel=kernel, qemu=QEMU, hosts=(HostName(kernel),))
    return Profiler(knowledge()).profile(group)


@cache
def not_of_the_kernel() -> frozenset[str]:
    """Return what QEMU gives past KVM's list: no kernel lacks it."""
    path = shipped_data() / "cpu_features.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["of_cpu"]
    return frozenset(name for row in rows for name in row["names"])


@cache
def kinds(line: str) -> tuple[Kernel, ...]:
    """Return one kernel of each kind of a line: two of a kind have equal cells."""
    found = {frozenset(cells.items()): release for release, cells in given(line).items()}
    return tuple((line, release) for release in sorted(found.values()))


def across() -> list[tuple[Kernel, Kernel]]:
    """Return the ordered pairs of kernels of two lines."""
    every = [kernel for line in sorted(releases()) for kernel in kinds(line)]
    return [pair for pair in permutations(every, 2) if pair[0][0] != pair[1][0]]


def objected(source: str, destination: str, features: frozenset[str]) -> set[str]:
    """Return the features for which the judge objects, for a guest with all of them."""
    edge = MigrationEdge(source=profile(source), destination=profile(destination))
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-5.2"),
        cpu=GuestCpu(model="qemu64", enabled=features),
        booted_on=edge.source,
    )
    found = judge_cpu_features(edge, start, knowledge(), "plain")
    texts = " ".join(fact for one in found for fact in one.facts)
    named = {str(one.capability).removeprefix("cpu.") for one in found if one.capability}
    return named | {word.removeprefix("cpu.") for word in texts.replace(",", " ").split()}


def narrower(one: Cell, other: Cell) -> bool:
    """Whether the second gives to CPUs of one vendor what the first gives to those of another."""
    return other[0] == "vendor" and one != other


def compare(source: Kernel, destination: Kernel) -> int:
    """Compare the judge with the tables for a guest with all features; returns how many are lost."""
    one, other = given(source[0])[source[1]], given(destination[0])[destination[1]]
    owned = frozenset(one) - not_of_the_kernel()
    lost = {name for name in owned if name not in other or narrower(one[name], other[name])}
    told = objected(source[1], destination[1], owned)
    assert lost <= told, (source, destination, sorted(lost - told))
    alike = {name for name in owned if one[name] == other.get(name)}
    assert not alike & told, (source, destination, sorted(alike & told))
    return len(lost)


@pytest.mark.parametrize("line", sorted(releases()))
def test_no_pair_of_a_line_is_safe_where_the_destination_lacks_a_bit(line: str) -> None:
    lost = sum(compare(*pair) for pair in permutations(kinds(line), 2))
    assert (lost > 0) == (len(kinds(line)) > 1)


def test_no_pair_across_lines_is_safe_where_the_destination_lacks_a_bit() -> None:
    assert sum(compare(*pair) for pair in across()) > 20_000
