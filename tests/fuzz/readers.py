"""Every reader of files with files that it reads, as one function of a path."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from planner.answers.messages import diagnose
from planner.domain.host import Fleet
from planner.fleet.cases import read_cases
from planner.fleet.edges import read_edges
from planner.fleet.guests import read_guests
from planner.fleet.hosts import read_fleet
from planner.fleet.plan_file import read_plan
from planner.fleet.probe_file import read_probe
from planner.fleet.scenario_file import read_matrix, read_scenarios
from planner.fleet.solution_file import read_solution
from planner.fleet.upgraded_file import with_targets
from planner.fleet.upgrades import read_upgrades
from planner.harvest.stream import read_stream
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.library.answers import solve
from planner.library.imports import read_planes
from planner.library.read import read_policy
from planner.present.document import dump, solution_document

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES, CASES = ROOT / "examples", ROOT / "tests" / "cases"
FLEET = EXAMPLES / "three-pools" / "fleet.csv"
Seeds = Callable[[], Iterator[bytes]]


@cache
def knowledge() -> KnowledgeBase:
    """Return the shipped rows."""
    return load_knowledge()


@cache
def fleet() -> Fleet:
    """Return the fleet of the example."""
    return read_fleet(FLEET, knowledge())


def _targets(path: Path) -> list[str]:
    read_fleet(path, knowledge())
    return list(with_targets(path, {"deb001": ("6.1.0-18-amd64", "")}))


def _log(path: Path) -> object:
    return diagnose(path.read_bytes().decode(errors="replace"), "", knowledge())


READERS: Mapping[str, Callable[[Path], object]] = {
    "fleet": lambda path: read_fleet(path, knowledge()),
    "upgrades": lambda path: read_upgrades(path, knowledge(), []),
    "targets": _targets,
    "guests": lambda path: read_guests(path, fleet(), knowledge().guests, host="deb001"),
    "edges": lambda path: read_edges(path, fleet()),
    "cases": lambda path: read_cases(path, fleet(), knowledge().guests),
    "policy": lambda path: read_policy(path, knowledge=knowledge()),
    "scenarios": read_scenarios,
    "matrix": read_matrix,
    "plan": read_plan,
    "solution": read_solution,
    "probe": lambda path: read_probe(path, knowledge()),
    "stream": read_stream,
    "planes": lambda path: read_planes("libvirt", path, knowledge=knowledge()),
    "log": _log,
}
"""What reads a file, by what the file is."""


def _files(*paths: Path) -> Seeds:
    return lambda: (path.read_bytes() for path in paths)


def _fleets() -> Iterator[bytes]:
    yield from _files(FLEET, EXAMPLES / "uso" / "fleet.csv", EXAMPLES / "seed" / "rollout.csv")()
    table = io.BytesIO()
    pd.read_csv(EXAMPLES / "seed" / "rollout.csv", dtype=str).to_parquet(table)
    yield table.getvalue()


def _guests() -> Iterator[bytes]:
    yield from _files(EXAMPLES / "three-pools" / "guests.csv", EXAMPLES / "kubevirt/vmis.json")()
    yield from (path.read_bytes() for path in sorted((CASES / "real").rglob("*.xml")))
    yield b"machine: pc-q35-8.1\nname: web\nnet0: virtio=BC:24:11:00:00:01,bridge=vmbr0\nscsi0: x\n"


def _planes() -> Iterator[bytes]:
    yield gzip.decompress((CASES / "real" / "qemu-capabilities-cache.xml.gz").read_bytes())
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(CASES / "real" / "libvirt", arcname=".")
    yield archive.getvalue()
    yield (EXAMPLES / "kubevirt" / "nodes.json").read_bytes()


def _solutions() -> Iterator[bytes]:
    few = read_fleet(EXAMPLES / "seed" / "fleet.csv", knowledge())
    yield "".join(dump(solution_document(solve(few, knowledge=knowledge())))).encode()


STREAM = CASES / "streams" / "microvm-10.0.stream.gz"
WHATIF = EXAMPLES / "three-pools" / "whatif"
SEEDS: Mapping[str, Seeds] = {
    "fleet": _fleets,
    "upgrades": _fleets,
    "targets": _files(FLEET),
    "guests": _guests,
    "edges": _files(EXAMPLES / "seed" / "edges.csv"),
    "cases": lambda: iter((b"from,to,machine,flags\ndeb001,deb002,pc-q35-7.2,\n",)),
    "policy": _files(EXAMPLES / "three-pools" / "policy.toml"),
    "scenarios": _files(WHATIF / "scenario-others.toml", WHATIF / "scenario-trixie.toml"),
    "matrix": _files(WHATIF / "matrix.toml"),
    "plan": _files(EXAMPLES / "seed" / "plan.json"),
    "solution": _solutions,
    "probe": _files(CASES / "real" / "probe.json"),
    "stream": lambda: iter((gzip.decompress(STREAM.read_bytes()),)),
    "planes": _planes,
    "log": lambda: iter((b"Features 0x130afffa7 unsupported. Allowed features: 0x79bfffe7\n",)),
}


@cache
def seeds(name: str) -> Sequence[bytes]:
    """Return files that a reader reads."""
    return tuple(SEEDS[name]())
