"""Migrated units: the smallest things of the stream or guest ABI that a destination may miss."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from planner.domain.capability import NEVER, CapabilityId, Evidence
from planner.domain.compat import DEFAULT, SWITCH, PropertyKey, Visible
from planner.domain.truth import Truth


class Consequence(Enum):
    """What happens to the guest, mildest first."""

    DEGRADED = "degraded"
    BLOCKED_AT_SOURCE = "blocked-at-source"
    CANNOT_START = "cannot-start"
    FAILS_CLEANLY = "fails-cleanly"
    LOSES_STATE = "loses-state"
    CRASHES_GUEST = "crashes-guest"

    @property
    def weight(self) -> int:
        """Order of gravity, larger is worse."""
        return _WEIGHTS[self]

    @property
    def is_before_the_move(self) -> bool:
        """Whether it comes before anything of the guest has moved: nothing can be lost any more."""
        return self in {Consequence.BLOCKED_AT_SOURCE, Consequence.CANNOT_START}


_WEIGHTS = {consequence: weight for weight, consequence in enumerate(Consequence)}


SEVERITIES = ("cosmetic", "performance", "functional", "hang", "corruption", "security")
"""What losing a unit costs the guest, least first."""


class ClauseKind(Enum):
    """What about a guest decides whether it has a unit."""

    CPU = "cpu"
    CPU_LACKS = "cpu-lacks"
    DEVICE = "device"
    ACCELERATOR = "accelerator"
    ACCELERATOR_LACKS = "accelerator-lacks"
    GUEST = "guest"
    USE = "use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One claim about a guest: it has any of these features, devices, settings or uses.

    `default` is what holds for a guest of which nothing is said; UNKNOWN leaves it open.
    """

    kind: ClauseKind
    any_of: tuple[str, ...]
    default: Truth = Truth.UNKNOWN
    price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A property that decides whether a unit is sent or offered."""

    key: PropertyKey
    emits_when: frozenset[str]
    emits_by_default: bool = True

    def opened_by(self, value: str) -> Truth:
        """Return whether the gate is open with a value set by hand; unknown if it is no switch's.

        A process can be said to have the default.
        """
        if value == DEFAULT:
            return Truth.of(self.emits_by_default)
        if value in self.emits_when:
            return Truth.YES
        return Truth.NO if value in SWITCH or value.isdecimal() else Truth.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratedUnit:
    """One unit and the rules of its journey.

    `state`: `run` is produced by any visited host, `boot` is fixed where the guest booted, `host` is
    demanded of every host whose build knows it, `none` needs nothing. `sent`: `value` only when
    non-default, `cpuid` when the guest has the feature, `always`, or `never`: no build sends it.
    `sent_if`, `captured_if`: of the producing host; `requires`, `refused_by`: of the destination;
    `source_requires`: of the source, or migration is blocked.
    `foreign`: what a build without the unit makes of it, None for what a lack does.
    `by_backend`: `host_condition` is met where the guest's devices say their backends.
    `host_facts`: rows of facts about machines that meet `host_condition` if probes tell them alike.
    A guest feature that came with the unit cannot be had on an older build, unless `known_before`.
    `insists`: QEMU starts no guest with it on a host that lacks what it `requires`, so a boot host that
    lacks it as well changes nothing for a guest that is said to have it. A host without `insists_with`
    starts it all the same, without.
    `brought`: lines of builds that have it before `since`, from which package on; of earlier packages of
    that version nobody knows. `unbuilt_source`, `unbuilt_destination`: what follows where the build of
    that end does not have a use or setting, None where it is not asked.
    `by_cpu`: which CPU a host has decides about something that the unit requires of it.
    """

    id: str
    covers: str
    title: str
    kind: str
    arch: str
    state: str
    sent: str
    since: tuple[int, ...]
    severity: str
    exposure: str
    symptom: str
    evidence: Evidence
    source: str
    until: tuple[int, ...] = ()
    absent_in: tuple[int, ...] = ()
    also: tuple[tuple[int, ...], ...] = ()
    when: tuple[Clause, ...] = ()
    gates: tuple[Gate, ...] = ()
    flag: PropertyKey | None = None
    visible: Visible = Visible.STREAM
    bits: tuple[int, ...] = ()
    sent_if: frozenset[CapabilityId] = frozenset()
    captured_if: frozenset[CapabilityId] = frozenset()
    requires: frozenset[CapabilityId] = frozenset()
    refused_by: frozenset[CapabilityId] = frozenset()
    lack_plain: Consequence = Consequence.LOSES_STATE
    lack_libvirt: Consequence = Consequence.LOSES_STATE
    source_requires: frozenset[CapabilityId] = frozenset()
    source_lack: Consequence = Consequence.BLOCKED_AT_SOURCE
    host_condition: str = ""
    host_facts: frozenset[str] = frozenset()
    by_backend: bool = False
    foreign: Consequence | None = Consequence.FAILS_CLEANLY
    cpu_features: bool = False
    known_before: bool = False
    only_certain: bool = False
    by_cpu: bool = True
    insists: bool = False
    insists_with: frozenset[CapabilityId] = frozenset()
    brought: tuple[tuple[str, tuple[int, ...]], ...] = ()
    unbuilt_source: Consequence | None = None
    unbuilt_destination: Consequence | None = None

    def __hash__(self) -> int:
        """Return the hash of the id: ids are unique in a knowledge base."""
        return hash(self.id)

    @property
    def capabilities(self) -> frozenset[CapabilityId]:
        """Every capability that the unit asks of some host."""
        return (
            self.sent_if
            | self.captured_if
            | self.requires
            | self.refused_by
            | self.source_requires
            | self.insists_with
        )

    @property
    def is_universal(self) -> bool:
        """Whether no host of any fleet takes guests with the unit, whatever its build."""
        return (NEVER in self.capabilities and not self.until) or self.sent == "never"

    @property
    def is_of_a_device(self) -> bool:
        """Whether the unit is the whole state of devices, or a reason not to migrate them."""
        return self.kind in {"blocker", "device"} or (self.kind, self.state) == ("section", "boot")

    @property
    def is_unusual(self) -> bool:
        """Whether a guest of which nothing is said is taken to be without."""
        return any(clause.default is Truth.NO for clause in self.when)

    @property
    def came_with_its_feature(self) -> bool:
        """Whether builds without the unit cannot give the guest what it carries."""
        return self.sent == "cpuid" and not self.known_before

    @property
    def is_transient(self) -> bool:
        """Whether the state exists only while an event is in flight."""
        return self.exposure == "transient"

    @property
    def price(self) -> str:
        """What it costs to do without: `security`, or the severity of the unit."""
        return next((clause.price for clause in self.when if clause.price), self.severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedBit:
    """A virtio feature bit that a guest has and a destination does not allow."""

    bit: int
    name: str
    unit: MigratedUnit | None
