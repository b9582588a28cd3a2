"""Answers: the newest safe machine types of a fleet, one edge judged, upgrades that open more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from planner.answers.answer import solve as solve_domains
from planner.answers.check_cases import CaseJudge
from planner.domain.errors import FleetError, Location, Problem
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.domain.policy import Policy
from planner.domain.solution import Solution
from planner.domain.verdict import Verdict
from planner.fleet.cases import case_of
from planner.fleet.edges import Arrows
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge
from planner.migration.graph import MigrationDomain, complete_domains, directed_domains
from planner.migration.profiles import ProfiledFleet, profile_fleet


def solve(
    fleet: Fleet,
    *,
    edges: Arrows | None = None,
    guests: Iterable[GuestGroup] = (),
    policy: Policy | None = None,
    knowledge: KnowledgeBase | None = None,
    progress: Callable[[int], None] | None = None,
) -> Solution:
    """Return, per pool, board and line, the newest machine type and flags safe on every edge.

    `edges` None: every host may send to every other of its pool. `progress` is told the number of
    pools solved. Every answer has been judged again edge by edge. Raises `FleetError` for a kernel
    or QEMU that the knowledge cannot place.
    """
    rows = knowledge or load_knowledge()
    domains = domains_of(profile_fleet(fleet, rows), edges)
    return solve_domains(domains, rows, policy or rows.policy, guests=guests, progress=progress)


def domains_of(profiled: ProfiledFleet, edges: Arrows | None) -> tuple[MigrationDomain, ...]:
    """Return the migration domains of a fleet, over all pairs of a pool or over given edges."""
    if edges is None:
        return complete_domains(profiled.pools)
    arrows = {
        ((str(one.pool), profiled.profile_of[one]), (str(other.pool), profiled.profile_of[other]))
        for one, other in edges
    }
    return directed_domains(profiled.pools, sorted(arrows, key=repr))


def check(
    fleet: Fleet,
    *cases: Mapping[str, str],
    assume_conditions: bool = False,
    by_profile: bool = False,
    policy: Policy | None = None,
    knowledge: KnowledgeBase | None = None,
) -> tuple[Verdict, ...]:
    """Return, per case, whether a guest survives a migration, with every objection.

    The keys of a case are the columns of a cases file: `from`, `to` and `machine`, and, where known,
    `flags`, `to_flags`, `booted_on`, `devices` (`-`: none), `cpu`, `traits`. `assume_conditions`: the
    conditions of the pool's answer are taken as kept. `by_profile`: what a case does not say of its
    guest is taken from the policy's guest profile, as the command does; else it is left open. Raises
    `FleetError` with every wrong word.
    """
    rows = knowledge or load_knowledge()
    judge = CaseJudge(
        fleet=fleet,
        knowledge=rows,
        policy=policy or rows.policy,
        assume_conditions=assume_conditions,
        by_profile=by_profile,
    )
    problems, verdicts = [], []
    for number, words in enumerate(cases, start=1):
        case, wrong = case_of(words, fleet, rows.guests)
        problems += [
            Problem(location=Location(file="case", line=number, column=column), what=what)
            for column, what in wrong
        ]
        if case is not None and not problems:
            verdicts.append(judge.verdict(case))
    if problems:
        raise FleetError(problems)
    return tuple(verdicts)
