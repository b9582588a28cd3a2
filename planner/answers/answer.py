"""The whole answer for a fleet: solve every domain, explain it, rank what is worth probing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import pairwise

from planner.answers.conditions import sorted_out
from planner.answers.cpu_advice import cpu_advice
from planner.answers.guest_findings import hold_guests
from planner.answers.host_classes import build_list
from planner.answers.reasons.condition_origin import asked_by
from planner.answers.reasons.no_type_allowed import nothing_allowed
from planner.answers.reasons.remedies import remedies
from planner.answers.reasons.risks import expiring, inferred, observed
from planner.answers.reasons.types_without_flag import leaving_out
from planner.answers.reasons.unknowns import rank_unknowns, unknowns_of, unplaced_of
from planner.answers.reasons.why_not_newer import refusals, why_not_newer
from planner.answers.status import status_of
from planner.domain.guest import GuestGroup
from planner.domain.policy import Policy
from planner.domain.solution import (
    ChosenBaseline,
    DomainSolution,
    HostClass,
    Loss,
    RefusedLine,
    Solution,
    Status,
    UnknownFact,
)
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.parallel import processors, spread
from planner.solver.candidate import Candidate
from planner.solver.solve import LineResult, Solver, baseline_of

Progress = Callable[[int], None]
Preference = tuple[bool, bool, int, str, str]
"""What orders a domain's answers, the least first."""
WORTH_SPREADING = 2000
"""Number of domains from which on other processes for shares of them pay for themselves."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of one set of members, before it gets a pool's name."""

    status: Status
    baselines: tuple[ChosenBaseline, ...]
    refused: tuple[RefusedLine, ...]
    unknowns: tuple[UnknownFact, ...]


def solve(
    domains: Iterable[MigrationDomain],
    knowledge: KnowledgeBase,
    policy: Policy,
    *,
    guests: Iterable[GuestGroup] = (),
    progress: Progress | None = None,
) -> Solution:
    """Return the certified and explained answer of every domain.

    Nothing leaves uncertified: a domain whose answer does not survive judgement is undecided.
    """
    solver = Solver(knowledge=knowledge, policy=policy)
    domains = tuple(united(domains, policy))
    solver.narrow(domains)
    by_pool: dict[str, list[GuestGroup]] = {}
    for group in guests:
        by_pool.setdefault(group.pool, []).append(group)
    count = processors() if len(domains) >= WORTH_SPREADING else 1
    shares = _shares(domains, count)
    shown = _of_all(progress, len(shares[0]), len(domains))
    answered = partial(_answered, by_pool=by_pool, solver=solver)
    done = spread(
        [partial(answered, shares[0], progress=shown)]
        + [partial(answered, share) for share in shares[1:]]
    )
    answers = sorted(
        (answer for share in done for answer in share), key=lambda pair: pair[0].domain
    )
    found = tuple(solution for solution, _ in answers)
    return Solution(
        domains=found,
        knowledge_digest=knowledge.digest,
        unknowns=rank_unknowns(found),
        certified=sum(judged for _, judged in answers),
    )


