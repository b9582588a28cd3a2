"""Domain values as the plain values that JSON has: objects, lists, texts, numbers."""

from __future__ import annotations

import datetime
from dataclasses import fields
from enum import Enum

from planner.domain.compat import CompatFlag
from planner.domain.plans.plan import KEYS

DIGITS = 3
_known: dict[type, tuple[tuple[str, str], ...]] = {}
"""(key, field) of every dataclass written so far."""


def plain(value: object) -> object:
    """Return a value as a document writes it: the fields of a dataclass in order, days as 2026-12-01."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, CompatFlag | Enum | float | datetime.date):
        return _scalar(value)
    return {key: plain(getattr(value, name)) for key, name in _keys(value)}


def _scalar(value: CompatFlag | Enum | float | datetime.date) -> object:
    match value:
        case Enum():
            return value.value
        case float():
            return round(value, DIGITS)
        case datetime.date():
            return value.isoformat()
    return str(value)


def _keys(record: object) -> tuple[tuple[str, str], ...]:
    kind = type(record)
    if kind not in _known:
        names = [field.name for field in fields(record)]  # type: ignore[arg-type]
        _known[kind] = tuple((KEYS.get(name, name), name) for name in names)
    return _known[kind]
