"""Answers and plans in the words of what applies or shows them: libvirt, planes, jobs, calendars."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from planner.documents.complaints import Complaints
from planner.documents.sources import MOST_WRITTEN, read_source
from planner.documents.xml_file import parse_xml
from planner.domain.errors import FleetError, Problem, UsageError, quoted, wrong_word
from planner.domain.plans.plan import Plan
from planner.domain.solution import Solution
from planner.export import commands, kubevirt, libvirt
from planner.export.ansible import inventory, playbook
from planner.export.chosen import Chosen, chosen, on_board, pools_of, unanswered
from planner.export.findings import JobFinding, findings_of
from planner.export.monitoring import prometheus
from planner.export.reviews import github, junit, sarif
from planner.fleet.importers.libvirt_domain import domain_of
from planner.fleet.solution_file import ToldPool, ToldSolution, solution_of
from planner.knowledge.base import KnowledgeBase
from planner.present.document import dump, solution_document
from planner.present.plans.plan_tables import plan_calendar

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What of an answer is exported: a pool and board (empty: all, the first), for which guests.

    `file` is the fleet or answer that findings are about, `version` the program's own.
    """

    pool: str = ""
    board: str = ""
    vms: tuple[str, ...] = ()
    file: str = ""
    version: str = ""


def told_of(solution: Solution) -> ToldSolution:
    """Return an answer as its document tells it."""
    value = json.loads("".join(dump(solution_document(solution))))
    complaints = Complaints("answer")
    told = solution_of(value, complaints)
    if told is None:
        raise FleetError(complaints.told())
    return told


def export_answer(
    kind: str, told: ToldSolution, request: ExportRequest, knowledge: KnowledgeBase
) -> tuple[str, ...]:
    """Return an answer in the words of a kind, in pieces.

    Of a pool without a safe answer nothing is set. Raises `UsageError`, and `FleetError` for a guest's
    file that cannot be read.
    """
    pools = pools_of(told, request.pool)
    if kind in FINDINGS:
        return tuple(FINDINGS[kind](findings_of(pools), pools, request))
    if kind == "prometheus":
        return tuple(prometheus(pools, told.knowledge.digest))
    return tuple(SETTINGS[kind](pools, request, knowledge))


def unset(told: ToldSolution, pool: str) -> tuple[str, ...]:
    """Return a line for each pool of which an export sets nothing."""
    return tuple(unanswered(pools_of(told, pool)))


def export_plan(kind: str, plan: Plan) -> tuple[str, ...]:
    """Return a plan in the words of a kind, in pieces; a calendar needs days."""
    return tuple(PLANS[kind](plan))


def _libvirt(
    pools: Sequence[ToldPool], request: ExportRequest, knowledge: KnowledgeBase
) -> Iterator[str]:
    rows = knowledge.planes.aliases
    if not request.vms:
        yield from libvirt.pattern(_one(chosen(pools, request.board)), rows)
        return
    if len(request.vms) > 1:
        raise UsageError([wrong_word("--vm", "libvirt defines one guest at a time", "name one")])
    domain = _domain(Path(request.vms[0]))
    if len(pools) != 1:
        raise UsageError([wrong_word("--pool", "a guest is of one pool", "name it")])
    if not chosen(pools, request.board):
        raise UsageError([_nothing()])
    machine = domain.find("os/type")
    name = "" if machine is None else machine.get("machine", "")
    found = on_board(pools[0], request.board + "-" if request.board else name)
    if found is None:
        what = f"pool {pools[0].domain} has no answer on the board of {quoted(name)}"
        raise UsageError([wrong_word("--vm", what, "see planner solve --verbose")])
    yield from libvirt.guest(domain, found, rows)


def _domain(path: Path) -> Element:
    complaints = Complaints(str(path))
    try:
        root = parse_xml(read_source(path, MOST_WRITTEN), complaints)
    except OSError as error:
        complaints.add((), error.strerror or "cannot be read")
        root = None
    domain = None if root is None else domain_of(root)
    if root is not None and (domain is None or domain.find("os/type") is None):
        complaints.add((), "not a libvirt domain", "virsh dumpxml --inactive GUEST writes one")
    if domain is not None and domain.get("id") is not None:
        what = "the XML of a process that runs: its CPU is spelt out for this host"
        complaints.add((), what, f"virsh dumpxml --inactive {domain.findtext('name')}")
    if complaints.problems or domain is None:
        raise FleetError(complaints.told())
    return domain


def _one(found: Sequence[Chosen]) -> Chosen:
    """Return the one pool that is exported; raises `UsageError` for none and for several."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError([_nothing()])
    names = ", ".join(one.pool for one in found[:5])
    raise UsageError([wrong_word("--pool", "this is written pool by pool", f"name one of {names}")])


def _nothing() -> Problem:
    return wrong_word(
        "ANSWER", "no pool has a safe answer: nothing to set", "planner explain FLEET"
    )


def _kubevirt(
    pools: Sequence[ToldPool], request: ExportRequest, knowledge: KnowledgeBase
) -> Iterator[str]:
    found, boards = chosen(pools, request.board), knowledge.planes.boards
    if request.vms:
        return kubevirt.machines(_one(found), request.vms, boards)
    if not found:
        raise UsageError([_nothing()])
    return kubevirt.cluster(found, boards)


def _proxmox(
    pools: Sequence[ToldPool], request: ExportRequest, knowledge: KnowledgeBase
) -> Iterator[str]:
    del knowledge
    return commands.proxmox(_one(chosen(pools, request.board)), request.vms)


def _nova(
    pools: Sequence[ToldPool], request: ExportRequest, knowledge: KnowledgeBase
) -> Iterator[str]:
    found = chosen(pools, request.board)
    if not found:
        raise UsageError([_nothing()])
    return commands.nova(found, request.vms, knowledge.planes.boards)


def _junit(
    findings: Sequence[JobFinding], pools: Sequence[ToldPool], request: ExportRequest
) -> Iterator[str]:
    del request
    return junit(findings, [one.domain for one in pools])


def _sarif(
    findings: Sequence[JobFinding], pools: Sequence[ToldPool], request: ExportRequest
) -> Iterator[str]:
    del pools
    return sarif(findings, request.file, request.version)


def _github(
    findings: Sequence[JobFinding], pools: Sequence[ToldPool], request: ExportRequest
) -> Iterator[str]:
    del pools
    return github(findings, request.file)


def _calendar(plan: Plan) -> Iterator[str]:
    if any(wave.day is None for wave in plan.waves):
        raise UsageError([wrong_word("--start", "a calendar needs the day of wave 1")])
    yield plan_calendar(plan)


FINDINGS: dict[str, Callable[..., Iterator[str]]] = {
    "junit": _junit,
    "sarif": _sarif,
    "github": _github,
}
SETTINGS: dict[str, Callable[..., Iterator[str]]] = {
    "libvirt": _libvirt,
    "kubevirt": _kubevirt,
    "proxmox": _proxmox,
    "nova": _nova,
}
PLANS: dict[str, Callable[[Plan], Iterator[str]]] = {
    "ansible": playbook,
    "ansible-inventory": inventory,
    "ics": _calendar,
}
