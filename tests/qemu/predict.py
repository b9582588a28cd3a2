"""What the planner says of every hop, asked as an operator would: fleet file, probe files, cases."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.qemu.accelerator import TCG
from tests.qemu.guest import Host
from tests.qemu.journeys import Journey

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = ("from", "to", "machine", "flags", "to_flags", "booted_on", "devices", "cpu", "traits")
# a loss that the default policy accepts by its severity is still a loss here
POLICY = 'management = "plain"\naccepted_severities = []\nresidual_exposures = ["transient"]\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The planner's verdict of one hop."""

    outcome: str
    consequence: str
    objections: str


def planner(words: Sequence[str], environment: dict[str, str] | None = None) -> str:
    """Run a command of the planner and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "planner", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
    )
    if done.returncode not in {0, 4, 5}:
        raise RuntimeError(f"planner {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def cases_of(journey: Journey) -> Iterator[dict[str, str]]:
    """Yield a row of the cases file for every hop."""
    here, booted = journey.boot, journey.boot
    flags: tuple[str, ...] = journey.flags
    traits = {**(journey.traits or {}), "tcg": journey.boot.accelerator == TCG}
    for hop in journey.hops:
        if hop.reset_before:
            booted = here
            traits["uses-smm"] = False
        yield {
            "from": here.name,
            "to": hop.to.name,
            "machine": journey.machine,
            "flags": " ".join(flags),
            "to_flags": " ".join(hop.flags),
            "booted_on": booted.name,
            "devices": " ".join(device[0] for device in journey.devices) or "-",
            "cpu": journey.cpu,
            "traits": " ".join(f"{name}={'yes' if on else 'no'}" for name, on in traits.items()),
        }
        flags = (*flags, *hop.flags)
        here = hop.to


def write_fleet(hosts: Iterable[Host], library: Path | None, folder: Path) -> Path:
    """Probe this machine once for every kernel that a host stands for, and write the fleet file."""
    probes: dict[object, str] = {}
    rows = []
    for host in hosts:
        if host.gap not in probes:
            name = f"probe-{len(probes)}.json"
            preload = {"LD_PRELOAD": str(library)} if library is not None else {}
            environment = {**preload, **host.gap.environment()}
            planner(["probe", "--output", str(folder / name)], environment)
            probes[host.gap] = name
        rows.append((host.name, os.uname().release, host.build.words, probes[host.gap]))
    path = folder / "fleet.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("host", "kernel", "qemu", "probe"), *rows])
    return path


def predict(
    journeys: Sequence[Journey], library: Path | None, folder: Path
) -> list[list[Prediction]]:
    """Return the verdicts of every journey's hops."""
    hosts = {
        host.name: host for one in journeys for host in (one.boot, *(hop.to for hop in one.hops))
    }
    fleet = write_fleet(hosts.values(), library, folder)
    cases = [list(cases_of(journey)) for journey in journeys]
    with (folder / "cases.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(row for rows in cases for row in rows)
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    words = ["check", str(fleet), "--cases", str(folder / "cases.csv"), "--format", "json"]
    document = json.loads(planner([*words, "--policy", str(folder / "policy.toml")]))
    found = iter(document["cases"])
    return [[_prediction(next(found)) for _ in rows] for rows in cases]


def _prediction(verdict: dict[str, object]) -> Prediction:
    objections = verdict["objections"]
    words = []
    for one in objections if isinstance(objections, list) else ():
        cells = (one["id"], one["unit"] or one["property"], one["capability"], *one["facts"][:2])
        words.append(" ".join(cell for cell in cells if cell))
    return Prediction(
        outcome=str(verdict["outcome"]),
        consequence=str(verdict["consequence"] or ""),
        objections="; ".join(words),
    )
