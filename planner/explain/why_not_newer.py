"""All minimal reasons that hold the next newer type back, with their remedies; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from planner.domain.host import HostProfile
from planner.domain.solution import Refusal, Remedy, WhyNotNewer
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.builds import BuildLine
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.attempt import Attempt, Obstacle
from planner.solver.requirement import Requirement
from planner.solver.unlock import cheapest


def why_not_newer(
    domain: MigrationDomain, attempt: Attempt, knowledge: KnowledgeBase
) -> WhyNotNewer:
    """Explain a refused attempt."""
    return WhyNotNewer(
        machine_type=attempt.machine_type.name,
        objections=tuple(refusals(domain, attempt, knowledge)),
        remedies=tuple(remedies(domain, attempt, knowledge)),
    )


def _members(domain: MigrationDomain, profiles: Iterable[HostProfile]) -> tuple[PoolMember, ...]:
    wanted = set(profiles)
    return tuple(member for member in domain.members if member.profile in wanted)


def _hosts(members: Iterable[PoolMember]) -> int:
    return sum(member.hosts for member in members)


def _examples(members: Iterable[PoolMember]) -> tuple[str, ...]:
    names = [name for member in members for name in member.examples]
    return tuple(sorted(names)[:3])


def _builds(members: Iterable[PoolMember]) -> str:
    texts = sorted({member.groups[0].qemu for member in members})
    shown = ", ".join(texts[:3])
    return shown if len(texts) <= 3 else f"{shown} and {len(texts) - 3} more builds"


def refusals(
    domain: MigrationDomain, attempt: Attempt, knowledge: KnowledgeBase
) -> Iterator[Refusal]:
    """Return every minimal reason: each host class without the type, each unit that cannot arrive."""
    name = attempt.machine_type.name
    old = _members(domain, attempt.not_offered)
    if old:
        yield Refusal(
            rule="P001",
            text=f"{name} is not offered by QEMU {_builds(old)}",
            hosts=_hosts(old),
            examples=_examples(old),
            source=attempt.machine_type.source,
        )
    unsure = _members(domain, attempt.unknown_offer)
    if unsure:
        yield Refusal(
            rule="P012",
            text=f"unknown whether QEMU {_builds(unsure)} offers {name}",
            hosts=_hosts(unsure),
            examples=_examples(unsure),
            source=attempt.machine_type.source,
        )
    for obstacle in attempt.obstacles:
        yield _refusal(domain, obstacle)


def _refusal(domain: MigrationDomain, obstacle: Obstacle) -> Refusal:
    lacking = _members(domain, obstacle.lacking)
    text = obstacle.text
    if not obstacle.certain and obstacle.facts:
        text += f" (unknown: {', '.join(obstacle.facts)})"
    return Refusal(
        rule=obstacle.rule if obstacle.certain else "P012",
        text=text,
        hosts=_hosts(lacking),
        examples=_examples(lacking),
        unit=obstacle.unit,
        source=obstacle.source,
    )


def remedies(
    domain: MigrationDomain, attempt: Attempt, knowledge: KnowledgeBase
) -> Iterator[Remedy]:
    """Return the ways out: upgrade, mask, drop edges, accept, probe; priced in hosts."""
    name = attempt.machine_type.name
    old = _members(domain, attempt.not_offered)
    if old:
        own = frozenset(member.profile.qemu.line for member in old)
        yield Remedy(
            kind="upgrade-qemu",
            text=f"{_first_offer(name, own, knowledge)} on these hosts",
            hosts=_hosts(old),
            examples=_examples(old),
        )
        yield Remedy(
            kind="split-pool",
            text="give these hosts a pool of their own",
            hosts=_hosts(old),
            examples=_examples(old),
        )
    unsure = _members(domain, attempt.unknown_offer)
    if unsure:
        yield Remedy(
            kind="probe",
            text=f"`-machine help` on these hosts tells whether {name} is there",
            hosts=_hosts(unsure),
            examples=_examples(unsure),
        )
    for obstacle in attempt.obstacles:
        yield from _ways_out(domain, obstacle)
    yield from _cheapest(domain, attempt)


def _cheapest(domain: MigrationDomain, attempt: Attempt) -> Iterator[Remedy]:
    """Yield the cheapest set of hosts that opens a type held back by several things at once."""
    required = (
        [Requirement("type", (frozenset(attempt.not_offered),))] if attempt.not_offered else []
    )
    for obstacle in attempt.obstacles:
        ways = tuple(frozenset(way) for way in (obstacle.lacking, obstacle.having) if way)
        if not ways:
            return
        required.append(Requirement(obstacle.unit, ways))
    if len(required) < 2:
        return
    counts = {member.profile: member.hosts for member in domain.members}
    found = cheapest(required, counts)
    proof = found.method if not found.gap else f"{found.method}, at most {found.gap} hosts too many"
    text = f"upgrade or mask these hosts to mend all of the above ({proof})"
    yield _remedy("cheapest-set", text, _members(domain, found.profiles))


@cache
def _first_offer(name: str, own: frozenset[str], knowledge: KnowledgeBase) -> str:
    """Say which build offers a type first: of the hosts' `own` lines, else of any line."""
    offered = knowledge.machines.types[name].offered
    lines = [knowledge.builds.by_name[line] for line in sorted(own)]
    found = [text for text in (_first_build(line, offered, knowledge) for line in lines) if text]
    if not found:
        found = [
            text
            for text in (_first_build(line, offered, knowledge) for line in knowledge.builds.lines)
            if text
        ]
    return " or ".join(found) or f"a QEMU that offers {name}"


def _first_build(line: BuildLine, offered: frozenset[str], knowledge: KnowledgeBase) -> str:
    """Say the first build of a line that offers a type, inherited tables included."""
    inherited = knowledge.builds.by_name[line.tables].builds if line.tables else ()
    builds = [build for build in (*line.builds, *inherited) if build.ref in offered]
    if not builds:
        return ""
    first = min(builds, key=lambda build: build.key)
    return f"QEMU {first.release} or newer ({line.title})"


def _ways_out(domain: MigrationDomain, obstacle: Obstacle) -> Iterator[Remedy]:
    lacking = _members(domain, obstacle.lacking)
    having = _members(domain, obstacle.having)
    subject = obstacle.unit or obstacle.property_key
    facts = ", ".join(obstacle.facts)
    if not obstacle.certain:
        yield _remedy("probe", f"find out {facts}", lacking)
    if lacking:
        yield _remedy("upgrade-kernel", f"bring {facts or subject} to these hosts", lacking)
    if having:
        yield _remedy("mask", f"hide {facts or subject} on these hosts", having)
    if lacking and having:
        cheaper = min((lacking, having), key=_hosts)
        yield _remedy("drop-edges", "no migration from hosts with it to hosts without", cheaper)
    if subject:
        yield _remedy("accept-loss", f"accept the loss of {subject} in the policy", ())


def _remedy(kind: str, text: str, members: tuple[PoolMember, ...]) -> Remedy:
    return Remedy(kind=kind, text=text, hosts=_hosts(members), examples=_examples(members))
