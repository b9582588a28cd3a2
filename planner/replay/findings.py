"""What a replay found, as a report names it: guests, hosts of one pool, rule."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.guest import Baseline
from planner.domain.host import HostProfile
from planner.domain.plans.simulation import Phase, ReplayRule, Spot, Violation
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
    guest_class: GuestClass | None = None
    boot: HostProfile | None = None
    source: HostState | None = None
    destination: HostState | None = None
    objection: Objection | None = None
    rule: ReplayRule | None = None
    text: str = ""

    @property
    def order(self) -> tuple[str, ...]:
        """Order of findings of one phase, by words."""
        objection = self.objection
        rule = (
            ""
            if objection is None
            else f"{objection.rule.value} {objection.unit} {objection.property_key}"
        )
        guests = "" if self.guest_class is None else str(self.guest_class.baseline)
        ends = [state.profile for state in (self.source, self.destination) if state is not None]
        return rule, guests, *(f"{end.qemu} {sorted(end.capabilities.present)}" for end in ends)


def violation_of(finding: Finding, pool: PoolFacts) -> Violation:
    """Return a finding with the names of the pool."""
    timeline = HostTimeline(pool)
    objection = finding.objection
    return Violation(
        wave=finding.wave,
        phase=finding.phase,
        domain=pool.name,
        guests=_guests(finding, pool),
        count=_count(finding, pool),
        source=_spot(finding.source, finding, timeline),
        destination=_spot(finding.destination, finding, timeline),
        rule=_rule(finding),
        unit="" if objection is None else objection.unit or objection.property_key,
        text=finding.text if objection is None else objection_words(objection, finding.text),
        consequence="" if objection is None else objection.consequence.value,
        is_gap=not finding.certain,
    )


def _rule(finding: Finding) -> str:
    if finding.objection is not None:
        return finding.objection.rule.value
    return "" if finding.rule is None else finding.rule.value


def objection_words(objection: Objection, remark: str = "") -> str:
    """Write what an objection says beside its rule and unit."""
    parts = [objection.need] if objection.need else []
    if objection.facts:
        parts.append(("missing fact: " if objection.is_gap else "") + "; ".join(objection.facts))
    return "; ".join([*parts, remark] if remark else parts)


def baseline_words(baseline: Baseline) -> str:
    """Write a machine type and its flags."""
    return " ".join([baseline.machine_type, *(str(flag) for flag in baseline.flags)])


def _guests(finding: Finding, pool: PoolFacts) -> str:
    if finding.guest_class is None:
        return "any guest"
    words = f"guests on {baseline_words(finding.guest_class.baseline)}"
    if (
        finding.guest_class.devices is not None
        or finding.guest_class.cpu is not None
        or finding.guest_class.traits
    ):
        words += ", as the guests file describes them"
    if finding.boot is None:
        return words
    labels = {
        build.profile: build.label for host_class in pool.classes for build in _builds(host_class)
    }
    return f"{words}, booted on {labels.get(finding.boot, 'another host')}"


def _builds(host_class: ScheduledHosts) -> list[Build]:
    return [
        host_class.today,
        *(step.masked for step in host_class.steps),
        *(step.build for step in host_class.steps),
    ]


def _count(finding: Finding, pool: PoolFacts) -> int | None:
    """Return how many guests of today are of this kind, None if there are none or nobody knows."""
    counts = [
        guests.count
        for guests in pool.placed_guests or ()
        if guests.guest_class == finding.guest_class
    ]
    return sum(counts) or None


def _spot(state: HostState | None, finding: Finding, timeline: HostTimeline) -> Spot | None:
    if state is None:
        return None
    classes = list(timeline.classes_at(state, finding.wave, finding.phase))
    names = sorted({name for host_class in classes for name in host_class.hosts})
    build = timeline.build(classes[0], finding.wave, finding.phase) if classes else None
    label = "" if build is None else build.label
    if classes and all(host_class.returned_after is not None for host_class in classes):
        label += ", returned with its old build"
    return Spot(label=label, hosts=len(names), examples=tuple(names[:3]))


def nowhere_to_go(
    now: tuple[int, Phase],
    guest_class: GuestClass | None,
    state: HostState | None,
    text: str,
    *,
    certain: bool,
) -> Finding:
    """Return the finding that guests have no host to go to; `now`: wave and phase."""
    wave, phase = now
    return Finding(
        wave=wave,
        phase=phase,
        certain=certain,
        guest_class=guest_class,
        source=state,
        rule=ReplayRule.NOWHERE_TO_GO,
        text=text,
    )
