"""Table `plan` of policy.toml to `PlanPolicy`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from planner.documents.values import (
    Reader,
    above_zero,
    day,
    flag,
    list_of,
    made,
    pairs_of,
    some_of,
    text,
    whole,
)
from planner.domain.plans.upgrade import Hold, PlanPolicy
from planner.fleet.policy_names import KnownNames

HOSTS = whole("a number of hosts", least=0)
DAYS = whole("a number of days", least=0)
SOME_DAYS = whole("a number of days from 1 on", least=1)
SHARE = above_zero("a share above 0 and at most 1", most=1)
GIB = above_zero("a number of GiB above 0")
WEIGHT = above_zero("a weight above 0")


def plan_policy(names: KnownNames) -> Reader[PlanPolicy | None]:
    """Return the reader of the rules of a plan."""
    return made(PlanPolicy, some_of(plan_keys(names)))


def plan_keys(names: KnownNames) -> Mapping[str, Reader[Any]]:
    """Return the keys of the table, each with the reader of its value."""
    hold = {"pool": names.pool, "until": day, "owner": text, "reason": text}
    return {
        "domain_unavailable": pairs_of(HOSTS, names.family),
        "pool_unavailable": HOSTS,
        "pool_share": SHARE,
        "fleet_unavailable": HOSTS,
        "evacuation_gib": GIB,
        "fill": SHARE,
        "spare": HOSTS,
        "soak_days": DAYS,
        "wave_days": SOME_DAYS,
        "start": day,
        "weights": pairs_of(WEIGHT, names.pool),
        "restarts": flag,
        "device_flags_may_differ": flag,
        "holds": list_of(made(_hold, some_of(hold, required=("owner", "reason")))),
    }


def _hold(owner: str, reason: str, pool: str = "", until: datetime.date | None = None) -> Hold:
    return Hold(pool=pool, until=until, owner=owner, reason=reason)
