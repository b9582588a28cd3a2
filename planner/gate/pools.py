"""A fleet as policies: every machine type of a pool, by boot host and by the host that guests come to.

The source of a migration is nobody's to know on the destination, so every host that has the type may
have been it: what a guest carries depends on all hosts that it may have visited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from planner.answers.conditions import profile_of, sorted_out
from planner.answers.reasons.condition_origin import asked_by
from planner.answers.reasons.sure_findings import sure_refusals
from planner.domain.host import HostProfile
from planner.domain.machine_type import MachineType
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline
from planner.domain.truth import Truth
from planner.gate.entries import Entries, refusals_of
from planner.gate.policy import (
    SCHEMA,
    GateCell,
    GateClass,
    GatePolicy,
    GateRefusal,
    GateWaiver,
    IfUnknown,
    Mode,
)
from planner.gate.tables import GuestTables
from planner.gate.words import ClauseWords, host_features
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.closed_form import ClosedForm
from planner.solver.solve import baseline_of

MOST_PROFILES = 6
"""Kinds of hosts up to which boot hosts are told apart; beyond, the worst of them counts."""


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """What an operator asks of a gate."""

    mode: Mode = "warn"
    unknown: IfUnknown = "refuse"


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What a policy is of: its pool, what it was made of, and the rows that this rests on."""

    pool: str
    made_of: Literal["fleet", "solution", "plan"]
    knowledge: str = ""


ClassTexts = tuple[str, str, list[str]]
"""Kernel and QEMU as the fleet says them, and the hosts that run them now."""


@dataclass
class ClassPlaces:
    """The places of a profile's classes: on which guests may have booted, and which are here now."""

    boots: dict[HostProfile, list[int]] = field(default_factory=dict)
    here: dict[HostProfile, list[int]] = field(default_factory=dict)

    def add(self, profile: HostProfile, number: int, *, is_here: bool) -> None:
        """Note the place of a class."""
        self.boots.setdefault(profile, []).append(number)
        if is_here:
            self.here.setdefault(profile, []).append(number)


@dataclass
class PoolGate:
    """Compiles the policy of one pool; `past` are hosts as they were: guests may have booted there."""

    domain: MigrationDomain
    knowledge: KnowledgeBase
    policy: Policy
    past: tuple[PoolMember, ...] = ()
    form: ClosedForm = field(init=False)
    types: tuple[MachineType, ...] = field(init=False)
    entries: Entries = field(init=False)

    def __post_init__(self) -> None:
        """Look up the types; losses that somebody accepts become waivers, which may end."""
        strict = replace(self.policy, accepted_losses=())
        self.form = ClosedForm(self.knowledge, strict)
        arch = self.domain.members[0].profile.arch
        gone = [one.profile for one in self.past]
        self.form.units.narrow(tuple(dict.fromkeys((*self.domain.profiles, *gone))))
        self.types = tuple(self._offered(arch))
        self.entries = Entries(ClauseWords(GuestTables(self.knowledge, arch)))

    def compiled(self, settings: GateSettings) -> GatePolicy:
        """Return the policy."""
        groups = list(self._groups())
        places = ClassPlaces()
        for number, (member, (_, _, hosts)) in enumerate(groups):
            places.add(member.profile, number, is_here=bool(hosts))
        types = {row.name: list(self._cells(row, places)) for row in self.types}
        features = self.entries.words.features()
        return assembled(
            self.entries,
            Outline(pool=self.domain.name, made_of="fleet"),
            settings,
            self.policy,
            types={name: cells for name, cells in types.items() if cells},
            classes=[_class(member.profile, texts, features) for member, texts in groups],
        )

    def _groups(self) -> Iterator[tuple[PoolMember, ClassTexts]]:
        """Yield the hosts of the pool by what they run, and what they ran, which names no host."""
        known = set[tuple[str, str]]()
        for member in self.domain.members:
            for texts in class_texts(member):
                known.add(texts[:2])
                yield member, texts
        for member in self.past:
            for kernel, qemu, _ in class_texts(member):
                if (kernel, qemu) not in known:
                    known.add((kernel, qemu))
                    yield member, (kernel, qemu, [])

    def _offered(self, arch: str) -> Iterator[MachineType]:
        """Yield the types that some host of the pool may have, on the boards and lines of the policy."""
        boards, lines = self.policy.boards, self.policy.lines
        for row in self.knowledge.machines.types.values():
            one = row.machine_type
            if one.arch != arch or (boards and one.board not in boards):
                continue
            if lines and one.line not in lines:
                continue
            if any(self._may_have(member, one) for member in self.domain.members):
                yield one

    def _may_have(self, member: PoolMember, row: MachineType) -> bool:
        return self.form.offers.of_build(member.profile.qemu, row.name) is not Truth.NO

    def _cells(self, row: MachineType, places: ClassPlaces) -> Iterator[GateCell]:
        """Yield what is asked of guests of a type, by where they booted and where they come to."""
        having = tuple(one for one in self.domain.members if self._may_have(one, row))
        starts = tuple(one for one in having if one in self.domain.starts)
        known = {one.profile for one in starts}
        gone = {one.profile: one for one in self.past if one.profile not in known}
        starts += tuple(one for one in gone.values() if self._may_have(one, row))
        apart = len(places.boots) <= MOST_PROFILES
        found: dict[int, list[tuple[list[int], list[int]]]] = {}
        for here in having if starts else ():
            for boots in ((one,) for one in starts) if apart else (starts,):
                entry = self._entry(boots, having, here, row)
                booted = [number for one in boots for number in places.boots[one.profile]]
                found.setdefault(entry, []).append((booted, places.here[here.profile]))
        for entry, pairs in found.items():
            yield from _merged(entry, pairs)

    def _entry(
        self,
        boots: tuple[PoolMember, ...],
        having: tuple[PoolMember, ...],
        here: PoolMember,
        row: MachineType,
    ) -> int:
        pairs = frozenset((one.profile, here.profile) for one in having)
        allowed = self.domain.edges
        edges = pairs if allowed is None else pairs & allowed
        gone = tuple(one for one in boots if one not in having)
        domain = MigrationDomain(name="", starts=boots, members=having + gone, edges=edges)
        if domain.unplaced:
            gap = GateRefusal(unit="", text=domain.unplaced[0], certain=False)
            nothing = ChosenBaseline(board=row.board, line=row.line, machine_type=row.name)
            return self.entries.of_baseline(nothing, here.profile, (gap,))
        tried = self.form.attempt(domain, row)
        baseline = sorted_out(domain, baseline_of(tried), row, self.form)
        baseline = replace(baseline, reasons=tuple(asked_by(domain, row, self.form)))
        libvirt = self.policy.management == "libvirt"
        surely = sure_refusals(tuple(edges), row, self.knowledge, libvirt=libvirt)
        return self.entries.of_baseline(baseline, here.profile, refusals_of(tried), surely)


