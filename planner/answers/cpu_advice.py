"""From the CPU features that an answer excludes to the named models that it allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from planner.answers.reasons.cpu_holders import held
from planner.domain.cpu_advice import CpuAdvice, KeptOut, RefusedModel, VendorAdvice
from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import ClauseKind
from planner.domain.solution import ChosenBaseline
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.cpu_generations import CpuGeneration
from planner.migration.graph import MigrationDomain
from planner.migration.parts import absent_parts

VERSION = re.compile(r"-v(\d+)$")
OF_CPU = f"{ClauseKind.CPU.value}:"
OF_HOST = "cpu."
MOST_TRIMMED = 2
"""Features without which a model is advised all the same."""


@dataclass(frozen=True, slots=True)
class PoolCpus:
    """What decides in a pool which CPU models are safe: what is known of the CPUs of its hosts.

    `vendors` and `generations` are empty if those of some host are not known. `everywhere` are the
    features that every host is known to have, `somewhere` those of some host, `absent` those that a
    probe or the fleet file denies of some host.
    """

    arch: str
    builds: frozenset[QemuBuild]
    vendors: frozenset[str]
    generations: frozenset[str]
    everywhere: frozenset[str]
    somewhere: frozenset[str]
    absent: frozenset[str]


def cpu_advice(
    domain: MigrationDomain, baseline: ChosenBaseline, knowledge: KnowledgeBase
) -> CpuAdvice:
    """Return which named models an answer allows, of the vendors that the pool's hosts may be of.

    A model with a feature that some host states it lacks is refused though no edge loses anything: that
    host could not start it.
    """
    excluded = excluded_features(baseline)
    found = _advice(excluded, _cpus_of(domain), knowledge)
    unstated = sum(one.hosts for one in domain.members if not any(one.profile.cpu_name))
    vendors = (
        _with_holders(one, domain, knowledge) if one.refused else one for one in found.vendors
    )
    return replace(found, vendors=tuple(vendors), unstated=unstated)


def _with_holders(
    advice: VendorAdvice, domain: MigrationDomain, knowledge: KnowledgeBase
) -> VendorAdvice:
    """Return an advice with who keeps which model out, and the newest that a feature or two do."""
    refused = tuple(held(advice.refused, domain, knowledge))
    needed = knowledge.guests.hiding.mitigations
    trimmed = [
        f"{one.version},{','.join(f'-{name}' for name in one.features)}"
        for one in refused
        if advice.newest and one.version and one.why is not KeptOut.GENERATION
        if len(one.features) <= MOST_TRIMMED and needed.isdisjoint(one.features)
    ]
    return replace(advice, refused=refused, trimmed=trimmed[-1] if trimmed else "")


def excluded_features(baseline: ChosenBaseline) -> frozenset[str]:
    """Return the CPU features that the conditions of an answer exclude."""
    words = (word for one in baseline.conditions for word in one.words)
    return frozenset(word.removeprefix(OF_CPU) for word in words if word.startswith(OF_CPU))


def _cpus_of(domain: MigrationDomain) -> PoolCpus:
    profiles = domain.profiles
    stated = (name for member in domain.members for group in member.groups for name in group.absent)
    present = [_features(profile.capabilities.present) for profile in profiles]
    return PoolCpus(
        arch=next(iter(profiles)).arch,
        builds=domain.builds,
        vendors=_all_known(profile.cpu_vendor for profile in profiles),
        generations=_all_known(profile.cpu_generation for profile in profiles),
        everywhere=held_everywhere(domain),
        somewhere=frozenset[str]().union(*present),
        absent=_features(stated),
    )


def held_everywhere(domain: MigrationDomain) -> frozenset[str]:
    """Return the features that every host of a pool is known to have."""
    profiles = domain.profiles
    if _is_partly_read(profiles):
        return frozenset()
    return frozenset.intersection(*(_features(one.capabilities.present) for one in profiles))


def _is_partly_read(profiles: Iterable[HostProfile]) -> bool:
    """Whether some CPU is stated that nobody reads, beside one that is: nothing is held in common."""
    read = {bool(profile.cpu_generation) for profile in profiles if any(profile.cpu_name)}
    return len(read) > 1


def _all_known(values: Iterable[str]) -> frozenset[str]:
    found = frozenset(values)
    return frozenset() if "" in found else found


def _features(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.removeprefix(OF_HOST) for name in names if name.startswith(OF_HOST))


@cache
def _advice(excluded: frozenset[str], cpus: PoolCpus, knowledge: KnowledgeBase) -> CpuAdvice:
    rows = sorted(knowledge.guests.cpu_generations, key=lambda row: row.order)
    by_vendor: dict[str, list[CpuGeneration]] = {}
    for row in rows:
        if not cpus.vendors or row.vendor in cpus.vendors:
            by_vendor.setdefault(row.vendor, []).append(row)
    every = _Loss(excluded, cpus, knowledge)
    advised, of_time = list[VendorAdvice](), set(cpus.somewhere)
    for name, found in by_vendor.items():
        own = [row.order for row in found if row.model in cpus.generations]
        bounded = [row for row in found if not own or row.order <= own[-1]]
        advised.append(_of_vendor(name, bounded, every, bounded[-1].model if own else ""))
        of_time |= every.held_by(row for row in bounded if not own or row.order >= own[0])
    hidden = every.gone & of_time
    return CpuAdvice(
        vendors=tuple(advised),
        hidden=tuple(sorted(hidden)),
        unnamed=tuple(sorted(every.gone - of_time)),
        unprotected=tuple(sorted(hidden & knowledge.guests.hiding.mitigations)),
        for_libvirt=tuple(
            knowledge.guests.hiding.libvirt_names.get(name, name) for name in sorted(hidden)
        ),
    )


class _Loss:
    """What a pool's answer takes from CPU models."""

    def __init__(self, excluded: frozenset[str], cpus: PoolCpus, knowledge: KnowledgeBase) -> None:
        """Draw what is excluded by name, or as beyond what some host is known to have."""
        words = knowledge.guests
        self.cpus, self.knowledge = cpus, knowledge
        beyond = frozenset[str]().union(*(words.beyond(word) for word in excluded))
        taken = excluded | (beyond - cpus.everywhere)
        self.gone = (taken & words.cpu_features) - words.not_of_host - words.unmigratable
        self._refused = taken | cpus.absent

    def of(self, name: str) -> tuple[str, ...]:
        """Return the features of a model that not every host gives."""
        features = self.knowledge.guests.cpu_models[name].features
        return tuple(sorted(features & self._refused))

    def held_by(self, rows: Iterable[CpuGeneration]) -> frozenset[str]:
        """Return the features that some version or variant of generations has, or their hardware."""
        words = self.knowledge.guests
        own = {row.model: row.also for row in rows}
        found = (
            model.features | model.varying
            for name, model in words.cpu_models.items()
            if words.generation_in(name) in own
        )
        return frozenset[str]().union(*own.values(), *found)

    def is_offered(self, name: str) -> bool:
        """Whether every build of the pool certainly has a model."""
        cpus, parts = self.cpus, self.knowledge.parts
        told = (parts.has("cpu-model", cpus.arch, build, name) for build in cpus.builds)
        return all(one is Truth.YES for one in told)

    def safe_of(self, generation: str) -> dict[str, frozenset[str]]:
        """Return the features of a generation's names that every build has, by name."""
        words = self.knowledge.guests
        return {
            name: words.cpu_models[name].features
            for name in words.cpu_models
            if words.generation_in(name) == generation and self.is_offered(name)
        }

    def is_asked(self, row: CpuGeneration, bound: str) -> bool:
        """Whether a generation is of some host, or older than all of them."""
        own = self.cpus.generations
        rows = self.knowledge.guests.cpu_generations
        return (
            not bound
            or row.model in own
            or all(row.order < other.order for other in rows if other.model in own)
        )

    def is_carried(self, name: str) -> bool:
        """Whether every host is known to have all of a model that not every CPU has."""
        words = self.knowledge.guests
        return words.cpu_models[name].features & words.beyond_common <= self.cpus.everywhere


