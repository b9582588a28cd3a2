"""The answer of each pool as a page shows it, with the flips that a plan has for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.domain.cpu_advice import CpuAdvice, cpu_notes, cpu_words
from planner.domain.plans.plan import DomainPlan, Flip, Plan
from planner.domain.plans.unlock import Unlocks, UnlockStatus
from planner.domain.refusal import Refusal, WhyNotNewer
from planner.domain.shown import counted
from planner.domain.solution import (
    PROBED,
    ChosenBaseline,
    DomainSolution,
    PoolVerdict,
    RefusedLine,
    Solution,
)
from planner.domain.verdict import Outcome
from planner.present.guest_lines import finding_text, findings_of
from planner.present.page.edges import MARKS, Mark, ShownMap
from planner.present.plans.plan_details import baseline_text
from planner.present.report import TAKES_EFFECT, merged_conditions, refusal_text, remedy_text

VERDICT_MARKS = {
    PoolVerdict.SAFE: MARKS[Outcome.SAFE],
    PoolVerdict.SAFE_WITH_CHECKS: Mark(word="checks", sign="☑", text="safe with checks"),
    PoolVerdict.UNDECIDED: Mark(word="unknown", sign="?", text="undecided"),
    PoolVerdict.NO_SAFE_BASELINE: Mark(word="unsafe", sign="✕", text="no safe baseline"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFlag:
    """A flag, when a change of it takes effect, why it is there and when a plan drops it."""

    flag: str
    takes_effect: str
    reason: str
    dropped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBaseline:
    """The answer of boards and lines that differ in the type alone, or a refusal (without arguments)."""

    name: str
    line: str
    arguments: tuple[str, ...]
    flags: tuple[ShownFlag, ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFlip:
    """A flip of one pool."""

    wave: int
    text: str
    when: str
    takes_effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPool:
    """One pool with its answers, its map and its flips.

    `next_type` is the next newer type and what opens it, `next_hosts` the hosts to upgrade for it (None:
    no upgrade to what the fleet runs is sure to open it).
    """

    name: str
    hosts: int
    profiles: int
    mark: Mark
    answers: tuple[ShownBaseline, ...]
    held_by: str
    next_type: str
    next_hosts: int | None
    map: ShownMap | None
    flips: tuple[ShownFlip, ...]
    rollback: str
    guests: tuple[str, ...]


def shown_pools(
    solution: Solution,
    maps: Mapping[str, ShownMap],
    plan: Plan | None,
    unlocks: Unlocks | None = None,
) -> tuple[ShownPool, ...]:
    """Return the pools in the order of the solution; `unlocks` say what opens their next types."""
    flips: dict[str, list[Flip]] = {}
    for flip in () if plan is None else plan.flips:
        flips.setdefault(flip.domain, []).append(flip)
    plans = {} if plan is None else {one.domain: one for one in plan.domains}
    costs = {} if unlocks is None else _costs(unlocks)
    return tuple(
        _pool(domain, maps.get(domain.domain), flips.get(domain.domain, []), plans, costs)
        for domain in solution.domains
    )


def _pool(
    domain: DomainSolution,
    found: ShownMap | None,
    flips: list[Flip],
    plans: Mapping[str, DomainPlan],
    costs: Mapping[tuple[str, str], int],
) -> ShownPool:
    best = domain.recommended
    newest = None if best is None else best.why_not_newer
    reasons = newest.objections if newest else next((one.objections for one in domain.refused), ())
    next_hosts = costs.get((domain.domain, newest.machine_type)) if newest else None
    return ShownPool(
        name=domain.domain,
        hosts=domain.hosts,
        profiles=domain.profiles,
        mark=_mark(domain),
        answers=(*_answers(domain, flips), *(_refused(line) for line in domain.refused)),
        held_by=_held_by(reasons, domain.hosts),
        next_type=newest.machine_type if newest else "",
        next_hosts=next_hosts,
        map=found,
        flips=tuple(shown_flip(flip) for flip in flips),
        rollback=_rollback(plans.get(domain.domain)),
        guests=tuple(
            finding_text(one) + (f"; mend: {one.remedy}" if one.remedy else "")
            for one in findings_of(domain)
        ),
    )


def _mark(domain: DomainSolution) -> Mark:
    """Return how the verdict of a pool looks; of guests that spoil an answer it says how many."""
    mark, spoiling = VERDICT_MARKS[domain.verdict], domain.counted.violated
    if not spoiling or not domain.baselines:
        return mark
    return replace(mark, text=f"not safe for {spoiling:,} guest{'s' if spoiling > 1 else ''}")


def _rollback(plan: DomainPlan | None) -> str:
    if plan is None:
        return ""
    last = plan.point_of_no_return
    return "free throughout" if last is None else f"free until wave {last}, then it costs guests"


def _costs(unlocks: Unlocks) -> dict[tuple[str, str], int]:
    """Return by pool and type how many hosts to upgrade open it."""
    return {
        (one.goal.domain, one.goal.text): one.cost
        for one in unlocks.targets
        if one.status is UnlockStatus.OPENED and one.cost is not None
    }


def _held_by(reasons: Sequence[Refusal], hosts: int) -> str:
    """Return in few words who holds the next type back."""
    if not reasons:
        return ""
    first = reasons[0]
    if not first.subject:
        return first.text
    who = "every host" if first.hosts == hosts else counted(first.hosts, "host")
    return f"{who} on {first.subject}"


def _answers(domain: DomainSolution, flips: list[Flip]) -> Iterator[ShownBaseline]:
    """Yield the answers, those that differ in nothing but the machine type as one."""
    found: dict[object, list[ChosenBaseline]] = {}
    for one in domain.baselines:
        shown = _baseline(one, flips)
        found.setdefault((shown.flags, shown.facts), []).append(one)
    above: dict[tuple[str, str], str] = {}
    for alike in found.values():
        first = _baseline(alike[0], flips)
        whole = dict.fromkeys(_facts_of(first), first.name)
        first, above = _without(first, above), whole | above
        lines = dict.fromkeys(f"{one.board}, {one.line}" for one in alike)
        yield replace(
            first,
            name=", ".join(one.machine_type for one in alike),
            line="; ".join(lines),
            arguments=tuple(one.baseline.arguments for one in alike),
        )


def _facts_of(shown: ShownBaseline) -> set[tuple[str, str]]:
    """Return what is told of an answer, as (title, text)."""
    return {(title, text) for title, texts in shown.facts for text in texts}


def _without(shown: ShownBaseline, above: Mapping[tuple[str, str], str]) -> ShownBaseline:
    """Return an answer without what others of its pool tell `above`, naming these."""
    told = [above[fact] for fact in sorted(_facts_of(shown)) if fact in above]
    facts = [
        (title, tuple(text for text in texts if (title, text) not in above))
        for title, texts in shown.facts
    ]
    facts += [("And", (f"what is said above of {', '.join(dict.fromkeys(told))}",))] if told else []
    return replace(shown, facts=tuple((title, texts) for title, texts in facts if texts))


def _baseline(one: ChosenBaseline, flips: list[Flip]) -> ShownBaseline:
    newer = one.why_not_newer
    checks = merged_conditions(tuple(found.text for found in one.checks))
    probed = tuple(found.text for found in one.conditions if found.price == PROBED)
    losses = tuple(f"{loss.unit}: {loss.text}" for loss in one.accepted_losses)
    risks = (f"{loss.unit}: {loss.text}".strip(": ") for loss in one.residual_risks)
    facts = (
        ("Guest CPU", _cpu(one.cpu)),
        ("Check first", checks),
        ("Told by probes", probed),
        ("Acknowledge", tuple(f"{unit}: it costs security" for unit in one.acks)),
        ("Accepted losses", losses),
        ("Confidence", tuple(text.replace(one.machine_type, "it") for text in risks)),
        (
            "Why not newer",
            tuple(dict.fromkeys(_reason(found, newer) for found in newer.objections))
            if newer
            else (),
        ),
        ("Would open it", tuple(remedy_text(found) for found in newer.remedies) if newer else ()),
    )
    return ShownBaseline(
        name=one.machine_type,
        line=f"{one.board}, {one.line}",
        arguments=(one.baseline.arguments,),
        flags=tuple(
            ShownFlag(
                flag=str(choice.flag),
                takes_effect=TAKES_EFFECT[choice.visible.value],
                reason=choice.reason,
                dropped=_dropped(choice.flag, one.board, flips),
            )
            for choice in one.flags
        ),
        facts=tuple((title, texts) for title, texts in facts if texts),
    )


def _reason(found: Refusal, newer: WhyNotNewer) -> str:
    return refusal_text(found).replace(newer.machine_type, "the next type")


def _cpu(advice: CpuAdvice) -> tuple[str, ...]:
    """Return which named models are safe and what bounds them; nothing if all are."""
    if advice.is_open:
        return ()
    models = tuple(f"{one.newest} ({one.title})" for one in advice.vendors if one.newest)
    return (cpu_words(models, tuple(cpu_notes(advice))),)


def _dropped(flag: object, board: str, flips: list[Flip]) -> str:
    """Return after which wave a plan drops a flag of a board, an empty text if no flip of it does."""
    for flip in flips:
        if flip.board == board and flag in flip.before.flags and flag not in flip.after.flags:
            return f"after wave {flip.after_wave}"
    return ""


def _refused(line: RefusedLine) -> ShownBaseline:
    facts = (
        ("Because", tuple(refusal_text(found) for found in line.objections)),
        ("Would open it", tuple(remedy_text(found) for found in line.remedies)),
    )
    return ShownBaseline(
        name=f"{line.board}: {line.status.value}",
        line=line.line,
        arguments=(),
        flags=(),
        facts=tuple((title, texts) for title, texts in facts if texts),
    )


def shown_flip(flip: Flip) -> ShownFlip:
    """Return a flip in words."""
    when = f"{flip.soak_days} days after wave {flip.after_wave}" if flip.soak_days else ""
    if flip.not_before is not None:
        when = f"from {flip.not_before.isoformat()} on"
    return ShownFlip(
        wave=flip.after_wave,
        text=f"{baseline_text(flip.before)} → {baseline_text(flip.after)}",
        when=when or f"after wave {flip.after_wave}",
        takes_effect=flip.takes_effect.value,
    )
