"""Per domain, board and line: try types from the newest down, take the first that is safe."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from planner.certificate.certify import CertificationError, Certifier
from planner.domain.host import HostProfile
from planner.domain.machine_type import MachineType
from planner.domain.policy import Policy
from planner.domain.solution import DISAGREEMENT, ChosenBaseline, Status
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.candidate import Candidate, Obstacle
from planner.solver.closed_form import ClosedForm

BUGS = logging.getLogger("planner.bugs")
"""Told of every disagreement; the commands print it and end with the code of a bug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """One board and line of a domain: the chosen attempt, the next newer one, what stayed open."""

    board: str
    line: str
    chosen: Candidate | None
    newer: Candidate | None
    open_attempts: tuple[Candidate, ...] = ()

    @property
    def status(self) -> Status:
        """Safe if something was chosen, undecided if only missing facts forbid it."""
        if self.chosen is not None:
            return Status.SAFE
        return Status.UNDECIDED if self.open_attempts else Status.NO_SAFE_BASELINE

    @property
    def is_bounded_out(self) -> bool:
        """Whether policy bounds this line and nothing inside the bounds was chosen."""
        return self.chosen is None and self.newer is not None and bool(self.newer.bounds)


@dataclass(slots=True)
class Solver:
    """Solves domains, and certifies what it chose by rules that it does not share."""

    knowledge: KnowledgeBase
    policy: Policy
    form: ClosedForm = field(init=False)
    certifier: Certifier = field(init=False)
    _solved: dict[tuple[frozenset[HostProfile], bool], tuple[LineResult, ...]] = field(
        default_factory=dict
    )
    _lines: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the two halves that know nothing of each other."""
        self.form = ClosedForm(self.knowledge, self.policy)
        self.certifier = Certifier(self.knowledge, self.policy)

    def narrow(self, domains: Iterable[MigrationDomain]) -> None:
        """Look at all hosts once so that what concerns none of them is not asked per domain."""
        listed = tuple(domains)
        if all(domain.edges is None for domain in listed):
            profiles = tuple(dict.fromkeys(host for domain in listed for host in domain.profiles))
            self.form.units.narrow(profiles)
            self.certifier.narrow(profiles)

    @property
    def narrowed_knowledge(self) -> KnowledgeBase:
        """The knowledge without the units that concern none of the hosts looked at (`narrow`)."""
        return self.certifier.narrowed_knowledge

    def certified(
        self, domain: MigrationDomain, results: tuple[LineResult, ...]
    ) -> tuple[tuple[LineResult, ...], int]:
        """Judge every chosen baseline again; return the results, and how many combinations were judged.

        No result may leave the planner without this. If solver and certificate disagree about one
        baseline, the whole domain is left undecided: its results name the edge and the unit, and the
        bug is logged with the pool. Other domains keep their answers.
        """
        before = self.certifier.judged
        try:
            for result in results:
                if result.chosen is not None:
                    self.certifier.certify(domain, baseline_of(result.chosen))
        except CertificationError as error:
            BUGS.error("%s", error)
            return tuple(_disputed(result, error) for result in results), 0
        return results, self.certifier.judged - before

    def solve(self, domain: MigrationDomain) -> tuple[LineResult, ...]:
        """Return one result per board and line that any host of the domain offers.

        None for a domain with a kernel or a QEMU that fits no line.

        Whole pools of equal profiles share their results, which name no pool and count no host.
        """
        if domain.edges is not None:
            return self._solve(domain)
        key = (domain.profiles, domain.hosts > 1)
        if key not in self._solved:
            self._solved[key] = self._solve(domain)
        return self._solved[key]

    def _solve(self, domain: MigrationDomain) -> tuple[LineResult, ...]:
        if domain.unplaced:
            return ()
        arch = domain.members[0].profile.arch
        places = self._boards_and_lines(arch)
        common = self.form.offers.common_lines(domain.builds)
        results = [
            self._solve_line(domain, *board_line) for board_line in places if board_line in common
        ]
        answered = [result for result in results if result is not None]
        if any(result.chosen is not None for result in answered):
            return tuple(answered)
        solved = {(result.board, result.line) for result in answered}
        apart = [
            self._nothing_common(domain, *board_line)
            for board_line in places
            if board_line not in solved
        ]
        return (*answered, *(result for result in apart if result is not None))

    def _boards_and_lines(self, arch: str) -> tuple[tuple[str, str], ...]:
        if arch not in self._lines:
            offered = {
                (row.machine_type.board, row.machine_type.line)
                for row in self.knowledge.machines.types.values()
                if row.machine_type.arch == arch
            }
            boards, lines = self.policy.boards, self.policy.lines
            self._lines[arch] = tuple(
                sorted(
                    (board, line)
                    for board, line in offered
                    if (not boards or board in boards) and (not lines or line in lines)
                )
            )
        return self._lines[arch]

    def _solve_line(self, domain: MigrationDomain, board: str, line: str) -> LineResult | None:
        arch = domain.members[0].profile.arch
        types = self.form.offers.candidates(arch, board, line)
        offers = self.form.offers.offers_of(domain, types)
        if all(offer is Truth.NO for offer in offers):
            return self._bounded_out(domain, board, line)
        tried: list[Candidate] = []
        chosen = None
        for row, offer in zip(types, offers, strict=True):
            if offer is Truth.NO or self._is_hopeless(domain, row, tried):
                continue
            attempt = self.form.attempt(domain, row)
            if attempt.is_safe:
                chosen = attempt
                break
            tried.append(attempt)
            if attempt.is_fixed:
                break
        newer = tried[0] if tried else None
        if chosen is not None:
            above = self.form.offers.next_above(domain, chosen.machine_type)
            newer = None if above is None else self._attempted(domain, above, tried)
        if chosen is None and newer is None:
            newest = next(
                row for row, offer in zip(types, offers, strict=True) if offer is not Truth.NO
            )
            newer = self.form.attempt(domain, newest)
        if chosen is None and newer is not None:
            newer = replace(newer, bounds=self.form.offers.bounds(board, line))
        still_open = tuple(candidate for candidate in tried if candidate.is_open)
        return LineResult(
            board=board, line=line, chosen=chosen, newer=newer, open_attempts=still_open
        )

    def _attempted(
        self, domain: MigrationDomain, row: MachineType, tried: list[Candidate]
    ) -> Candidate:
        """Return the attempt at a type, made before or now."""
        made = (candidate for candidate in tried if candidate.machine_type is row)
        return next(made, None) or self.form.attempt(domain, row)

    def _bounded_out(self, domain: MigrationDomain, board: str, line: str) -> LineResult | None:
        """Report a line whose common types all lie outside the policy's floor and ceiling."""
        bounds = self.form.offers.bounds(board, line)
        types = self.form.offers.candidates(domain.members[0].profile.arch, board, line)
        if not bounds or not types:
            return None
        row = types[-1] if bounds[0].startswith("floor") else types[0]
        refused = replace(self.form.attempt(domain, row), bounds=bounds)
        return LineResult(board=board, line=line, chosen=None, newer=refused)

    def _is_hopeless(
        self, domain: MigrationDomain, row: MachineType, tried: list[Candidate]
    ) -> bool:
        """Whether the builds alone refuse a type, or leave it open like one that was tried."""
        refused = self.form.refused_by_builds(domain, row)
        return refused is Truth.YES or (
            refused is Truth.UNKNOWN and any(attempt.is_open for attempt in tried)
        )

    def _nothing_common(self, domain: MigrationDomain, board: str, line: str) -> LineResult | None:
        """Report a line of which some hosts offer a type and no type is offered by all."""
        arch = domain.members[0].profile.arch
        types = self.form.offers.candidates(arch, board, line)
        if any(offer is not Truth.NO for offer in self.form.offers.offers_of(domain, types)):
            return None
        row = self.form.offers.newest_of_any(domain.builds, board, line, arch)
        if row is None:
            return None
        refused = self.form.attempt(domain, row)
        return LineResult(board=board, line=line, chosen=None, newer=refused)


