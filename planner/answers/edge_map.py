"""Judge every edge of a domain under the answer, without its flags, and under what was refused.

The answer is shown as certified; all other outcomes are the judge's, under the conditions of what is
tried. An edge is as bad as the worst host on which its guest may have booted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from planner.answers.answer import united
from planner.domain.edge_map import EdgeFinding, EdgeMap, EdgeTrial, ProfileClass, TrialKind
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.policy import Policy
from planner.domain.verdict import Objection, Outcome, Verdict
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import apply
from planner.migration.claims import Assumed, claimed, claims_of
from planner.migration.graph import MigrationDomain
from planner.migration.judge import judge
from planner.migration.profiles import PoolMember
from planner.solver.candidate import Candidate
from planner.solver.solve import LineResult, Solver, baseline_of

Grid = dict[tuple[int, int], EdgeFinding]
GRAVITY = (Outcome.UNSAFE, Outcome.UNKNOWN, Outcome.SAFE)


@dataclass(frozen=True, slots=True)
class _Try:
    """One baseline and the claims about guests that its conditions make."""

    kind: TrialKind
    baseline: Baseline
    assumed: Assumed


def edge_maps(
    domains: Iterable[MigrationDomain],
    knowledge: KnowledgeBase,
    policy: Policy,
    *,
    progress: Callable[[int], None] | None = None,
) -> tuple[EdgeMap, ...]:
    """Return the map of every domain, in name order."""
    domains = tuple(united(domains, policy))
    solver = Solver(knowledge=knowledge, policy=policy)
    solver.narrow(domains)
    mapper = Mapper(solver.narrowed_knowledge, policy)
    found = []
    for number, domain in enumerate(domains, start=1):
        results, _ = solver.certified(domain, solver.solve(domain))
        found.append(mapper.map(domain, results))
        if progress is not None:
            progress(number)
    return tuple(sorted(found, key=lambda one: one.domain))


@dataclass(slots=True)
class Mapper:
    """Judges edges and remembers them: pools share profiles."""

    knowledge: KnowledgeBase
    policy: Policy
    _known: dict[object, Verdict] = field(default_factory=dict)

    def map(self, domain: MigrationDomain, results: Iterable[LineResult]) -> EdgeMap:
        """Return the classes of a domain and the findings of every trial."""
        tries = tuple(dict.fromkeys(one for result in results for one in _tries(result)))
        grids = [self._grid(domain, one) for one in tries]
        classes = _classes(domain.members, grids)
        trials: dict[tuple[object, ...], EdgeTrial] = {}
        for one, grid in zip(tries, grids, strict=True):
            cells = _folded(grid, classes)
            key = (one.kind, cells)
            known = trials.get(key)
            baselines = (one.baseline,) if known is None else (*known.baselines, one.baseline)
            trials[key] = EdgeTrial(kind=one.kind, baselines=baselines, cells=cells)
        return EdgeMap(
            domain=domain.name,
            classes=tuple(_described(domain.members, places) for places in classes),
            trials=tuple(sorted(trials.values(), key=lambda one: list(TrialKind).index(one.kind))),
        )

    def _grid(self, domain: MigrationDomain, one: _Try) -> Grid:
        """Judge every ordered pair of members; a member with itself too, though it be one host."""
        boots = tuple(dict.fromkeys(member.profile for member in domain.starts))
        places = {member.profile: place for place, member in enumerate(domain.members)}
        pairs = tuple(product(places, repeat=2)) if domain.edges is None else domain.edges
        if one.kind is TrialKind.ANSWER:
            certified = EdgeFinding(outcome=Outcome.SAFE)
            return {(places[source], places[other]): certified for source, other in pairs}
        hops = _sums_up(domain, self.knowledge)
        return {
            (places[source], places[other]): _worst(
                self._judged(source, other, source, one) if source in boots else None,
                [
                    self._judged(boot if hops else source, other, boot, one)
                    for boot in boots
                    if boot != source
                ],
            )
            for source, other in pairs
        }

    def _judged(
        self, source: HostProfile, destination: HostProfile, boot: HostProfile, one: _Try
    ) -> Verdict:
        key = (source, destination, boot, one.baseline, one.assumed)
        if key not in self._known:
            verdict = judge(
                MigrationEdge(source=source, destination=destination),
                GuestStart(baseline=one.baseline, booted_on=boot),
                self.knowledge,
                management=self.policy.management,
                assumed=one.assumed,
            )
            kept = apply(self.policy, verdict)
            standing = tuple(
                objection
                for objection in kept.objections
                if not any(claims_of(clause) <= one.assumed for clause in objection.depends_on)
            )
            self._known[key] = replace(kept, objections=standing)
        return self._known[key]


def _sums_up(domain: MigrationDomain, knowledge: KnowledgeBase) -> bool:
    """Whether an edge is as bad for a boot host as the edge from there, as the certificate has it."""
    listed = all(knowledge.covered.get(host.arch) == "listed" for host in domain.profiles)
    return domain.edges is None and not domain.is_observed and listed


def _tries(result: LineResult) -> Iterator[_Try]:
    """Yield the chosen baseline, its type alone if flags were needed, and what was refused.

    What was refused is tried under the conditions of the answer too: they hold for its guests already.
    """
    held: Assumed = frozenset()
    if result.chosen is not None:
        baseline = baseline_of(result.chosen).baseline
        held = _assumed(result.chosen)
        yield _Try(TrialKind.ANSWER, baseline, held)
        if baseline.flags:
            yield _Try(TrialKind.WITHOUT_FLAGS, replace(baseline, flags=()), held)
    if result.newer is not None:
        newer = baseline_of(result.newer).baseline
        yield _Try(TrialKind.NEWER, newer, held | _assumed(result.newer))


def _assumed(attempt: Candidate) -> Assumed:
    words = tuple(word for condition in attempt.conditions for word in condition.words)
    return claimed(words)


def _worst(own: Verdict | None, others: Sequence[Verdict]) -> EdgeFinding:
    """Return the finding for guests booted on the source (None: nothing boots there) or elsewhere."""
    verdicts = [verdict for verdict in (own, *others) if verdict is not None]
    outcome = min((verdict.outcome for verdict in verdicts), key=GRAVITY.index)
    here = own is not None and own.outcome is Outcome.SAFE
    told = [own] if own is not None and own.outcome is outcome else verdicts
    return EdgeFinding(
        outcome=outcome,
        objections=merged(one for verdict in told for one in verdict.objections),
        elsewhere=here and outcome is not Outcome.SAFE,
    )


def merged(objections: Iterable[Objection]) -> tuple[Objection, ...]:
    """Return objections that differ in their facts alone as one with the facts of all, gaps last."""
    found: dict[object, list[Objection]] = {}
    for objection in objections:
        found.setdefault(objection.subject, []).append(objection)
    told = [_as_one(alike) for alike in found.values()]
    return tuple(sorted(told, key=lambda one: (one.is_gap, -one.consequence.weight)))


def _as_one(alike: Sequence[Objection]) -> Objection:
    """Return objections that differ in their facts alone as one with the facts of all, sorted."""
    first = alike[0]
    if all(one.facts == first.facts for one in alike) and len(first.facts) < 2:
        return first
    facts = {fact for one in alike for fact in one.facts}
    return replace(first, facts=tuple(sorted(facts)))


def _classes(members: Sequence[PoolMember], grids: Sequence[Grid]) -> tuple[tuple[int, ...], ...]:
    """Return the places of members that no trial tells apart, neither as source nor as destination."""
    known: dict[object, int] = {}
    looks = [
        {place: known.setdefault(_look(finding), len(known)) for place, finding in grid.items()}
        for grid in grids
    ]
    found: dict[object, list[int]] = {}
    for one in range(len(members)):
        rows = tuple(
            (look.get((one, other)), look.get((other, one)))
            for look in looks
            for other in range(len(members))
        )
        found.setdefault(rows, []).append(one)
    return tuple(tuple(places) for places in found.values())


def _look(finding: EdgeFinding) -> object:
    reasons = frozenset(objection.subject for objection in finding.objections)
    return finding.outcome, finding.elsewhere, reasons


def _folded(
    grid: Mapping[tuple[int, int], EdgeFinding], classes: Sequence[tuple[int, ...]]
) -> tuple[tuple[EdgeFinding | None, ...], ...]:
    return tuple(tuple(_cell(grid, ones, others) for others in classes) for ones in classes)


def _cell(
    grid: Mapping[tuple[int, int], EdgeFinding], ones: Sequence[int], others: Sequence[int]
) -> EdgeFinding | None:
    found = [grid[pair] for pair in product(ones, others) if pair in grid]
    if not found:
        return None
    every = dict.fromkeys(objection for one in found for objection in one.objections)
    return replace(found[0], objections=merged(every))


def _described(members: Sequence[PoolMember], places: Sequence[int]) -> ProfileClass:
    found = [members[place] for place in places]
    return ProfileClass(
        groups=tuple(group for member in found for group in member.groups),
        hosts=sum(member.hosts for member in found),
    )
