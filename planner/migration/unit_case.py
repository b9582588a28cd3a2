"""One migrated unit on one edge as the rules see it, and the objections that they raise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.domain.capability import Presence
from planner.domain.migrated import Consequence, MigratedUnit
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Remark, Rule
from planner.migration.applies import Applicability
from planner.migration.views import Ability, UnitView


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCase:
    """A unit on an edge: what boot host, source and destination can do, and whether the guest has it.

    `same_kernel` and `same_build` say that producer and destination run one exact kernel release or
    QEMU build, so that equal unknowns cancel; `same_cpu` that nothing says
    their CPUs differ, or that their CPUs do not matter.
    """

    unit: MigratedUnit
    applies: Applicability
    boot: UnitView
    source: UnitView
    destination: UnitView
    libvirt: bool
    same_kernel: bool
    same_cpu: bool
    same_build: bool

    @property
    def producer(self) -> UnitView:
        """The host that puts the unit into the guest: the boot host for what is fixed at boot."""
        return self.boot if self.unit.state == "boot" else self.source

    @property
    def lack(self) -> Consequence:
        """What happens when the destination cannot take the unit."""
        return self.unit.lack_libvirt if self.libvirt else self.unit.lack_plain


@dataclass(frozen=True, slots=True)
class UnitJudgement:
    """Objections and remarks of one unit."""

    objections: tuple[Objection, ...] = ()
    remarks: tuple[Remark, ...] = ()


def settled(
    case: UnitCase,
    rule: Rule,
    consequence: Consequence,
    produced: Ability,
    *,
    capability: str = "",
    gate: str = "",
) -> Objection:
    """Return a certain objection, or a gap if the guest or the producer leaves it open."""
    open_fact = ""
    if case.applies.truth is Truth.UNKNOWN:
        open_fact = ", ".join(case.applies.open_facts)
    elif produced.presence is Presence.UNKNOWN or (
        produced.presence is Presence.POSSIBLE and _is_foreign_hardware(case)
    ):
        open_fact = f"{deciding(produced)} on the source"
        capability = deciding(produced)
    if open_fact:
        return open_gap(case, open_fact, consequence, capability, rule)
    return certain(case, rule, consequence, capability=capability, gate=gate)


def _is_foreign_hardware(case: UnitCase) -> bool:
    """Whether a possible capability of the producer is nowhere implied by the guest itself."""
    return not any(
        clause.kind.value in {"cpu", "device", "accelerator"} for clause in case.unit.when
    )


def certain(
    case: UnitCase,
    rule: Rule,
    consequence: Consequence,
    *,
    capability: str = "",
    gate: str = "",
) -> Objection:
    """Return the objection of a rule to a unit."""
    unit = case.unit
    flag = str(unit.flag or (unit.gates[0].key if unit.gates else ""))
    return Objection(
        rule=rule,
        consequence=consequence,
        source=unit.source,
        unit=unit.id,
        property_key=gate or flag,
        capability=capability,
        severity=unit.severity,
        transient=unit.is_transient,
        facts=tuple(f"bit {bit}" for bit in unit.bits),
        depends_on=unit.when,
    )


def open_gap(
    case: UnitCase,
    fact: str,
    consequence: Consequence,
    capability: str = "",
    suspected: Rule | None = None,
) -> Objection:
    """Return the objection that a fact about a unit is missing; `suspected` is the rule it is about."""
    unit = case.unit
    return Objection(
        rule=Rule.KNOWLEDGE_GAP,
        consequence=consequence,
        source=unit.source,
        unit=unit.id,
        capability=capability,
        severity=unit.severity,
        transient=unit.is_transient,
        facts=(fact,),
        depends_on=unit.when,
        suspected=suspected,
    )


def host_condition(case: UnitCase) -> Iterator[Remark]:
    """Yield what must hold of both hosts for the unit to arrive.

    Every fleet is asked it for units that every guest has, and for guests of which nobody says more.
    """
    unit = case.unit
    if unit.host_condition:
        yield Remark(
            kind="host-condition",
            text=unit.host_condition,
            unit=unit.id,
            source=unit.source,
            subject=f"host:{unit.id}",
            polarity="equal",
            universal=not unit.when or case.applies.truth is not Truth.YES,
        )


def without(case: UnitCase, kind: str, text: str) -> Remark:
    """Return the remark that a guest is taken to be without a unit; `never` holds for every fleet."""
    unit = case.unit
    words = (f"{clause.kind.value}:{word}" for clause in unit.when for word in clause.any_of)
    return Remark(
        kind=kind,
        text=text,
        unit=unit.id,
        source=unit.source,
        subject=" ".join(words),
        polarity="without",
        universal=unit.is_universal,
    )


def deciding(ability: Ability) -> str:
    """Return the first capability that an ability hangs on."""
    return ability.deciding[0] if ability.deciding else ""
