"""What an answer rests on that somebody may doubt: forecasts, inferred tables, observations alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from planner.domain.host import QemuBuild
from planner.domain.machine_type import MachineType
from planner.domain.refusal import WhyNotNewer
from planner.domain.solution import ChosenBaseline, Loss
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.observed_edges import relied_on, set_aside


def expiring(machine_type: MachineType, knowledge: KnowledgeBase) -> Iterator[Loss]:
    """Yield with which QEMU a type goes: a release or vendor that has dropped it, or by forecast."""
    name = machine_type.name
    gone, removal = knowledge.machines.dropped_in(machine_type), knowledge.removals.get(name)
    told = "" if gone is not None else ", ".join(_fate(machine_type, knowledge))
    if told:
        yield Loss(unit="", severity="removal", text=f"{name} is {told}")
    elif gone is not None:
        text = f"{name} is gone from QEMU {gone.release} on"
        yield Loss(unit="", severity="removal", text=text)
    elif removal is not None:
        first = _first_deprecating(machine_type, knowledge)
        since = f"is deprecated since QEMU {first}, " if first else ""
        text = f"{name} {since}goes with QEMU {removal.removed} (forecast)"
        yield Loss(unit="", severity="removal" if first else "forecast", text=text)


def _first_deprecating(machine_type: MachineType, knowledge: KnowledgeBase) -> str:
    """Return the first release of QEMU itself that deprecates a type, empty if none that was read."""
    row, builds = knowledge.machines.row(machine_type.name), knowledge.builds
    if row is None:
        return ""
    lines = (line for line in builds.lines if builds.is_reference(line.name))
    known = (build for line in lines for build in line.builds)
    return next((build.release for build in known if build.ref in row.deprecated), "")


def _fate(machine_type: MachineType, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield where builds of a vendor deprecate a type of its own, and where the newest is without it."""
    row, builds = knowledge.machines.row(machine_type.name), knowledge.builds
    if row is None or builds.is_reference(machine_type.line):
        return
    titles = (
        _short(line.title)
        for line in builds.lines
        if any(build.ref in row.deprecated for build in line.builds)
    )
    first = next(titles, "")
    if first:
        yield f"deprecated in {first}"
    for line in builds.lines:
        offering = [build.ref in row.offered for build in line.builds]
        if any(offering) and not offering[-1]:
            yield f"gone in {_short(line.title)}"


def _short(title: str) -> str:
    """Return the first name of a line of builds: that of the vendor's product."""
    return title.partition(" and ")[0].removesuffix(" family")


def observed(
    domain: MigrationDomain,
    baseline: ChosenBaseline,
    newer: WhyNotNewer | None,
    knowledge: KnowledgeBase,
) -> Iterator[Loss]:
    """Yield the observations on whose word alone edges are safe, and those that say too little."""
    for row in relied_on(domain, baseline.machine_type, knowledge):
        text = f"edges are safe because they were observed to pass: {row.id} ({row.source})"
        yield Loss(unit="", severity="observed", text=text)
    names = (baseline.machine_type, *(() if newer is None else (newer.machine_type,)))
    for row in set_aside(domain, names, knowledge):
        only = ", ".join((*row.devices, *row.traits)) or "a named boot host"
        text = f"observed to pass for some guests only ({only}), so not counted on: {row.id}"
        yield Loss(unit="", severity="observed", text=f"{text} ({row.source})")


def inferred(domain: MigrationDomain) -> Iterator[Loss]:
    """Yield one risk per build whose tables, and per kernel line whose sources, were not read.

    And one per build of the fleet file that the host's probe did not find.
    """
    builds = [build for build in domain.builds if build.lower and not build.is_known]
    for build in sorted(builds, key=str):
        yield _inference(build)
    yield from _promises(domain.builds)
    doubts = {
        doubt
        for profile in domain.profiles
        for doubt in (profile.kernel_doubt, profile.build_doubt)
    }
    for doubt in sorted(doubts - {""}):
        yield Loss(unit="", severity="inferred", text=doubt)


def _promises(builds: Iterable[QemuBuild]) -> Iterator[Loss]:
    """Yield the vendors' words that updates of one package are alike, where a pool has several."""
    updates: dict[object, list[QemuBuild]] = {}
    for build in builds:
        if build.promise:
            updates.setdefault(build.token, []).append(build)
    met: dict[str, list[str]] = {}
    for alike in updates.values():
        if len(alike) > 1:
            met.setdefault(alike[0].promise, []).extend(one.release for one in alike)
    for promise, releases in sorted(met.items()):
        text = f"QEMU {', '.join(sorted(releases))}: {promise}"
        yield Loss(unit="", severity="inferred", text=text)


@cache
def _inference(build: QemuBuild) -> Loss:
    known = " and ".join(dict.fromkeys(ref for ref in (build.lower, build.upper) if ref))
    text = f"machine types and properties of QEMU {build} are inferred from {known}"
    return Loss(unit="", severity="inferred", text=text)
