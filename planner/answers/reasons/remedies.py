"""The ways to open a refused machine type, priced in hosts; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from planner.answers.host_classes import first_names, host_count, members_of
from planner.domain.host import QemuBuild
from planner.domain.migrated import MigratedUnit
from planner.domain.refusal import Remedy
from planner.domain.shown import counted
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.calendar import supported_releases
from planner.knowledge.qemu.build_line import BuildLine, KnownBuild
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.optimize.hitting_set import Requirement, cheapest
from planner.solver.candidate import Candidate, Obstacle

OWN_POOL = "give these hosts a pool of their own"
MOVES = {"floor": ("lower-floor", "older"), "ceiling": ("raise-ceiling", "newer")}


def remedies(
    domain: MigrationDomain, attempt: Candidate, knowledge: KnowledgeBase
) -> Iterator[Remedy]:
    """Return the ways out: move a bound, upgrade, mask, drop edges, accept, probe."""
    for bound in attempt.bounds:
        word, _, name = bound.partition(" ")
        kind, direction = MOVES[word]
        yield _remedy(kind, f"let the policy's {word} be {direction} than {name}", ())
    yield from _for_missing_type(domain, attempt, knowledge)
    unsure = members_of(domain, attempt.unknown_offer)
    if unsure:
        name = _listed(attempt.machine_type.name, knowledge)
        text = f"`-machine help` on these hosts tells whether {name} is there"
        yield _remedy("probe", text, unsure)
    yield from _for_differing_builds(domain, attempt)
    for obstacle in attempt.obstacles:
        if not (obstacle.is_of_builds or obstacle.is_disputed):
            yield from _ways_out(domain, obstacle, knowledge)
    yield from _cheapest(domain, attempt)


def _listed(name: str, knowledge: KnowledgeBase) -> str:
    """Return the type that a build lists: the one that a vendor's suffix is put behind."""
    row = knowledge.machines.row(name)
    return name if row is None else row.suffixed or name


def _for_missing_type(
    domain: MigrationDomain, attempt: Candidate, knowledge: KnowledgeBase
) -> Iterator[Remedy]:
    """Yield the ways out for hosts that do not offer the type: those too new cannot be upgraded."""
    name = attempt.machine_type.name
    refusing = members_of(domain, attempt.not_offered)
    brought = _running(domain, attempt, knowledge) or _brought(attempt, knowledge)
    if brought is not None:
        yield _remedy(*brought, refusing)
    lines = frozenset(member.profile.qemu.line for member in domain.members)
    offering = _offering(name, lines, knowledge)
    old = (
        ()
        if not offering or brought is not None
        else tuple(one for one in refusing if not _is_past(one.profile.qemu, offering))
    )
    if old:
        builds = " or ".join(_first(line, builds) for line, builds in offering)
        text = f"{builds} on these hosts"
        yield _remedy("upgrade-qemu", text, old)
    if refusing and host_count(refusing) < host_count(domain.members):
        yield _remedy("split-pool", OWN_POOL, refusing)


def _running(
    domain: MigrationDomain, attempt: Candidate, knowledge: KnowledgeBase
) -> tuple[str, str] | None:
    """Return the newest build of the same pool that has a type, as kind and text."""
    name = attempt.machine_type.name
    having = [
        member
        for member in domain.members
        if knowledge.machines.offers(member.profile.qemu, name) is Truth.YES
    ]
    if not (having and attempt.not_offered):
        return None
    newest = max(having, key=lambda member: (member.profile.qemu.version, member.groups[0].kernel))
    build = newest.groups[0].qemu, newest.groups[0].kernel
    alike = sum(
        len(group.hosts)
        for member in domain.members
        for group in member.groups
        if (group.qemu, group.kernel) == build
    )
    number = counted(alike, "host")
    return "upgrade-qemu", f"QEMU {build[0]}, kernel {build[1]}, as {number} of the pool"


