"""A probe file (`planner.probe/1`, JSON) to what it states of a host; every problem at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.documents.complaints import Complaints, Steps
from planner.documents.json_file import load_json
from planner.documents.sources import MOST_WRITTEN
from planner.documents.values import (
    Reader,
    flag,
    list_of,
    optional,
    pairs_of,
    parts_of,
    some_of,
    text,
)
from planner.domain.capability import CapabilityId
from planner.domain.errors import FleetError, nearest
from planner.domain.host import Facts
from planner.fleet.vocabulary import Vocabulary
from planner.fleet.words import Stated

SCHEMA = "planner.probe/1"
KEYS = (
    "schema",
    "taken",
    "host",
    "kvm",
    "tun",
    "vhost_net",
    "vhost_vsock",
    "userfaultfd",
    "vfio",
    "qemu",
    "capabilities",
    "why",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What a probe file states: (present, absent), and the host that answered.

    `kernel` and `arch` are empty in a file written by hand that does not say. `builds` are the texts
    by which each QEMU that the probe found may be called; none found means that nothing is known.
    `hardware` are the facts of the CPU and the parameters of modules, by `cpu.KEY` and `MODULE.KEY`.
    """

    stated: Stated
    kernel: str
    arch: str
    builds: tuple[frozenset[str], ...]
    hardware: Facts = ()


def read_probe(path: Path, vocabulary: Vocabulary) -> Probed:
    """Return what a probe states: its `capabilities` map ids to true, false or null.

    Null means that the probe could not ask. Raises `FleetError`.
    """
    complaints = Complaints(str(path))
    record = load_json(path, complaints, most=MOST_WRITTEN, pipes=False)
    is_probe = isinstance(record, dict) and record.get("schema") == SCHEMA
    if not complaints.problems and not is_probe:
        complaints.add((), f"no probe: key 'schema' must be {SCHEMA}")
    found = {} if complaints.problems else _probe(vocabulary)(record, (), complaints)
    stated = _stated(dict(found.get("capabilities", ())), vocabulary)
    for name in sorted(stated[0] & stated[1]):
        remedy = "a composite and its parts must agree"
        complaints.add((((), "capabilities"), name), "is true and false at once", remedy)
    if complaints.problems:
        raise FleetError(complaints.told())
    host = found.get("host") or {}
    return Probed(
        stated=stated,
        kernel=host.get("kernel", ""),
        arch=host.get("arch", ""),
        builds=tuple(_names(build) for build in found.get("qemu") or ()),
        hardware=tuple(sorted(_hardware(host))),
    )


def _probe(vocabulary: Vocabulary) -> Reader[dict[str, Any]]:
    """Return the reader of a probe; what only people read of it may be anything."""

    def named(value: object, steps: Steps, complaints: Complaints) -> str:
        """Read the name of a capability."""
        name = str(value)
        if vocabulary.canonical(name) is None:
            remedy = "" if complaints.is_full else nearest(name, vocabulary.capability_names)
            complaints.add(steps, f"unknown capability '{name}'", remedy)
        return name

    return some_of(
        {
            **dict.fromkeys(KEYS, _anything),
            "capabilities": pairs_of(optional(flag), named),
            "host": optional(HOST),
            "qemu": optional(list_of(BUILD)),
        },
        required=("capabilities",),
    )


def _anything(value: object, steps: Steps, complaints: Complaints) -> object:
    del steps, complaints
    return value


FACTS = optional(pairs_of(_anything))
MODULES = optional(pairs_of(parts_of({"parameters": FACTS})))
HOST = parts_of({"kernel": text, "arch": text, "cpu": FACTS, "modules": MODULES})
BUILD = parts_of({"version": text, "package": text})


def _hardware(host: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a probe told of the machine; what it could not tell is left out."""
    for key, value in host.get("cpu") or ():
        if value not in (None, ""):
            yield f"cpu.{key}", str(value)
    for name, module in host.get("modules") or ():
        for key, value in module.get("parameters") or ():
            yield f"{name}.{key}", str(value)


def _names(build: Mapping[str, str]) -> frozenset[str]:
    """Return the texts by which a fleet file may call a build that a probe found."""
    version, package = build.get("version", ""), build.get("package", "")
    number = re.search(r"version (\d[\w.]*)", version)
    return frozenset({version, package, number[1] if number else ""} - {""})


def _stated(cells: Mapping[str, bool | None], vocabulary: Vocabulary) -> Stated:
    present, absent = set[CapabilityId](), set[CapabilityId]()
    for name, value in cells.items():
        capability = vocabulary.canonical(name)
        if capability is not None and value is not None:
            (present if value else absent).update(vocabulary.expand(capability))
    return frozenset(present), frozenset(absent)
