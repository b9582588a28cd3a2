"""Rows of migrated units, their clauses and gates, and of kinds, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from planner.domain.capability import CapabilityId, Evidence
from planner.domain.compat import PropertyKey, Visible
from planner.domain.errors import nearest
from planner.domain.migrated import (
    SEVERITIES,
    Clause,
    Consequence,
    Gate,
    MigratedUnit,
)
from planner.domain.truth import Truth
from planner.knowledge.files.rows import Row, release_key, versions

STATES = ("run", "boot", "host", "none")
SENT = ("value", "cpuid", "always", "never")
EXPOSURES = ("persistent", "transient")
AS_A_LACK = "lack"
Foreign = Mapping[str, Consequence | None]
"""What a build without units of a kind makes of one; None: what a lack of a capability does."""


def read_property_kind(row: Row) -> tuple[str, Consequence]:
    """Read what a difference of a property of one kind leads to."""
    _read_provenance(row)
    return row.text("name"), row.choice("difference", Consequence)


def read_unit_kind(row: Row) -> tuple[str, Consequence | None]:
    """Read what a build that does not have units of one kind makes of them."""
    _read_provenance(row)
    words = (AS_A_LACK, *(one.value for one in Consequence))
    word = row.word("foreign", words)
    return row.text("name"), None if word == AS_A_LACK else Consequence(word)


def _read_provenance(row: Row) -> None:
    row.text("meaning")
    row.choice("evidence", Evidence)
    row.text("source")


def read_property_key(row: Row, key: str, default: str | None = None) -> PropertyKey | None:
    """Read `TYPE.PROPERTY`, None if it is absent."""
    text = row.text(key, default)
    try:
        return PropertyKey.parse(text) if text else None
    except ValueError as error:
        raise row.fail(f"key '{key}': {error}") from error


def read_capability_ids(row: Row, key: str) -> frozenset[CapabilityId]:
    """Read a list of capability ids."""
    return frozenset(CapabilityId(name) for name in row.texts(key))


def read_clause(row: Row) -> Clause:
    """Read a claim about guests."""
    return row.make(Clause, default=row.choice("default", Truth, Truth.UNKNOWN))


def read_gate(row: Row, default: str) -> Gate:
    """Read a gate of a unit; `default` is the value of a property that nothing sets."""
    emits = frozenset(row.texts("emits_when"))
    key = read_property_key(row, "property")
    if key is None:
        raise row.fail("key 'property' is empty")
    return Gate(key=key, emits_when=emits, emits_by_default=default in emits)


def read_unit(row: Row, foreign: Foreign) -> MigratedUnit:
    """Read a migrated unit; `foreign` has a row for every kind of unit."""
    kind = row.text("kind")
    if kind not in foreign:
        hint = nearest(kind, foreign) or "no such row of unit_kind in kinds.toml"
        raise row.fail(f"key 'kind' is '{kind}'", hint)
    lack = row.table("lack")
    plain = lack.choice("plain", Consequence, Consequence.LOSES_STATE)
    default = row.text("default_gate", "on")
    unit = MigratedUnit(
        id=row.text("id"),
        covers=row.text("covers"),
        title=row.text("title"),
        kind=kind,
        arch=row.text("arch", "any"),
        state=row.word("state", STATES),
        sent=row.word("sent", SENT),
        since=row.release("since"),
        severity=row.word("severity", SEVERITIES),
        exposure=row.word("exposure", EXPOSURES),
        symptom=row.text("symptom"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        when=tuple(read_clause(clause) for clause in row.rows("when")),
        gates=tuple(read_gate(gate, default) for gate in row.rows("gates")),
        foreign=foreign[kind],
        lack_plain=plain,
        lack_libvirt=lack.choice("libvirt", Consequence, plain),
    )
    return _with_rare_keys(_with_capabilities(unit, row), row)


def _with_capabilities(unit: MigratedUnit, row: Row) -> MigratedUnit:
    return replace(
        unit,
        sent_if=read_capability_ids(row, "sent_if"),
        captured_if=read_capability_ids(row, "captured_if"),
        requires=read_capability_ids(row, "requires"),
        refused_by=read_capability_ids(row, "refused_by"),
        source_requires=read_capability_ids(row, "source_requires"),
        source_lack=row.choice("source_lack", Consequence, Consequence.BLOCKED_AT_SOURCE),
    )


def _with_rare_keys(unit: MigratedUnit, row: Row) -> MigratedUnit:
    source, destination = _unbuilt(row)
    return replace(
        unit,
        until=row.release("until", ""),
        absent_in=row.release("absent_in", ""),
        also=versions(row.texts("also")),
        flag=read_property_key(row, "flag", ""),
        visible=row.choice("visible", Visible, Visible.STREAM),
        bits=row.numbers("bits"),
        host_condition=row.text("host_condition", ""),
        by_backend=row.truth("by_backend"),
        host_facts=frozenset(row.texts("host_facts")),
        cpu_features=row.truth("cpu_features"),
        known_before=row.truth("known_before"),
        only_certain=row.truth("only_certain"),
        insists=row.truth("insists"),
        insists_with=read_capability_ids(row, "insists_with"),
        brought=_brought(row),
        unbuilt_source=source,
        unbuilt_destination=destination,
    )


def _brought(row: Row) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Read which package of a line has a unit before the upstream release that brings it."""
    return tuple((line, release_key(str(text))) for line, text in row.names("brought").items())


def _unbuilt(row: Row) -> Iterator[Consequence | None]:
    """Yield what follows where the build of the source, and of the destination, has no such thing."""
    table = row.table("unbuilt")
    for end in ("source", "destination"):
        yield table.choice(end, Consequence) if table.text(end, "") else None
