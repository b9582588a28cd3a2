"""Whether the waves of a plan keep to what the operator allows; counts hosts, and judges no move."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import floor

from planner.domain.plans.plan import Plan, Wave
from planner.domain.plans.upgrade import PlanPolicy, UpgradeHost

Broken = Iterator[tuple[int, str, str]]
"""Wave, pool (empty: the fleet), and what is broken."""


def broken_limits(plan: Plan, hosts: Sequence[UpgradeHost], rules: PlanPolicy) -> Broken:
    """Yield every bound of the operator that a wave breaks, in the order of the waves."""
    by_name = {str(host.name): host for host in hosts}
    sizes = Counter(str(host.pool) for host in hosts)
    for wave in plan.waves:
        names = dict.fromkeys(upgrade.host for upgrade in wave.upgrades)
        down = [by_name[name] for name in names if name in by_name]
        for pool, text in (
            *_fleet(down, rules),
            *_failure_domains(down, rules),
            *_pools(down, sizes, rules),
            *_blackouts(wave, down, rules),
        ):
            yield wave.number, pool, text


def _fleet(down: Sequence[UpgradeHost], rules: PlanPolicy) -> Iterator[tuple[str, str]]:
    most = rules.fleet_unavailable
    if most is not None and len(down) > most:
        yield "", f"{len(down):,} hosts are down, fleet_unavailable is {most:,}"


def _failure_domains(down: Iterable[UpgradeHost], rules: PlanPolicy) -> Iterator[tuple[str, str]]:
    bounds = dict(rules.domain_unavailable)
    counts = Counter(
        failure_domain for host in down for failure_domain in set(host.failure_domains)
    )
    for failure_domain, count in sorted(counts.items(), key=lambda item: str(item[0])):
        most = bounds.get(failure_domain.family)
        if most is not None and count > most:
            yield (
                "",
                f"{count:,} hosts of {failure_domain} are down, domain_unavailable is {most:,}",
            )


def _pools(
    down: Iterable[UpgradeHost], sizes: Mapping[str, int], rules: PlanPolicy
) -> Iterator[tuple[str, str]]:
    by_pool: dict[str, list[UpgradeHost]] = {}
    for host in down:
        by_pool.setdefault(str(host.pool), []).append(host)
    for pool, hosts in sorted(by_pool.items()):
        share = floor(Fraction(str(rules.pool_share)) * sizes[pool])
        most = max(1, min(share, sizes[pool] - 1))
        if rules.pool_unavailable is not None:
            most = min(most, rules.pool_unavailable)
        if len(hosts) > most:
            yield pool, f"{len(hosts):,} hosts are down, {most:,} of {sizes[pool]:,} may be"
        moved = sum(host.used.memory_gib for host in hosts if host.used is not None)
        if rules.evacuation_gib is not None and moved > rules.evacuation_gib + 1e-6:
            yield pool, f"{moved:g} GiB are moved away, evacuation_gib is {rules.evacuation_gib:g}"


def _blackouts(
    wave: Wave, down: Iterable[UpgradeHost], rules: PlanPolicy
) -> Iterator[tuple[str, str]]:
    if wave.day is None:
        return
    last = wave.day + datetime.timedelta(days=rules.wave_days - 1)
    for host in down:
        for blackout in host.blackouts:
            if blackout.first <= last and wave.day <= blackout.last:
                yield str(host.pool), f"{host.name} is touched on a day of its blackout"