def assembled(
    entries: Entries,
    outline: Outline,
    settings: GateSettings,
    policy: Policy,
    *,
    types: dict[str, list[GateCell]],
    classes: list[GateClass],
) -> GatePolicy:
    """Return the policy of what was gathered; losses that somebody accepts become waivers."""
    words, knowledge = entries.words, entries.knowledge
    profile = profile_of(policy, knowledge)
    return GatePolicy(
        schema=SCHEMA,
        pool=outline.pool,
        made_of=outline.made_of,
        knowledge=outline.knowledge or knowledge.digest,
        guest_profile=policy.guest_profile,
        mode=settings.mode,
        unknown=settings.unknown,
        waivers=waivers_of(policy),
        classes=classes,
        machine_types=types,
        entries=entries.listed,
        flags=entries.flags,
        conditions=entries.conditions,
        clauses=[(kind, list(names)) for kind, names in words.clauses],
        words=words.words,
        models=words.models,
        guest=words.tables.guest(
            words.traits,
            () if profile is None else profile.traits,
            policy.accepted_severities,
        ),
    )


def _merged(entry: int, pairs: Iterable[tuple[list[int], list[int]]]) -> Iterator[GateCell]:
    """Yield cells of one entry, hosts with the same boot hosts together."""
    by_here: dict[tuple[int, ...], set[int]] = {}
    for boots, here in pairs:
        by_here.setdefault(tuple(here), set()).update(boots)
    by_boots: dict[tuple[int, ...], set[int]] = {}
    for places, booted in by_here.items():
        by_boots.setdefault(tuple(sorted(booted)), set()).update(places)
    for starts, reached in sorted(by_boots.items()):
        yield GateCell(boots=list(starts), here=sorted(reached), entry=entry)


def class_texts(member: PoolMember) -> list[ClassTexts]:
    """Return (kernel, QEMU, hosts) of a member: hosts judged alike may run releases of their own."""
    found: dict[tuple[str, str], list[str]] = {}
    for group in member.groups:
        found.setdefault((group.kernel, group.qemu_version), []).extend(map(str, group.hosts))
    return [(kernel, qemu, sorted(hosts)) for (kernel, qemu), hosts in found.items()]


def _class(profile: HostProfile, texts: ClassTexts, features: Iterable[str]) -> GateClass:
    kernel, qemu, hosts = texts
    lacks, gives = host_features(profile, features)
    label = hosts[0] if hosts else f"a host as it was, QEMU {qemu} and kernel {kernel}"
    label += f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
    return GateClass(label=label, kernel=kernel, qemu=qemu, hosts=hosts, lacks=lacks, gives=gives)


def waivers_of(policy: Policy) -> list[GateWaiver]:
    """Return the losses that somebody accepts, to be asked for their day at every migration."""
    return [
        GateWaiver(
            unit=one.unit,
            owner=one.owner,
            reason=one.reason,
            expires="" if one.expires is None else one.expires.isoformat(),
        )
        for one in policy.accepted_losses
    ]
