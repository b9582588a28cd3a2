"""The rules that judge one migrated unit on one edge; pure, no look at policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.domain.capability import Presence
from planner.domain.migrated import Clause, Consequence, MigratedUnit
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Remark, Rule
from planner.migration.applies import Applicability
from planner.migration.views import Ability, UnitView

HOST_CONDITION = "same CPU generation, microcode and kvm parameters on both hosts"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCase:
    """A unit on an edge: what boot host, source and destination can do, and whether the guest has it.

    `same_kernel` and `same_build` say that producer and destination run one exact kernel release or
    QEMU build, so that equal unknowns cancel; `same_cpu` that nothing says their CPUs differ.
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


def judge_unit(case: UnitCase) -> UnitJudgement:
    """Return everything that speaks against moving this unit over this edge."""
    if case.applies.truth is Truth.NO:
        return UnitJudgement()
    if case.unit.source_requires:
        blocked = _blocked(case)
        if blocked is not None:
            return blocked
    if case.unit.state == "none":
        return UnitJudgement(remarks=tuple(_host_condition(case.unit)))
    if case.unit.state == "host":
        return _arrives(case, Truth.YES)
    return _travels(case)


def _blocked(case: UnitCase) -> UnitJudgement | None:
    """Judge a migration blocker of the source; an open fact is a remark, for nothing can be lost."""
    unit, starts = case.unit, case.source.starts
    if case.source.knows is Truth.NO or starts.presence is Presence.PRESENT:
        return None
    certain = starts.presence is Presence.ABSENT
    if case.applies.truth is Truth.YES and certain:
        return UnitJudgement(
            objections=(
                _objection(
                    case, Rule.MIGRATION_BLOCKED, unit.source_lack, capability=_first(starts)
                ),
            )
        )
    if not certain and starts.presence is Presence.POSSIBLE:
        return None
    return UnitJudgement(
        remarks=(Remark(kind="policy", text=unit.title, unit=unit.id, source=unit.source),)
    )


def _travels(case: UnitCase) -> UnitJudgement:
    """Judge a unit that a host produces and the stream carries or the guest keeps."""
    producer = case.producer
    if producer.produces.presence is Presence.ABSENT:
        return UnitJudgement()
    emitted = _emitted(case)
    if emitted is Truth.NO:
        return _unsent(case)
    arrival = _arrives(case, emitted)
    return UnitJudgement(tuple(_uncaptured(case)) + arrival.objections, arrival.remarks)


def _uncaptured(case: UnitCase) -> Iterator[Objection]:
    """Object to a unit that is sent although the source kernel never handed out its value."""
    captures = case.producer.captures
    capability = _first(captures)
    if captures.presence is Presence.UNKNOWN:
        yield _gap(case, f"{capability} on the source", Consequence.LOSES_STATE, capability)
    elif captures.presence is Presence.ABSENT:
        produced = case.producer.produces
        yield _settled(
            case,
            Rule.STATE_NOT_CAPTURED,
            Consequence.LOSES_STATE,
            produced,
            capability=capability,
        )


def _emitted(case: UnitCase) -> Truth:
    """Return whether the unit leaves: the process must know it and its gate must be open."""
    producer = case.producer
    if producer.knows is Truth.NO or producer.gate is Truth.NO:
        return Truth.NO
    if producer.knows is Truth.UNKNOWN or producer.gate is Truth.UNKNOWN:
        return Truth.UNKNOWN
    return Truth.YES


def _unsent(case: UnitCase) -> UnitJudgement:
    """Judge state that stays behind; what is fixed at boot and off was never the guest's."""
    unit = case.unit
    if unit.state == "boot" or unit.sent == "always":
        return UnitJudgement()
    if case.producer.knows is Truth.NO and unit.came_with_its_feature:
        return UnitJudgement()
    gate = str(unit.gates[0].key) if unit.gates else ""
    return UnitJudgement(
        objections=(
            _settled(
                case,
                Rule.STATE_NOT_SENT,
                Consequence.LOSES_STATE,
                case.producer.produces,
                gate=gate,
            ),
        )
    )


