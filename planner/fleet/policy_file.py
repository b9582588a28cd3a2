"""policy.toml over the shipped default; every unknown key is refused."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from planner.domain.compat import CompatFlag
from planner.domain.errors import Location, PolicyError, Problem, nearest
from planner.domain.policy import AcceptedLoss, Policy
from planner.fleet.plan_policy import read_plan_policy

MANAGEMENT = ("plain", "libvirt")
KEYS = (
    "management",
    "boards",
    "lines",
    "floors",
    "ceilings",
    "required_flags",
    "forbidden_flags",
    "accepted_severities",
    "residual_exposures",
    "accepted_losses",
    "acknowledged",
    "uniformity_groups",
    "retired_types",
    "plan",
)
LOSS_KEYS = ("unit", "owner", "reason", "expires")


def read_policy(path: Path, default: Policy, *, today: datetime.date) -> Policy:
    """Read a policy file; acceptances that have expired before `today` are left out.

    Raises `PolicyError` naming the key.
    """
    place = Location(file=str(path))
    try:
        cells = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise PolicyError([Problem(location=place, what=reason)]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError([Problem(location=place, what=f"not TOML: {error}")]) from error
    problems = [
        Problem(
            location=Location(file=str(path), column=key),
            what="unknown key",
            remedy=nearest(key, KEYS) or f"allowed: {', '.join(KEYS)}",
        )
        for key in cells
        if key not in KEYS
    ]
    if problems:
        raise PolicyError(problems)
    try:
        return _policy(cells, default, today)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PolicyError([Problem(location=place, what=f"cannot be read: {error}")]) from error


def _policy(cells: Mapping[str, object], default: Policy, today: datetime.date) -> Policy:
    management = str(cells.get("management", default.management))
    if management not in MANAGEMENT:
        raise ValueError(f"management is '{management}', allowed: {', '.join(MANAGEMENT)}")
    losses = [
        _loss(row) for row in cast("list[dict[str, object]]", cells.get("accepted_losses", []))
    ]
    return replace(
        default,
        management=management,
        boards=_texts(cells, "boards", default.boards),
        lines=_texts(cells, "lines", default.lines),
        floors=_pairs(cells, "floors"),
        ceilings=_pairs(cells, "ceilings"),
        required_flags=tuple(
            CompatFlag.parse(text) for text in _texts(cells, "required_flags", ())
        ),
        forbidden_flags=_texts(cells, "forbidden_flags", ()),
        accepted_severities=frozenset(
            _texts(cells, "accepted_severities", default.accepted_severities)
        ),
        residual_exposures=frozenset(
            _texts(cells, "residual_exposures", default.residual_exposures)
        ),
        accepted_losses=tuple(
            loss for loss in losses if loss.expires is None or loss.expires >= today
        ),
        acknowledged=frozenset(_texts(cells, "acknowledged", ())),
        uniformity_groups=tuple(
            tuple(group) for group in cast("list[list[str]]", cells.get("uniformity_groups", []))
        ),
        retired_types=frozenset(_texts(cells, "retired_types", ())),
        plan=read_plan_policy(cast("dict[str, object]", cells.get("plan", {}))),
    )


def _loss(row: dict[str, object]) -> AcceptedLoss:
    for key in row:
        if key not in LOSS_KEYS:
            hint = nearest(key, LOSS_KEYS) or f"allowed: {', '.join(LOSS_KEYS)}"
            raise ValueError(f"an accepted loss has no key '{key}'; {hint}")
    expires = row.get("expires")
    if isinstance(expires, str):
        expires = datetime.date.fromisoformat(expires)
    if expires is not None and not isinstance(expires, datetime.date):
        raise ValueError(f"expires of {row.get('unit')} is not a date")
    for key in ("unit", "owner", "reason"):
        if not row.get(key):
            raise ValueError(f"an accepted loss needs '{key}'")
    return AcceptedLoss(
        unit=str(row["unit"]), owner=str(row["owner"]), reason=str(row["reason"]), expires=expires
    )


def _texts(cells: Mapping[str, object], key: str, default: Iterable[str]) -> tuple[str, ...]:
    value = cells.get(key)
    if value is None:
        return tuple(default)
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError(f"'{key}' must be a list of texts")
    return tuple(value)


def _pairs(cells: Mapping[str, object], key: str) -> tuple[tuple[str, str], ...]:
    value = cells.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"'{key}' must map boards to machine types")
    return tuple(sorted((str(board), str(name)) for board, name in value.items()))
