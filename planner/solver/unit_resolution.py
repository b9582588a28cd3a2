"""What one unit asks of an answer when rows of some numbers produce and take it; knows no host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from planner.domain.compat import CompatFlag, PropertyKey
from planner.domain.migrated import Clause, ClauseKind, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.solution import Condition, FlagChoice, Loss
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.solver.candidate import condition_of
from planner.solver.unit_behaviour import BehaviourTable
from planner.solver.unit_facts import UnitFailure, findings

ORDER_OF_CLAUSES = (
    ClauseKind.USE,
    ClauseKind.GUEST,
    ClauseKind.ACCELERATOR_LACKS,
    ClauseKind.ACCELERATOR,
    ClauseKind.CPU_LACKS,
    ClauseKind.CPU,
    ClauseKind.DEVICE,
)
RULES = {
    "blocked": Rule.MIGRATION_BLOCKED,
    "unsent": Rule.STATE_NOT_SENT,
    "uncaptured": Rule.STATE_NOT_CAPTURED,
    "foreign": Rule.UNIT_NOT_UNDERSTOOD,
    "gate": Rule.COMPAT_VALUE_DIFFERS,
    "refused": Rule.UNIT_REFUSED,
    "lack": Rule.CAPABILITY_MISSING,
    "unbuilt": Rule.PART_NOT_OFFERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """The rows that produce and take a unit, and the pairs it travels if not every pair is one."""

    producers: frozenset[int]
    takers: frozenset[int]
    pairs: frozenset[tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRefusal:
    """Findings that nothing helps against; `lacking` and `having` are numbers of rows."""

    rule: str
    certain: bool
    facts: tuple[str, ...]
    lacking: frozenset[int]
    having: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What one unit asks of an answer.

    `otherwise` blocks it if no guest meets its condition, which asks for something to be there.
    """

    flag: FlagChoice | None = None
    condition: Condition | None = None
    refusal: UnitRefusal | None = None
    otherwise: UnitRefusal | None = None
    accepted: Loss | None = None
    residual: Loss | None = None
    facts: frozenset[str] = frozenset()


NO_DEMAND = Resolution()


@dataclass(slots=True)
class UnitResolver:
    """Decides about the units of one table and remembers what it decided."""

    table: BehaviourTable
    knowledge: KnowledgeBase
    policy: Policy
    _known: dict[tuple[int, Routes | frozenset[int], bool], Resolution] = field(
        default_factory=dict
    )
    _equal: dict[Resolution, Resolution] = field(default_factory=lambda: {NO_DEMAND: NO_DEMAND})

    def among(self, index: int, rows: frozenset[int], *, settable: bool) -> Resolution:
        """Return what a unit asks if every host of these rows reaches every other."""
        key = (index, rows, settable)
        if key not in self._known:
            routes = Routes(producers=rows, takers=rows)
            self._known[key] = self.resolution(index, routes, settable=settable)
        return self._known[key]

    def resolution(self, index: int, routes: Routes, *, settable: bool) -> Resolution:
        """Return what a unit asks over routes; equal decisions are one object."""
        key = (index, routes, settable)
        if key not in self._known:
            resolution = self._resolve(self.table.units[index], routes, settable=settable)
            self._known[key] = self._equal.setdefault(resolution, resolution)
        return self._known[key]

    def _resolve(self, unit: MigratedUnit, routes: Routes, *, settable: bool) -> Resolution:
        rows = self.table.rows
        producers = [rows[number] for number in sorted(routes.producers)]
        takers = [rows[number] for number in sorted(routes.takers)]
        pairs = None
        if routes.pairs is not None:
            pairs = [
                (rows[source], rows[destination]) for source, destination in sorted(routes.pairs)
            ]
        failures = findings(unit, producers, takers, pairs)
        if not failures:
            return NO_DEMAND
        standing = [failure for failure in failures if not self._tolerates(unit, failure)]
        if not standing:
            return NO_DEMAND if unit.is_unusual else _tolerated(unit)
        facts = frozenset(
            objection.fact for objection in standing if not objection.certain and objection.fact
        )
        if settable:
            shut = findings(unit, [row.shut() for row in producers], [row.shut() for row in takers])
            if all(self._tolerates(unit, failure) for failure in shut):
                return Resolution(
                    flag=_flag_choice(unit, self.knowledge),
                    accepted=_loss(unit) if shut else None,
                    facts=facts,
                )
        clause, gravest = (
            _negatable(unit),
            [objection for objection in standing if objection.certain] or standing,
        )
        if clause is None:
            return Resolution(refusal=self._block(gravest), facts=facts)
        condition = condition_of(clause, self.knowledge, unit.price)
        otherwise = self._block(gravest) if clause.kind is ClauseKind.CPU_LACKS else None
        return Resolution(condition=condition, otherwise=otherwise, facts=facts)

    def _tolerates(self, unit: MigratedUnit, finding: UnitFailure) -> bool:
        """Whether policy lets a finding pass: by exposure, by name, or as a cheap loss."""
        if unit.is_transient and unit.exposure in self.policy.residual_exposures:
            return True
        if self.policy.accepted_loss(unit.id) is not None:
            return True
        return finding.kind == "unsent" and unit.severity in self.policy.accepted_severities

    def _block(self, blocked: Iterable[UnitFailure]) -> UnitRefusal:
        failures = tuple(blocked)
        number = self.table.number_of
        lacking = frozenset(number(failure.destination) for failure in failures)
        return UnitRefusal(
            rule=RULES[failures[0].kind].value,
            certain=any(failure.certain for failure in failures),
            facts=tuple(sorted({failure.fact for failure in failures if failure.fact})),
            lacking=lacking,
            having=frozenset(number(failure.source) for failure in failures) - lacking,
        )


def _tolerated(unit: MigratedUnit) -> Resolution:
    return (
        Resolution(residual=_loss(unit)) if unit.is_transient else Resolution(accepted=_loss(unit))
    )


def _negatable(unit: MigratedUnit) -> Clause | None:
    """Return the clause whose absence costs least; a unit that every guest has has none.

    A setting that is off unless named costs nothing.
    """
    ordered = sorted(
        unit.when,
        key=lambda clause: (not _is_off(clause), ORDER_OF_CLAUSES.index(clause.kind)),
    )
    return next((clause for clause in ordered if clause.default is not Truth.YES), None)


def _is_off(clause: Clause) -> bool:
    return clause.kind is ClauseKind.ACCELERATOR and clause.default is Truth.NO


@cache
def _loss(unit: MigratedUnit) -> Loss:
    return Loss(unit=unit.id, severity=unit.severity, text=unit.symptom)


@cache
def _flag_choice(unit: MigratedUnit, knowledge: KnowledgeBase) -> FlagChoice:
    key: PropertyKey = unit.flag or unit.gates[0].key
    row = knowledge.property_row(key)
    visible = unit.visible if unit.flag is not None or row is None else row.visible
    return FlagChoice(
        flag=CompatFlag(key=key, value="off"),
        visible=visible,
        reason=f"not every host can take {unit.title}",
        unit=unit.id,
        price=unit.severity,
    )
