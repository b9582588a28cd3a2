"""What a differing property means to a guest: whether it has the part, and the objection."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from planner.domain.compat import PropertyKey, ValueDifference
from planner.domain.guest import GuestStart
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.applies import clause_truth
from planner.migration.claims import Assumed
from planner.migration.guest_devices import EVERY_MACHINE

BUILT_IN = f"{EVERY_MACHINE}:"
"""Before a board: the part is in every machine of that board and in no other one."""


@cache
def property_clause(key: PropertyKey, machine_type: str, knowledge: KnowledgeBase) -> Clause | None:
    """Return the claim about the guest under which a property matters, None if it always does."""
    row = knowledge.property_row(key)
    devices = row.devices if row is not None and row.devices else (key.qom_type,)
    if knowledge.is_built_in(devices[0], machine_type) is Truth.YES:
        return None
    if EVERY_MACHINE in devices or devices[0].startswith(BUILT_IN):
        return None
    if devices and devices[0].startswith("guest:"):
        traits = tuple(name.removeprefix("guest:") for name in devices)
        kinds = {knowledge.guests.traits[name].kind for name in traits}
        kind = ClauseKind.ACCELERATOR if kinds == {"accelerator"} else ClauseKind.GUEST
        return Clause(kind=kind, any_of=traits, default=_unsaid(traits, knowledge))
    if devices and devices[0].startswith("cpu:"):
        return Clause(
            kind=ClauseKind.CPU, any_of=tuple(name.removeprefix("cpu:") for name in devices)
        )
    names = tuple(device.removesuffix("-*").removesuffix("*") for device in devices)
    return Clause(kind=ClauseKind.DEVICE, any_of=names)


def _unsaid(traits: tuple[str, ...], knowledge: KnowledgeBase) -> Truth:
    """Return what holds of a guest that says nothing of traits: ways of migrating are not used."""
    rows = [knowledge.guests.traits[name] for name in traits]
    return Truth.NO if all(row.kind == "use" for row in rows) else Truth.UNKNOWN


def judge_value(
    values: ValueDifference, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> Iterator[Objection]:
    """Object to a differing property if the guest may have what it belongs to."""
    machine_type = start.baseline.machine_type
    clause = property_clause(values.key, machine_type, knowledge)
    row = knowledge.property_row(values.key)
    source = row.source if row is not None else "compat properties of both builds"
    consequence = knowledge.consequence_of(values.key)
    truth, facts = Truth.YES, tuple[str, ...]()
    if clause is not None:
        applies = clause_truth(clause, start, knowledge.guests, assumed)
        truth, facts = applies.truth, applies.open_facts
        of_board = knowledge.is_built_in(clause.any_of[0], machine_type)
        if truth is Truth.NO and of_board is Truth.UNKNOWN:
            truth = Truth.UNKNOWN
            facts = (f"whether {machine_type} has a part {values.key.qom_type} of its own",)
    if truth is Truth.NO:
        return
    unknown = values.source_value is None or values.destination_value is None
    if unknown:
        facts = (f"value of {values.key} under this machine type",)
    elif truth is Truth.YES:
        facts = (f"{values.source_value} there, {values.destination_value} here",)
    yield Objection(
        rule=Rule.KNOWLEDGE_GAP if unknown or truth is Truth.UNKNOWN else Rule.COMPAT_VALUE_DIFFERS,
        consequence=consequence,
        property_key=str(values.key),
        facts=facts,
        source=source,
        severity="functional",
        depends_on=(clause,) if clause is not None else (),
    )
