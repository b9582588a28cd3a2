"""Per pool the fewest migrations between kinds of hosts that show every risk of its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, permutations

from planner.answers.pair_conditions import PairConditions
from planner.domain.guest import Baseline
from planner.domain.host import MigrationEdge
from planner.domain.machine_type import MachineType
from planner.domain.plans.rehearsal import PoolRehearsal, RehearsedPair, Risk
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline, DomainSolution
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.optimize.set_cover import least_cover
from planner.rehearsal.guests import guest_for
from planner.rehearsal.risks import key_of, risks_of, shown_by

Pair = tuple[PoolMember, PoolMember]


@dataclass(slots=True)
class Rehearser:
    """Names the migrations of pools; equal questions are answered once."""

    knowledge: KnowledgeBase
    policy: Policy
    pairs: PairConditions = field(init=False)

    def __post_init__(self) -> None:
        """Make what tries pairs."""
        self.pairs = PairConditions(self.knowledge, self.policy)

    def rehearsal(self, domain: MigrationDomain, answer: DomainSolution) -> PoolRehearsal:
        """Return the migrations of a pool, for the machine type that its answer recommends."""
        best = answer.recommended
        row = None if best is None else self.knowledge.machine_type(best.machine_type)
        if best is None or row is None:
            return _nothing(answer, "", f"no answer to rehearse: {answer.verdict.value}")
        if len(domain.profiles) < 2:
            return _nothing(answer, row.name, "its hosts are all alike: nothing to prove")
        answered = {key_of(risk): risk for risk in risks_of(best)}
        shown = {pair: self._shown(pair, row, answered) for pair in _pairs(domain)}
        places = dict(enumerate(shown))
        cover = least_cover({number: frozenset(shown[pair]) for number, pair in places.items()})
        chosen = [places[number] for number in cover.taken]
        every = {key for found in shown.values() for key in found}
        return PoolRehearsal(
            domain=answer.domain,
            hosts=answer.hosts,
            machine_type=row.name,
            classes=len(domain.members),
            risks=len(every | answered.keys()),
            pairs=tuple(self._ranked(chosen, shown, best)),
            bound=cover.bound,
            method=cover.method,
            apart=tuple(risk for key, risk in sorted(answered.items()) if key not in every),
        )

    def _shown(self, pair: Pair, row: MachineType, answered: dict[str, Risk]) -> dict[str, Risk]:
        edge = MigrationEdge(source=pair[0].profile, destination=pair[1].profile)
        return {key_of(one): one for one in shown_by(self.pairs, edge, row, answered)}

    def _ranked(
        self, chosen: list[Pair], shown: dict[Pair, dict[str, Risk]], best: ChosenBaseline
    ) -> Iterator[RehearsedPair]:
        """Yield pairs with what each settles that none before it did, the gravest and most first."""
        left, settled = list(chosen), set[str]()
        while left:
            pair = max(left, key=lambda one: _worth(shown[one], settled))
            left.remove(pair)
            new = [risk for key, risk in shown[pair].items() if key not in settled]
            settled |= shown[pair].keys()
            yield self._pair(pair, new, best.baseline)

    def _pair(self, pair: Pair, risks: Iterable[Risk], baseline: Baseline) -> RehearsedPair:
        source, destination = pair
        ordered = tuple(sorted(risks, key=lambda risk: (-risk.weight, risk.kind, risk.id)))
        arch = source.profile.arch
        open_ones = [risk for risk in ordered if not risk.met]
        return RehearsedPair(
            source=source.label,
            source_hosts=source.examples,
            destination=destination.label,
            destination_hosts=destination.examples,
            risks=ordered,
            guest=guest_for(open_ones, baseline, arch, self.knowledge),
        )


def _nothing(answer: DomainSolution, machine_type: str, reason: str) -> PoolRehearsal:
    return PoolRehearsal(
        domain=answer.domain,
        hosts=answer.hosts,
        machine_type=machine_type,
        classes=len(answer.classes),
        risks=0,
        pairs=(),
        bound=0,
        method="closed-form",
        reason=reason,
    )


def _pairs(domain: MigrationDomain) -> Iterator[Pair]:
    """Yield every ordered pair of kinds of hosts between which migrations may go; of one kind too."""
    alike = [(one, one) for one in domain.members if one.hosts > 1]
    for source, destination in chain(permutations(domain.members, 2), alike):
        edge = (source.profile, destination.profile)
        if domain.edges is None or edge in domain.edges:
            yield source, destination


def _worth(shown: dict[str, Risk], settled: set[str]) -> tuple[int, int]:
    new = [risk for key, risk in shown.items() if key not in settled]
    return max((risk.weight for risk in new), default=0), len(new)
