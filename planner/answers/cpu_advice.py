"""From the CPU features that an answer excludes to the named models that it allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from planner.domain.cpu_advice import CpuAdvice, RefusedModel, VendorAdvice
from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import QemuBuild
from planner.domain.migrated import ClauseKind
from planner.domain.solution import ChosenBaseline
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import CpuGeneration
from planner.migration.graph import MigrationDomain
from planner.migration.parts import absent_parts

VERSION = re.compile(r"-v(\d+)$")
Place = tuple[str, frozenset[QemuBuild]]
"""The architecture and the builds of a pool."""
OF_CPU = f"{ClauseKind.CPU.value}:"


def cpu_advice(
    domain: MigrationDomain, baseline: ChosenBaseline, knowledge: KnowledgeBase
) -> CpuAdvice:
    """Return which named models an answer allows, of the vendors that the pool's hosts may be of.

    A model with a feature that some host states it lacks is refused though no edge loses anything: that
    host could not start it.
    """
    vendors = frozenset(profile.cpu_vendor for profile in domain.profiles)
    known = vendors if "" not in vendors else frozenset[str]()
    arch = next(iter(domain.profiles)).arch
    excluded = excluded_features(baseline)
    return _advice(excluded, _stated_absent(domain), known, (arch, domain.builds), knowledge)


def _stated_absent(domain: MigrationDomain) -> frozenset[str]:
    """Return the CPU features that a probe or the fleet file says some host does not have."""
    groups = (group for member in domain.members for group in member.groups)
    stated = (name for group in groups for name in group.absent)
    return frozenset(name.removeprefix("cpu.") for name in stated if name.startswith("cpu."))


def excluded_features(baseline: ChosenBaseline) -> frozenset[str]:
    """Return the CPU features that the conditions of an answer exclude."""
    words = (word for one in baseline.conditions for word in one.words)
    return frozenset(word.removeprefix(OF_CPU) for word in words if word.startswith(OF_CPU))


@cache
def _advice(
    excluded: frozenset[str],
    absent: frozenset[str],
    vendors: frozenset[str],
    place: Place,
    knowledge: KnowledgeBase,
) -> CpuAdvice:
    rows = sorted(knowledge.guests.cpu_generations, key=lambda row: row.order)
    by_vendor: dict[str, list[CpuGeneration]] = {}
    for row in rows:
        if not vendors or row.vendor in vendors:
            by_vendor.setdefault(row.vendor, []).append(row)
    of_models = frozenset().union(*(row.features for row in knowledge.guests.cpu_models.values()))
    advised = (
        _of_vendor(name, found, excluded | absent, place, knowledge)
        for name, found in by_vendor.items()
    )
    return CpuAdvice(
        vendors=tuple(advised),
        hidden=tuple(
            sorted(
                _all_excluded(excluded, knowledge) & (of_models | knowledge.guests.beyond_common)
            )
        ),
    )


def _of_vendor(
    vendor: str,
    rows: Iterable[CpuGeneration],
    excluded: frozenset[str],
    place: Place,
    knowledge: KnowledgeBase,
) -> VendorAdvice:
    newest, generation, refused = "", "", list[RefusedModel]()
    for row in rows:
        names = tuple(_models_of(row, place, knowledge))
        lost = [_lost(name, excluded, knowledge) for name in names]
        safe = [
            name
            for name, features in zip(names, lost, strict=True)
            if not features and _is_everywhere(name, place, knowledge)
        ]
        if safe:
            newest, generation, refused = safe[-1], row.model, []
        elif lost and lost[0]:
            refused.append(RefusedModel(name=row.model, features=lost[0]))
    written = knowledge.host_cpus.named(vendor)
    return VendorAdvice(
        vendor=vendor,
        title=vendor if written is None else written.title,
        newest=newest,
        generation=generation,
        refused=tuple(refused),
    )


def _is_everywhere(name: str, place: Place, knowledge: KnowledgeBase) -> bool:
    """Whether every build of a pool certainly has a model."""
    arch, builds = place
    told = (knowledge.parts.has("cpu-model", arch, build, name) for build in builds)
    return all(one is Truth.YES for one in told)


def _models_of(row: CpuGeneration, place: Place, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a generation's own models that no build lacks, the unversioned first, then by version."""
    arch, builds = place
    named = {
        name: int(found[1]) if (found := VERSION.search(name)) else 0
        for name in knowledge.guests.cpu_models
        if VERSION.sub("", name) == row.model
    }
    for name in sorted(named, key=lambda name: named[name]):
        start = GuestStart(baseline=Baseline(machine_type=""), cpu=GuestCpu(model=name))
        if not absent_parts(start, arch, builds, knowledge):
            yield name


def _lost(name: str, excluded: frozenset[str], knowledge: KnowledgeBase) -> tuple[str, ...]:
    """Return the features of a model that not every host gives."""
    features = knowledge.guests.cpu_models[name].features
    return tuple(sorted(features & _all_excluded(excluded, knowledge)))


def _all_excluded(excluded: frozenset[str], knowledge: KnowledgeBase) -> frozenset[str]:
    """Return features that are excluded by name, or as beyond what some host is known to have."""
    return excluded.union(*(knowledge.guests.beyond(word) for word in excluded))