def _brought(attempt: Candidate, knowledge: KnowledgeBase) -> tuple[str, str] | None:
    """Return the first newer release of the hosts' own vendors that brings a type, as kind and text."""
    old = [profile.qemu for profile in attempt.not_offered]
    lines = frozenset(build.line for build in old)
    found = [
        (build.version, build.line, release.name, release.qemu, release.kernel)
        for release in supported_releases(knowledge.releases, lines) or ()
        for build in (knowledge.build_of(release.qemu),)
        if old
        and build.version > max(one.version for one in old)
        and knowledge.machines.offers(build, attempt.machine_type.name) is Truth.YES
    ]
    if not found:
        return None
    version, line, release, package, kernel = min(found)
    if knowledge.builds.is_reference(line):
        return "upgrade-qemu", f"QEMU {package}, the oldest with it that gets fixes"
    series = ".".join(map(str, version[:2]))
    text = f"release upgrade to {release}, QEMU {series}; package {package}, kernel {kernel}"
    return "upgrade-release", text


def _for_differing_builds(domain: MigrationDomain, attempt: Candidate) -> Iterator[Remedy]:
    """Yield the ways out where builds give different values to properties, or may."""
    certain = {one.certain for one in attempt.obstacles if one.is_of_builds}
    unread = tuple(one for one in domain.members if not one.profile.qemu.is_known)
    if False in certain:
        yield _remedy("probe", "`planner harvest qemu` reads the values of these builds", unread)
    if certain:
        yield _remedy("upgrade-qemu", "one QEMU build on all hosts of the pool", domain.members)


Offering = tuple[tuple[BuildLine, tuple[KnownBuild, ...]], ...]


@cache
def _offering(name: str, own: frozenset[str], knowledge: KnowledgeBase) -> Offering:
    """Return the releases that offer a type: of the hosts' `own` lines, else of any line.

    No host changes its vendor: a type that is named by somebody else has no release for it.
    """
    if not _names_types_of(name, own, knowledge):
        return ()
    every = [(line, _releases(name, line, knowledge)) for line in knowledge.builds.lines]
    found = [(line, builds) for line, builds in every if builds]
    return tuple(pair for pair in found if pair[0].name in own) or tuple(found)


def _names_types_of(name: str, own: frozenset[str], knowledge: KnowledgeBase) -> bool:
    """Whether builds of the hosts' own lines offer any type of those who named this one."""
    rows = knowledge.machines.types.values()
    namer = knowledge.machines.types[name].machine_type.line
    refs = {ref for row in rows if row.machine_type.line == namer for ref in row.offered}
    return any(knowledge.builds.known[ref].line in own for ref in refs)


def _releases(name: str, line: BuildLine, knowledge: KnowledgeBase) -> tuple[KnownBuild, ...]:
    """Return the releases of a line that offer a type, oldest first, inherited tables included.

    A candidate is nothing to recommend: it is left out.
    """
    offered = knowledge.machines.types[name].offered
    inherited = knowledge.builds.by_name[line.tables].builds if line.tables else ()
    builds = [
        build
        for build in (*line.builds, *inherited)
        if build.ref in offered and not build.candidate_of
    ]
    return tuple(sorted(builds, key=lambda build: build.key))


def _first(line: BuildLine, builds: tuple[KnownBuild, ...]) -> str:
    return f"QEMU {builds[0].release} or newer ({line.title})"


def _is_past(build: QemuBuild, offering: Offering) -> bool:
    """Whether a build is newer than the last one known to offer the type."""
    return bool(offering) and all(build.version > builds[-1].version for _, builds in offering)


def _cheapest(domain: MigrationDomain, attempt: Candidate) -> Iterator[Remedy]:
    """Yield the cheapest set of hosts that opens a type held back by several things at once."""
    required = (
        [Requirement("type", (frozenset(attempt.not_offered),))] if attempt.not_offered else []
    )
    for obstacle in attempt.obstacles:
        ways = tuple(frozenset(way) for way in (obstacle.lacking, obstacle.having) if way)
        if not ways or obstacle.sides:
            return
        required.append(Requirement(obstacle.unit, ways))
    if len(required) < 2:
        return
    counts = {member.profile: member.hosts for member in domain.members}
    found = cheapest(required, counts)
    proof = found.method if not found.gap else f"{found.method}, at most {found.gap} hosts too many"
    text = f"upgrade or mask these hosts to mend all of the above ({proof})"
    yield _remedy("cheapest-set", text, members_of(domain, found.profiles))


