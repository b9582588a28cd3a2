"""Hosts, guests and policy as an instance of wave packing; packs nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from planner.domain.guest import GuestGroup
from planner.domain.plans.plan import Relaxation, Routing
from planner.domain.plans.upgrade import PlanPolicy, Room, UpgradeHost
from planner.optimize.waves.pack import pack
from planner.optimize.waves.problem import HostToPack, Infeasible, Packing, PackingRules, PoolSize
from planner.rollout.pool_analysis import PoolAnalysis


def packed(
    analyses: Sequence[PoolAnalysis],
    guests: Mapping[str, Sequence[GuestGroup]] | None,
    rules: PlanPolicy,
) -> Packing | Infeasible:
    """Pack the hosts of all pools into waves."""
    pieces: list[HostToPack] = []
    pools: list[PoolSize] = []
    missing: list[Relaxation] = []
    for analysis in analyses:
        used = _used(
            analysis.upgrade.hosts,
            None if guests is None else guests.get(analysis.upgrade.name, ()),
        )
        missing += _missing(analysis, used, rules)
        pieces += _pieces(analysis.upgrade.hosts, used, rules)
        pools.append(_size(analysis, used, rules))
    if missing:
        return Infeasible(relaxations=tuple(missing))
    one_way = frozenset(
        analysis.upgrade.name for analysis in analyses if analysis.routing is Routing.UPGRADED_ONLY
    )
    return pack(pieces, PackingRules(policy=rules, pools=tuple(pools), one_way=one_way))


def _missing(
    analysis: PoolAnalysis, used: Mapping[str, Room | None], rules: PlanPolicy
) -> Iterator[Relaxation]:
    """Name what a rule needs of hosts and nobody says: unknown is not 0, and not nowhere."""
    hosts = analysis.upgrade.hosts
    sized = [host for host in hosts if host.capacity is not None]
    unloaded = [host for host in hosts if used[str(host.name)] is None]
    whole = "of some hosts; give them for all of the pool, or for none and no evacuation_gib"
    wanting = {
        f"vcpus, memory_gib {whole}": [host for host in hosts if sized and host.capacity is None],
        f"used_vcpus, used_memory_gib {whole}": unloaded if sized or rules.evacuation_gib else [],
        "the day of wave 1, for hosts with a blackout; give --start": [
            host for host in hosts if host.blackouts and rules.start is None
        ],
        **dict(_without_family(hosts, rules)),
    }
    for fact, silent in wanting.items():
        if silent:
            yield Relaxation(
                domain=analysis.upgrade.name,
                constraint="missing-fact",
                text=f"missing fact: {fact}",
                hosts=len(silent),
                examples=tuple(str(host.name) for host in silent[:3]),
            )


def _without_family(
    hosts: Sequence[UpgradeHost], rules: PlanPolicy
) -> Iterator[tuple[str, list[UpgradeHost]]]:
    """Yield the hosts that are to be upgraded and do not say where a bounded family has them."""
    for family, _ in rules.domain_unavailable:
        yield (
            f"failure_domain '{family}', which the policy bounds",
            [
                host
                for host in hosts
                if host.target is not None
                and all(failure_domain.family != family for failure_domain in host.failure_domains)
            ],
        )


def _used(
    hosts: Iterable[UpgradeHost], guests: Sequence[GuestGroup] | None
) -> dict[str, Room | None]:
    """Return what runs on each host: its own columns, else the sum of its guests."""
    sums: dict[str, tuple[float, float]] = {}
    sized = guests is not None and all(group.room is not None for group in guests)
    for group in guests or ():
        if group.room is not None:
            vcpus, memory = sums.get(group.host, (0.0, 0.0))
            sums[group.host] = (
                vcpus + group.count * group.room.vcpus,
                memory + group.count * group.room.memory_gib,
            )
    used_on: dict[str, Room | None] = {}
    for host in hosts:
        vcpus, memory = sums.get(str(host.name), (0.0, 0.0))
        counted = Room(vcpus=vcpus, memory_gib=memory) if sized else None
        used_on[str(host.name)] = host.used if host.used is not None else counted
    return used_on


def _pieces(
    hosts: Iterable[UpgradeHost], used: Mapping[str, Room | None], rules: PlanPolicy
) -> Iterator[HostToPack]:
    for host in hosts:
        if host.target is None:
            continue
        load = used[str(host.name)]
        yield HostToPack(
            host=str(host.name),
            pool=str(host.pool),
            failure_domains=host.failure_domains,
            load_gib=0.0 if load is None else load.memory_gib,
            room=host.capacity,
            used=load,
            barred=frozenset(_barred(host, rules)),
        )


def _barred(host: UpgradeHost, rules: PlanPolicy) -> Iterator[int]:
    """Yield the waves that touch a day on which the host may not be touched."""
    if rules.start is None:
        return
    for blackout in host.blackouts:
        first = (blackout.first - rules.start).days // rules.wave_days + 1
        last = (blackout.last - rules.start).days // rules.wave_days + 1
        yield from range(max(first, 1), last + 1)


def _size(analysis: PoolAnalysis, used: Mapping[str, Room | None], rules: PlanPolicy) -> PoolSize:
    """Return the size of a pool; its room counts only if every host says how large it is."""
    hosts = analysis.upgrade.hosts
    rooms = [host.capacity for host in hosts if host.capacity is not None]
    loads = [load for load in used.values() if load is not None]
    known = len(rooms) == len(hosts) == len(loads)
    ready = [
        (host.capacity, used[str(host.name)])
        for host, before in zip(hosts, analysis.upgrade.before, strict=True)
        if host.target is None and before in analysis.upgrade.upgraded_profiles()
    ]
    free = [
        Room(
            vcpus=max(0.0, rules.fill * room.vcpus - load.vcpus),
            memory_gib=max(0.0, rules.fill * room.memory_gib - load.memory_gib),
        )
        for room, load in ready
        if room is not None and load is not None
    ]
    return PoolSize(
        pool=analysis.upgrade.name,
        hosts=len(hosts),
        capacity=_sum(rooms) if known else None,
        used=_sum(loads) if known else None,
        largest=_largest(rooms) if known else None,
        ready=_sum(free),
    )


def _sum(rooms: Iterable[Room]) -> Room:
    known = list(rooms)
    return Room(
        vcpus=sum(room.vcpus for room in known), memory_gib=sum(room.memory_gib for room in known)
    )


def _largest(rooms: Sequence[Room]) -> Room:
    return Room(
        vcpus=max(room.vcpus for room in rooms), memory_gib=max(room.memory_gib for room in rooms)
    )
