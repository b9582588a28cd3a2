"""Gates: an answer as a policy per pool, and the scripts that hold incoming guests to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from planner.answers.alike_guests import alike_guests
from planner.domain.guest import GuestGroup, GuestStart
from planner.domain.host import Fleet
from planner.domain.plans.plan import Plan
from planner.domain.policy import Policy
from planner.domain.verdict import Outcome
from planner.export import gates as planes
from planner.export.gates import GatedPool
from planner.fleet.edges import Arrows
from planner.fleet.solution_file import ToldSolution
from planner.gate.planes import gated_pool
from planner.gate.policy import GatePolicy
from planner.gate.pools import GateSettings, PoolGate
from planner.gate.scripts import hook, stamp
from planner.gate.start import StartFinding, start_findings
from planner.gate.start_report import outcome_of, start_report
from planner.gate.told import of_answer, of_plan
from planner.knowledge.base import KnowledgeBase
from planner.library.answers import domains_of
from planner.migration.profiles import profile_fleet
from planner.present.lines import Line

__all__ = [
    "GateSettings",
    "dumped",
    "gate_of_answer",
    "gate_of_fleet",
    "gate_of_plan",
    "hook",
    "on_plane",
    "stamp",
    "start_lines",
    "starts_of",
]

PLANES: dict[str, Callable[[GatedPool], Iterator[str]]] = {
    "kubevirt": planes.kubevirt,
    "nova": planes.nova,
    "proxmox": planes.proxmox,
}
"""Planes that keep guests to the machine types of a policy."""


def gate_of_fleet(
    fleet: Fleet,
    settings: GateSettings,
    policy: Policy,
    knowledge: KnowledgeBase,
    *,
    edges: Arrows | None = None,
    pool: str = "",
    past: Iterable[Fleet] = (),
) -> Iterator[GatePolicy]:
    """Yield a policy per pool: every machine type, by where a guest booted and where it comes to.

    `past` are the fleet as it was: guests that run may have booted on hosts of theirs.
    """
    gone = [profile_fleet(one, knowledge).pools for one in past]
    for domain in domains_of(profile_fleet(fleet, knowledge), edges):
        if pool in {"", domain.name}:
            members = tuple(one for pools in gone for one in pools.get(domain.name, ()))
            yield PoolGate(domain, knowledge, policy, members).compiled(settings)


def gate_of_answer(
    told: ToldSolution, settings: GateSettings, policy: Policy, knowledge: KnowledgeBase
) -> Iterator[GatePolicy]:
    """Yield a policy per pool of an answer: its own machine types alone."""
    for one in told.domains:
        yield of_answer(one, told.knowledge.digest, settings, policy, knowledge)


def gate_of_plan(
    plan: Plan, wave: int, settings: GateSettings, policy: Policy, knowledge: KnowledgeBase
) -> Iterator[GatePolicy]:
    """Yield a policy per pool of a plan: what guests run once a wave is done, 0 before the first."""
    yield from of_plan(plan, wave, settings, policy, knowledge)


def on_plane(kind: str, policy: GatePolicy) -> Iterator[str]:
    """Yield a policy in what a plane can hold, by the plane's name (`PLANES`)."""
    yield from PLANES[kind](gated_pool(policy))


def starts_of(groups: Iterable[GuestGroup]) -> tuple[GuestStart, ...]:
    """Return the starts of guests, each once."""
    return tuple(one.start for one in alike_guests(groups))


def start_lines(
    fleet: Fleet,
    host: str,
    starts: Iterable[GuestStart],
    policy: Policy,
    knowledge: KnowledgeBase,
) -> tuple[Outcome, tuple[Line, ...]]:
    """Return what a host lacks for guests to be started there, and the gravest outcome.

    Of guests, what nobody states is taken from the policy's guest profile.
    """
    groups = {str(name): group for group in fleet.groups for name in group.hosts}
    group = groups[host]
    profile = profile_fleet(fleet, knowledge).profile_of[group]
    label = f"QEMU {group.qemu_version}, kernel {group.kernel}"
    lines: list[Line] = []
    every: list[StartFinding] = []
    for start in starts:
        found = start_findings(profile, start, policy, knowledge)
        lines += start_report(host, label, start, found)
        every += found
    return outcome_of(every), tuple(lines)


def dumped(policy: GatePolicy) -> str:
    """Return the text of a policy: a key a line, short enough to be read at every migration."""
    parts = (
        f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}"
        for key, value in policy.items()
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"
