"""Law of the inventories: no name of a build that was read is answered by silence.

Every name of every architecture is asked once, between two builds drawn by its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import permutations

import pytest

from planner.domain.guest import FOLLOWS_HOST, Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, HostProfile, MigrationEdge, PoolName
from planner.domain.truth import Truth
from planner.domain.verdict import Objection
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.knowledge.qemu.offered import PROPERTY
from planner.knowledge.qemu.read_devices import ITSELF
from planner.knowledge.qemu.read_tables import NOT_TOLD, USER
from planner.migration.parts import judge_blockers, judge_parts
from planner.migration.profiles import Profiler
from planner.migration.rules.host_rules import judge_unknown_devices

ARCHITECTURES = ("aarch64", "ppc64", "s390x", "x86_64")
SEPARATORS = frozenset(",+")
"""Signs that stand between the parts of what a guest says of a device."""
TYPES = {
    "aarch64": "virt-7.2",
    "ppc64": "pseries-7.2",
    "s390x": "s390-ccw-virtio-7.2",
    "x86_64": "pc-q35-7.2",
}


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@cache
def hosts(arch: str) -> tuple[HostProfile, ...]:
    """Return a host for each build that was read of an architecture, and for one between two."""
    profiler = Profiler(knowledge())
    texts = (*(row.release for row in knowledge().inventory.of(arch).builds), "9.2.3", "4.2.0")
    return tuple(
        profiler.profile(
            HostGroup(
                pool=PoolName("p"), kernel="6.8.0", qemu=text, hosts=(HostName("h"),), arch=arch
            )
        )
        for text in dict.fromkeys(texts)
    )


def edge_of(arch: str, name: str) -> MigrationEdge:
    """Return the edge on which a name is asked."""
    pairs = list(permutations(hosts(arch), 2))
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    source, destination = pairs[number % len(pairs)]
    return MigrationEdge(source=source, destination=destination)


def start_of(arch: str, *, device: str = "", cpu: str = "qemu64", option: str = "") -> GuestStart:
    return GuestStart(
        baseline=Baseline(machine_type=TYPES[arch]),
        devices=(device,) if device else (),
        cpu=GuestCpu.parse(cpu),
        machine_options=(f"{option}=on",) if option else (),
    )


def is_there(kind: str, edge: MigrationEdge, name: str, of: str = "") -> bool:
    """Whether the destination has what may run on the source: read, or kept by all read beyond it."""
    parts, arch = knowledge().parts, edge.source.arch
    builds = (edge.source.qemu, edge.destination.qemu)
    if kind == PROPERTY:
        has = [parts.has_property(arch, build, of, name) for build in builds]
    else:
        has = [parts.has(kind, arch, build, name) for build in builds]
    if has[0] is Truth.NO or has[1] is Truth.NO:
        return False
    return has[1] is Truth.YES or parts.is_kept(kind, arch, builds, name, of)


def names_it(name: str, found: Sequence[Objection]) -> bool:
    """Whether an objection or a missing fact is about a name."""
    return any(f" {name} " in f"{fact} ".replace("'", " ") for one in found for fact in one.facts)


def creatable(arch: str) -> Iterator[str]:
    """Yield every device that some build takes by `-device` and whose name a guest can say."""
    inventory = knowledge().inventory.of(arch)
    for name in sorted(inventory.names("device")):
        rows = inventory.rows_of("devices", name)
        if any(cells[1] == USER for cells, _ in rows) and not set(name) & SEPARATORS:
            yield name


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_device_is_there_refused_or_unknown_by_name(arch: str) -> None:
    silent = []
    for name in creatable(arch):
        edge, start = edge_of(arch, name), start_of(arch, device=name)
        found = [
            *judge_parts(edge, start, knowledge()),
            *judge_unknown_devices(start, knowledge()),
            *judge_blockers(edge, start, knowledge()),
        ]
        is_answered = name in knowledge().guests.devices and is_there("device", edge, name)
        if not (names_it(name, found) or is_answered):
            silent.append((name, str(edge.source.qemu), str(edge.destination.qemu)))
    assert silent == []


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("kind", ["cpu-model", "cpu-feature", "cpu-setting"])
def test_every_cpu_name_is_there_refused_or_unknown_by_name(kind: str, arch: str) -> None:
    silent = []
    for name in sorted(knowledge().inventory.names(kind, arch)):
        if set(name) & SEPARATORS or name in FOLLOWS_HOST or name.startswith("*"):
            continue
        cpu = {"cpu-model": name, "cpu-feature": f"qemu64,+{name}"}.get(kind, f"qemu64,{name}=5")
        spelt = name if kind == "cpu-model" else name.replace("_", "-")
        edge, start = edge_of(arch, name), start_of(arch, cpu=cpu)
        found = list(judge_parts(edge, start, knowledge()))
        if not (names_it(spelt, found) or is_there(kind, edge, spelt)):
            silent.append((name, str(edge.source.qemu), str(edge.destination.qemu)))
    assert silent == []


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_machine_option_is_there_refused_or_unknown_by_name(arch: str) -> None:
    silent = []
    for name in sorted(knowledge().inventory.names("machine-option", arch)):
        edge, start = edge_of(arch, name), start_of(arch, option=name)
        found = list(judge_parts(edge, start, knowledge()))
        has = [
            knowledge().parts.has_machine_option(arch, one.qemu, TYPES[arch], name)
            for one in (edge.source, edge.destination)
        ]
        there = has[0] is not Truth.NO and has[1] is Truth.YES
        if not (names_it(name, found) or there):
            silent.append((name, str(edge.source.qemu), str(edge.destination.qemu)))
    assert silent == []


def asked_properties(arch: str) -> list[tuple[str, str]]:
    """Return each property's name with one device that has it, drawn by the name."""
    devices = set(creatable(arch))
    bearers: dict[str, list[str]] = {}
    for bearer, rows in knowledge().inventory.of(arch).tables("properties"):
        kind = bearer.removeprefix(ITSELF)
        for name in {cells[0] for cells, _ in rows} - {NOT_TOLD}:
            if kind in devices and "," not in name:
                bearers.setdefault(name, []).append(kind)
    return [
        (sorted(kinds)[len(name) % len(kinds)], name) for name, kinds in sorted(bearers.items())
    ]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_option_of_a_device_is_there_refused_or_unknown_by_name(arch: str) -> None:
    silent = []
    for kind, name in asked_properties(arch):
        if name in knowledge().guests.general_options:
            continue
        edge = edge_of(arch, f"{kind}.{name}")
        found = list(judge_parts(edge, start_of(arch, device=f"{kind},{name}=on"), knowledge()))
        if not (names_it(name, found) or is_there(PROPERTY, edge, name, kind)):
            silent.append((f"{kind},{name}", str(edge.source.qemu), str(edge.destination.qemu)))
    assert silent == []


@pytest.mark.parametrize("arch", ["aarch64", "x86_64"])
def test_every_blocker_that_was_seen_blocks(arch: str) -> None:
    """On the build of which it was seen, a device blocks."""
    inventory = knowledge().inventory.of(arch)
    for host in hosts(arch):
        edge = MigrationEdge(source=host, destination=host)
        for name, _ in inventory.tables("blockers"):
            if inventory.blocks(host.qemu, name) is not Truth.YES:
                continue
            found = list(judge_blockers(edge, start_of(arch, device=name), knowledge()))
            assert names_it(name, found), (name, str(host.qemu))
