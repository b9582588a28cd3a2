"""A fleet and its policies for the tests of the gate, and the script run as libvirt runs it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import planner
from planner.domain.policy import AcceptedLoss, Policy
from planner.gate.script.incoming import Incoming
from planner.gate.script.judging import judged
from planner.library.gates import GateSettings, dumped, gate_of_fleet, hook

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "tests" / "cases" / "gate"
SEED = ROOT / "examples" / "seed" / "fleet.csv"
DAY = "2026-12-01"
Json = dict[str, Any]
OUTCOMES = ("safe", "unknown", "unsafe")
BARE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C"}


@cache
def compiled(fleet: Path = SEED, policy: Policy | None = None, past: tuple[Path, ...] = ()) -> Json:
    """Return the first policy of a fleet, as a script reads it."""
    knowledge = planner.load_knowledge()
    hosts = planner.read_fleet(fleet)
    settings = GateSettings(mode="enforce")
    gone = [planner.read_fleet(one) for one in past]
    made = next(gate_of_fleet(hosts, settings, policy or knowledge.policy, knowledge, past=gone))
    found: Json = json.loads(dumped(made))
    return found


def waiving(**loss: Any) -> Policy:
    """Return the shipped policy with one accepted loss."""
    return replace(planner.load_knowledge().policy, accepted_losses=(AcceptedLoss(**loss),))


def domain(
    machine: str, *, extra: str = "", devices: str = "", cpu: str = "", stamp: str = ""
) -> str:
    """Return the XML of a guest."""
    model = cpu or "<cpu mode='custom'><model>Nehalem</model></cpu>"
    return (
        "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
        f"<name>g</name><metadata>{stamp}</metadata>"
        f"<os><type arch='x86_64' machine='{machine}'>hvm</type></os>{model}"
        f"<devices><memballoon model='virtio'/>{devices}</devices>{extra}</domain>"
    )


def stamp(host: str, kernel: str, qemu: str) -> str:
    """Return the note of a boot host as the companion writes it."""
    return (
        "<planner:booted xmlns:planner='https://planner.example/1' "
        f"qemu='{qemu}' kernel='{kernel}' host='{host}'/>"
    )


def verdict(policy: Json, xml: str, host: str, kernel: str, day: str = DAY) -> tuple[str, str]:
    """Return the outcome of a guest that comes to a host, and the line of reason."""
    guest = Incoming(ElementTree.fromstring(xml), policy["guest"])
    outcome, reason = judged(policy, guest, host, kernel, day)  # type: ignore[arg-type]
    return OUTCOMES[outcome], reason


def written(folder: Path, policy: object, *, deadline: float = 2, closed: bool = False) -> Path:
    """Write a script and its policy into a folder; return the script."""
    place = folder / "gate.json"
    place.write_text(policy if isinstance(policy, str) else json.dumps(policy), encoding="utf-8")
    script = folder / "50-planner-gate"
    script.write_text(hook(str(place), deadline=deadline, refuse_on_error=closed))
    script.chmod(0o755)
    return script


def called(
    script: Path, operation: str, xml: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a script as libvirt does."""
    words = [str(script), "g", operation, "begin", "-"]
    return subprocess.run(
        words, input=xml, capture_output=True, check=False, env=BARE | environment, timeout=30
    )


def of_this_host(policy: Json) -> Json:
    """Return a policy whose second class is this machine, whatever it runs."""
    classes = [dict(one) for one in policy["classes"]]
    classes[-1] |= {"hosts": [platform.node()], "kernel": os.uname().release}
    return policy | {"classes": classes}
