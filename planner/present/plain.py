"""Domain values as the plain values that JSON has: objects, lists, texts, numbers."""

from __future__ import annotations

import datetime
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from planner.domain.compat import CompatFlag
from planner.domain.plans.plan import KEYS

DIGITS = 3
T = TypeVar("T")
_known: dict[type, tuple[tuple[str, str], ...]] = {}
"""(key, field) of every dataclass written so far."""


class Plain(Generic[T]):
    """What a document has of a value of type T: to type checkers, only `plain` makes one."""

    if not TYPE_CHECKING:

        def __class_getitem__(cls, kind: Any) -> Any:
            """Return what the generator of schemas reads such a value by."""
            from planner.documents.typed import shape  # noqa: PLC0415 - no command needs pydantic for it

            return shape(kind)


def plain(value: T) -> Plain[T]:
    """Return a value as a document writes it: the fields of a dataclass in order, days as 2026-12-01."""
    return _plain(value)  # type: ignore[return-value]


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, CompatFlag | Enum | float | datetime.date):
        return _scalar(value)
    return {key: _plain(getattr(value, name)) for key, name in _keys(value)}


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
