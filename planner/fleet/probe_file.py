"""A probe file (`planner.probe/1`, JSON): stated capabilities, and of which host; asks no kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.domain.capability import CapabilityId
from planner.domain.errors import FleetError, Location, Problem, nearest
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
    place = Location(file=str(path))
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise FleetError([Problem(location=place, what=reason)]) from error
    except ValueError as error:
        raise FleetError([Problem(location=place, what=f"not JSON: {error}")]) from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        what = "no probe: key 'schema' must be " + SCHEMA
        raise FleetError([Problem(location=place, what=what)])
    cells = record.get("capabilities")
    if not isinstance(cells, dict):
        raise FleetError([Problem(location=place, what="key 'capabilities' must be an object")])
    problems = [
        Problem(
            location=Location(file=str(path), column=key),
            what=f"unknown key '{key}'",
            remedy=nearest(key, KEYS) or f"allowed: {', '.join(KEYS)}",
        )
        for key in record
        if key not in KEYS
    ]
    problems += _cell_problems(path, cells, vocabulary)
    problems += _host_problems(path, record)
    if problems:
        raise FleetError(problems)
    stated = _stated(cells, vocabulary)
    problems += _clashes(path, stated)
    if problems:
        raise FleetError(problems)
    host = record.get("host") or {}
    return Probed(
        stated=stated,
        kernel=host.get("kernel", ""),
        arch=host.get("arch", ""),
        builds=tuple(_names(build) for build in record.get("qemu") or ()),
        hardware=tuple(sorted(_hardware(host))),
    )


def _hardware(host: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a probe told of the machine; what it could not tell is left out."""
    for key, value in (host.get("cpu") or {}).items():
        if value not in {None, ""}:
            yield f"cpu.{key}", str(value)
    for name, module in (host.get("modules") or {}).items():
        for key, value in (module.get("parameters") or {}).items():
            yield f"{name}.{key}", str(value)


def _host_problems(path: Path, record: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong with the keys that tell which host answered, where they are given."""
    host, builds = record.get("host"), record.get("qemu")
    if isinstance(host, dict):
        for key in ("kernel", "arch"):
            if not isinstance(host.get(key, ""), str):
                place = Location(file=str(path), column=f"host.{key}")
                yield Problem(location=place, what=f"is {json.dumps(host[key])}, not a text")
        for key in ("cpu", "modules"):
            if not _is_table(host.get(key), deep=key == "modules"):
                place = Location(file=str(path), column=f"host.{key}")
                yield Problem(location=place, what="is no object")
    elif host is not None:
        yield Problem(location=Location(file=str(path), column="host"), what="is no object")
    fits = builds is None or (
        isinstance(builds, list)
        and all(isinstance(build, dict) and _is_named(build) for build in builds)
    )
    if not fits:
        place = Location(file=str(path), column="qemu")
        remedy = "each build is an object with the texts version and package"
        yield Problem(location=place, what="is no list of builds", remedy=remedy)


def _is_table(value: object, *, deep: bool) -> bool:
    """Whether a key of the host is absent, or an object; `deep`: one of modules with parameters."""
    if value is None:
        return True
    return isinstance(value, dict) and (
        not deep
        or all(
            isinstance(module, dict) and isinstance(module.get("parameters") or {}, dict)
            for module in value.values()
        )
    )


def _is_named(build: Mapping[str, object]) -> bool:
    return all(isinstance(build.get(key, ""), str) for key in ("version", "package"))


def _names(build: Mapping[str, str]) -> frozenset[str]:
    """Return the texts by which a fleet file may call a build that a probe found."""
    version, package = build.get("version", ""), build.get("package", "")
    number = re.search(r"version (\d[\w.]*)", version)
    return frozenset({version, package, number[1] if number else ""} - {""})


def _cell_problems(
    path: Path, cells: Mapping[str, object], vocabulary: Vocabulary
) -> Iterator[Problem]:
    """Yield what is wrong with the capabilities, both names and values."""
    for name, value in cells.items():
        place = Location(file=str(path), column=name)
        if vocabulary.canonical(name) is None:
            remedy = nearest(name, vocabulary.capability_names)
            yield Problem(location=place, what=f"unknown capability '{name}'", remedy=remedy)
        if value is not None and not isinstance(value, bool):
            found = json.dumps(value)
            yield Problem(location=place, what=f"is {found}", remedy="allowed: true, false, null")


def _stated(cells: Mapping[str, bool | None], vocabulary: Vocabulary) -> Stated:
    present, absent = set[CapabilityId](), set[CapabilityId]()
    for name, value in cells.items():
        capability = vocabulary.canonical(name)
        if capability is not None and value is not None:
            (present if value else absent).update(vocabulary.expand(capability))
    return frozenset(present), frozenset(absent)


def _clashes(path: Path, stated: Stated) -> Iterator[Problem]:
    """Yield a problem for each capability that a composite and its part tell apart."""
    for name in sorted(stated[0] & stated[1]):
        place = Location(file=str(path), column=name)
        what = "is true and false at once"
        yield Problem(location=place, what=what, remedy="a composite and its parts must agree")
