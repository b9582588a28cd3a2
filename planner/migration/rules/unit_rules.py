"""The rules that judge one migrated unit on one edge; pure, no look at policy."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.capability import Presence
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Remark, Rule
from planner.migration.rules.hardware_rules import SAME_HARDWARE
from planner.migration.unit_case import (
    UnitCase,
    UnitJudgement,
    certain,
    deciding,
    host_condition,
    open_gap,
    settled,
    without,
)
from planner.migration.views import Ability


def judge_unit(case: UnitCase) -> UnitJudgement:
    """Return everything that speaks against moving this unit over this edge."""
    if not _is_asked(case):
        return UnitJudgement()
    unbuilt = tuple(_unbuilt(case))
    if unbuilt:
        return UnitJudgement(objections=unbuilt)
    if case.unit.source_requires:
        blocked = _blocked(case)
        if blocked is not None:
            return blocked
    if case.unit.state == "none":
        return UnitJudgement(remarks=tuple(host_condition(case)))
    if case.unit.state == "host":
        asked = case.destination.knows
        return UnitJudgement() if asked is Truth.NO else _arrives(case, asked)
    return _travels(case)


def _is_asked(case: UnitCase) -> bool:
    """Whether the guest may have the unit, or surely has one that is judged of no other guest."""
    applies = case.applies.truth
    return applies is Truth.YES or (applies is Truth.UNKNOWN and not case.unit.only_certain)


def _unbuilt(case: UnitCase) -> Iterator[Objection]:
    """Object to ends whose build does not have a way of migrating, or a setting of the machine.

    What nobody states is not asked: it is not set.
    """
    unit = case.unit
    if case.applies.truth is not Truth.YES:
        return
    for end, view, consequence in (
        ("source", case.source, unit.unbuilt_source),
        ("destination", case.destination, unit.unbuilt_destination),
    ):
        if consequence is None or view.knows is Truth.YES:
            continue
        if view.knows is Truth.NO:
            yield certain(case, Rule.PART_NOT_OFFERED, consequence)
        elif end == "source" or not case.same_build:
            yield open_gap(case, f"whether the QEMU of the {end} has {unit.id}", consequence)


def _blocked(case: UnitCase) -> UnitJudgement | None:
    """Judge a migration blocker of the source; whether a guest has it, if nobody says, is a remark."""
    unit, starts = case.unit, case.source.starts
    if case.source.knows is Truth.NO or starts.presence is Presence.PRESENT:
        return None
    lacks = starts.presence is Presence.ABSENT
    if case.applies.truth is Truth.YES and lacks:
        return UnitJudgement(
            objections=(
                certain(
                    case, Rule.MIGRATION_BLOCKED, unit.source_lack, capability=deciding(starts)
                ),
            )
        )
    if not lacks and starts.presence is Presence.POSSIBLE:
        return None
    if case.applies.truth is Truth.YES:
        capability = deciding(starts)
        gap = open_gap(
            case,
            f"{capability} on the source",
            unit.source_lack,
            capability,
            Rule.MIGRATION_BLOCKED,
        )
        return UnitJudgement(objections=(gap,))
    if case.applies.of_host:
        fact = ", ".join(case.applies.open_facts)
        gap = open_gap(case, fact, unit.source_lack, suspected=Rule.MIGRATION_BLOCKED)
        return UnitJudgement(objections=(gap,))
    return UnitJudgement(remarks=(without(case, "policy", unit.title),))


def _travels(case: UnitCase) -> UnitJudgement:
    """Judge a unit that a host produces and the stream carries or the guest keeps."""
    producer = case.producer
    if producer.produces.presence is Presence.ABSENT:
        return UnitJudgement(tuple(_insisted(case)))
    emitted = _emitted(case)
    if emitted is Truth.NO:
        return _unsent(case)
    arrival = _arrives(case, emitted)
    return UnitJudgement(tuple(_uncaptured(case)) + arrival.objections, arrival.remarks)


def _insisted(case: UnitCase) -> Iterator[Objection]:
    """Object to a destination that starts no guest with what this one is said to have."""
    takes = case.destination.takes
    said = case.applies.truth is Truth.YES and case.destination.knows is Truth.YES
    if case.destination.insists and said and takes.presence is Presence.ABSENT:
        yield certain(case, Rule.CAPABILITY_MISSING, case.lack, capability=deciding(takes))


def _uncaptured(case: UnitCase) -> Iterator[Objection]:
    """Object to a unit that is sent although the source kernel never handed out its value."""
    captures = case.producer.captures
    capability = deciding(captures)
    if captures.presence is Presence.UNKNOWN:
        yield open_gap(case, f"{capability} on the source", Consequence.LOSES_STATE, capability)
    elif captures.presence is Presence.ABSENT:
        produced = case.producer.produces
        yield settled(
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
            settled(
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
    remarks: list[Remark] = list(host_condition(case))
    if unit.state != "host" and target.knows is not Truth.YES and not case.same_build:
        objections.append(_foreign(case, emitted))
    elif unit.state == "boot" and unit.gates and not _gate_agrees(case):
        objections.append(_gate_differs(case, emitted))
    elif target.refuses.presence is not Presence.ABSENT:
        objections += _lacking(case, emitted, _opposite(target.refuses), Rule.UNIT_REFUSED)
    if target.takes.presence is Presence.POSSIBLE and not case.same_cpu:
        fact = f"{deciding(target.takes)} on the destination, whose CPU differs"
        objections.append(open_gap(case, fact, case.lack, deciding(target.takes)))
    elif target.takes.presence is Presence.POSSIBLE:
        remarks.append(SAME_HARDWARE)
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
    unknown_there = case.destination.knows is not Truth.NO
    consequence = case.unit.foreign or case.lack
    if unknown_there or emitted is Truth.UNKNOWN:
        return open_gap(case, f"whether the QEMU build knows {case.unit.id}", consequence)
    return settled(case, Rule.UNIT_NOT_UNDERSTOOD, consequence, case.producer.produces)


def _gate_agrees(case: UnitCase) -> bool:
    """Whether the destination process offers what the guest has; one build has one unknown value."""
    gate = case.destination.gate
    return gate is Truth.YES or (gate is Truth.UNKNOWN and case.same_build)


def _gate_differs(case: UnitCase, emitted: Truth) -> Objection:
    """Object to a feature that the guest has and the destination process switches off."""
    gate = str(case.unit.gates[0].key)
    if case.destination.gate is Truth.UNKNOWN or emitted is Truth.UNKNOWN:
        return open_gap(case, f"value of {gate} on the destination", case.lack)
    return settled(case, Rule.COMPAT_VALUE_DIFFERS, case.lack, case.producer.produces, gate=gate)


def _lacking(case: UnitCase, emitted: Truth, ability: Ability, rule: Rule) -> Iterator[Objection]:
    """Object to a destination that lacks or may lack what the unit needs."""
    produced = Presence.PRESENT if case.unit.state == "host" else case.producer.produces.presence
    if ability.presence is Presence.UNKNOWN:
        if case.same_kernel and (produced is Presence.UNKNOWN or case.unit.state == "host"):
            return
        yield open_gap(
            case, f"{deciding(ability)} on the destination", case.lack, deciding(ability)
        )
    elif emitted is Truth.UNKNOWN:
        yield open_gap(case, f"whether {case.unit.id} is sent", case.lack, deciding(ability))
    else:
        yield settled(case, rule, case.lack, case.producer.produces, capability=deciding(ability))
