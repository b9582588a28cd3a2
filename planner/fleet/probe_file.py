"""A probe file (`planner.probe/1`, JSON) to stated capabilities; asks no kernel itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from planner.domain.capability import CapabilityId
from planner.domain.errors import FleetError, Location, Problem, nearest
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


def read_probe(path: Path, vocabulary: Vocabulary) -> Stated:
    """Return (present, absent) of a probe: `capabilities` maps ids to true, false or null.

    Null means that the probe could not ask. The other keys are for people. Raises `FleetError`.
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
    if problems:
        raise FleetError(problems)
    stated = _stated(cells, vocabulary)
    problems += _clashes(path, stated)
    if problems:
        raise FleetError(problems)
    return stated


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
