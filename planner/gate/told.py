"""An answer or a plan as policies where the fleet is not at hand: its machine types on any host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.compat import Visible
from planner.domain.guest import Baseline
from planner.domain.migrated import ClauseKind
from planner.domain.plans.plan import Plan
from planner.domain.policy import Policy
from planner.domain.solution import (
    JOINT,
    ChosenBaseline,
    Condition,
    ConditionReason,
    FlagChoice,
)
from planner.fleet.solution_file import ToldBaseline, ToldCondition, ToldPool
from planner.gate.entries import Entries
from planner.gate.policy import GateCell, GatePolicy
from planner.gate.pools import GateSettings, Outline, assembled
from planner.gate.tables import GuestTables
from planner.gate.words import ClauseWords
from planner.knowledge.base import KnowledgeBase
from planner.solver.candidate import COMMON_PARTS

KINDS = frozenset(kind.value for kind in ClauseKind)
WITH_ANSWER = frozenset({"safe", "safe-with-checks"})


def of_answer(
    pool: ToldPool,
    digest: str,
    settings: GateSettings,
    policy: Policy,
    knowledge: KnowledgeBase,
) -> GatePolicy:
    """Return the policy of one pool of an answer: of its own machine types, wherever guests booted."""
    found = [baseline_told(one) for one in pool.baselines if pool.verdict in WITH_ANSWER]
    outline = Outline(pool=pool.domain, made_of="solution", knowledge=digest)
    return _compiled(found, outline, settings, policy, knowledge)


def of_plan(
    plan: Plan,
    wave: int,
    settings: GateSettings,
    policy: Policy,
    knowledge: KnowledgeBase,
) -> Iterator[GatePolicy]:
    """Yield the policies of a plan's pools after a wave: what guests run before and after flips."""
    for pool in plan.domains:
        flipped = [
            flip.after
            for flip in plan.flips
            if flip.domain == pool.domain and flip.after_wave <= wave
        ]
        runs = dict.fromkeys((*pool.baselines, *flipped))
        found = [_planned(one, pool.conditions, knowledge) for one in runs]
        outline = Outline(pool=pool.domain, made_of="plan", knowledge=plan.knowledge_digest)
        yield _compiled(found, outline, settings, policy, knowledge)


def _compiled(
    found: list[ChosenBaseline],
    outline: Outline,
    settings: GateSettings,
    policy: Policy,
    knowledge: KnowledgeBase,
) -> GatePolicy:
    rows = [knowledge.machine_type(one.machine_type) for one in found]
    arch = next((row.arch for row in rows if row is not None), "x86_64")
    entries = Entries(ClauseWords(GuestTables(knowledge, arch)))
    types: dict[str, list[GateCell]] = {}
    for one in found:
        entry = entries.of_baseline(one)
        types[one.machine_type] = [GateCell(boots=[], here=[], entry=entry)]
    return assembled(entries, outline, settings, policy, types=types, classes=[])


def baseline_told(told: ToldBaseline) -> ChosenBaseline:
    """Return a baseline as its document tells it, as far as guests are held against it."""
    conditions = [_condition(one) for one in told.conditions]
    reasons = tuple(
        ConditionReason(condition=one.text, text=one.reason, source="", unit=unit)
        for one in told.conditions
        for unit in one.units
    )
    return ChosenBaseline(
        board=told.board,
        line=told.line,
        machine_type=told.machine_type,
        flags=tuple(
            FlagChoice(
                flag=one.made(),
                visible=Visible(one.visible),
                reason=one.reason,
                unit=one.unit,
                price=one.price,
            )
            for one in told.flags
        ),
        conditions=tuple(conditions),
        reasons=reasons,
        universal=frozenset(
            made
            for made, one in zip(conditions, told.conditions, strict=True)
            if one.status == "universal"
        ),
    )


def _condition(told: ToldCondition) -> Condition:
    words = told.id.split(JOINT)
    kinds = {word.partition(":")[0] for word in words}
    parts = told.subject == COMMON_PARTS.about
    if kinds <= KINDS and told.subject and told.polarity != "equal" and not parts:
        return Condition(kind=told.kind, text=told.text, price=told.price, words=tuple(words))
    return Condition(kind=told.kind, text=told.text, price=told.price, about=told.subject)


def _planned(one: Baseline, claims: Iterable[str], knowledge: KnowledgeBase) -> ChosenBaseline:
    """Return a baseline of a plan under its claims; what a guest does not say of them does not count."""
    row = knowledge.machine_type(one.machine_type)
    conditions = tuple(
        Condition(kind=claim.partition(":")[0], text=f"no {claim}", price="", words=(claim,))
        for claim in claims
        if claim.partition(":")[0] in KINDS
    )
    return ChosenBaseline(
        board="" if row is None else row.board,
        line="" if row is None else row.line,
        machine_type=one.machine_type,
        flags=tuple(
            FlagChoice(flag=flag, visible=Visible.GUEST, reason="", unit="", price="")
            for flag in one.flags
        ),
        conditions=conditions,
        universal=frozenset(conditions),
    )
