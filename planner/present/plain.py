"""Domain values as the plain values that JSON has: objects, lists, texts, numbers."""

from __future__ import annotations

import datetime
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from planner.domain.compat import CompatFlag

KEYS = {"before": "from", "after": "to"}
"""Fields whose key in a document is a word that Python keeps for itself."""
DIGITS = 3


def plain(value: Any) -> object:
    """Return a value as a document writes it: the fields of a dataclass in order, days as 2026-12-01."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if is_dataclass(value) and not isinstance(value, CompatFlag):
        return {key: plain(getattr(value, name)) for key, name in _keys(value)}
    return _scalar(value)


def _scalar(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case float():
            return round(value, DIGITS)
        case datetime.date():
            return value.isoformat()
        case CompatFlag():
            return str(value)
    return value


def _keys(record: Any) -> tuple[tuple[str, str], ...]:
    """Return (key, field) of a dataclass."""
    return tuple((KEYS.get(field.name, field.name), field.name) for field in fields(record))
