"""What a replay found, as a report names it: guests, hosts of one pool, rule."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.guest import Baseline
from planner.domain.host import HostProfile
from planner.domain.simulation import Phase, ReplayRule, Spot, Violation
from planner.domain.verdict import Objection
from planner.replay.guest_classes import GuestClass
from planner.replay.host_states import HostState, HostTimeline
from planner.replay.pool_facts import Build, PoolFacts, ScheduledHosts


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What speaks against a plan in one phase of one pool: an objection of the judge, or a rule.

    `certain` is False where only a fact is missing.
    """

    wave: int
    phase: Phase
    certain: bool
    kind: GuestClass | None = None
    boot: HostProfile | None = None
    source: HostState | None = None
    destination: HostState | None = None
    objection: Objection | None = None
    rule: ReplayRule | None = None
    text: str = ""

    @property
    def order(self) -> tuple[str, ...]:
        """Order of findings of one phase, by words."""
        one = self.objection
        rule = "" if one is None else f"{one.rule.value} {one.unit} {one.property_key}"
        guests = "" if self.kind is None else str(self.kind.baseline)
        ends = [place.profile for place in (self.source, self.destination) if place is not None]
        return rule, guests, *(f"{end.qemu} {sorted(end.capabilities.present)}" for end in ends)


def violation_of(found: Finding, pool: PoolFacts) -> Violation:
    """Return a finding with the names of the pool."""
    field = HostTimeline(pool)
    one = found.objection
    return Violation(
        wave=found.wave,
        phase=found.phase,
        domain=pool.name,
        guests=_guests(found, pool),
        count=_count(found, pool),
        source=_spot(found.source, found, field),
        destination=_spot(found.destination, found, field),
        rule=_rule(found),
        unit="" if one is None else one.unit or one.property_key,
        text=found.text if one is None else objection_words(one, found.text),
        consequence="" if one is None else one.consequence.value,
        is_gap=not found.certain,
    )


def _rule(found: Finding) -> str:
    if found.objection is not None:
        return found.objection.rule.value
    return "" if found.rule is None else found.rule.value


def objection_words(one: Objection, remark: str = "") -> str:
    """Write what an objection says beside its rule and unit."""
    parts = [one.need] if one.need else []
    if one.facts:
        parts.append(("missing fact: " if one.is_gap else "") + "; ".join(one.facts))
    return "; ".join([*parts, remark] if remark else parts)


def baseline_words(baseline: Baseline) -> str:
    """Write a machine type and its flags."""
    return " ".join([baseline.machine_type, *(str(flag) for flag in baseline.flags)])


def _guests(found: Finding, pool: PoolFacts) -> str:
    if found.kind is None:
        return "any guest"
    words = f"guests on {baseline_words(found.kind.baseline)}"
    if found.kind.devices is not None or found.kind.cpu is not None or found.kind.traits:
        words += ", as the guests file describes them"
    if found.boot is None:
        return words
    labels = {build.profile: build.label for one in pool.classes for build in _builds(one)}
    return f"{words}, booted on {labels.get(found.boot, 'another host')}"


def _builds(one: ScheduledHosts) -> list[Build]:
    return [one.today, *(step.masked for step in one.steps), *(step.build for step in one.steps)]


def _count(found: Finding, pool: PoolFacts) -> int | None:
    """Return how many guests of today are of this kind, None if there are none or nobody knows."""
    counts = [one.count for one in pool.cohorts or () if one.kind == found.kind]
    return sum(counts) or None


def _spot(place: HostState | None, found: Finding, field: HostTimeline) -> Spot | None:
    if place is None:
        return None
    classes = list(field.classes_at(place, found.wave, found.phase))
    names = sorted({name for one in classes for name in one.hosts})
    build = field.build(classes[0], found.wave, found.phase) if classes else None
    label = "" if build is None else build.label
    if classes and all(one.returned_after is not None for one in classes):
        label += ", returned with its old build"
    return Spot(label=label, hosts=len(names), examples=tuple(names[:3]))
