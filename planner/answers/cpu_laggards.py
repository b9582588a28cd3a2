"""Which hosts of a pool cost its guests a newer CPU model, and which one.

In: a solved domain. Out: one row per host class without which some vendor's newest safe model would
be newer. Each class is left out once and the answer's machine type is tried on the rest, so a row is
what the solver says of that smaller pool. Cost: one attempt per host class.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.answers.cpu_advice import cpu_advice
from planner.domain.cpu_advice import CpuAdvice, CpuLaggard, PoolCpu
from planner.domain.host import HostProfile
from planner.domain.solution import ChosenBaseline, DomainSolution
from planner.migration.graph import MigrationDomain
from planner.solver.closed_form import ClosedForm
from planner.solver.solve import baseline_of


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
    row = form.knowledge.machine_type(best.machine_type)
    if row is None or len(domain.members) < 2 or domain.edges is not None:
        return
    for member in domain.members:
        if not _lacks_any(member.profile, best.cpu):
            continue
        rest = tuple(one for one in domain.members if one is not member)
        smaller = replace(domain, starts=rest, members=rest)
        attempt = form.attempt(smaller, row)
        if not attempt.is_safe:
            continue
        advice = cpu_advice(smaller, baseline_of(attempt), form.knowledge)
        gained = tuple(_gained(best.cpu, advice))
        if gained:
            yield CpuLaggard(
                label=member.label, hosts=member.hosts, examples=member.examples, gained=gained
            )


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
        if vendor.newest and vendor.generation in refused:
            yield vendor.newest
