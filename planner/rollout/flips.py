"""What each stage frees: baselines that new guests may get from there on, and when that shows.

In: a pool with its stages (`stages`). Out: one `Flip` per board, line and stage whose answer is
another than the one in force.

Idea: what is safe among all hosts that a pool still holds or will hold is safe in every phase
that follows. So the answer of a stage holds from its wave to the end, and a flip is due when the
last host of an old profile is done and soak days have passed.

Invariant: answers only get newer: a stage without an answer of its own leaves the earlier one in
force. Flags that only the sending process knows flip first, for they need no power cycle
(`takes_effect`).

Cost: one solved domain per stage, shared by pools of equal profiles. Source: decision 0008.

>>> from planner.domain.solution import ChosenBaseline
>>> old, new = (
...     ChosenBaseline(board="pc-q35", line="upstream", machine_type=name)
...     for name in ("pc-q35-7.2", "pc-q35-8.2")
... )
>>> _unlocks(old, new)
'machine type pc-q35-7.2 to pc-q35-8.2'
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from planner.domain.guest import Baseline, GuestGroup
from planner.domain.plans.plan import Flip, FlipState, FlipStatus
from planner.domain.plans.upgrade import Hold, PlanPolicy
from planner.domain.solution import ChosenBaseline
from planner.knowledge.base import KnowledgeBase
from planner.rollout.stages import PoolUpgrade, Stage
from planner.rollout.takes_effect import EffectTimes

NOTHING = Baseline(machine_type="")
"""What a board has for new guests before any type is safe."""


def flips_of(
    upgrade: PoolUpgrade,
    stages: Sequence[Stage],
    guests: Sequence[GuestGroup] | None,
    rules: PlanPolicy,
    effects: EffectTimes,
) -> Iterator[Flip]:
    """Yield the flips of every board and line at every stage whose answer is not the one in force.

    What was safe stays safe, so a stage without an answer of its own leaves the earlier one in force.
    Flags that only the sending process knows flip by themselves, before those that the guest sees: they
    need not wait for its power cycle.
    """
    in_force = {(baseline.board, baseline.line): baseline for baseline in stages[0].baselines}
    for stage in stages[1:]:
        for chosen in stage.baselines:
            old = in_force.get((chosen.board, chosen.line))
            in_force[(chosen.board, chosen.line)] = chosen
            if old is not None and old.baseline == chosen.baseline:
                continue
            for before, after, takes_effect in effects.steps(old, chosen, stage, upgrade):
                yield Flip(
                    domain=upgrade.name,
                    board=chosen.board,
                    line=chosen.line,
                    before=NOTHING if before is None else before.baseline,
                    after=after.baseline,
                    after_wave=stage.after_wave,
                    takes_effect=takes_effect,
                    soak_days=rules.soak_days,
                    not_before=_day(rules, stage.after_wave),
                    guests_pending=_pending(after, guests, effects.knowledge),
                    arguments=after.baseline.arguments,
                    unlocks=_unlocks(before, after),
                )


def _day(rules: PlanPolicy, wave: int) -> datetime.date | None:
    if rules.start is None:
        return None
    return rules.start + datetime.timedelta(days=wave * rules.wave_days + rules.soak_days)


def _unlocks(old: ChosenBaseline | None, new: ChosenBaseline) -> str:
    """Say what guests gain: a machine type, or what each dropped flag kept back."""
    if old is None:
        return f"{new.machine_type} becomes safe"
    if old.machine_type != new.machine_type:
        return f"machine type {old.machine_type} to {new.machine_type}"
    dropped = [
        choice for choice in old.flags if choice.flag not in {flag.flag for flag in new.flags}
    ]
    units = dict.fromkeys(choice.unit or str(choice.flag.key) for choice in dropped)
    return f"carries {', '.join(units)}" if units else "fewer conditions"


def _pending(
    chosen: ChosenBaseline, guests: Sequence[GuestGroup] | None, knowledge: KnowledgeBase
) -> int | None:
    """Count the guests of this board and line that run on another baseline today."""
    if guests is None:
        return None
    after = chosen.baseline
    return sum(
        group.count
        for group in guests
        if is_of(group, chosen, knowledge)
        and (group.machine_type, frozenset(group.flags))
        != (after.machine_type, frozenset(after.flags))
    )


def is_of(group: GuestGroup, chosen: ChosenBaseline, knowledge: KnowledgeBase) -> bool:
    """Whether guests run on a type of an answer's board and line."""
    row = knowledge.machine_type(group.machine_type)
    return row is not None and (row.board, row.line) == (chosen.board, chosen.line)


def split_held(
    flips: Iterable[Flip], holds: Sequence[Hold]
) -> tuple[tuple[Flip, ...], tuple[FlipState, ...]]:
    """Return the flips that the operator's holds leave, later if need be, and what is held."""
    kept: list[Flip] = []
    held: list[FlipState] = []
    for flip in flips:
        hold = next((wish for wish in holds if wish.pool in {"", flip.domain}), None)
        if hold is None:
            kept.append(flip)
            continue
        held.append(_held(flip, hold))
        if hold.until is not None:
            day = max(flip.not_before or hold.until, hold.until)
            kept.append(replace(flip, not_before=day))
    return tuple(kept), tuple(held)


def _held(flip: Flip, hold: Hold) -> FlipState:
    until = "until it is lifted" if hold.until is None else f"until {hold.until.isoformat()}"
    return FlipState(
        domain=flip.domain,
        board=flip.board,
        before=flip.before,
        after=flip.after,
        status=FlipStatus.HELD,
        reasons=(f"{hold.owner} preserves rollback {until}: {hold.reason}",),
    )
