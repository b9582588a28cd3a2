"""What is packed into waves, under which rules, and the answer; values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from planner.domain.plans.plan import PackingMethod, Relaxation
from planner.domain.plans.upgrade import FailureDomain, PlanPolicy, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class HostToPack:
    """A host to be upgraded.

    `load_gib` is memory to move away; `room` is the capacity that goes away while the host is down and
    `used` what its guests use (None: not known; then it counts as the largest host of its pool, and
    as memory of `load_gib`). `barred` are numbers of waves, from 1, in which it may not be touched.
    """

    host: str
    pool: str
    failure_domains: tuple[FailureDomain, ...] = ()
    load_gib: float = 0.0
    room: Room | None = None
    used: Room | None = None
    barred: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize:
    """A pool with all its hosts, those that stay as they are included.

    `capacity` and `used` are sums over all hosts, `largest` is the room of the largest host in each
    dimension; None where the fleet does not say: then nothing is demanded of its room. A dimension
    in which the capacity is 0 is not looked at. `ready` is the free room, within the fill, on hosts
    that need no upgrade.
    """

    pool: str
    hosts: int
    capacity: Room | None = None
    used: Room | None = None
    largest: Room | None = None
    ready: Room = field(default_factory=Room)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A further sum that no wave may exceed, such as a certificate that large guests find a place."""

    name: str
    most: float
    amounts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingRules:
    """The policy and the pools. `horizon`: waves allowed (None: any number).

    Guests of `one_way` pools may go only to upgraded hosts after the first wave of their pool.
    """

    policy: PlanPolicy
    pools: tuple[PoolSize, ...]
    one_way: frozenset[str] = frozenset()
    horizon: int | None = None
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """Hosts per wave, sorted; a wave in which all hosts left are barred is empty.

    No packing has fewer than `bound` waves. `method`: closed-form, optimal (waves = bound) or
    heuristic. `spare` is, per wave and over all pools with capacities, the least room that the fill
    leaves on hosts that stay up (None: no pool has capacities). `why`: per wave, what keeps it so small.
    """

    waves: tuple[tuple[str, ...], ...]
    bound: int
    method: PackingMethod
    spare: tuple[Room | None, ...]
    why: tuple[str, ...] = ()

    @property
    def gap(self) -> int:
        """Waves above the bound."""
        return len(self.waves) - self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Infeasible:
    """No packing: per obstacle the least changes that lift it, each by itself.

    `proven` is false where a search ended without either a packing or a proof.
    """

    relaxations: tuple[Relaxation, ...]
    proven: bool = True
