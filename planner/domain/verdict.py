"""The judgement of one edge for one guest start: an outcome and every reason against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from planner.domain.capability import NEVER
from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.migrated import Clause, Consequence
from planner.domain.solution import Condition


class Outcome(Enum):
    """Three-valued: what the data cannot tell is never safe."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNKNOWN = "unknown"


class Rule(Enum):
    """The rules of judgement; the value is the id that reports print."""

    MACHINE_TYPE_NOT_OFFERED = "P001"
    PROPERTY_NOT_OFFERED = "P002"
    COMPAT_VALUE_DIFFERS = "P003"
    CAPABILITY_MISSING = "P004"
    UNIT_REFUSED = "P005"
    UNIT_NOT_UNDERSTOOD = "P006"
    STATE_NOT_SENT = "P007"
    STATE_NOT_CAPTURED = "P008"
    MIGRATION_BLOCKED = "P009"
    KNOWN_FAULT = "P010"
    OBSERVED_FAILURE = "P011"
    KNOWLEDGE_GAP = "P012"
    CPU_VENDOR_DIFFERS = "P013"
    PART_NOT_OFFERED = "P014"
    MEMORY_BLOCK_DIFFERS = "P015"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One reason against an edge.

    `facts` are the parts that a report names (hosts' values, missing facts); `depends_on` are the
    claims about the guest under which it holds; `source` proves it. `suspected` is the rule that a
    knowledge gap leaves open.
    """

    rule: Rule
    consequence: Consequence
    source: str
    unit: str = ""
    property_key: str = ""
    capability: str = ""
    severity: str = ""
    transient: bool = False
    facts: tuple[str, ...] = ()
    depends_on: tuple[Clause, ...] = ()
    suspected: Rule | None = None

    @property
    def is_gap(self) -> bool:
        """Whether this names a missing fact instead of a certain failure."""
        return self.rule is Rule.KNOWLEDGE_GAP

    @property
    def subject(self) -> tuple[object, ...]:
        """All that it says but its facts."""
        texts = (self.unit, self.property_key, self.capability, self.severity, self.source)
        suspected = None if self.suspected is None else self.suspected.value
        kinds = (self.rule.value, self.consequence.value, self.transient, suspected)
        return *kinds, *texts, self.depends_on

    @property
    def need(self) -> str:
        """What it would take, in words; empty if that is no capability."""
        if self.capability == NEVER:
            refuses = self.consequence is Consequence.BLOCKED_AT_SOURCE
            return "QEMU refuses to migrate it" if refuses else "QEMU tries, and fails"
        return f"needs {self.capability}" if self.capability else ""


def knowledge_gap(fact: str, consequence: Consequence, source: str) -> Objection:
    """Return the objection that a fact is missing, with the worst that may follow."""
    return Objection(rule=Rule.KNOWLEDGE_GAP, consequence=consequence, facts=(fact,), source=source)


def unfixed(machine_type: str) -> str:
    """Return the missing fact of a type that every build makes in its own way."""
    return f"what differing builds make of '{machine_type}', which has no versions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to know that does not make the edge unsafe.

    `kind`: `degraded`, `accepted-loss`, `residual-risk`, `host-condition`, `inferred`, `assumed`,
    `observed` or `policy`. What the verdict rests on is a condition: it says its `subject`, such as
    `use:writes-hwcr` or `host:cpu.microcode`, and its `polarity`: `with` or `without` it, or `equal` in
    it. `universal`: every fleet is asked it, or it is known to hold.
    """

    kind: str
    text: str
    unit: str = ""
    source: str = ""
    subject: str = ""
    polarity: str = ""
    universal: bool = False


@dataclass(frozen=True, slots=True)
class PairCondition:
    """A condition of a pair of hosts, and what asks for it."""

    condition: Condition
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Judgement of an edge; safe if and only if there is no objection.

    `conditions` are what this very pair asks beside what every fleet is asked, and is not known to hold.
    """

    edge: MigrationEdge
    start: GuestStart
    objections: tuple[Objection, ...]
    remarks: tuple[Remark, ...] = ()
    conditions: tuple[PairCondition, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Unsafe beats unknown, unknown beats safe."""
        if any(not objection.is_gap for objection in self.objections):
            return Outcome.UNSAFE
        return Outcome.UNKNOWN if self.objections else Outcome.SAFE

    @property
    def consequence(self) -> Consequence | None:
        """What certainly happens, None if nothing is certain.

        A guest that is not let go, or whose destination does not start, loses nothing; nor does one
        whose stream the destination refuses, for it goes on at the source. Else the gravest.
        """
        certain = {one.consequence for one in self.objections if not one.is_gap}
        early = {one for one in certain if one.is_before_the_move}
        if Consequence.FAILS_CLEANLY in certain:
            certain.discard(Consequence.LOSES_STATE)
        return max(early or certain, key=lambda one: one.weight, default=None)

    def decided(self) -> Verdict:
        """Return this verdict without what cannot change it: beside what is certain no fact is open."""
        certain = tuple(one for one in self.objections if not one.is_gap)
        return replace(self, objections=certain) if certain else self

    def moved(self, *, objections: tuple[Objection, ...], added: tuple[Remark, ...]) -> Verdict:
        """Return this verdict with fewer objections and the remarks they became."""
        return replace(self, objections=objections, remarks=self.remarks + added)
