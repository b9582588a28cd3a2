"""The next machine types of pools and what opens them: the same words in every report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from planner.domain.shown import counted

if TYPE_CHECKING:
    from planner.domain.plans.unlock import ClassUpgrade, Unlocks, UnlockTarget
    from planner.present.asked import Asked

Rungs: TypeAlias = "Mapping[tuple[str, str], UnlockTarget]"
"""What opens a type, by pool and type."""
OPENED = "opened"
NO_RUNGS: Rungs = {}
"""Where nobody looked what opens a type."""
Way = tuple[str, str, str]
MOST_POOLS = 2
"""Pools whose targets a command for a plan names; beyond them a file does."""


def rungs_of(targets: Sequence[UnlockTarget]) -> Rungs:
    """Return targets by pool and the type that they open."""
    return {(one.goal.domain, one.goal.text): one for one in targets}


def rung_text(target: UnlockTarget) -> str:
    """Write what opens a type: how many hosts become what, and whether the fleet runs that already."""
    if target.status.value != OPENED:
        return f"{target.status.value}: {target.reason}"
    if not target.cost:
        return "open without any upgrade"
    ways: dict[Way, int] = {}
    for one in target.upgrades:
        qemu = one.qemu if one.qemu != one.from_qemu else ""
        way = (one.release, qemu, one.kernel if one.kernel != one.from_kernel else "")
        ways[way] = ways.get(way, 0) + one.hosts
    return "; ".join(_way_text(way, hosts) for way, hosts in ways.items())


def _way_text(way: Way, hosts: int) -> str:
    """Write what some hosts become: a release that is brought, or what other hosts run.

    What a release brings is told where upgrades are told one by one (`planner unlock`).
    """
    release, qemu, kernel = way
    if release:
        return f"{counted(hosts, 'host')} to {release}"
    changes = [f"QEMU {qemu}"] if qemu else []
    changes += [f"kernel {kernel}"] if kernel else []
    return f"{counted(hosts, 'host')} to {', '.join(changes)}, which this fleet runs"


def plan_commands(
    found: Unlocks, asked: Asked, runs: Mapping[str, frozenset[tuple[str, str]]]
) -> list[str]:
    """Return the commands that go on from the next type of each pool.

    `runs` are the (kernel, QEMU) texts of every pool: where all its hosts go one way, a target says so;
    else a fleet file is written that has the way of each host.
    """
    first = _first(found)
    if not first:
        return []
    words = [_target_word(one, runs) for one in first.values()]
    if len(words) <= MOST_POOLS and all(words):
        named = [part for word in words for part in ("--target", word)]
        return [asked.command("plan", *named)]
    wants = [part for one in first.values() for part in ("--want", _want(one))]
    shown = wants if len(first) <= MOST_POOLS else []
    return [
        asked.command("unlock", *shown, "--upgraded", UPGRADED),
        asked.command("plan", fleet=UPGRADED),
    ]


def _first(found: Unlocks) -> dict[str, UnlockTarget]:
    """Return what opens the next type of each pool, as `solve` names it; else the cheapest of others."""
    first: dict[str, UnlockTarget] = {}
    for one in found.targets:
        if one.cost and one.goal.machine_type is not None:
            pool = one.goal.domain
            known = first.get(pool)
            if known is None or _place(one, found) < _place(known, found):
                first[pool] = one
    return first


def _place(target: UnlockTarget, found: Unlocks) -> tuple[bool, int]:
    wanted = found.next_types.get(target.goal.domain, "")
    return target.goal.text != wanted, target.cost or 0


def first_upgrades(found: Unlocks) -> tuple[ClassUpgrade, ...]:
    """Return the upgrades that open the next type of each pool."""
    return tuple(upgrade for one in _first(found).values() for upgrade in one.upgrades)


UPGRADED = "upgraded.csv"
"""How a suggested command names the fleet file that it writes."""


def _want(target: UnlockTarget) -> str:
    return f"{target.goal.domain}:{target.goal.text}"


def _target_word(target: UnlockTarget, runs: Mapping[str, frozenset[tuple[str, str]]]) -> str:
    """Return the target that means the same upgrades, empty if none does."""
    ways = {(one.pool, one.kernel, one.qemu) for one in target.upgrades}
    if len(ways) != 1:
        return ""
    ((pool, kernel, qemu),) = ways
    changed = {(one.from_kernel, one.from_qemu) for one in target.upgrades}
    whole = all(pair in changed or pair == (kernel, qemu) for pair in runs.get(pool, ()))
    return f"kernel={kernel},qemu={qemu},pool={pool}" if whole and "," not in qemu else ""


def hosts_to(upgrades: Sequence[ClassUpgrade]) -> dict[str, tuple[str, str]]:
    """Return the kernel and QEMU that each host becomes."""
    return {name: (one.kernel, one.qemu) for one in upgrades for name in one.names}
