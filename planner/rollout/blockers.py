"""What forbids a pool's upgrade before any wave is made, each with the least change that lifts it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from planner.answers.presumed_moves import reasons, worst
from planner.answers.reasons.unknowns import unplaced_of
from planner.answers.reasons.why_not_newer import refusals
from planner.domain.cpu_advice import CpuAdvice
from planner.domain.guest import GuestGroup
from planner.domain.plans.plan import Relaxation
from planner.domain.shown import counted
from planner.domain.solution import Status
from planner.domain.verdict import Objection, Outcome
from planner.knowledge.base import KnowledgeBase
from planner.rollout.deprecation import stranded
from planner.rollout.guest_groups import Cohort
from planner.rollout.guest_impact import UpgradeImpact
from planner.rollout.intermediate_builds import missing_bridge
from planner.rollout.stages import PoolUpgrade, Stage

MISSING_FACT = "missing-fact"
OF_TODAY = "guests-of-today"
MOST_NAMES = 3
OFF = "say migratable=no and allow restarts: they are off with their host"


@dataclass(frozen=True, slots=True, kw_only=True)
class MendableImpact:
    """What an upgrade does to guests as they run today, and whether a restart before wave 1 mends it."""

    impact: UpgradeImpact
    restart_helps: bool


def reasons_without_answer(
    upgrade: PoolUpgrade, first: Stage, knowledge: KnowledgeBase, boards: Collection[str]
) -> Iterator[Relaxation]:
    """Yield why no baseline is safe while old and upgraded hosts stand side by side.

    `boards` are those of its guests: reasons of other boards are told only if these have none.
    """
    if first.status is Status.SAFE:
        return
    if first.domain.unplaced:
        for unknown in unplaced_of(first.domain):
            yield Relaxation(
                domain=upgrade.name,
                constraint=MISSING_FACT,
                text=f"missing fact: {unknown.fact}",
                hosts=upgrade.moving,
                examples=unknown.examples,
            )
        return
    apart = [
        (result, bridge)
        for result in first.results
        if (bridge := missing_bridge(upgrade, result.board, result.line, knowledge)) is not None
    ]
    if apart and len(apart) == len(first.results):
        for result, (obstacle, remedy) in apart:
            yield Relaxation(
                domain=upgrade.name,
                constraint="machine-type",
                text=f"{result.board}, {result.line}: {obstacle}: {remedy}",
                hosts=upgrade.moving,
            )
        return
    wanted = tuple(
        result for result in first.results if result.board in boards and result.newer is not None
    )
    yield from _refused(upgrade, replace(first, results=wanted) if wanted else first)


def _refused(upgrade: PoolUpgrade, first: Stage) -> Iterator[Relaxation]:
    """Yield the three gravest refusals of each line, else that policy or types leave nothing."""
    undecided = first.status is Status.UNDECIDED
    constraint = MISSING_FACT if undecided else "safe-baseline"
    refused = [
        Relaxation(
            domain=upgrade.name,
            constraint=constraint,
            text=f"{result.board}, {result.line}: {refusal.text}",
            hosts=min(refusal.hosts, len(upgrade.hosts)),  # old and new build of one host are two
            examples=refusal.examples,
        )
        for result in first.results
        if result.newer is not None
        for refusal in refusals(first.domain, result.newer)[:3]
    ]
    yield from refused
    if not refused:
        text = (
            "what policy asks of the answer cannot be had while old and upgraded hosts mix"
            if first.results
            else "today's hosts and their targets have no machine type in common; "
            "go through a QEMU that offers types of both"
        )
        yield Relaxation(domain=upgrade.name, constraint=constraint, text=text)


def without_guests(upgrade: PoolUpgrade, today: Stage) -> Iterator[Relaxation]:
    """Yield what is missing where no guests were given and today has no answer to presume."""
    if today.status is not Status.SAFE:
        yield Relaxation(
            domain=upgrade.name,
            constraint=MISSING_FACT,
            text="missing fact: what guests of today run, for today's hosts have no safe answer "
            "that they could be taken to follow; give --guests",
            hosts=len(upgrade.hosts),
            examples=tuple(str(host.name) for host in upgrade.hosts[:3]),
        )


def against_guests(
    upgrade: PoolUpgrade,
    mendables: Iterable[MendableImpact],
    knowledge: KnowledgeBase,
    cpu: CpuAdvice,
) -> Iterator[Relaxation]:
    """Yield the guests of today that the way would strand, or that cannot be moved.

    `cpu` is what guest CPUs may be on the way.
    """
    for mendable in mendables:
        lost = tuple(stranded(upgrade, (mendable.impact.cohort,), knowledge))
        yield from lost or _hindered(upgrade, mendable, knowledge, cpu)


def _hindered(
    upgrade: PoolUpgrade, mendable: MendableImpact, knowledge: KnowledgeBase, cpu: CpuAdvice
) -> Iterator[Relaxation]:
    impact = mendable.impact
    hindrances: tuple[tuple[str, tuple[Objection, ...]], ...] = (
        ("cannot go to an upgraded host", impact.stuck),
        ("cannot move between hosts of today", impact.today),
    )
    for text, objections in hindrances:
        outcome = worst(objections)
        if outcome is Outcome.SAFE:
            continue
        missing = outcome is Outcome.UNKNOWN
        remedy = _other_cpu(impact.cohort, objections, cpu)
        remedy = remedy or _way_out(mendable, objections, knowledge)
        yield Relaxation(
            domain=upgrade.name,
            constraint=MISSING_FACT if missing else OF_TODAY,
            text=f"{_described(impact.cohort)} {text} ({reasons(objections)}): {remedy}",
            hosts=len(impact.cohort.hosts),
            examples=impact.cohort.hosts[:3],
        )


def _way_out(
    mendable: MendableImpact, objections: Sequence[Objection], knowledge: KnowledgeBase
) -> str:
    """Say how to get rid of guests that cannot move; a plan restarts only guests that it knows."""
    if worst(tuple(objections)) is Outcome.UNKNOWN:
        return "probe the hosts or state the guests"
    if mendable.impact.cohort.groups is None:
        return "give --guests to see whether any such guest runs"
    if mendable.restart_helps:
        return "restart them first (plan.restarts = true)"
    units = {unit.id for unit in knowledge.units}
    lost = dict.fromkeys(objection.unit for objection in objections if objection.unit in units)
    if len(lost) and all(objection.unit in units for objection in objections):
        return f"no restart helps: accept the loss of {', '.join(lost)}, or {OFF}"
    return f"no restart helps: {OFF}"


def _other_cpu(cohort: Cohort, objections: Sequence[Objection], cpu: CpuAdvice) -> str:
    """Say which CPU to start guests with, where theirs is their host's and only that is unknown."""
    started = cohort.start.cpu
    if (
        started is None
        or not started.follows_host
        or worst(tuple(objections)) is not Outcome.UNKNOWN
    ):
        return ""
    models = [vendor.newest for vendor in cpu.vendors if vendor.newest]
    newest = f"up to {' or '.join(models)}" if models and not cpu.is_open else "of all hosts"
    return (
        f"{started.model} takes what its host has, and not every host is known to have that; "
        f"mend: start it with a CPU model {newest}, or probe the hosts"
    )


def _described(cohort: Cohort) -> str:
    count = "guests" if cohort.guests is None else counted(cohort.guests, "guest")
    names = tuple(name for group in cohort.groups or () for name in group.names)
    more = ", ..." if (cohort.guests or 0) > MOST_NAMES else ""
    named = f" ({', '.join(names[:MOST_NAMES])}{more})" if names else ""
    return f"{count}{named} on {cohort.start.baseline.machine_type}"


def bound_guests(
    upgrade: PoolUpgrade, bound: Sequence[GuestGroup], why: str
) -> Iterator[Relaxation]:
    """Yield the guests that cannot leave a host that is to be upgraded, if there are any."""
    if bound:
        hosts = sorted({group.host for group in bound})
        count = sum(group.count for group in bound)
        yield Relaxation(
            domain=upgrade.name,
            constraint="restarts",
            text=f"{counted(count, 'guest')} cannot leave their hosts: {why}, or leave the hosts out",
            hosts=len(hosts),
            examples=tuple(hosts[:3]),
        )
