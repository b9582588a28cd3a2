"""The answer per migration domain, and why it is not newer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from planner.domain.compat import CompatFlag, Visible
from planner.domain.cpu_advice import ANY_CPU, CpuAdvice
from planner.domain.guest import Baseline
from planner.domain.guest_profile import NO_GUESTS, GuestCount, GuestFinding, GuestTally
from planner.domain.refusal import Refusal, Remedy, WhyNotNewer
from planner.domain.shown import html_of


class Status(Enum):
    """What could be said of a domain."""

    SAFE = "safe"
    NO_SAFE_BASELINE = "no-safe-baseline"
    UNDECIDED = "undecided"


class PoolVerdict(Enum):
    """What a reader is told of a pool: a status, and whether an answer is left to check."""

    SAFE = "safe"
    SAFE_WITH_CHECKS = "safe-with-checks"
    UNDECIDED = "undecided"
    NO_SAFE_BASELINE = "no-safe-baseline"


TO_PROBE = "check with probes"
PROBED = "told by probes"
"""Prices of conditions on hosts: probes would settle one, or have shown that it holds."""
JOINT = "|"
"""Between the names of a condition that speaks of several things."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Condition:
    """A claim that must hold for the answer: `kind` is cpu, device, accelerator, guest or host.

    `words` are the clauses that it excludes, as `kind:word`; `about` names it where they do not suffice.
    """

    kind: str
    text: str
    price: str
    words: tuple[str, ...] = ()
    about: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The name that is the same for the same claim in every answer and verdict."""
        return JOINT.join(self._names) or f"{self.kind}:{self.text}"

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(f"{self.kind}:{one}" for one in self.about) or self.words

    @property
    def subject(self) -> tuple[str, ...]:
        """What it speaks of: features, devices, settings, uses, facts about machines."""
        return tuple(name.partition(":")[2] for name in self._names)

    @property
    def polarity(self) -> str:
        """Whether guests must be `with` or `without` its subject, or hosts `equal` in it."""
        if self.kind == "host":
            return "equal"
        lacks = any(word.partition(":")[0].endswith("-lacks") for word in self.words)
        return "with" if self.about or lacks else "without"


@dataclass(frozen=True, slots=True)
class ConditionReason:
    """A condition of an answer, what asks for it, the source of that, and the hosts that it is for.

    `unit` is the migrated unit that asks, empty if it is a difference of builds or kernels.
    """

    condition: str
    text: str
    source: str
    unit: str = ""
    hosts: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FlagChoice:
    """A flag that the answer sets, when a change of it takes effect, and why it is needed."""

    flag: CompatFlag
    visible: Visible
    reason: str
    unit: str
    price: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Loss:
    """State that does not arrive although the guest may have it, and who accepts that."""

    unit: str
    severity: str
    text: str


DISAGREEMENT = "internal disagreement"
"""First words of the missing fact of a pool whose answer did not survive its certificate: a bug."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class UnknownFact:
    """A missing fact and the hosts for which it is missing."""

    fact: str
    decides: bool
    hosts: int
    examples: tuple[str, ...]
    guests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BrokenCondition:
    """A condition that every guest of the profile breaks, what asks for it, and the source of that."""

    condition: Condition
    reason: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenBaseline:
    """The newest safe machine type of one board and line with its flags and conditions.

    Of the conditions, `universal` are asked of any pool of equal hosts too, and `met` are those that
    the guests of the profile meet by what they are, or all guests where they are given; `broken` are
    those that all of the profile break. `reasons` say what asks for those that are left.
    """

    board: str
    line: str
    machine_type: str
    flags: tuple[FlagChoice, ...] = ()
    conditions: tuple[Condition, ...] = ()
    needs_ack: tuple[str, ...] = ()
    accepted_losses: tuple[Loss, ...] = ()
    residual_risks: tuple[Loss, ...] = ()
    why_not_newer: WhyNotNewer | None = None
    universal: frozenset[Condition] = frozenset()
    met: frozenset[Condition] = frozenset()
    broken: tuple[BrokenCondition, ...] = ()
    cpu: CpuAdvice = ANY_CPU
    reasons: tuple[ConditionReason, ...] = ()
    tallies: tuple[GuestTally, ...] = ()

    def status_of(self, condition: Condition) -> str:
        """Return what is known of a condition: what guests say of it, else what the profile does."""
        tally = next((one for one in self.tallies if one.condition == condition.id), None)
        if tally is not None and tally.violated:
            return "violated"
        if any(one.condition == condition for one in self.broken):
            return "broken"
        if condition in self.universal:
            return "universal"
        if condition in self.met:
            return "met"
        return "open" if tally is not None and tally.open else "check"

    @property
    def checks(self) -> tuple[Condition, ...]:
        """The conditions that somebody must check: neither universal nor met."""
        settled = self.universal | self.met
        return tuple(one for one in self.conditions if one not in settled)

    @property
    def acks(self) -> tuple[str, ...]:
        """The units to acknowledge, if what is left to check or a flag has the price of security."""
        prices = {one.price for one in self.checks} | {one.price for one in self.flags}
        return self.needs_ack if "security" in prices else ()

    @property
    def baseline(self) -> Baseline:
        """The machine type and flags alone: what a guest is started with."""
        flags = tuple(choice.flag for choice in self.flags)
        return Baseline(machine_type=self.machine_type, flags=flags)

    @property
    def name(self) -> str:
        """Write `board line`."""
        return f"{self.board} {self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A board and line without a certain answer, and the reasons."""

    board: str
    line: str
    status: Status
    objections: tuple[Refusal, ...]
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class HostClass:
    """Hosts that judgement cannot tell apart: what they run, how many, the first names."""

    label: str
    hosts: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSolution:
    """The answer of one pool.

    Of the baselines the recommended one comes first: of the hosts' own vendor, on the first board of the
    policy. `builds` are the QEMU builds of its hosts, as the fleet writes them; `classes` their kinds.
    `counted` says how many of the guests that were given stand how.
    """

    domain: str
    hosts: int
    profiles: int
    status: Status
    baselines: tuple[ChosenBaseline, ...]
    refused: tuple[RefusedLine, ...] = ()
    unknowns: tuple[UnknownFact, ...] = ()
    guests: tuple[GuestFinding, ...] = ()
    counted: GuestCount = NO_GUESTS
    builds: tuple[str, ...] = ()
    classes: tuple[HostClass, ...] = ()

    @property
    def recommended(self) -> ChosenBaseline | None:
        """The baseline to take where nothing speaks for another: the first; None without an answer."""
        return self.baselines[0] if self.baselines else None

    @property
    def verdict(self) -> PoolVerdict:
        """The status, and whether something is left to do where it is safe.

        An answer whose condition a guest violates is not safe for that guest as it runs.
        """
        best = self.recommended
        if best is not None and (best.broken or self.counted.violated):
            return PoolVerdict.NO_SAFE_BASELINE
        left = best is not None and (best.checks or best.acks or self.counted.stuck)
        if self.status is Status.SAFE and left:
            return PoolVerdict.SAFE_WITH_CHECKS
        return PoolVerdict(self.status.value)

    def __repr__(self) -> str:
        """Show the answer in one line."""
        types = ", ".join(baseline.machine_type for baseline in self.baselines) or "none"
        return f"DomainSolution({self.domain}: {self.status.value}, {types})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """All domains in name order, the ranked list of facts worth probing, and what proved it.

    `certified` counts the (source, destination, boot, baseline) combinations that were judged.
    """

    domains: tuple[DomainSolution, ...]
    knowledge_digest: str
    unknowns: tuple[UnknownFact, ...]
    certified: int

    def __repr__(self) -> str:
        """Show the answer in one line."""
        hosts = sum(domain.hosts for domain in self.domains)
        return f"Solution({len(self.domains):,} pools, {hosts:,} hosts: {self.status.value})"

    def _repr_html_(self) -> str:
        """Show the value as a table in a notebook."""
        return html_of(self)

    @property
    def is_disputed(self) -> bool:
        """Whether choice and certificate disagree about some domain, which is left undecided."""
        return any(one.fact.startswith(DISAGREEMENT) for one in self.unknowns)

    @property
    def status(self) -> Status:
        """The gravest status of any domain."""
        found = {domain.status for domain in self.domains}
        if Status.NO_SAFE_BASELINE in found:
            return Status.NO_SAFE_BASELINE
        return Status.UNDECIDED if Status.UNDECIDED in found else Status.SAFE
