"""Answers for the tests of exports: written out, so that no solver is asked."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from planner.documents.complaints import Complaints
from planner.fleet.solution_file import ToldSolution, solution_of

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("virtio-net-device.guest_uso4=off", "x86_64-cpu.x-migrate-smi-count=off")
Json = dict[str, Any]


def schema(name: str) -> Json:
    """Return a kept schema."""
    with gzip.open(ROOT / "tests" / "cases" / "schemas" / name) as file:
        found: Json = json.load(file)
    return found


def flag(text: str) -> Json:
    key, _, value = text.partition("=")
    kind, _, name = key.rpartition(".")
    told = {"visible": "guest", "reason": "why", "unit": "unit", "price": "functional"}
    return {"qom_type": kind, "property": name, "value": value, **told}


def condition(text: str, status: str = "check") -> Json:
    return {
        "id": f"host:{text}",
        "kind": "host",
        "subject": [],
        "polarity": "equal",
        "text": text,
        "reason": "the reason",
        "units": [],
        "hosts": [],
        "status": status,
        "guests": {"met": 0, "violated": 2, "open": 0} if status == "violated" else None,
        "verify": "planner probe",
        "price": "functional",
    }


def baseline(name: str, flags: Iterable[str], conditions: Sequence[Json]) -> Json:
    board = name.rpartition("-")[0]
    return {
        "board": board,
        "line": "upstream",
        "machine_type": name,
        "flags": [flag(one) for one in flags],
        "conditions": list(conditions),
        "needs_ack": [],
        "accepted_losses": [],
        "residual_risks": [],
        "why_not_newer": None,
    }


def pool(
    name: str,
    *types: str,
    verdict: str = "safe",
    flags: Iterable[str] = FLAGS,
    conditions: Sequence[Json] = (),
    unknowns: Sequence[str] = (),
    guests: Sequence[Json] = (),
) -> Json:
    return {
        "domain": name,
        "hosts": 3,
        "profiles": 2,
        "status": verdict.removesuffix("-with-checks"),
        "verdict": verdict,
        "baselines": [baseline(one, flags, conditions) for one in types],
        "refused": [],
        "unknowns": [
            {"fact": one, "decides": True, "hosts": 1, "guests": 0, "examples": ["h1"]}
            for one in unknowns
        ],
        "guests": list(guests),
    }


def document(*pools: Json) -> Json:
    return {
        "schema": "planner.solution/2",
        "knowledge": {"digest": "sha256:0"},
        "status": "safe",
        "certified": 1,
        "domains": list(pools),
        "unknowns": [],
    }


def told(*pools: Json) -> ToldSolution:
    complaints = Complaints("answer.json")
    found = solution_of(document(*pools), complaints)
    assert found is not None, complaints.problems
    return found
