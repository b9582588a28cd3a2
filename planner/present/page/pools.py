"""The answer of each pool as a page shows it, with the flips that a plan has for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planner.domain.plan import DomainPlan, Flip, Plan
from planner.domain.solution import ChosenBaseline, DomainSolution, RefusedLine, Solution, Status
from planner.domain.verdict import Outcome
from planner.present.page.edges import MARKS, Mark, ShownMap
from planner.present.plan_report import baseline_text
from planner.present.report import TAKES_EFFECT, merged_conditions, refusal_text, remedy_text

STATUS_MARKS = {
    Status.SAFE: MARKS[Outcome.SAFE],
    Status.NO_SAFE_BASELINE: Mark(word="unsafe", sign="✕", text="no safe baseline"),
    Status.UNDECIDED: Mark(word="unknown", sign="?", text="undecided"),
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
    """The answer of one board and line, or the refusal of it (without arguments)."""

    name: str
    line: str
    arguments: str
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
    """One pool with its answers, its map and its flips."""

    name: str
    hosts: int
    profiles: int
    mark: Mark
    answers: tuple[ShownBaseline, ...]
    held_by: str
    map: ShownMap | None
    flips: tuple[ShownFlip, ...]
    rollback: str
    guests: tuple[str, ...]


def shown_pools(
    solution: Solution, maps: Mapping[str, ShownMap], plan: Plan | None
) -> tuple[ShownPool, ...]:
    """Return the pools in the order of the solution."""
    flips: dict[str, list[Flip]] = {}
    for flip in () if plan is None else plan.flips:
        flips.setdefault(flip.domain, []).append(flip)
    plans = {} if plan is None else {one.domain: one for one in plan.domains}
    return tuple(
        _pool(domain, maps.get(domain.domain), flips.get(domain.domain, []), plans)
        for domain in solution.domains
    )


def _pool(
    domain: DomainSolution,
    found: ShownMap | None,
    flips: list[Flip],
    plans: Mapping[str, DomainPlan],
) -> ShownPool:
    chosen = tuple(_baseline(one, flips) for one in domain.baselines)
    newest = next(
        (one.why_not_newer for one in reversed(domain.baselines) if one.why_not_newer), None
    )
    reasons = newest.objections if newest else next((one.objections for one in domain.refused), ())
    return ShownPool(
        name=domain.domain,
        hosts=domain.hosts,
        profiles=domain.profiles,
        mark=STATUS_MARKS[domain.status],
        answers=(*chosen, *(_refused(line) for line in domain.refused)),
        held_by=reasons[0].text if reasons else "",
        map=found,
        flips=tuple(shown_flip(flip) for flip in flips),
        rollback=_rollback(plans.get(domain.domain)),
        guests=tuple(
            f"{one.guests:,} on {one.machine_type}: {one.finding}"
            + (f" ({', '.join(one.examples)})" if one.examples else "")
            for one in domain.guests
        ),
    )


def _rollback(plan: DomainPlan | None) -> str:
    if plan is None:
        return ""
    last = plan.point_of_no_return
    return "free throughout" if last is None else f"free until wave {last}, then it costs guests"


def _baseline(one: ChosenBaseline, flips: list[Flip]) -> ShownBaseline:
    newer = one.why_not_newer
    facts = (
        ("Holds if", merged_conditions(tuple(found.text for found in one.conditions))),
        (
            "Needs acknowledgement",
            tuple(f"{unit}: its price is security" for unit in one.needs_ack),
        ),
        ("Accepted losses", tuple(f"{loss.unit}: {loss.text}" for loss in one.accepted_losses)),
        ("Risks", tuple(f"{loss.unit}: {loss.text}".strip(": ") for loss in one.residual_risks)),
        (
            f"Why not {newer.machine_type}" if newer else "Why not newer",
            tuple(refusal_text(found) for found in newer.objections) if newer else (),
        ),
        ("Would open it", tuple(remedy_text(found) for found in newer.remedies) if newer else ()),
    )
    return ShownBaseline(
        name=one.machine_type,
        line=f"{one.board}, {one.line}",
        arguments=one.baseline.arguments,
        flags=tuple(
            ShownFlag(
                flag=str(choice.flag),
                takes_effect=f"{choice.visible.value}: {TAKES_EFFECT[choice.visible.value]}",
                reason=choice.reason,
                dropped=_dropped(choice.flag, one.board, flips),
            )
            for choice in one.flags
        ),
        facts=tuple((title, texts) for title, texts in facts if texts),
    )


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
        arguments="",
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
