"""Hosts on their way to another kernel or QEMU, and what the operator allows on that way."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from planner.domain.host import HostGroup, HostName, PoolName


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Virtual CPUs and memory in GiB: of a host, or of what runs on it."""

    vcpus: float = 0.0
    memory_gib: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDomain:
    """Hosts that may be lost together: a member of a family such as `rack`."""

    family: str
    name: str

    def __str__(self) -> str:
        """Write `family=name`."""
        return f"{self.family}={self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """Days on which a host may not be touched, both ends included."""

    first: datetime.date
    last: datetime.date


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeHost:
    """A host as it is and as it shall be.

    `target` is None for a host that stays as it is. `capacity` and `used` are None where the fleet
    does not say. `group` and `target` share every word that the upgrade does not change.
    """

    name: HostName
    pool: PoolName
    group: HostGroup
    target: HostGroup | None
    failure_domains: tuple[FailureDomain, ...] = ()
    capacity: Room | None = None
    used: Room | None = None
    blackouts: tuple[Blackout, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An operator's wish to keep the way back open: no flip of `pool` (empty: of any) before a day."""

    pool: str
    until: datetime.date | None
    owner: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPolicy:
    """What the operator allows while hosts are upgraded.

    `domain_unavailable`: hosts of one failure domain down at once, by family; `pool_unavailable`
    and `fleet_unavailable` are hosts (None: no bound), `pool_share` is a share of the pool, at least
    one host. `evacuation_gib`: memory moved away per wave and pool (None: no bound). `fill`: share of
    a host's capacity that may be used; `spare`: hosts per pool kept free. `soak_days` pass between
    the last blocker and a flip; a wave takes `wave_days`. `weights` rank pools, more is earlier.
    `device_flags_may_differ`: the two processes of a hop may offer a guest different device features.
    """

    domain_unavailable: tuple[tuple[str, int], ...] = ()
    pool_unavailable: int | None = None
    pool_share: float = 0.1
    fleet_unavailable: int | None = None
    evacuation_gib: float | None = None
    fill: float = 0.9
    spare: int = 0
    soak_days: int = 7
    wave_days: int = 1
    start: datetime.date | None = None
    weights: tuple[tuple[str, float], ...] = ()
    restarts: bool = False
    device_flags_may_differ: bool = False
    holds: tuple[Hold, ...] = ()
