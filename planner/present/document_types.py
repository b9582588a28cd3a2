"""What the documents of `planner solve` and `planner check` hold, as types.

They check the writers (`document.py`) and make `solution-2.json`, `verdict-3.json` and `verdicts-3.json`
of docs/schema. Type checkers and the generator of the schemas import this module, no command does.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypeAliasType, TypedDict

from planner.domain.compat import Visible
from planner.domain.guest_profile import GuestFinding
from planner.domain.migrated import Consequence
from planner.domain.refusal import Remedy
from planner.domain.solution import Loss, PoolVerdict, Status
from planner.domain.verdict import Outcome
from planner.present.plain import Plain

Name = TypeAliasType("Name", str)
Count = TypeAliasType("Count", int)
RuleId = TypeAliasType("RuleId", str)


class KnowledgeDigest(TypedDict):
    """The rows that an answer rests on."""

    digest: str


class FlagDocument(TypedDict):
    """A compat property set beside the machine type."""

    qom_type: Name
    property: Name
    value: str
    visible: Plain[Visible]
    reason: str
    unit: str
    price: str


class GuestCounts(TypedDict):
    """How many guests stand how to a condition."""

    met: Count
    violated: Count
    open: Count


class PairConditionDocument(TypedDict):
    """A claim that must hold for the verdict on one edge."""

    id: str
    kind: str
    subject: list[Name]
    polarity: str
    text: Name
    reason: str
    price: str


class ConditionDocument(TypedDict):
    """A claim that must hold for the answer."""

    id: str
    kind: str
    subject: list[Name]
    polarity: str
    text: Name
    reason: str
    units: list[Name]
    hosts: list[Name]
    status: str
    guests: GuestCounts | None
    verify: str
    price: str


class RefusalDocument(TypedDict):
    """A minimal reason against a machine type."""

    id: RuleId
    text: Name
    hosts: Count
    examples: list[Name]
    unit: str
    source: str


class NewerDocument(TypedDict):
    """The next newer machine type and all that holds it back."""

    machine_type: Name
    objections: list[RefusalDocument]
    remedies: Plain[tuple[Remedy, ...]]


class BaselineDocument(TypedDict):
    """The newest safe machine type of one board and line."""

    board: Name
    line: Name
    machine_type: Name
    flags: list[FlagDocument]
    conditions: list[ConditionDocument]
    needs_ack: list[Name]
    accepted_losses: Plain[tuple[Loss, ...]]
    residual_risks: Plain[tuple[Loss, ...]]
    why_not_newer: NewerDocument | None


class RefusedDocument(TypedDict):
    """A board and line without an answer."""

    board: Name
    line: Name
    status: Plain[Status]
    objections: list[RefusalDocument]
    remedies: Plain[tuple[Remedy, ...]]


class UnknownDocument(TypedDict):
    """A missing fact."""

    fact: Name
    decides: bool
    hosts: Count
    guests: Count
    examples: list[Name]


class DomainDocument(TypedDict):
    """The answer of one pool."""

    domain: Name
    hosts: Count
    profiles: Count
    status: Plain[Status]
    verdict: Plain[PoolVerdict]
    baselines: list[BaselineDocument]
    refused: list[RefusedDocument]
    unknowns: list[UnknownDocument]
    guests: Plain[tuple[GuestFinding, ...]]


class SolutionDocument(TypedDict):
    """The answer for a fleet."""

    schema: Literal["planner.solution/2"]
    knowledge: KnowledgeDigest
    status: Plain[Status]
    certified: Count
    domains: list[DomainDocument]
    unknowns: list[UnknownDocument]


class ObjectionDocument(TypedDict):
    """One reason against the edge."""

    id: RuleId
    unit: str
    property: str
    capability: str
    consequence: Plain[Consequence]
    facts: list[Name]
    source: str


class RemarkDocument(TypedDict):
    """Something to know that does not make the edge unsafe."""

    kind: str
    unit: str
    text: Name
    source: str


class VerdictDocument(TypedDict):
    """The judgement of one edge for one guest start."""

    schema: Literal["planner.verdict/3"]
    outcome: Plain[Outcome]
    consequence: Plain[Consequence | None]
    objections: list[ObjectionDocument]
    remarks: list[RemarkDocument]
    conditions: list[PairConditionDocument]


class VerdictsDocument(TypedDict):
    """The judgements of many edges, in the order of the cases."""

    schema: Literal["planner.verdicts/3"]
    cases: list[VerdictDocument]
