"""What if: changes of a fleet and of what is allowed, and what they make of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from planner.domain.guest import Baseline
from planner.domain.host import HostGroup
from planner.domain.shown import html_of
from planner.domain.solution import ChosenBaseline, Status
from planner.domain.verdict import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Hosts that a change is about; empty words match every host.

    `hosts` are names, `pool` is a name, `from_kernel` and `from_qemu` are globs over the texts of the
    fleet file. Of the hosts that match and are not like that already, the first `count` are taken in
    order of their names, over all pools (None: all).
    """

    hosts: tuple[str, ...] = ()
    pool: str = ""
    from_kernel: str = ""
    from_qemu: str = ""
    count: int | None = None

    def may_match(self, group: HostGroup) -> bool:
        """Whether hosts of a group can be meant, their names aside."""
        return (
            (not self.pool or group.pool == self.pool)
            and (not self.from_kernel or fnmatchcase(group.kernel, self.from_kernel))
            and (not self.from_qemu or fnmatchcase(group.qemu, self.from_qemu))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """Hosts get a kernel, a QEMU or both; an empty word leaves what they have."""

    selection: Selection
    kernel: str = ""
    qemu: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """Hosts hide capabilities, as a host does whose administrator switched them off."""

    selection: Selection
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Hosts leave the fleet."""

    selection: Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """New hosts of a pool; they are named `new-1`, `new-2` and so on, after the pool."""

    pool: str
    count: int
    kernel: str
    qemu: str
    capabilities: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedEdge:
    """Every host of a pool may send guests to every host of another."""

    source: str
    destination: str


HostChange = Upgrade | Masking | Removal | Addition


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Changes that are made together, those of hosts in the order of `changes`.

    `retired` machine types are no longer given to new guests. `accepted` are (unit, owner, reason).
    `file` is where it was read, if it was.
    """

    name: str
    changes: tuple[HostChange, ...] = ()
    edges: tuple[AllowedEdge, ...] = ()
    retired: tuple[str, ...] = ()
    accepted: tuple[tuple[str, str, str], ...] = ()
    file: str = ""

    @property
    def place(self) -> str:
        """Where messages say that it is."""
        own = f"scenario '{self.name}'"
        return f"{self.file}: {own}" if self.file else own


class Direction(Enum):
    """What becomes of the answer of a board and line."""

    NEWER = "newer"
    OLDER = "older"
    SAME_TYPE = "same type"
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """The answer of one board and line before and after; None where there is none."""

    board: str
    line: str
    direction: Direction
    before: ChosenBaseline | None
    after: ChosenBaseline | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainChange:
    """One pool before and after; `hosts` 0 and status None where the pool is not there."""

    domain: str
    hosts_before: int
    hosts_after: int
    status_before: Status | None
    status_after: Status | None
    lines: tuple[LineChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The pools whose answers differ, in name order, and how many are alike."""

    changes: tuple[DomainChange, ...]
    alike: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenEdge:
    """A move that guests on an answer of before no longer survive for sure.

    `booted_on` are the hosts for whose guests it is as bad as `outcome`, by QEMU and kernel.
    """

    domain: str
    baseline: Baseline
    source: str
    destination: str
    booted_on: tuple[str, ...]
    outcome: Outcome
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOutline:
    """What an upgrade plan for a scenario would look like; with `forbidden` there is none."""

    waves: int
    bound: int
    point_of_no_return: int | None
    flips: int
    one_way_guests: int | None
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResult:
    """What a scenario makes of the answer.

    `hosts` are those that it changes, removes or adds. `status` is the gravest of all pools, touched
    or not. `guests` are those of pools whose answer
    changes (None: no guests were given). `plan` is None unless it was asked for and hosts are upgraded.
    """

    name: str
    hosts: int
    comparison: Comparison
    broken: tuple[BrokenEdge, ...]
    guests: int | None
    plan: PlanOutline | None
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPoint:
    """A combination of a matrix for one pool, board and line; `best`: none is newer for fewer hosts."""

    domain: str
    board: str
    line: str
    scenario: str
    hosts: int
    machine_type: str
    rank: int
    flags: int
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfResult:
    """Results of scenarios in their order, and the frontier of a matrix."""

    results: tuple[ScenarioResult, ...]
    frontier: tuple[FrontierPoint, ...]
    fleet_hosts: int
    knowledge_digest: str

    def __repr__(self) -> str:
        """Show the what-ifs in one line."""
        return f"WhatIfResult({len(self.results):,} scenarios on {self.fleet_hosts:,} hosts)"

    def _repr_html_(self) -> str:
        """Show the value as a table in a notebook."""
        return html_of(self)
