"""What an answer leaves to do, as single findings with a level: for jobs that count, mark and fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from planner.domain.guest_profile import GuestFinding
from planner.domain.plans.simulation import PlanStatus, Violation
from planner.domain.shown import counted
from planner.export.chosen import LEFT
from planner.fleet.solution_file import ToldPool


class Gravity(Enum):
    """How grave a finding is, gravest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


RULES = {
    "no-safe-baseline": "no machine type is safe on every migration edge of the pool",
    "undecided": "a missing fact forbids an answer",
    "violated-condition": "guests run against a condition of the answer",
    "check-first": "a condition of the answer that nobody has verified",
    "acknowledge": "a loss that somebody has to acknowledge",
    "guests": "guests of today that do not run as the answer",
    "plan-unsafe": "the rest of the plan is not safe",
    "plan-undecided": "a missing fact leaves the rest of the plan open",
    "plan-drift": "a host is not where the plan expects it",
    "flip-due": "a flip of the plan whose day has come",
}
"""What each finding is about, by its name."""
OF_VERDICT = {"no-safe-baseline": Gravity.ERROR, "undecided": Gravity.ERROR}
OF_GUESTS = {"violated": Gravity.ERROR, "stuck": Gravity.WARNING, "open": Gravity.NOTE}
AGAINST = frozenset({"violated", "broken"})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinding:
    """One thing to do: in which pool, of which rule, and what helps."""

    pool: str
    rule: str
    level: Gravity
    text: str
    remedy: str = ""

    @property
    def line(self) -> str:
        """Write the finding on one line."""
        place = f"{self.pool}: " if self.pool else ""
        tail = f"; {self.remedy}" if self.remedy else ""
        return " ".join(f"{self.level.value}: {place}{self.rule}: {self.text}{tail}".split())


def findings_of(pools: Iterable[ToldPool]) -> tuple[JobFinding, ...]:
    """Return all findings of an answer, pool by pool, the gravest of a pool first."""
    order = list(Gravity)
    return tuple(
        finding
        for pool in pools
        for finding in sorted(_of_pool(pool), key=lambda one: order.index(one.level))
    )


def _of_pool(pool: ToldPool) -> Iterator[JobFinding]:
    against = list(_against(pool))
    if pool.verdict in OF_VERDICT and not against:
        text, remedy = _reason(pool)
        level = OF_VERDICT[pool.verdict]
        yield JobFinding(pool=pool.domain, rule=pool.verdict, level=level, text=text, remedy=remedy)
    yield from against
    for best in pool.baselines[:1]:
        for one in best.conditions:
            if one.status in LEFT:
                yield JobFinding(
                    pool=pool.domain,
                    rule="check-first",
                    level=Gravity.NOTE,
                    text=one.text,
                    remedy=one.verify,
                )
        for unit in best.needs_ack:
            yield JobFinding(pool=pool.domain, rule="acknowledge", level=Gravity.WARNING, text=unit)
    for guests in pool.guests:
        if guests.kind in OF_GUESTS:
            yield _guests(pool, guests)


def _against(pool: ToldPool) -> Iterator[JobFinding]:
    for best in pool.baselines[:1]:
        for one in best.conditions:
            if one.status in AGAINST:
                number = (
                    "" if one.guests is None else counted(one.guests.violated, "guest") + " of "
                )
                yield JobFinding(
                    pool=pool.domain,
                    rule="violated-condition",
                    level=Gravity.ERROR,
                    text=f"{number}{best.machine_type} against: {one.text}",
                    remedy=one.reason,
                )


def _reason(pool: ToldPool) -> tuple[str, str]:
    """Return what forbids an answer, and the first remedy: of a missing fact, else of a refusal."""
    facts = [one.fact for one in pool.unknowns if one.decides]
    refused = [one for line in pool.refused for one in line.objections]
    remedies = [one.text for line in pool.refused for one in line.remedies]
    text = facts[0] if facts else refused[0].text if refused else RULES[pool.verdict]
    return text, remedies[0] if remedies else ""


def _guests(pool: ToldPool, guests: GuestFinding) -> JobFinding:
    names = f" ({', '.join(guests.examples)})" if guests.examples else ""
    number = counted(guests.guests, "guest")
    return JobFinding(
        pool=pool.domain,
        rule="guests",
        level=OF_GUESTS[guests.kind],
        text=f"{number} of {guests.machine_type}{names}: {guests.finding}",
        remedy=guests.remedy or guests.verify,
    )


def findings_of_plan(status: PlanStatus) -> Iterator[JobFinding]:
    """Yield what a plan leaves to do: what is not safe, hosts that drifted, flips that are due."""
    rest = status.rest
    for rule, found in (("plan-unsafe", rest.violation), ("plan-undecided", rest.gap)):
        if found is not None:
            yield _violation(rule, found)
    for drift in status.drift:
        text = f"{drift.host}: {drift.text}"
        yield JobFinding(pool=drift.domain, rule="plan-drift", level=Gravity.WARNING, text=text)
    for cue in status.flips:
        if cue.due:
            yield JobFinding(
                pool=cue.domain,
                rule="flip-due",
                level=Gravity.NOTE,
                text=f"{cue.board} after wave {cue.after_wave}, at the {cue.takes_effect}",
                remedy=cue.arguments,
            )


def _violation(rule: str, found: Violation) -> JobFinding:
    text = f"wave {found.wave}, {found.phase.value}: {found.guests}: {found.text}"
    return JobFinding(pool=found.domain, rule=rule, level=Gravity.ERROR, text=text)