def _of_vendor(
    vendor: str, rows: Iterable[CpuGeneration], every: _Loss, bound: str
) -> VendorAdvice:
    newest, generation, refused = "", "", list[RefusedModel]()
    for row in rows:
        lost = {name: every.of(name) for name in _models_of(row, every)}
        safe = [name for name, gone in lost.items() if not gone and every.is_offered(name)]
        if safe:
            carried = [name for name in safe if bound and every.is_carried(name)]
            newest, generation = (carried or safe)[-1], row.model
            refused = list(_newer_versions(newest, lost, every))
        elif next(iter(lost.values()), ()) and every.is_asked(row, bound):
            least = min((name for name in lost if lost[name]), key=lambda name: len(lost[name]))
            version = least if every.is_offered(least) else ""
            refused.append(RefusedModel(name=row.model, features=lost[least], version=version))
    written = every.knowledge.host_cpus.named(vendor)
    advice = VendorAdvice(
        vendor=vendor,
        title=vendor if written is None else written.title,
        newest=newest,
        generation=generation,
        refused=tuple(refused),
        bound=bound,
    )
    return _with_protection(advice, every) if newest else advice


def _with_protection(advice: VendorAdvice, every: _Loss) -> VendorAdvice:
    """Return an advice with the mitigations that its newest safe model lacks of those of its generation.

    They are named with a model that has them unless a host is known to lack one of them.
    """
    words = every.knowledge.guests
    own = words.cpu_models[advice.newest].features
    named = every.safe_of(advice.generation)
    had = frozenset[str]().union(*named.values()) & words.hiding.mitigations
    weaker = had - own
    guarded = [name for name, features in named.items() if features >= own | weaker]
    guarded.sort(key=lambda name: _plainness(name, named))
    safe = [name for name in guarded if not every.of(name)]
    if weaker and safe:
        return _with_protection(replace(advice, newest=safe[0]), every)
    plain = [name for name in named if not VERSION.search(name) and not every.of(name)]
    plain.sort(key=lambda name: len(named[name]))
    is_denied = bool(weaker & every.cpus.absent)
    return replace(
        advice,
        plain=plain[-1] if plain else "",
        weaker=tuple(sorted(weaker)),
        guarded=guarded[0] if weaker and guarded and not is_denied else "",
    )


