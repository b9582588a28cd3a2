"""A probe file (`planner.probe/1`, JSON) to stated capabilities; asks no kernel itself."""

from __future__ import annotations

import json
from pathlib import Path

from planner.domain.capability import CapabilityId
from planner.domain.errors import FleetError, Location, Problem, nearest
from planner.fleet.vocabulary import Vocabulary
from planner.fleet.words import Stated

SCHEMA = "planner.probe/1"


def read_probe(path: Path, vocabulary: Vocabulary) -> Stated:
    """Return (present, absent) of a probe: `capabilities` maps ids to true, false or null.

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
    present, absent, problems = set[CapabilityId](), set[CapabilityId](), list[Problem]()
    for name, value in cells.items():
        capability = vocabulary.canonical(name)
        if capability is None:
            problems.append(
                Problem(
                    location=Location(file=str(path), column=name),
                    what=f"unknown capability '{name}'",
                    remedy=nearest(name, vocabulary.capability_names),
                )
            )
        elif value is not None:
            (present if value else absent).update(vocabulary.expand(capability))
    if problems:
        raise FleetError(problems)
    return frozenset(present), frozenset(absent)