def _arrives(case: UnitCase, emitted: Truth) -> UnitJudgement:
    """Judge whether the destination can take what arrives."""
    unit, target = case.unit, case.destination
    objections: list[Objection] = []
    remarks: list[Remark] = list(_host_condition(unit))
    if unit.state != "host" and target.knows is not Truth.YES and not case.same_build:
        objections.append(_foreign(case, emitted))
    elif unit.state == "boot" and unit.gates and not _gate_agrees(case):
        objections.append(_gate_differs(case, emitted))
    elif target.refuses.presence is not Presence.ABSENT:
        objections += _lacking(case, emitted, _opposite(target.refuses), Rule.UNIT_REFUSED)
    if target.takes.presence is Presence.POSSIBLE and not case.same_cpu:
        fact = f"{_first(target.takes)} on the destination, whose CPU differs"
        objections.append(_gap(case, fact, case.lack, _first(target.takes)))
    elif target.takes.presence is Presence.POSSIBLE:
        remarks.append(Remark(kind="host-condition", text=HOST_CONDITION))
    elif target.takes.presence is not Presence.PRESENT:
        objections += _lacking(case, emitted, target.takes, Rule.CAPABILITY_MISSING)
    return UnitJudgement(tuple(objections), tuple(remarks))


def _opposite(ability: Ability) -> Ability:
    """Return a refusal as the lack that it amounts to."""
    if ability.presence is Presence.PRESENT:
        return Ability(Presence.ABSENT, ability.deciding)
    return Ability(Presence.UNKNOWN, ability.deciding)


def _foreign(case: UnitCase, emitted: Truth) -> Objection:
    """Object to a unit that the destination's build does not have."""
    certain = case.destination.knows is Truth.NO
    consequence = case.unit.foreign or case.lack
    if not certain or emitted is Truth.UNKNOWN:
        return _gap(case, f"whether the QEMU build knows {case.unit.id}", consequence)
    return _settled(case, Rule.UNIT_NOT_UNDERSTOOD, consequence, case.producer.produces)


def _gate_agrees(case: UnitCase) -> bool:
    """Whether the destination process offers what the guest has; one build has one unknown value."""
    gate = case.destination.gate
    return gate is Truth.YES or (gate is Truth.UNKNOWN and case.same_build)


def _gate_differs(case: UnitCase, emitted: Truth) -> Objection:
    """Object to a feature that the guest has and the destination process switches off."""
    gate = str(case.unit.gates[0].key)
    if case.destination.gate is Truth.UNKNOWN or emitted is Truth.UNKNOWN:
        return _gap(case, f"value of {gate} on the destination", case.lack)
    return _settled(case, Rule.COMPAT_VALUE_DIFFERS, case.lack, case.producer.produces, gate=gate)


def _lacking(case: UnitCase, emitted: Truth, ability: Ability, rule: Rule) -> Iterator[Objection]:
    """Object to a destination that lacks or may lack what the unit needs."""
    produced = Presence.PRESENT if case.unit.state == "host" else case.producer.produces.presence
    if ability.presence is Presence.UNKNOWN:
        if case.same_kernel and (produced is Presence.UNKNOWN or case.unit.state == "host"):
            return
        yield _gap(case, f"{_first(ability)} on the destination", case.lack, _first(ability))
    elif emitted is Truth.UNKNOWN:
        yield _gap(case, f"whether {case.unit.id} is sent", case.lack, _first(ability))
    else:
        yield _settled(case, rule, case.lack, case.producer.produces, capability=_first(ability))


def _settled(
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
        open_fact = f"{_first(produced)} on the source"
        capability = _first(produced)
    if open_fact:
        return _gap(case, open_fact, consequence, capability, rule)
    return _objection(case, rule, consequence, capability=capability, gate=gate)


def _is_foreign_hardware(case: UnitCase) -> bool:
    """Whether a possible capability of the producer is nowhere implied by the guest itself."""
    return not any(
        clause.kind.value in {"cpu", "device", "accelerator"} for clause in case.unit.when
    )


def _objection(
    case: UnitCase,
    rule: Rule,
    consequence: Consequence,
    *,
    capability: str = "",
    gate: str = "",
) -> Objection:
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


def _gap(
    case: UnitCase,
    fact: str,
    consequence: Consequence,
    capability: str = "",
    suspected: Rule | None = None,
) -> Objection:
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


def _host_condition(unit: MigratedUnit) -> Iterator[Remark]:
    if unit.host_condition:
        yield Remark(
            kind="host-condition", text=unit.host_condition, unit=unit.id, source=unit.source
        )


def _first(ability: Ability) -> str:
    return ability.deciding[0] if ability.deciding else ""


def clause_words(clauses: tuple[Clause, ...]) -> tuple[str, ...]:
    """Return the words of every clause, for reports."""
    return tuple(word for clause in clauses for word in clause.any_of)
