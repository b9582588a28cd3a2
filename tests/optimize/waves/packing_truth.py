"""The rules of packing written a second time, and the truth by trying everything; shares no code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

from planner.domain.plans.upgrade import Room
from planner.optimize.waves.pack import HostToPack, PackingRules, PoolSize

NOWHERE = Room()


def exact(value: float) -> Fraction:
    return Fraction(str(value))


def vcpus(room: Room) -> Fraction:
    return exact(room.vcpus)


def memory(room: Room) -> Fraction:
    return exact(room.memory_gib)


def wave_faults(down: Sequence[HostToPack], number: int, rules: PackingRules) -> list[str]:
    """Every rule about one wave by itself."""
    faults = [f"{piece.host} is barred" for piece in down if number in piece.barred]
    policy = rules.policy
    if policy.fleet_unavailable is not None and len(down) > policy.fleet_unavailable:
        faults.append("fleet")
    for family, most in policy.domain_unavailable:
        names = [d.name for piece in down for d in set(piece.failure_domains) if d.family == family]
        faults += [f"{family} {name}" for name in set(names) if names.count(name) > most]
    for size in rules.pools:
        own = [piece for piece in down if piece.pool == size.pool]
        if own:
            faults += pool_faults(size, own, rules)
    for budget in rules.budgets:
        hosts = {piece.host for piece in down}
        if sum(exact(much) for host, much in budget.amounts if host in hosts) > exact(budget.most):
            faults.append(budget.name)
    return faults


def pool_faults(size: PoolSize, own: Sequence[HostToPack], rules: PackingRules) -> list[str]:
    policy, faults = rules.policy, []
    most = max(1, min(int(exact(policy.pool_share) * size.hosts), size.hosts - 1))
    if policy.pool_unavailable is not None:
        most = min(most, policy.pool_unavailable)
    if len(own) > most:
        faults.append(f"pool {size.pool}")
    if policy.evacuation_gib is not None:
        moved = sum((exact(piece.load_gib) for piece in own), Fraction(0))
        if moved > exact(policy.evacuation_gib):
            faults.append(f"evacuation {size.pool}")
    if size.capacity is None or size.used is None:
        return faults
    for get in (vcpus, memory):
        largest = get(size.largest or NOWHERE)
        lost = sum(get(piece.room) if piece.room else largest for piece in own)
        up = get(size.capacity) - lost - policy.spare * largest
        if get(size.capacity) and lost and get(size.used) > exact(policy.fill) * up:
            faults.append(f"capacity {size.pool}")
    return faults


def prefix_faults(waves: Sequence[Sequence[HostToPack]], rules: PackingRules) -> list[str]:
    """One-way pools: loads of later waves fit into what was upgraded before."""
    faults = []
    for size in (one for one in rules.pools if one.pool in rules.one_way):
        for get in (vcpus, memory):
            room, begun = get(size.ready), False
            for wave in waves:
                own = [piece for piece in wave if piece.pool == size.pool]
                used = (piece.used or Room(memory_gib=piece.load_gib) for piece in own)
                room -= sum(map(get, used), Fraction(0)) if begun else 0
                if own and room < 0:
                    faults.append(f"one-way {size.pool}")
                room += exact(rules.policy.fill) * sum(get(one.room or NOWHERE) for one in own)
                begun = begun or bool(own)
    return faults


def faults_of(
    waves: Sequence[Sequence[str]], pieces: Sequence[HostToPack], rules: PackingRules
) -> list[str]:
    """Everything wrong with a packing."""
    by_name = {piece.host: piece for piece in pieces}
    placed = [host for wave in waves for host in wave]
    faults = [] if sorted(placed) == sorted(by_name) else ["not each host once"]
    named = [[by_name[host] for host in wave] for wave in waves]
    for number, wave in enumerate(named, start=1):
        faults += wave_faults(wave, number, rules)
    if rules.horizon is not None and len(waves) > rules.horizon:
        faults.append("horizon")
    return faults + prefix_faults(named, rules)


def fewest_waves(pieces: Sequence[HostToPack], rules: PackingRules) -> int | None:
    """The true optimum by trying every sequence of waves; None if there is no packing."""
    last_barred = max((wave for piece in pieces for wave in piece.barred), default=0)
    states: set[tuple[frozenset[str], frozenset[str]]] = {(frozenset(), frozenset())}
    everything = frozenset(piece.host for piece in pieces)
    allowed = {number: list(_fitting(pieces, number, rules)) for number in range(last_barred + 2)}
    for number in range(1, len(pieces) + last_barred + 1):
        waves = allowed[min(number, last_barred + 1)]
        states = {
            after
            for state in states
            for wave in waves
            for after in _step(state, wave, pieces, rules)
        }
        if any(done == everything for done, _ in states):
            return number
    return None if pieces else 0


def _fitting(
    pieces: Sequence[HostToPack], number: int, rules: PackingRules
) -> Iterator[frozenset[str]]:
    for size in range(len(pieces) + 1):
        for down in combinations(pieces, size):
            if not wave_faults(down, number, rules):
                yield frozenset(piece.host for piece in down)


def _step(
    state: tuple[frozenset[str], frozenset[str]],
    wave: frozenset[str],
    pieces: Sequence[HostToPack],
    rules: PackingRules,
) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """The state after a wave: hosts done, and hosts of first waves, whose load is not charged."""
    done, free = state
    if wave & done:
        return
    begun = {piece.pool for piece in pieces if piece.host in done}
    new_free = {p.host for p in pieces if p.host in wave and p.pool not in begun}
    for size in (one for one in rules.pools if one.pool in rules.one_way and one.pool in begun):
        own = [piece for piece in pieces if piece.pool == size.pool]
        if not any(piece.host in wave for piece in own):
            continue
        for get in (vcpus, memory):
            charged = [p for p in own if p.host in (done | wave) - free]
            load = sum(get(p.used or Room(memory_gib=p.load_gib)) for p in charged)
            room = sum(get(p.room or NOWHERE) for p in own if p.host in done)
            if load > get(size.ready) + exact(rules.policy.fill) * room:
                return
    yield done | wave, free | new_free if rules.one_way else frozenset()
