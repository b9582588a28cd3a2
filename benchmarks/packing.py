"""Time the packing of waves on generated pools; print waves, bound, gap, method and seconds of CPU.

Run: python -m benchmarks.packing [HOSTS] [POOLS FLEET_HOSTS]
One pool in racks of 20 (4 at once), 10 % at once, loads 70 % +- 15 %, loose or tight evacuation
budgets, guests one way or not; then many pools in zones below one limit for the fleet.
"""

from __future__ import annotations

import random
import sys
import time

from planner.domain.plans.upgrade import FailureDomain, PlanPolicy, Room
from planner.optimize.waves.pack import HostToPack, Packing, PackingRules, PoolSize, pack

HOST = Room(vcpus=128.0, memory_gib=1024.0)
GRAIN = 8  # GiB of a guest
ROOM_ABOVE_MEAN = {"loose": 1.1, "tight": 1.0005}


def host(number: int, pool: str, domains: dict[str, str], chance: random.Random) -> HostToPack:
    """Return a host with a load of 70 % +- 15 %, at most 90 %."""
    load = GRAIN * round(min(0.9, max(0.2, chance.gauss(0.7, 0.15))) * HOST.memory_gib / GRAIN)
    return HostToPack(
        host=f"h{number:07d}",
        pool=pool,
        failure_domains=tuple(FailureDomain(family=f, name=n) for f, n in domains.items()),
        load_gib=load,
        room=HOST,
        used=Room(vcpus=load / 16, memory_gib=load),
    )


def size_of(pool: str, pieces: list[HostToPack]) -> PoolSize:
    """Return a pool in which a tenth more hosts (at least 2) are empty and stay."""
    used = sum(piece.load_gib for piece in pieces)
    rooms = len(pieces) + max(2, len(pieces) // 10)
    return PoolSize(
        pool=pool,
        hosts=len(pieces),
        capacity=Room(vcpus=HOST.vcpus * rooms, memory_gib=HOST.memory_gib * rooms),
        used=Room(vcpus=used / 16, memory_gib=used),
        largest=HOST,
    )


def one_pool(
    hosts: int, budget: str, *, one_way: bool, seed: int = 7
) -> tuple[list[HostToPack], PackingRules]:
    """Return one pool in racks of 20."""
    chance = random.Random(seed)
    pieces = [host(n, "pool", {"rack": f"r{n // 20}"}, chance) for n in range(hosts)]
    mean = sum(piece.load_gib for piece in pieces) / 10
    policy = PlanPolicy(
        domain_unavailable=(("rack", 4),), evacuation_gib=mean * ROOM_ABOVE_MEAN[budget]
    )
    ways = frozenset({"pool"}) if one_way else frozenset()
    return pieces, PackingRules(policy=policy, pools=(size_of("pool", pieces),), one_way=ways)


def many_pools(pools: int, hosts: int, *, seed: int = 7) -> tuple[list[HostToPack], PackingRules]:
    """Return pools of log-normal sizes in four zones: 6 % of the fleet, 45 % of that per zone."""
    chance = random.Random(seed)
    shares = [min(400.0, max(2.0, chance.lognormvariate(3.0, 0.9))) for _ in range(pools)]
    scale = hosts / sum(shares)
    pieces: list[HostToPack] = []
    sizes, weights = [], []
    for pool, share in enumerate(shares):
        name, zone = f"p{pool:05d}", f"z{pool % 4}"
        own = []
        for place in range(max(2, round(share * scale))):
            domains = {"rack": f"{name}.{place // 20}", "zone": zone}
            own.append(host(len(pieces) + place, name, domains, chance))
        pieces += own
        sizes.append(size_of(name, own))
        weights.append((name, float(chance.randint(1, 10))))
    fleet = len(pieces) * 6 // 100
    policy = PlanPolicy(
        domain_unavailable=(("rack", 4), ("zone", fleet * 45 // 100)),
        pool_share=0.2,
        fleet_unavailable=fleet,
        weights=tuple(weights),
    )
    return pieces, PackingRules(policy=policy, pools=tuple(sizes))


def timed(name: str, pieces: list[HostToPack], rules: PackingRules) -> None:
    """Pack once and print one line."""
    start = time.process_time()
    answer = pack(pieces, rules)
    seconds = time.process_time() - start
    if not isinstance(answer, Packing):
        print(f"{name}: no packing, {seconds:.2f} s of CPU, {answer.relaxations[0].text}")
        return
    print(
        f"{name}: {len(answer.waves)} waves, bound {answer.bound}, gap {answer.gap},"
        f" {answer.method}, {seconds:.2f} s of CPU"
    )


def main(hosts: int = 5_000, pools: int = 10_000, fleet_hosts: int = 300_000) -> None:
    """Print one line per case."""
    for budget in ROOM_ABOVE_MEAN:
        for one_way in (False, True):
            way = "one way" if one_way else "any way"
            timed(f"{hosts:,} hosts, {budget}, {way}", *one_pool(hosts, budget, one_way=one_way))
    pieces, rules = many_pools(pools, fleet_hosts)
    timed(f"{len(pieces):,} hosts, {pools:,} pools, fleet limit", pieces, rules)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