def _disputed(result: LineResult, error: CertificationError) -> LineResult:
    """Return a result whose choice nobody may use: it is open, for the planner contradicts itself."""
    if result.chosen is None:
        return result
    obstacle = Obstacle(
        rule=Rule.KNOWLEDGE_GAP.value,
        unit=error.unit,
        property_key="",
        certain=False,
        facts=(f"{DISAGREEMENT}: {error.fact}",),
        lacking=(),
        having=(),
        source="certificate",
        text="choice and certificate disagree: a bug of the planner, please report it",
    )
    disputed = replace(result.chosen, obstacles=(obstacle,))
    return replace(result, chosen=None, newer=disputed, open_attempts=(disputed,))


@cache
def baseline_of(attempt: Candidate) -> ChosenBaseline:
    """Return an attempt as an answer, without its explanation."""
    return ChosenBaseline(
        board=attempt.machine_type.board,
        line=attempt.machine_type.line,
        machine_type=attempt.machine_type.name,
        flags=attempt.flags,
        conditions=attempt.conditions,
        needs_ack=attempt.needs_ack,
        accepted_losses=attempt.accepted,
        residual_risks=attempt.residual,
    )


def open_attempts(results: tuple[LineResult, ...]) -> Iterator[Candidate]:
    """Yield every attempt that only missing facts forbid."""
    for result in results:
        yield from result.open_attempts
