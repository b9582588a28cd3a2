"""Judge an edge when the boot host is not given: every host of the pool may have been it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planner.domain.guest import GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.verdict import Objection, Rule, Verdict
from planner.knowledge.base import KnowledgeBase
from planner.migration.claims import Assumed
from planner.migration.judge import judge


def judge_any_boot(
    edge: MigrationEdge,
    start: GuestStart,
    boots: Iterable[HostProfile],
    knowledge: KnowledgeBase,
    *,
    management: str = "plain",
    assumed: Assumed = frozenset(),
) -> Verdict:
    """Return what holds for every boot host; what holds for some only is a missing fact."""
    verdicts = [
        judge(
            edge, replace(start, booted_on=boot), knowledge, management=management, assumed=assumed
        )
        for boot in dict.fromkeys(boots)
    ]
    common = set(verdicts[0].objections).intersection(
        *(verdict.objections for verdict in verdicts[1:])
    )
    every = dict.fromkeys(objection for verdict in verdicts for objection in verdict.objections)
    objections = [
        objection if objection in common else _depends_on_boot(objection) for objection in every
    ]
    remarks = dict.fromkeys(remark for verdict in verdicts for remark in verdict.remarks)
    return Verdict(
        edge=edge,
        start=start,
        objections=tuple(dict.fromkeys(objections)),
        remarks=tuple(remarks),
    )


def _depends_on_boot(objection: Objection) -> Objection:
    return replace(
        objection,
        rule=Rule.KNOWLEDGE_GAP,
        suspected=objection.suspected or objection.rule,
        facts=tuple(dict.fromkeys((*(objection.facts if objection.is_gap else ()), "boot host"))),
    )
