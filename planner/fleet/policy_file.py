"""policy.toml over the shipped default; every wrong key, value and name at once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from planner.documents.complaints import Complaints
from planner.documents.toml_file import load_toml
from planner.documents.values import (
    Reader,
    day,
    known,
    list_of,
    made,
    pairs_of,
    set_of,
    some_of,
    text,
    whole,
)
from planner.domain.errors import PolicyError
from planner.domain.policy import AcceptedLoss, Policy
from planner.fleet.plan_policy import plan_policy
from planner.fleet.policy_names import KnownNames, check_bounds, flag_of, property_of

MANAGEMENT = ("plain", "libvirt")


def read_policy(path: Path, default: Policy, names: KnownNames, *, today: datetime.date) -> Policy:
    """Read a policy file; acceptances that have expired before `today` are left out.

    Raises `PolicyError` with every key, value and name that is wrong.
    """
    complaints = Complaints(str(path))
    cells = load_toml(path, complaints)
    found = {} if cells is None else some_of(policy_keys(names))(cells, (), complaints)
    found.pop("schema", None)
    guests = found.pop("guests", None) or {}
    if "profile" in guests:
        found["guest_profile"] = guests["profile"]
    check_bounds(found.get("floors", ()), found.get("ceilings", ()), names, complaints)
    if complaints.problems:
        raise PolicyError(complaints.told())
    return replace(default, **found).on(today)


def policy_keys(names: KnownNames) -> Mapping[str, Reader[Any]]:
    """Return the keys of a policy file, each with the reader of its value."""
    units, types = names.units, known("machine type", {row.name for row in names.types})
    bounds = pairs_of(types, names.board)
    loss = {
        "unit": names.unit,
        "owner": text,
        "reason": text,
        "expires": day,
    }
    return {
        "schema": whole("1, the only version", least=1, most=1),
        "management": known("kind of management", MANAGEMENT),
        "guests": some_of({"profile": known("guest profile", names.guest_profiles)}),
        "boards": list_of(names.board),
        "lines": list_of(known("line", {row.line for row in names.types})),
        "floors": bounds,
        "ceilings": bounds,
        "required_flags": list_of(flag_of(names)),
        "forbidden_flags": list_of(property_of(names)),
        "accepted_severities": set_of(known("severity", {unit.severity for unit in units})),
        "residual_exposures": set_of(known("exposure", {unit.exposure for unit in units})),
        "accepted_losses": list_of(
            made(AcceptedLoss, some_of(loss, required=("unit", "owner", "reason")))
        ),
        "acknowledged": set_of(names.unit),
        "uniformity_groups": list_of(list_of(names.pool)),
        "retired_types": set_of(types),
        "plan": plan_policy(names),
    }
