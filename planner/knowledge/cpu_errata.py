"""Faults of CPUs for which kernels take a feature from guests, and which CPUs have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from planner.documents.digits import whole_of
from planner.domain.capability import CapabilityId, Evidence
from planner.domain.host import Facts
from planner.domain.truth import Truth

FAMILY, MODEL = "cpu.family", "cpu.model"


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuRow:
    """CPUs of one vendor: their families and models of CPUID, and the texts that name them."""

    name: str
    title: str
    vendor: str
    numbers: tuple[tuple[int, int, int], ...]
    match: re.Pattern[str]
    evidence: Evidence
    source: str

    def has(self, family: int, model: int) -> bool:
        """Whether CPUID's numbers are of these CPUs."""
        return any(of == family and low <= model <= high for of, low, high in self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuErratum:
    """A feature that kernels with the fact `name` take from `cpus`; `unless` else of a host decides."""

    name: CapabilityId
    feature: CapabilityId
    cpus: frozenset[str]
    unless: str = ""
    evidence: Evidence
    source: str


@dataclass(frozen=True)
class CpuErrata:
    """All rows of CPUs and of their faults."""

    cpus: tuple[CpuRow, ...] = ()
    errata: tuple[CpuErratum, ...] = ()

    @cached_property
    def names(self) -> frozenset[CapabilityId]:
        """The facts about kernels that decide."""
        return frozenset(row.name for row in self.errata)

    def may_be(self, vendor: str, text: str, facts: Facts) -> frozenset[str]:
        """Return the rows that a CPU may be of, by its probe, else by its text, else by vendor."""
        told = dict(facts)
        of_vendor = [row for row in self.cpus if vendor in {"", row.vendor}]
        if told.get(FAMILY, "").isdecimal() and told.get(MODEL, "").isdecimal():
            place = whole_of(told[FAMILY]), whole_of(told[MODEL])
            return frozenset(row.name for row in of_vendor if row.has(*place))
        named = frozenset(row.name for row in of_vendor if row.match.search(text.strip()))
        return named or frozenset(row.name for row in of_vendor)

    def concerns(self, erratum: CpuErratum, cpus: frozenset[str]) -> Truth:
        """Whether a host that may be one of `cpus` has a fault."""
        if cpus and cpus <= erratum.cpus:
            return Truth.YES
        return Truth.UNKNOWN if cpus & erratum.cpus else Truth.NO

    def unless(self, name: CapabilityId) -> str:
        """Return what else of a host decides about a fault, empty if its kernel alone does."""
        return next((row.unless for row in self.errata if row.name == name), "")

    def words(self, names: frozenset[CapabilityId]) -> str:
        """Return the CPUs that have a fault, by maker: `AMD Zen 1, Zen 2; Intel Alder Lake`."""
        asked = [row for row in self.errata if row.name in names]
        faulty = {cpu: row.unless for row in asked for cpu in row.cpus}
        by_maker: dict[str, list[str]] = {}
        for row in self.cpus:
            if row.name in faulty:
                maker, _, model = row.title.partition(" ")
                unless = f" (unless {faulty[row.name]})" if faulty[row.name] else ""
                by_maker.setdefault(maker, []).append(f"{model}{unless}")
        return "; ".join(f"{maker} {', '.join(models)}" for maker, models in by_maker.items())
