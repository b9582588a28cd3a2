"""What trying one machine type on a domain yields: its needs, or what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

from planner.domain.capability import CapabilityId
from planner.domain.host import HostProfile
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.solution import DISAGREEMENT, PROBED, TO_PROBE, Condition, FlagChoice, Loss
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import BEYOND, BEYOND_COMMON

HARDWARE = Condition(
    kind="host",
    text=(
        "same CPU generation, microcode, address width, TSC rate and kvm parameters on all hosts of"
        " the pool"
    ),
    price=TO_PROBE,
    about=("hardware",),
)
HARDWARE_OF_A_MODEL = Condition(
    kind="host",
    text=(
        "same kvm parameters on all hosts of the pool, and same microcode on those with CPUs of one"
        " generation"
    ),
    price=TO_PROBE,
    about=("hardware-of-one-model",),
)
VERIFIED = Condition(
    kind="host",
    text="verified: equal CPU, microcode, address widths and kvm parameters on all hosts of the pool",
    price=PROBED,
    about=("hardware",),
)
FAULTY_CPUS = Condition(
    kind="host",
    text="none of these CPUs (column `cpu` tells): {}",
    price="write the CPU of each host into the column `cpu`",
    about=("cpu-faults",),
)
COMMON_PARTS = Condition(
    kind="guest",
    text="only devices, CPU models and CPU features that every QEMU of the pool has",
    price="functional",
    about=("common-parts",),
)

JSON_KINDS = {"cpu-lacks": "cpu", "use": "guest", "accelerator-lacks": "guest"}
"""Kinds of clauses that documents call by the name of another."""
AND_UPSTREAM = ", and upstream's release of its version"


def common_parts(lacked: frozenset[CapabilityId], *, of_vendors: bool) -> Condition:
    """Return the condition on parts, which excludes the CPU features that some release lacks.

    `of_vendors`: some builds may have more than the release that they are based on.
    """
    kind = ClauseKind.CPU.value
    words = sorted(f"{kind}:{name.removeprefix('cpu.')}" for name in lacked)
    text = COMMON_PARTS.text + (AND_UPSTREAM if of_vendors else "")
    return replace(COMMON_PARTS, text=text, words=tuple(words))


def is_common_parts(condition: Condition) -> bool:
    """Whether a condition is the one on parts, of vendors' builds or others."""
    return condition.about == COMMON_PARTS.about


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A unit or property that holds a machine type back; `facts` are missing ones, if it is open.

    `rule` is the id of the rule of judgement that it breaks. `sides`: hosts that could be safe each
    among themselves.
    """

    rule: str
    unit: str
    property_key: str
    certain: bool
    facts: tuple[str, ...]
    lacking: tuple[HostProfile, ...]
    having: tuple[HostProfile, ...]
    source: str
    text: str
    sides: tuple[frozenset[HostProfile], ...] = ()

    @property
    def is_of_builds(self) -> bool:
        """Whether it is a property to which builds give different values."""
        return bool(self.property_key) and not (self.unit or self.lacking or self.having)

    @property
    def is_disputed(self) -> bool:
        """Whether choice and certificate disagree: a bug, which no operator can mend."""
        return any(fact.startswith(DISAGREEMENT) for fact in self.facts)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One machine type tried on a domain: what it needs, or what forbids it.

    Domains share attempts, so one is known by its identity. `asks`: some condition asks for a CPU
    feature instead of excluding one.
    `is_fixed`: what forbids it has no gate, so no older type can help. `bounds`: the bounds of policy
    inside of which no type of its board and line is safe.
    """

    machine_type: MachineType
    flags: tuple[FlagChoice, ...] = ()
    conditions: tuple[Condition, ...] = ()
    asks: bool = False
    needs_ack: tuple[str, ...] = ()
    accepted: tuple[Loss, ...] = ()
    residual: tuple[Loss, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    not_offered: tuple[HostProfile, ...] = ()
    unknown_offer: tuple[HostProfile, ...] = ()
    open_facts: frozenset[str] = frozenset()
    is_fixed: bool = False
    bounds: tuple[str, ...] = ()

    @property
    def is_safe(self) -> bool:
        """Whether this type can be used with its flags and conditions."""
        return not (self.obstacles or self.not_offered or self.unknown_offer)

    @property
    def is_open(self) -> bool:
        """Whether only missing facts stand against it."""
        return (
            not self.is_safe
            and not self.not_offered
            and all(not obstacle.certain for obstacle in self.obstacles)
        )


@dataclass(frozen=True, slots=True, eq=False)
class SharedConditions:
    """Conditions that many domains share, and units to acknowledge: compared by identity."""

    conditions: tuple[Condition, ...] = ()
    acks: tuple[str, ...] = ()


NO_CONDITIONS = SharedConditions()


@dataclass(slots=True)
class CandidateParts:
    """What a candidate gathers while it looks at units and properties."""

    flags: list[FlagChoice] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    accepted: list[Loss] = field(default_factory=list)
    residual: list[Loss] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)


def _worded(word: str) -> str:
    """Return a word of a clause as a reader says it: an option that must not be set, a model, a flag."""
    name, _, option = word.partition(",!")
    shown = f"{name} without {option}" if option else name
    return shown.removeprefix("names:").removeprefix("model:")


@cache
def condition_of(clause: Clause, knowledge: KnowledgeBase, price: str) -> Condition:
    """Return the condition that no guest fulfils `clause`."""
    words = ", ".join(_worded(word) for word in clause.any_of)
    kind = clause.kind.value
    match clause.kind:
        case ClauseKind.CPU if clause.any_of[0].startswith(BEYOND) and words != BEYOND_COMMON:
            known = words.removeprefix(BEYOND)
            text = f"guest CPU of features that every {known} has: those of the hosts differ"
        case ClauseKind.CPU if words == BEYOND_COMMON:
            text = (
                "guest CPU of features that every CPU has, such as kvm64: those of the hosts differ"
            )
        case ClauseKind.CPU:
            text = f"guest CPU without {words}"
        case ClauseKind.CPU_LACKS:
            text = f"guest CPU with {words}"
        case ClauseKind.DEVICE:
            text = f"no {words} device"
        case ClauseKind.ACCELERATOR:
            text = f"accelerator without {words}"
        case ClauseKind.ACCELERATOR_LACKS:
            trait = knowledge.guests.traits.get(clause.any_of[0])
            text = (trait.needed if trait is not None else "") or f"{words} set"
        case ClauseKind.GUEST | ClauseKind.USE:
            trait = knowledge.guests.traits.get(clause.any_of[0])
            text = trait.words if trait is not None else f"no {words}"
    json_kind = JSON_KINDS.get(kind, kind)
    return Condition(
        kind=json_kind,
        text=text,
        price=clause.price or price,
        words=tuple(f"{kind}:{word}" for word in clause.any_of),
    )
