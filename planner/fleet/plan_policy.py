"""Table `plan` of policy.toml to `PlanPolicy`; every unknown key is refused."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar, cast

from planner.domain.errors import nearest
from planner.domain.upgrade import Hold, PlanPolicy

T = TypeVar("T")
HOLD_KEYS = ("pool", "until", "owner", "reason")


def read_plan_policy(cells: Mapping[str, object]) -> PlanPolicy:
    """Return the rules of a plan; raises ValueError naming the key and what it may be."""
    _known(cells, KEYS, "plan")
    values = {key: KEYS[key](f"plan.{key}", value) for key, value in cells.items()}
    return replace(PlanPolicy(), **values)  # type: ignore[arg-type]


def _known(
    cells: Mapping[str, object], allowed: Mapping[str, object] | tuple[str, ...], where: str
) -> None:
    for key in cells:
        if key not in allowed:
            raise ValueError(f"'{where}' has no key '{key}'; {nearest(key, allowed)}")


def _hosts(key: str, value: object) -> int:
    return cast("int", _checked(key, value, int, "a number of hosts", lambda one: one >= 0))


def _days(key: str, value: object) -> int:
    return cast("int", _checked(key, value, int, "a number of days", lambda one: one >= 0))


def _some_days(key: str, value: object) -> int:
    return cast(
        "int", _checked(key, value, int, "a number of days from 1 on", lambda one: one >= 1)
    )


def _share(key: str, value: object) -> float:
    wish = "a share above 0 and at most 1"
    return float(cast("float", _checked(key, value, (int, float), wish, lambda one: 0 < one <= 1)))


def _gib(key: str, value: object) -> float:
    wish = "a number of GiB above 0"
    return float(cast("float", _checked(key, value, (int, float), wish, lambda one: one > 0)))


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{key} is {value!r}, not true or false")
    return value


def _day(key: str, value: object) -> datetime.date | None:
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{key} is '{value}', not a day such as 2026-12-01") from None
    if value is not None and type(value) is not datetime.date:
        raise ValueError(f"{key} is {value!r}, not a day such as 2026-12-01")
    return value


def _by_family(key: str, value: object) -> tuple[tuple[str, int], ...]:
    table = _table(key, value)
    return tuple(sorted((name, _hosts(f"{key}.{name}", one)) for name, one in table.items()))


def _weights(key: str, value: object) -> tuple[tuple[str, float], ...]:
    table = _table(key, value)
    return tuple(sorted((name, _gib(f"{key}.{name}", one)) for name, one in table.items()))


def _holds(key: str, value: object) -> tuple[Hold, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{key} is not a list of tables")
    return tuple(_hold(f"{key}[{place}]", one) for place, one in enumerate(value, start=1))


def _hold(key: str, value: object) -> Hold:
    cells = _table(key, value)
    _known(cells, HOLD_KEYS, key)
    for name in ("owner", "reason"):
        if not cells.get(name):
            raise ValueError(f"{key} needs '{name}'")
    return Hold(
        pool=str(cells.get("pool", "")),
        until=_day(f"{key}.until", cells.get("until")),
        owner=str(cells["owner"]),
        reason=str(cells["reason"]),
    )


def _table(key: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{key} is not a table")
    return value


def _checked(
    key: str,
    value: object,
    kind: type | tuple[type, ...],
    wish: str,
    holds: Callable[[float], bool],
) -> object:
    if isinstance(value, bool) or not isinstance(value, kind) or not holds(cast("float", value)):
        raise ValueError(f"{key} is {value!r}, not {wish}")
    return value


KEYS: Mapping[str, Callable[[str, object], object]] = {
    "domain_unavailable": _by_family,
    "pool_unavailable": _hosts,
    "pool_share": _share,
    "fleet_unavailable": _hosts,
    "evacuation_gib": _gib,
    "fill": _share,
    "spare": _hosts,
    "soak_days": _days,
    "wave_days": _some_days,
    "start": _day,
    "weights": _weights,
    "restarts": _flag,
    "holds": _holds,
}
