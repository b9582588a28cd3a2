"""The reader of a dataclass by the types of its fields: what a document has is said once, in the type.

A field is the key of its name, but for the two words that Python keeps for itself (`KEYS`). Types that
this module does not know are given with their readers; an `Annotated` type is one of them.

>>> from dataclasses import make_dataclass
>>> from planner.documents.complaints import Complaints
>>> Room = make_dataclass("Room", [("vcpus", int), ("names", tuple[str, ...])])
>>> complaints = Complaints("room.json")
>>> reader_of(Room, {})({"vcpus": "2", "names": []}, (), complaints)
>>> [str(problem) for problem in complaints.problems]
['room.json: vcpus: "2" is not a whole number from 0 on']
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from planner.documents.values import (
    Reader,
    count,
    day,
    flag,
    list_of,
    member,
    number,
    optional,
    record,
    text,
    word,
)

KEYS = {"before": "from", "after": "to"}
"""Fields whose key in a document is a word that Python keeps for itself."""
Readers = Mapping[object, Reader[Any]]
PLAIN: Readers = {str: text, int: count, float: number, bool: flag, datetime.date: day}


def keys_of(kind: type, known: Readers) -> dict[str, tuple[str, Reader[Any]]]:
    """Return the keys of a dataclass, each with its field and the reader of that."""
    types = get_type_hints(kind, include_extras=True)
    return {
        KEYS.get(field.name, field.name): (field.name, reader_of(types[field.name], known))
        for field in fields(kind)
    }


def reader_of(kind: object, known: Readers) -> Reader[Any]:
    """Return the reader of values of a type; raises `TypeError` for a type that nobody reads."""
    found = known.get(kind) or PLAIN.get(kind)
    if found is not None:
        return found
    if isinstance(kind, type) and is_dataclass(kind):
        return record(kind, keys_of(kind, known))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return member(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return word(args)
    if origin is tuple or (origin in {Union, UnionType} and args[1:] == (NoneType,)):
        return (list_of if origin is tuple else optional)(reader_of(args[0], known))
    raise TypeError(f"{kind} has no reader")
