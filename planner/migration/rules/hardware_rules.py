"""What probes tell of the machines of an edge: equal, different in something, or not all told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from planner.documents.digits import whole_of
from planner.domain.capability import Presence
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.verdict import Remark
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.hardware import HardwareFact

HOST_CONDITION = (
    "same CPU generation, microcode, address width, TSC rate and kvm parameters on both hosts"
)
SAME_HARDWARE = Remark(
    kind="host-condition",
    text=HOST_CONDITION,
    subject="host:hardware",
    polarity="equal",
    universal=True,
)
VERIFIED = "verified: equal CPU, microcode, address widths and kvm parameters on both hosts"


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that two probes tell differently, with its row."""

    name: str
    here: str
    there: str
    row: HardwareFact

    @property
    def text(self) -> str:
        """Name the fact with both values."""
        needs = f": {self.row.needs}" if self.row.needs else ""
        shown = self.row.words if self.name == self.row.name else self.name
        return f"{shown} ({self.here} against {self.there}{needs})"


def differences(edge: MigrationEdge, knowledge: KnowledgeBase) -> Iterator[Difference]:
    """Yield the facts about which two probes differ; what one of them does not tell is no difference."""
    here, there = dict(edge.source.hardware), dict(edge.destination.hardware)
    for name in sorted(here.keys() & there.keys()):
        row = knowledge.host_cpus.fact(name)
        if row is None or _agree(here[name], there[name], row.ppm):
            continue
        if not _is_settled(row, (edge.source, edge.destination)):
            yield Difference(name, here[name], there[name], row)


def is_verified(edge: MigrationEdge, knowledge: KnowledgeBase) -> bool:
    """Whether both hosts were probed and tell the same."""
    source, destination = edge.source, edge.destination
    if not (source.is_probed and destination.is_probed) or any(differences(edge, knowledge)):
        return False
    return {name for name, _ in source.hardware} == {name for name, _ in destination.hardware}


def meets(facts: Iterable[str], edge: MigrationEdge, knowledge: KnowledgeBase) -> bool:
    """Whether two hosts are known to agree about every row of facts, or to need no agreement."""
    rows = [row for row in knowledge.host_cpus.facts if row.name in set(facts)]
    return bool(rows) and all(_is_met(row, edge, knowledge) for row in rows)


def hardware_remarks(
    edge: MigrationEdge, remarks: Iterable[Remark], knowledge: KnowledgeBase
) -> Iterator[Remark]:
    """Yield remarks with what probes tell in place of what is to be checked.

    What units of every guest ask of hardware is one check where hosts were not probed.
    """
    differing = tuple(differences(edge, knowledge))
    compared = is_verified(edge, knowledge) or (
        bool(differing) and edge.source.is_probed and edge.destination.is_probed
    )
    merged = False
    for remark in remarks:
        general = remark == SAME_HARDWARE or remark.unit in knowledge.asked_of_all_hosts
        if not general or (compared and remark != SAME_HARDWARE):
            yield remark
        elif not (compared or merged):
            merged = True
            words = knowledge.asked_alike(edge.source.arch)
            yield replace(SAME_HARDWARE, text=f"{words} on both hosts") if words else SAME_HARDWARE
    if differing:
        yield Remark(
            kind="host-condition",
            text="the hosts differ in " + "; ".join(fact.text for fact in differing),
            subject=" ".join(f"host:{fact.name}" for fact in differing),
            polarity="equal",
        )
    elif compared:
        yield replace(SAME_HARDWARE, text=VERIFIED)


def _is_met(row: HardwareFact, edge: MigrationEdge, knowledge: KnowledgeBase) -> bool:
    if _is_settled(row, (edge.source, edge.destination)):
        return True
    stated = [_stated_values(row, host, knowledge) for host in (edge.source, edge.destination)]
    if not all(stated) or stated[0].keys() != stated[1].keys():
        return False
    return all(_agree(value, stated[1][name], row.ppm) for name, value in stated[0].items())


def _stated_values(
    row: HardwareFact, host: HostProfile, knowledge: KnowledgeBase
) -> dict[str, str]:
    return {name: value for name, value in host.hardware if knowledge.host_cpus.fact(name) is row}


def _is_settled(row: HardwareFact, hosts: Iterable[HostProfile]) -> bool:
    """Whether every host has a capability that makes a difference of this fact none."""
    return any(
        all(host.capabilities.presence(name) is Presence.PRESENT for host in hosts)
        for name in row.settled_by
    )


def _agree(left: str, right: str, ppm: int) -> bool:
    if left == right:
        return True
    if not (ppm and left.isdecimal() and right.isdecimal()):
        return False
    numbers = whole_of(left), whole_of(right)
    return (max(numbers) - min(numbers)) * 1_000_000 <= ppm * max(numbers)
