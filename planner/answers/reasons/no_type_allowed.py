"""A pool in which no board and line can be tried: said, never left out."""

from __future__ import annotations

from planner.answers.host_classes import build_texts, first_names, host_count
from planner.domain.policy import Policy
from planner.domain.refusal import Refusal, Remedy
from planner.domain.solution import RefusedLine, Status
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain

ANY = "any"


def nothing_allowed(
    domain: MigrationDomain, knowledge: KnowledgeBase, policy: Policy
) -> RefusedLine:
    """Return the refusal of a domain that has not one board and line to try."""
    if domain.unplaced:
        return _unplaced(domain)
    boards, lines = ", ".join(policy.boards) or ANY, ", ".join(policy.lines) or ANY
    offered = sorted(_offered(domain, knowledge))
    text = f"QEMU {build_texts(domain.members)}: no board and line that policy allows has a common type"
    refusal = Refusal(
        rule=Rule.MACHINE_TYPE_NOT_OFFERED.value,
        text=text,
        hosts=host_count(domain.members),
        examples=first_names(domain.members),
        source="policy",
    )
    allow = f"allow a board and line that these hosts offer: {'; '.join(offered) or 'none known'}"
    return RefusedLine(
        board=boards,
        line=lines,
        status=Status.NO_SAFE_BASELINE,
        objections=(refusal,),
        remedies=(Remedy(kind="change-policy", text=allow, hosts=0),),
    )


def _unplaced(domain: MigrationDomain) -> RefusedLine:
    """Return that nothing can be tried on hosts of which a kernel or a QEMU fits no line."""
    objections = []
    for fact in domain.unplaced:
        members = tuple(one for one in domain.members if fact in one.profile.untold)
        objections.append(
            Refusal(
                rule=Rule.KNOWLEDGE_GAP.value,
                text=f"unknown {fact}",
                hosts=host_count(members),
                examples=first_names(members),
                source="kernel_caps, qemu_builds",
            )
        )
    return RefusedLine(
        board=ANY, line=ANY, status=Status.UNDECIDED, objections=tuple(objections), remedies=()
    )


def _offered(domain: MigrationDomain, knowledge: KnowledgeBase) -> set[str]:
    """Return what some build of the domain certainly offers, as `board, line`."""
    arch = domain.members[0].profile.arch
    return {
        f"{row.machine_type.board}, {row.machine_type.line}"
        for name, row in knowledge.machines.types.items()
        if row.machine_type.arch == arch
        and any(knowledge.machines.offers(build, name) is Truth.YES for build in domain.builds)
    }
