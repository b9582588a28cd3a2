"""What a build sends of each device: the descriptions of its classes, and what started guests send.

`-dump-vmstate` writes the descriptions that classes have. A device may register its description when
it starts, so one whose class has none is started, and what its stream has beyond a guest without the
device counts. What sits behind a virtio proxy is sent by its own class.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from planner.domain.errors import HarvestError, Location, Problem
from planner.harvest.inventory import CPU, WholeBuild
from planner.harvest.monitor import running
from planner.harvest.started import Bench, attempts, buses, outcome
from planner.harvest.stream import read_stream
from planner.harvest.values import Program
from planner.harvest.whole import Tell
from planner.knowledge.files.harvested import Fact
from planner.knowledge.qemu.inventory import BEHIND, KeptState
from planner.knowledge.qemu.read_tables import USER

PCI = "pci-device"
PCI_STATES = frozenset({"PCIDevice", "PCIEDevice"})
"""Descriptions that hold the configuration space with its registers of addresses."""
BUSES = frozenset({"PCIBUS", "i2c_bus"})
"""The sections of buses, which no device on them is."""
Sections = Counter[str]


def read_device_state(bench: Bench, whole: WholeBuild, tell: Tell) -> WholeBuild:
    """Add what is sent of each device that a user can create, CPUs excepted."""
    described = read_descriptions(bench.program)
    on_bus = buses(bench.program)
    found: set[Fact] = set()
    for device in sorted(name for name, who in whole.devices.items() if who == USER):
        chain = tuple(_ancestors(device, whole.parents))
        if CPU in chain:
            continue
        state = described_state(device, chain, _inner(device, whole), described)
        if state in {KeptState.UNDESCRIBED, KeptState.WITHOUT_PCI}:
            tell(f"what is sent of {device}")
            known = {row[0] for row in whole.properties.get(device, frozenset())}
            tries = attempts(device, on_bus.get(device, ""), known)
            state = _started_state(bench, tries, of_parts(chain, described), state)
        found.add((device, state.value))
    return replace(whole, device_state=frozenset(found))


def read_descriptions(program: Program) -> Mapping[str, Any]:
    """Return the descriptions of all classes, by device; raises `HarvestError`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vmstate.json"
        words = ("-machine", "none", "-nodefaults", "-display", "none", "-dump-vmstate", str(path))
        done = subprocess.run(
            [*program.command, *words],
            capture_output=True,
            check=False,
            env=dict(program.environment) if program.environment else None,
        )
        if done.returncode or not path.is_file():
            what = f"QEMU says: {done.stderr.decode(errors='replace').strip() or 'nothing'}"
            place = Location(file=str(program.command[-1]))
            raise HarvestError([Problem(location=place, what=what)])
        rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: row["Description"] for name, row in rows.items() if "Description" in _mapping(row)
    }


def _mapping(row: object) -> Mapping[str, Any]:
    return row if isinstance(row, dict) else {}


def described_state(
    device: str, chain: Sequence[str], inner: str, described: Mapping[str, Any]
) -> KeptState:
    """Return what the description of a device's class says; `inner` is what a proxy stands for.

    A description without a field is that of a device that may not be migrated.
    """
    row = described.get(inner)
    if row is None:
        return KeptState.UNDESCRIBED
    if not row.get("Fields") and not row.get("Subsections"):
        return KeptState.BLOCKED
    is_proxy = inner != device
    if PCI in chain and not is_proxy and not _holds_pci(row):
        return KeptState.WITHOUT_PCI
    return KeptState.WHOLE


def _holds_pci(row: Mapping[str, Any]) -> bool:
    """Whether a description holds a PCI device's own, in a field or a subsection at any depth."""
    parts = [field["Description"] for field in row.get("Fields", ()) if "Description" in field]
    below = [*parts, *row.get("Subsections", ())]
    return row.get("name") in PCI_STATES or any(_holds_pci(part) for part in below)


def _inner(device: str, whole: WholeBuild) -> str:
    """Return the type behind a proxy, or the device itself."""
    for name, kind, _ in whole.properties.get(device, frozenset()):
        if name == BEHIND and kind.startswith("child<"):
            return kind.removeprefix("child<").removesuffix(">")
    return device


def _ancestors(device: str, parents: Mapping[str, str]) -> Iterator[str]:
    while device:
        yield device
        device = parents.get(device, "")


def of_parts(chain: Sequence[str], described: Mapping[str, Any]) -> frozenset[str]:
    """Return the sections of classes that a device is none of: its parts send them, not itself."""
    others = (row for name, row in described.items() if name not in chain)
    return frozenset(row["name"] for row in others if "name" in row)


def own_sections(sent: Sections, without: Sections, parts: frozenset[str]) -> frozenset[str]:
    """Return what a device sends of its own beyond a guest without it."""
    return frozenset(name for name in sent - without if name not in BUSES | parts)


def _started_state(
    bench: Bench, tries: Iterator[Sequence[str]], parts: frozenset[str], state: KeptState
) -> KeptState:
    """Return what a guest with the device sends beyond one without it; as told if it does not start."""
    for words in tries:
        sent = _sections(bench, words)
        if sent is None:
            continue
        own = own_sections(sent, _sections(bench, words[:-2]) or Counter(), parts)
        if state is KeptState.UNDESCRIBED:
            return KeptState.WHOLE if own else KeptState.NONE
        return state
    return state


def _sections(bench: Bench, words: Sequence[str]) -> Sections | None:
    """Return the sections that a guest sends, None if it does not start or its stream does not end."""
    program = bench.program
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream"
        try:
            with running(
                program.command, *bench.words(*words), environment=program.environment
            ) as monitor:
                if outcome(monitor, f"exec:cat >{path}") != "completed":
                    return None
            return Counter(part.device for part in read_stream(path).parts if not part.subsection)
        except HarvestError:
            return None
