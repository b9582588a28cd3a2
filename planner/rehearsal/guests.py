"""The guest that shows risks: parts that a unit is about, and what it must do before it is moved."""

from __future__ import annotations

from collections.abc import Iterable

from planner.answers.conditions import clauses_of
from planner.domain.guest import Baseline
from planner.domain.migrated import Clause, ClauseKind, MigratedUnit
from planner.domain.plans.rehearsal import RehearsedGuest, Risk
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import BEYOND
from planner.migration.guest_cpu import FOLLOWS_HOST

OF_USE = frozenset({ClauseKind.USE, ClauseKind.GUEST, ClauseKind.ACCELERATOR})
NO_FEATURE = (BEYOND, "model:", "names:", FOLLOWS_HOST)
"""How words about CPUs begin that name no feature."""
DEEDS = {
    "feature-bit": "negotiate {}",
    "subsection": "have a value in: {}",
    "cpu-feature": "see {}",
}
"""What a guest does with a unit of a kind so that its loss would be seen."""


def guest_for(
    risks: Iterable[Risk], baseline: Baseline, arch: str, knowledge: KnowledgeBase
) -> RehearsedGuest:
    """Return the guest of a baseline that has what risks speak of."""
    units = {unit.id: unit for unit in knowledge.units_of(arch)}
    devices, features, uses, deeds = set[str](), set[str](), set[str](), set[str]()
    for risk in risks:
        unit = units.get(risk.unit)
        for clause in _clauses(risk, unit):
            word = clause.any_of[0]
            if clause.kind is ClauseKind.DEVICE:
                devices.add(word)
            elif clause.kind is ClauseKind.CPU and not word.startswith(NO_FEATURE):
                features.add(word)
            elif clause.kind in OF_USE:
                uses.add(word)
        if unit is not None and unit.sent != "never":
            deeds.add(DEEDS.get(unit.kind, "use {}").format(unit.title))
    return RehearsedGuest(
        baseline=baseline,
        devices=tuple(sorted(devices)),
        features=tuple(sorted(features)),
        uses=tuple(sorted(uses)),
        deeds=tuple(sorted(deeds)),
    )


def _clauses(risk: Risk, unit: MigratedUnit | None) -> tuple[Clause, ...]:
    """Return what a guest must have so that a risk is a question for it."""
    if unit is not None:
        return unit.when
    return clauses_of(risk.words)