def _shares(domains: Iterable[MigrationDomain], count: int) -> list[list[MigrationDomain]]:
    """Return shares of about equal cost, with most domains of equal builds in the same share.

    Each has two stretches of the domains in order of their builds, for domains cost more in some places.
    """
    ordered = sorted(domains, key=lambda domain: (sorted(domain.tables), domain.name))
    ends = [len(ordered) * part // (2 * count) for part in range(2 * count + 1)]
    stretches = [ordered[begin:end] for begin, end in pairwise(ends)]
    return [stretches[part] + stretches[part + count] for part in range(count)]


def _of_all(progress: Progress | None, share: int, total: int) -> Progress | None:
    """Return what tells the progress of one share as if the others went as fast."""
    if progress is None:
        return None
    return lambda number: progress(round(number * total / share))


@dataclass(slots=True)
class Answerer:
    """Answers domains one at a time; what they share is looked at once."""

    knowledge: KnowledgeBase
    policy: Policy
    _solver: Solver = field(init=False)

    def __post_init__(self) -> None:
        """Make the solver that all answers share."""
        self._solver = Solver(knowledge=self.knowledge, policy=self.policy)

    def answer(self, domain: MigrationDomain, guests: Iterable[GuestGroup] = ()) -> DomainSolution:
        """Return the certified and explained answer of a domain."""
        results, _ = self._solver.certified(domain, self._solver.solve(domain))
        answer = _answer(domain, results, self._solver)
        return _with_guests(domain, answer, list(guests), self._solver)


def _answered(
    domains: Iterable[MigrationDomain],
    by_pool: Mapping[str, list[GuestGroup]],
    solver: Solver,
    progress: Progress | None = None,
) -> list[tuple[DomainSolution, int]]:
    """Return the explained answers of domains, each with the number of combinations judged for it."""
    found = []
    for number, domain in enumerate(domains, start=1):
        results, judged = solver.certified(domain, solver.solve(domain))
        answer = _answer(domain, results, solver)
        guests = by_pool.get(domain.name, [])
        found.append((_with_guests(domain, answer, guests, solver), judged))
        if progress is not None:
            progress(number)
    return found


def united(domains: Iterable[MigrationDomain], policy: Policy) -> Iterator[MigrationDomain]:
    """Yield the domains; pools of one uniformity group are answered over all their members."""
    found = {domain.name: domain for domain in domains}
    for group in policy.uniformity_groups:
        parts = [found[name] for name in group if name in found]
        members = tuple(dict.fromkeys(member for part in parts for member in part.members))
        for part in parts:
            found[part.name] = replace(part, starts=members, members=members, edges=None)
    yield from found.values()


def _answer(domain: MigrationDomain, results: tuple[LineResult, ...], solver: Solver) -> Answer:
    knowledge = solver.knowledge
    if domain.unplaced:
        return Answer(
            status=Status.UNDECIDED,
            baselines=(),
            refused=(nothing_allowed(domain, knowledge, solver.policy),),
            unknowns=tuple(unplaced_of(domain)),
        )
    risks = tuple(inferred(domain))
    explained = (
        _explained(domain, result, risks, solver) for result in results if result.chosen is not None
    )
    baselines = tuple(sorted(explained, key=partial(preference, domain, solver.policy)))
    failed = [
        result
        for result in results
        if result.chosen is None and (not baselines or result.is_bounded_out)
    ]
    refused = tuple(_refused(domain, result, knowledge) for result in failed)
    return Answer(
        status=status_of(results),
        baselines=baselines,
        refused=refused if results else (nothing_allowed(domain, knowledge, solver.policy),),
        unknowns=tuple(unknowns_of(domain, results)),
    )


def preference(domain: MigrationDomain, policy: Policy, baseline: ChosenBaseline) -> Preference:
    """Order a domain's answers: usable ones first, of its builds' own vendor, by the policy's boards."""
    foreign = baseline.line not in {build.line for build in domain.builds}
    boards = policy.boards
    place = boards.index(baseline.board) if baseline.board in boards else len(boards)
    return bool(baseline.broken), foreign, place, baseline.board, baseline.line


def _explained(
    domain: MigrationDomain,
    result: LineResult,
    risks: tuple[Loss, ...],
    solver: Solver,
) -> ChosenBaseline:
    assert result.chosen is not None
    knowledge = solver.knowledge
    told = _with_reasons(result.chosen, knowledge)
    row = result.chosen.machine_type
    baseline = sorted_out(domain, told, row, solver.form)
    newer = None if result.newer is None else why_not_newer(domain, result.newer, knowledge)
    return replace(
        baseline,
        why_not_newer=newer,
        cpu=cpu_advice(domain, baseline, knowledge),
        reasons=tuple(asked_by(domain, row, solver.form)),
        residual_risks=(
            *baseline.residual_risks,
            *observed(domain, baseline, newer, knowledge),
            *risks,
        ),
    )


@cache
def _with_reasons(attempt: Candidate, knowledge: KnowledgeBase) -> ChosenBaseline:
    """Return an attempt as an answer whose flags say which type leaves them out."""
    baseline = baseline_of(attempt)
    flags = tuple(
        replace(choice, reason=f"{choice.reason}{leaving_out(choice, baseline, knowledge)}")
        for choice in baseline.flags
    )
    risks = (*baseline.residual_risks, *expiring(attempt.machine_type, knowledge))
    return replace(baseline, flags=flags, residual_risks=risks)


def _refused(domain: MigrationDomain, result: LineResult, knowledge: KnowledgeBase) -> RefusedLine:
    attempt = result.newer
    return RefusedLine(
        board=result.board,
        line=result.line,
        status=result.status,
        objections=() if attempt is None else refusals(domain, attempt),
        remedies=() if attempt is None else tuple(remedies(domain, attempt, knowledge)),
    )


def _with_guests(
    domain: MigrationDomain,
    answer: Answer,
    guests: list[GuestGroup],
    solver: Solver,
) -> DomainSolution:
    baselines, findings, number = hold_guests(
        domain, answer.baselines, guests, solver.knowledge, solver.policy
    )
    return DomainSolution(
        domain=domain.name,
        hosts=domain.hosts,
        profiles=len(domain.starts),
        status=answer.status,
        baselines=baselines,
        refused=answer.refused,
        unknowns=answer.unknowns,
        guests=findings,
        counted=number,
        builds=build_list(domain.members),
        classes=tuple(
            sorted(
                HostClass(label=one.label, hosts=one.hosts, examples=one.examples)
                for one in domain.members
            )
        ),
    )
