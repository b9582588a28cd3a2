"""Judge every answer again, edge by edge, by the rules of the judge; shares no step with the solver.

In: a domain and a `ChosenBaseline`. Out: nothing, or `CertificationError` with pool, edge and
unit.

Idea: a verdict on (source, destination, boot host) is the sum of parts that each look at two
hosts: what runs on the source or was fixed on the boot host, against the destination. So judging
every ordered pair judges every triple. Each part is judged once per pair of distinct aspects
(`pairs`), and a set of objections is an integer, one bit each, so that the union over all pairs
is an `or`.

Invariant: no objection may be left that the answer's conditions do not exclude. Hosts that
observation rows name, architectures without a register table and directed graphs are judged
triple by triple with `judge` itself; so is a pair that objects, to name its edge.

Cost: units times distinct aspects squared for the first pool, a look-up for the next one of equal
classes.

Source: decision 0003; compare "proof-carrying" answers: the search may be clever, the check is
plain.

>>> error = CertificationError("blue", "pc-q35-8.2 from A to B: P003 cpu/xcr0", "cpu/xcr0")
>>> print(error)
pool blue: pc-q35-8.2 from A to B: P003 cpu/xcr0
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product

from planner.certificate.cpu_pairs import CpuPairs
from planner.certificate.pairs import NO_BASELINE, BuildPairs, ObjectionTable, SectionPairs
from planner.certificate.unit_pairs import UnitPairs
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline
from planner.domain.verdict import Objection
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import apply
from planner.migration.claims import Assumed, claimed, claims_of, opposed
from planner.migration.graph import MigrationDomain
from planner.migration.judge import judge


class CertificationError(AssertionError):
    """The solver's answer did not survive judgement: a bug in the planner, never bad input.

    `fact` says without the pool which type fails on which edge, and `unit` what fails there.
    """

    def __init__(self, pool: str, fact: str, unit: str = "") -> None:
        """Name the pool, then the type with its edge and the rule that it breaks."""
        super().__init__(f"pool {pool}: {fact}")
        self.fact, self.unit = fact, unit


@dataclass(slots=True)
class Certifier:
    """Judges baselines over domains and remembers what it has judged."""

    knowledge: KnowledgeBase
    policy: Policy
    judged: int = 0
    _table: ObjectionTable = field(init=False)
    _builds: BuildPairs = field(init=False)
    _cpus: CpuPairs = field(init=False)
    _sections: dict[str, SectionPairs] = field(default_factory=dict)
    _plain: dict[str, UnitPairs] = field(default_factory=dict)
    _gated: dict[str, UnitPairs] = field(default_factory=dict)
    _of_hosts: dict[frozenset[HostProfile], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the rooms of the rules."""
        self._table = ObjectionTable(self.policy)
        self._builds = BuildPairs(self.knowledge, self._table)
        self._cpus = CpuPairs(self.knowledge, self._table, self.policy.management)

    def certify(self, domain: MigrationDomain, chosen: ChosenBaseline) -> None:
        """Raise `CertificationError` if any edge of the domain is not safe under the baseline."""
        assumed = assumed_by(chosen)
        baseline = chosen.baseline
        impossible = opposed(assumed, self.knowledge.guests)
        if impossible:
            feature = impossible[0]
            fact = f"{baseline.machine_type}: no guest has a CPU with and without {feature}"
            raise CertificationError(domain.name, fact)
        if domain.edges is not None or domain.is_observed or not self._is_listed(domain):
            self._judge_triples(domain, baseline, assumed)
        elif domain.hosts > 1:
            standing = self._table.standing(self._demands(domain, baseline), assumed)
            if standing is not None:
                self._judge_triples(domain, baseline, assumed)  # raises, and names the edge
                fact = f"{baseline.machine_type}, on no single edge: {_objection_text(standing)}"
                raise CertificationError(domain.name, fact, standing.unit)
            self.judged += len(domain.members) ** 3

    def narrow(self, profiles: Iterable[HostProfile]) -> None:
        """Leave out the plain units that object to no ordered pair of all `profiles`."""
        for arch in sorted({profile.arch for profile in profiles}):
            hosts = [host for host in profiles if host.arch == arch]
            self._plain[arch] = self._units(arch, gated=False).restricted_to(hosts, NO_BASELINE)

    @property
    def narrowed_knowledge(self) -> KnowledgeBase:
        """The knowledge without the plain units that were left out: it objects to the same pairs."""
        left_out = {
            unit
            for arch, kept in self._plain.items()
            for unit in self._units(arch, gated=False).units
            if unit not in kept.units
        }
        if not left_out:
            return self.knowledge
        return replace(
            self.knowledge,
            units=tuple(unit for unit in self.knowledge.units if unit not in left_out),
        )

    def _is_listed(self, domain: MigrationDomain) -> bool:
        """Whether the registers of every architecture in the domain have rows."""
        return all(
            self.knowledge.covered.get(arch) == "listed"
            for arch in {profile.arch for profile in domain.profiles}
        )

    def _judge_triples(self, domain: MigrationDomain, baseline: Baseline, assumed: Assumed) -> None:
        boots = dict.fromkeys(member.profile for member in domain.starts)
        for (source, destination), boot in product(domain.pairs(), boots):
            verdict = judge(
                MigrationEdge(source=source, destination=destination),
                GuestStart(baseline=baseline, booted_on=boot),
                self.knowledge,
                management=self.policy.management,
                assumed=assumed,
            )
            for objection in apply(self.policy, verdict).objections:
                if not any(claims_of(clause) <= assumed for clause in objection.depends_on):
                    label = {member.profile: member.label for member in domain.members}
                    edge = f"from {label[source]} to {label[destination]}, booted on {label[boot]}"
                    fact = f"{baseline.machine_type} {edge}: {_objection_text(objection)}"
                    raise CertificationError(domain.name, fact, objection.unit)
            self.judged += 1

    def _demands(self, domain: MigrationDomain, baseline: Baseline) -> int:
        """Return every objection on any ordered pair: units, builds, stated CPUs."""
        arch = domain.members[0].profile.arch
        if arch not in self._gated:
            self._gated[arch] = self._units(arch, gated=True)
        return (
            self._of_any_baseline(domain.profiles, arch)
            | self._gated[arch].demands(domain.profiles, baseline)
            | self._builds.demands(domain.builds, baseline)
            | self._sections_of(arch).demands(domain.builds)
        )

    def _sections_of(self, arch: str) -> SectionPairs:
        """Return what judges the sections of devices on an architecture."""
        if arch not in self._sections:
            self._sections[arch] = SectionPairs(arch, self.knowledge, self._table)
        return self._sections[arch]

    def _of_any_baseline(self, hosts: frozenset[HostProfile], arch: str) -> int:
        """Return what is objected to under every baseline: units without a gate, CPUs."""
        if hosts not in self._of_hosts:
            if arch not in self._plain:
                self._plain[arch] = self._units(arch, gated=False)
            bits = self._plain[arch].demands(hosts, NO_BASELINE)
            self._of_hosts[hosts] = bits | self._cpus.demands(hosts)
        return self._of_hosts[hosts]

    def _units(self, arch: str, *, gated: bool) -> UnitPairs:
        """Return the units of an architecture that some property gates, or the others."""
        units = tuple(
            unit
            for unit in self.knowledge.units_of(arch)
            if bool(unit.gates) is gated and not unit.cpu_features
        )
        return UnitPairs(units, self.knowledge, self._table, self.policy.management)


def _objection_text(objection: Objection) -> str:
    """Write the rule of an objection and what it is about."""
    subject = objection.unit or objection.property_key
    return " ".join(filter(None, (objection.rule.value, subject, "; ".join(objection.facts))))


def assumed_by(chosen: ChosenBaseline) -> Assumed:
    """Return the claims about guests that an answer's conditions exclude, as (kind, word)."""
    return _assumed(tuple(condition.words for condition in chosen.conditions))


@cache
def _assumed(conditions: tuple[tuple[str, ...], ...]) -> Assumed:
    return frozenset().union(*map(claimed, conditions))