def _plainness(name: str, named: Mapping[str, frozenset[str]]) -> tuple[int, bool, str]:
    """Order names of models: fewest features, then those without a version."""
    return len(named[name]), VERSION.search(name) is not None, name


def _newer_versions(
    newest: str, lost: Mapping[str, tuple[str, ...]], every: _Loss
) -> Iterator[RefusedModel]:
    """Yield the version after the newest safe one that loses least."""
    names = list(lost)
    later = [
        name for name in names[names.index(newest) + 1 :] if lost[name] and every.is_offered(name)
    ]
    if later:
        least = min(later, key=lambda name: len(lost[name]))
        yield RefusedModel(name=least, features=lost[least], version=least)


def _models_of(row: CpuGeneration, every: _Loss) -> Iterator[str]:
    """Yield a generation's own models that no build lacks, the unversioned first, then by version."""
    knowledge, cpus = every.knowledge, every.cpus
    named = {
        name: int(found[1]) if (found := VERSION.search(name)) else 0
        for name in knowledge.guests.cpu_models
        if VERSION.sub("", name) == row.model
    }
    for name in sorted(named, key=lambda name: named[name]):
        start = GuestStart(baseline=Baseline(machine_type=""), cpu=GuestCpu(model=name))
        if not absent_parts(start, cpus.arch, cpus.builds, knowledge):
            yield name
