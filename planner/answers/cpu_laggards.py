"""Which hosts of a pool cost its guests a newer CPU model, which one, and how today's guests stand.

In: a solved domain. Out: one row per generation of CPUs, with the older ones, and per host class
without which some vendor's newest safe model would be newer. Each is left out once and the answer's
machine type is tried on the rest, so a row is what the solver says of that smaller pool. Cost: one
attempt per generation and per host class.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from planner.answers.cpu_advice import cpu_advice
from planner.answers.reasons.cpu_holders import holders_of
from planner.domain.cpu_advice import CpuAdvice, CpuLaggard, GuestCpus, PoolCpu
from planner.domain.guest import GuestCpu, GuestGroup
from planner.domain.host import HostProfile
from planner.domain.solution import ChosenBaseline, DomainSolution
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.closed_form import ClosedForm
from planner.solver.solve import baseline_of

MOST_NAMES = 3


def pool_cpu(domain: MigrationDomain, solution: DomainSolution, form: ClosedForm) -> PoolCpu | None:
    """Return what a pool allows of guest CPUs under its recommended answer; None without an answer."""
    best = solution.recommended
    if best is None:
        return None
    return PoolCpu(
        domain=domain.name,
        hosts=domain.hosts,
        machine_type=best.machine_type,
        advice=best.cpu,
        laggards=tuple(_laggards(domain, best, form)),
    )


def _laggards(
    domain: MigrationDomain, best: ChosenBaseline, form: ClosedForm
) -> Iterator[CpuLaggard]:
    if len(domain.members) < 2 or domain.edges is not None:
        return
    for generation, older in _by_generation(domain, form):
        gained = _gained_without(older, domain, best, form)
        if gained:
            names = sorted(name for one in older for name in one.examples)
            yield CpuLaggard(
                label=f"generation {generation}",
                generation=generation,
                hosts=sum(one.hosts for one in older),
                examples=tuple(names[:MOST_NAMES]),
                gained=gained,
                holders=tuple(holders_of({one: one.profile.cpu_generation for one in older})),
            )
    for member in domain.members:
        if not _lacks_any(member.profile, best.cpu):
            continue
        gained = _gained_without((member,), domain, best, form)
        if gained:
            yield CpuLaggard(
                label=member.label, hosts=member.hosts, examples=member.examples, gained=gained
            )


def _by_generation(
    domain: MigrationDomain, form: ClosedForm
) -> Iterator[tuple[str, tuple[PoolMember, ...]]]:
    """Yield each generation of CPUs but the newest, with the hosts of it and of older ones."""
    order = {row.model: row.order for row in form.knowledge.guests.cpu_generations}
    vendors = {member.profile.cpu_vendor for member in domain.members}
    found = {member.profile.cpu_generation for member in domain.members}
    if len(vendors) > 1 or not found <= order.keys():
        return
    for generation in sorted(found, key=lambda name: order[name])[:-1]:
        older = [
            one for one in domain.members if order[one.profile.cpu_generation] <= order[generation]
        ]
        yield generation, tuple(sorted(older, key=lambda one: order[one.profile.cpu_generation]))


def _gained_without(
    left_out: Collection[PoolMember],
    domain: MigrationDomain,
    best: ChosenBaseline,
    form: ClosedForm,
) -> tuple[str, ...]:
    """Return the newer models that a pool could have without some of its hosts."""
    row = form.knowledge.machine_type(best.machine_type)
    rest = tuple(one for one in domain.members if one not in left_out)
    smaller = replace(domain, starts=rest, members=rest)
    attempt = None if row is None else form.attempt(smaller, row)
    if attempt is None or not attempt.is_safe:
        return ()
    advice = cpu_advice(smaller, baseline_of(attempt), form.knowledge)
    return tuple(_gained(best.cpu, advice))


def _lacks_any(profile: HostProfile, advice: CpuAdvice) -> bool:
    """Whether a host lacks, or may lack, a feature for which some model is refused."""
    refused = {
        f"cpu.{name}" for one in advice.vendors for model in one.refused for name in model.features
    }
    return not refused.isdisjoint(profile.lacked_cpu_features | profile.unsure_cpu_features)


def _gained(now: CpuAdvice, then: CpuAdvice) -> Iterator[str]:
    """Yield the newest models of vendors that the smaller pool could have and this one cannot."""
    newest = {one.vendor: one for one in now.vendors}
    for vendor in then.vendors:
        old = newest.get(vendor.vendor)
        refused = {one.name for one in old.refused} if old is not None else set()
        if vendor.newest and not refused.isdisjoint({vendor.newest, vendor.generation}):
            yield vendor.newest


def guest_cpus(
    advice: CpuAdvice, guests: Iterable[GuestGroup], knowledge: KnowledgeBase
) -> GuestCpus:
    """Return how guests that migrate stand to an advice.

    A CPU that follows its host is of its own kind: what it must hide is told beside the models.
    """
    taken = frozenset(advice.hidden) | frozenset(advice.unnamed)
    counts = dict.fromkeys(("within", "beyond", "following", "unsaid"), 0)
    names: dict[str, list[str]] = {kind: [] for kind in counts}
    lost = set[str]()
    for group in guests:
        if not group.migratable:
            continue
        features = _features(group.cpu, knowledge)
        if group.cpu is not None and group.cpu.follows_host:
            kind = "following"
        elif features is None:
            kind = "unsaid"
        else:
            lost |= features & taken
            kind = "beyond" if features & taken else "within"
        counts[kind] += group.count
        names[kind] += group.names
    return GuestCpus(
        **counts,
        features=tuple(sorted(lost)),
        beyond_names=tuple(names["beyond"][:MOST_NAMES]),
        following_names=tuple(names["following"][:MOST_NAMES]),
        unsaid_names=tuple(names["unsaid"][:MOST_NAMES]),
    )


def _features(cpu: GuestCpu | None, knowledge: KnowledgeBase) -> frozenset[str] | None:
    """Return the features that a guest is started with; None if nobody knows its model."""
    models = knowledge.guests.cpu_models
    if cpu is None or cpu.model not in models:
        return None
    return (models[cpu.model].features | cpu.enabled) - cpu.disabled