def _ways_out(
    domain: MigrationDomain, obstacle: Obstacle, knowledge: KnowledgeBase
) -> Iterator[Remedy]:
    lacking = members_of(domain, obstacle.lacking)
    having = members_of(domain, obstacle.having)
    subject = _obstacle_subject(obstacle, knowledge)
    facts = ", ".join(obstacle.facts)
    if not obstacle.certain:
        open_fact = facts or f"whether {subject} arrives on these hosts"
        yield _remedy("probe", f"find out {open_fact}", lacking)
    if obstacle.rule == Rule.PROPERTY_NOT_OFFERED.value:
        yield _remedy("upgrade-qemu", f"a QEMU that has {subject.partition('=')[0]}", lacking)
        yield _remedy("drop-flag", f"require {subject} no longer in the policy", ())
        return
    if obstacle.rule == Rule.UNIT_REFUSED.value:
        text = f"a kernel that does not produce {subject} on these hosts"
        yield _remedy("upgrade-kernel", text, having)
    elif _hangs_on_hosts(obstacle, knowledge):
        yield from _lifted_or_hidden(facts or subject, lacking, having)
    elif lacking:
        yield _remedy("upgrade-qemu", f"a QEMU that knows {subject} on these hosts", lacking)
    if lacking and having:
        cheaper = min((lacking, having), key=host_count)
        yield _remedy("drop-edges", "no migration from hosts with it to hosts without", cheaper)
    if obstacle.sides:
        sides = [members_of(domain, tuple(side)) for side in obstacle.sides]
        fewer = sorted(sides, key=lambda side: (host_count(side), first_names(side)))[:-1]
        for side in fewer:
            yield _remedy("split-pool", OWN_POOL, side)
    if obstacle.unit in _units(knowledge):
        yield _remedy("accept-loss", f"accept the loss of {obstacle.unit} in the policy", ())


def _obstacle_subject(obstacle: Obstacle, knowledge: KnowledgeBase) -> str:
    """Return what hosts lack or have: a unit, a property, or the CPU features that a unit takes."""
    unit = _units(knowledge).get(obstacle.unit)
    needs = sorted(unit.requires) if unit is not None else []
    of_the_cpu = bool(needs) and all(name.startswith("cpu.") for name in needs)
    return ", ".join(needs) if of_the_cpu else obstacle.unit or obstacle.property_key


def _hangs_on_hosts(obstacle: Obstacle, knowledge: KnowledgeBase) -> bool:
    """Whether a kernel or CPU can bring what is missing, or hide it; else it is of the QEMU alone."""
    unit = _units(knowledge).get(obstacle.unit)
    return unit is None or bool(unit.requires or unit.sent_if or unit.captured_if)


def _lifted_or_hidden(
    what: str, lacking: tuple[PoolMember, ...], having: tuple[PoolMember, ...]
) -> Iterator[Remedy]:
    """Yield that all hosts get what some lack, which no kernel can if it is of the CPU, or none."""
    if lacking and not what.startswith("cpu."):
        yield _remedy("upgrade-kernel", f"bring {what} to these hosts", lacking)
    if having:
        yield _remedy("mask", f"hide {what} on these hosts", having)


@cache
def _units(knowledge: KnowledgeBase) -> Mapping[str, MigratedUnit]:
    """Return the units, whose loss a policy can accept, by their ids."""
    return {unit.id: unit for unit in knowledge.units}


def _remedy(kind: str, text: str, members: tuple[PoolMember, ...]) -> Remedy:
    return Remedy(kind=kind, text=text, hosts=host_count(members), examples=first_names(members))
