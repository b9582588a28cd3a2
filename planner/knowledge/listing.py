"""Every row can be listed and shown: names of the tables and their rows as plain cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum

from planner.knowledge.base import KnowledgeBase

Cells = dict[str, str]
TABLES: dict[str, Callable[[KnowledgeBase], Iterator[tuple[str, object]]]] = {
    "builds": lambda base: iter((ref, row) for ref, row in base.builds.known.items()),
    "build-lines": lambda base: iter((row.name, row) for row in base.builds.lines),
    "capabilities": lambda base: iter((str(row.id), row) for row in base.capabilities.values()),
    "cpu-models": lambda base: iter(base.guests.cpu_models.items()),
    "devices": lambda base: iter(base.guests.devices.items()),
    "drifts": lambda base: iter((f"{row.key} {row.machine_types}", row) for row in base.drifts),
    "faults": lambda base: iter((row.id, row) for row in base.faults),
    "feature-bits": lambda base: iter(
        (f"{row.device}:{row.bit}", row) for row in base.guests.feature_bits
    ),
    "guest-impacts": lambda base: iter((row.id, row) for row in base.guests.impacts),
    "kernel-lines": lambda base: iter((row.name, row) for row in base.kernels.lines),
    "machine-types": lambda base: iter(base.machines.types.items()),
    "observations": lambda base: iter((row.id, row) for row in base.observations),
    "properties": lambda base: iter((str(key), row) for key, row in base.properties.items()),
    "removals": lambda base: iter(base.removals.items()),
    "traits": lambda base: iter(base.guests.traits.items()),
    "units": lambda base: iter((row.id, row) for row in base.units),
}


def rows_of(table: str, knowledge: KnowledgeBase) -> Iterator[tuple[str, Cells]]:
    """Yield (name, cells) of every row of a table."""
    for name, row in TABLES[table](knowledge):
        yield name, cells_of(row)


def find(name: str, knowledge: KnowledgeBase) -> Iterator[tuple[str, Cells]]:
    """Yield (table, cells) of every row of that name in any table; aliases of capabilities count."""
    canonical = knowledge.canonical(name)
    for table, read in TABLES.items():
        for known, row in read(knowledge):
            if known == name or (table == "capabilities" and known == canonical):
                yield table, cells_of(row)


def names(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield every name that `find` knows."""
    for read in TABLES.values():
        for name, _ in read(knowledge):
            yield name


def cells_of(row: object) -> Cells:
    """Return the fields of a row as texts, empty ones left out."""
    if not is_dataclass(row):
        return {"value": _text(row)}
    found = {field.name: _text(getattr(row, field.name)) for field in fields(row)}
    return {name: text for name, text in found.items() if text}


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset | set):
        return ", ".join(sorted(_text(item) for item in value))
    if isinstance(value, tuple):
        return _sequence(value)
    if isinstance(value, dict):
        return f"{len(value)} entries"
    return _named(value) if is_dataclass(value) else str(value or "")


def _sequence(values: tuple[object, ...]) -> str:
    numbers = bool(values) and all(isinstance(item, int) for item in values)
    return (".".join if numbers else ", ".join)(_text(item) for item in values)


def _named(value: object) -> str:
    name = getattr(value, "name", None)
    return str(name) if name and type(value).__str__ is object.__str__ else str(value)
