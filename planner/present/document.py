"""The versioned, byte-stable JSON documents of the commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from planner.domain.refusal import Refusal, WhyNotNewer
from planner.domain.shown import STEERING
from planner.domain.solution import (
    ChosenBaseline,
    Condition,
    DomainSolution,
    FlagChoice,
    RefusedLine,
    Solution,
    UnknownFact,
)
from planner.domain.verdict import Objection, PairCondition, Remark, Verdict
from planner.present.plain import plain

if TYPE_CHECKING:
    from planner.present import document_types as types

SOLUTION_SCHEMA: Final = "planner.solution/2"
VERDICT_SCHEMA: Final = "planner.verdict/3"
MOST_INDENTED = 200
ESCAPES = {code: f"\\u{code:04x}" for code in STEERING if code >= 0x7F}
"""What JSON may hold as it is, and a terminal should not get."""
VERIFY = {
    "accelerator": "virsh dumpxml GUEST",
    "cpu": "virsh dumpxml GUEST",
    "device": "virsh dumpxml GUEST",
    "guest": "planner solve FLEET --guests PATH",
    "host": "planner probe",
}
"""What tells whether a condition is met, by its kind."""


@dataclass(frozen=True, slots=True)
class Elements:
    """A list of the top level whose elements are made as they are written: there may be many."""

    sources: Sequence[DomainSolution]
    made: Callable[[DomainSolution], types.DomainDocument]


def dump(document: Mapping[str, object]) -> Iterator[str]:
    """Yield the text of a document: keys in order of meaning, top-level lists one element a line.

    Few elements are indented for reading; many are written compactly, for that is ten times faster.
    """
    opening = "{\n"
    for key, value in document.items():
        yield f"{opening}  {json.dumps(key)}: "
        yield from _value(value)
        opening = ",\n"
    yield "\n}\n"


def _value(value: object) -> Iterator[str]:
    rows: Iterable[object] = ()
    if isinstance(value, Elements):
        rows, size = map(value.made, value.sources), len(value.sources)
    elif isinstance(value, list):
        rows, size = value, len(value)
    else:
        size = 0
    if size > MOST_INDENTED:
        yield from _compact(rows)
    else:
        text = json.dumps(list(rows) if size else value, indent=2, ensure_ascii=False)
        yield _visible(text).replace("\n", "\n  ")


def _compact(rows: Iterable[object]) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    opening = "[\n    "
    for row in rows:
        yield opening + _visible(encode(row))
        opening = ",\n    "
    yield "\n  ]"


def _visible(text: str) -> str:
    """Return JSON in which what steers a terminal or hides in it is written as escapes."""
    return text if text.isascii() and "\x7f" not in text else text.translate(ESCAPES)


def solution_document(solution: Solution) -> types.SolutionDocument:
    """Return the document of `planner solve`; its domains are made when they are written."""
    return {
        "schema": SOLUTION_SCHEMA,
        "knowledge": {"digest": solution.knowledge_digest},
        "status": plain(solution.status),
        "certified": solution.certified,
        "domains": cast("list[types.DomainDocument]", Elements(solution.domains, _domain)),
        "unknowns": [_unknown(fact) for fact in solution.unknowns],
    }


def _domain(domain: DomainSolution) -> types.DomainDocument:
    return {
        "domain": domain.domain,
        "hosts": domain.hosts,
        "profiles": domain.profiles,
        "status": plain(domain.status),
        "verdict": plain(domain.verdict),
        "baselines": [_baseline(baseline) for baseline in domain.baselines],
        "refused": [_refused(line) for line in domain.refused],
        "unknowns": [_unknown(fact) for fact in domain.unknowns],
        "guests": plain(domain.guests),
    }


def _baseline(baseline: ChosenBaseline) -> types.BaselineDocument:
    newer = baseline.why_not_newer
    return {
        "board": baseline.board,
        "line": baseline.line,
        "machine_type": baseline.machine_type,
        "flags": [_flag(choice) for choice in baseline.flags],
        "conditions": [_condition(baseline, condition) for condition in baseline.conditions],
        "needs_ack": list(baseline.needs_ack),
        "accepted_losses": plain(baseline.accepted_losses),
        "residual_risks": plain(baseline.residual_risks),
        "why_not_newer": None if newer is None else _newer(newer),
    }


@cache
def _flag(choice: FlagChoice) -> types.FlagDocument:
    return {
        "qom_type": choice.flag.key.qom_type,
        "property": choice.flag.key.property,
        "value": choice.flag.value,
        "visible": plain(choice.visible),
        "reason": choice.reason,
        "unit": choice.unit,
        "price": choice.price,
    }


def _condition(baseline: ChosenBaseline, condition: Condition) -> types.ConditionDocument:
    """Return a condition with what asks for it, what guests say of it, and what would settle it."""
    reasons = [one for one in baseline.reasons if one.condition == condition.text]
    tally = next((one for one in baseline.tallies if one.condition == condition.id), None)
    return {
        "id": condition.id,
        "kind": condition.kind,
        "subject": list(condition.subject),
        "polarity": condition.polarity,
        "text": condition.text,
        "reason": "; ".join(dict.fromkeys(one.text for one in reasons)),
        "units": sorted({one.unit for one in reasons if one.unit}),
        "hosts": sorted({name for one in reasons for name in one.examples}),
        "status": baseline.status_of(condition),
        "guests": None
        if tally is None
        else {"met": tally.met, "violated": tally.violated, "open": tally.open},
        "verify": VERIFY.get(condition.kind, ""),
        "price": condition.price,
    }


def _newer(newer: WhyNotNewer) -> types.NewerDocument:
    return {
        "machine_type": newer.machine_type,
        "objections": [_refusal(refusal) for refusal in newer.objections],
        "remedies": plain(newer.remedies),
    }


def _refusal(refusal: Refusal) -> types.RefusalDocument:
    return {
        "id": refusal.rule,
        "text": refusal.text,
        "hosts": refusal.hosts,
        "examples": list(refusal.examples),
        "unit": refusal.unit,
        "source": refusal.source,
    }


def _refused(line: RefusedLine) -> types.RefusedDocument:
    return {
        "board": line.board,
        "line": line.line,
        "status": plain(line.status),
        "objections": [_refusal(refusal) for refusal in line.objections],
        "remedies": plain(line.remedies),
    }


def _unknown(fact: UnknownFact) -> types.UnknownDocument:
    return {
        "fact": fact.fact,
        "decides": fact.decides,
        "hosts": fact.hosts,
        "guests": fact.guests,
        "examples": list(fact.examples),
    }


def verdict_document(verdict: Verdict) -> types.VerdictDocument:
    """Return the document of one checked edge."""
    return {
        "schema": VERDICT_SCHEMA,
        "outcome": plain(verdict.outcome),
        "consequence": plain(verdict.consequence),
        "objections": [_objection(objection) for objection in verdict.objections],
        "remarks": [_remark(remark) for remark in verdict.remarks],
        "conditions": [_pair_condition(one) for one in verdict.conditions],
    }


def verdicts_document(verdicts: Iterable[Verdict]) -> types.VerdictsDocument:
    """Return the document of many checked edges, in their order."""
    return {
        "schema": "planner.verdicts/3",
        "cases": [verdict_document(verdict) for verdict in verdicts],
    }


def _objection(objection: Objection) -> types.ObjectionDocument:
    return {
        "id": objection.rule.value,
        "unit": objection.unit,
        "property": objection.property_key,
        "capability": objection.capability,
        "consequence": plain(objection.consequence),
        "facts": list(objection.facts),
        "source": objection.source,
    }


def _pair_condition(asked: PairCondition) -> types.PairConditionDocument:
    condition = asked.condition
    return {
        "id": condition.id,
        "kind": condition.kind,
        "subject": list(condition.subject),
        "polarity": condition.polarity,
        "text": condition.text,
        "reason": asked.reason,
        "price": condition.price,
    }


def _remark(remark: Remark) -> types.RemarkDocument:
    return {
        "kind": remark.kind,
        "unit": remark.unit,
        "text": remark.text,
        "source": remark.source,
    }
