"""What a host's kernel and hardware can do that a guest or the stream can notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple, NewType

CapabilityId = NewType("CapabilityId", str)

NEVER = CapabilityId("never")
"""What a blocker demands that no host can meet."""


class Evidence(Enum):
    """How a fact came to be known, strongest first."""

    PROBED = "probed"
    DECLARED = "declared"
    SOURCE = "source"
    OBSERVED = "observed"
    VENDOR = "vendor"
    REPORTED = "reported"
    INFERRED = "inferred"
    MEMORY = "memory"


class Presence(Enum):
    """Whether a host offers a capability.

    `POSSIBLE` means that its kernel can, and hardware, microcode or a module parameter decides.
    """

    PRESENT = "present"
    ABSENT = "absent"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


class FixedBy(Enum):
    """What decides a capability: the kernel build alone, or the machine as well."""

    KERNEL = "kernel"
    HARDWARE = "hardware"
    PARAMETER = "parameter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """A row of the catalogue.

    `aliases` are other names of the same thing, `implies` the capabilities that a composite
    such as `tun.uso` stands for, `probe` the question that a running host answers. A host with one of
    the CPU features `with_cpu` has it, if its kernel can have it.
    """

    id: CapabilityId
    kind: str
    fixed_by: FixedBy
    meaning: str
    probe: str = ""
    evidence: Evidence
    source: str
    arch: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    implies: tuple[CapabilityId, ...] = ()
    with_cpu: frozenset[CapabilityId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilitySet:
    """What is known of one host: disjoint sets; everything else is unknown.

    `possible` holds what the kernel can do and the machine decides. `inferred` marks members of the
    other sets that nobody read in a source or probed.
    """

    present: frozenset[CapabilityId] = frozenset()
    absent: frozenset[CapabilityId] = frozenset()
    possible: frozenset[CapabilityId] = frozenset()
    inferred: frozenset[CapabilityId] = field(default=frozenset(), compare=False)

    def __post_init__(self) -> None:
        """Refuse a capability that is in two sets."""
        if (
            self.present & self.absent
            or self.present & self.possible
            or self.absent & self.possible
        ):
            raise ValueError("a capability can be in one set only")

    def presence(self, capability: CapabilityId) -> Presence:
        """Return what is known about `capability`; `cpu.*` facts are the machine's to decide."""
        if capability in self.present:
            return Presence.PRESENT
        if capability in self.absent:
            return Presence.ABSENT
        if capability in self.possible or capability.startswith("cpu."):
            return Presence.POSSIBLE
        return Presence.UNKNOWN

    def overlaid(
        self, *, present: frozenset[CapabilityId], absent: frozenset[CapabilityId]
    ) -> CapabilitySet:
        """Return this set with stronger facts on top of it."""
        stated = present | absent
        return CapabilitySet(
            present=(self.present - stated) | present,
            absent=(self.absent - stated) | absent,
            possible=self.possible - stated,
            inferred=self.inferred - stated,
        )

    def freed(self, capabilities: frozenset[CapabilityId]) -> CapabilitySet:
        """Return this set with `capabilities` possible that it does not say are present."""
        possible = capabilities - self.present
        if possible <= self.possible:
            return self
        return replace(self, absent=self.absent - possible, possible=self.possible | possible)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuWord:
    """A register as a host is asked for it, and its features by bit.

    `of_qemu` are features that QEMU gives a guest on its own: a bit that is not set denies none of them.
    """

    name: str
    arch: str
    register: str
    bits: Mapping[str, int]
    of_qemu: frozenset[str]
    evidence: Evidence
    source: str


class TakenFeature(NamedTuple):
    """A CPU feature that a host's kernel may take from its CPU for a fault.

    `fault` names the fault, `told` what is known of the kernel, or the kernel of which nothing is: equal
    ones of two hosts cancel.
    """

    feature: CapabilityId
    fault: CapabilityId
    told: str

    def is_new_after(self, others: frozenset[TakenFeature]) -> bool:
        """Whether a guest that `others` left the feature may lose it here."""
        always = self._replace(told=Presence.PRESENT.value)
        return others.isdisjoint({self, always})


class CpuFeatures(NamedTuple):
    """CPU features of a host by what is known of them.

    `lacked`: it has none of them, `unsure`: nobody knows, `unoffered`: its QEMU gives them to no guest,
    `one_vendor`: its kernel gives them on CPUs of one vendor only, and nobody says whose CPU it has.
    `taken`: its CPU has a fault, and its kernel may give them to guests or not; `open_faults`: the same,
    if its CPU is one of those with the fault, which nobody says.
    """

    lacked: frozenset[CapabilityId]
    unsure: frozenset[CapabilityId]
    unoffered: frozenset[CapabilityId]
    one_vendor: frozenset[CapabilityId]
    taken: frozenset[TakenFeature] = frozenset()
    open_faults: frozenset[TakenFeature] = frozenset()

    @property
    def of_no_guest(self) -> frozenset[CapabilityId]:
        """What no guest has that was started here."""
        return self.lacked | self.unoffered
