"""Whether a changed pool has what is wanted of it, by the real solver; refusals become cuts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from planner.domain.host import HostGroup, HostName, HostProfile, PoolName
from planner.domain.plans.unlock import Goal
from planner.domain.solution import FlagChoice
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.optimize.upgrade_choice import STAYS, Choice, Cut, Judged, forbids, only
from planner.solver.candidate import Candidate
from planner.solver.solve import LineResult, Solver
from planner.unlocking.modified_fleet import ModifiedFleet
from planner.unlocking.upgrade_options import UpgradePath

ProfileCount = tuple[HostProfile, bool]
"""A profile of a pool, and whether more than one host has it."""
BoardLine = tuple[str, str]
Ranks = Mapping[BoardLine, int]
REPRESENTATIVES = (HostName("one"), HostName("other"))


@dataclass(frozen=True, slots=True)
class GoalRefusal:
    """Why a composition does not do.

    `certain`: no missing fact is behind it. `lasting`: more profiles cannot help either.
    """

    certain: bool
    lasting: bool = True


@dataclass(slots=True)
class PoolMixes:
    """Answers of pools in which everybody reaches everybody, by what the pool is composed of."""

    solver: Solver
    _known: dict[frozenset[ProfileCount], tuple[LineResult, ...]] = field(default_factory=dict)

    def domain(self, parts: Sequence[ProfileCount]) -> MigrationDomain:
        """Return a pool of one or two hosts per profile."""
        members = tuple(
            PoolMember(
                profile=profile,
                groups=(
                    HostGroup(
                        pool=PoolName(""),
                        kernel="",
                        qemu="",
                        hosts=REPRESENTATIVES if several else REPRESENTATIVES[:1],
                    ),
                ),
            )
            for profile, several in parts
        )
        return MigrationDomain(name="", starts=members, members=members)

    def results(self, parts: Sequence[ProfileCount]) -> tuple[LineResult, ...]:
        """Return the answer for a composition."""
        key = frozenset(parts)
        if key not in self._known:
            self._known[key] = self.solver.solve(self.domain(parts))
        return self._known[key]


def ranks_of(results: Iterable[LineResult]) -> dict[BoardLine, int]:
    """Return the rank of the safe type of every board and line."""
    return {
        (result.board, result.line): result.chosen.machine_type.rank
        for result in results
        if result.chosen is not None
    }


def refusal(
    goal: Goal,
    domain: MigrationDomain,
    results: tuple[LineResult, ...],
    today: Ranks,
    solver: Solver,
) -> GoalRefusal | None:
    """Return why an answer does not give what is wanted, None if it does.

    No board and line may have an older type than `today`, or lose its answer.
    """
    worse = _worse(results, today)
    if worse is not None:
        return worse
    result = next(
        (
            line_result
            for line_result in results
            if (line_result.board, line_result.line) == (goal.board, goal.line)
        ),
        None,
    )
    chosen = None if result is None else result.chosen
    if goal.dropped is not None:
        return _flag_refusal(goal, domain, chosen, solver)
    wanted = goal.machine_type
    if chosen is not None and (wanted is None or chosen.machine_type.rank >= wanted.rank):
        return None
    if wanted is None:
        return GoalRefusal(certain=result is None or not result.open_attempts)
    allowed = solver.form.offers.candidates(wanted.arch, wanted.board, wanted.line)
    newer = (row for row in allowed if row.rank >= wanted.rank)
    return GoalRefusal(certain=not any(_is_open(solver.form.attempt(domain, row)) for row in newer))


def _is_open(attempt: Candidate) -> bool:
    return attempt.is_safe or attempt.is_open


def _worse(results: tuple[LineResult, ...], today: Ranks) -> GoalRefusal | None:
    """Return that some line lost its answer, or has an older one."""
    ranks = ranks_of(results)
    lost = [
        board_line for board_line, rank in today.items() if ranks.get(board_line, rank - 1) < rank
    ]
    if not lost:
        return None
    doubtful = (
        result for result in results if (result.board, result.line) in lost and result.open_attempts
    )
    return GoalRefusal(certain=not any(doubtful))


def _flag_refusal(
    goal: Goal, domain: MigrationDomain, chosen: Candidate | None, solver: Solver
) -> GoalRefusal | None:
    """Return why the answer keeps a flag; it lasts if every type from the answer's on keeps it."""
    if chosen is None:
        return GoalRefusal(certain=True)
    kept = [choice for choice in chosen.flags if choice.flag.key == goal.dropped]
    if not kept:
        return None
    today = chosen.machine_type
    rows = solver.form.offers.candidates(today.arch, today.board, today.line)
    others = [solver.form.attempt(domain, row) for row in rows if row is not today]
    without = [
        attempt
        for attempt in others
        if attempt.is_safe and all(flag.flag.key != goal.dropped for flag in attempt.flags)
    ]
    doubtful = any(_is_doubtful(choice, chosen, solver) for choice in kept) or any(
        attempt.is_open for attempt in others
    )
    return GoalRefusal(certain=not doubtful, lasting=not without)


def _is_doubtful(choice: FlagChoice, attempt: Candidate, solver: Solver) -> bool:
    """Whether a missing fact may be why a flag is set."""
    units = [unit for unit in solver.knowledge.units if unit.id == choice.unit]
    asked = {str(name) for unit in units for name in unit.capabilities}
    return bool(attempt.open_facts & asked) or (bool(attempt.open_facts) and not units)


@dataclass(slots=True, kw_only=True)
class PoolJudge:
    """Judges choices of ways for the classes of one complete pool."""

    goal: Goal
    hosts: tuple[int, ...]
    paths: tuple[tuple[UpgradePath, ...], ...]
    today: Ranks
    mixes: PoolMixes

    def __call__(self, choice: Choice) -> Judged:
        """Judge a choice; what it is composed of is shrunk to what alone refuses it."""
        parts = self._parts(choice)
        refused = self._refusal(parts)
        if refused is None:
            return Judged(opens=True)
        if not refused.lasting:
            return Judged(opens=False, cut=only(choice), certain=refused.certain)
        core, certain = self._shrunk(parts, refused)
        cut = self._cut(core)
        return Judged(
            opens=False, cut=cut if forbids(cut, choice) else only(choice), certain=certain
        )

    def _parts(self, choice: Choice) -> tuple[ProfileCount, ...]:
        counts: dict[HostProfile, int] = {}
        for hosts, paths, number in zip(self.hosts, self.paths, choice, strict=True):
            for profile in paths[number].profiles:
                counts[profile] = counts.get(profile, 0) + hosts
        return tuple((profile, count > 1) for profile, count in counts.items())

    def _refusal(self, parts: tuple[ProfileCount, ...]) -> GoalRefusal | None:
        domain = self.mixes.domain(parts)
        results = self.mixes.results(parts)
        return refusal(self.goal, domain, results, self.today, self.mixes.solver)

    def _shrunk(
        self, parts: tuple[ProfileCount, ...], refused: GoalRefusal
    ) -> tuple[tuple[ProfileCount, ...], bool]:
        """Leave out what the refusal does not need; return the rest and whether it is certain."""
        certain = refused.certain
        for part in parts:
            rest = tuple(kept for kept in parts if kept != part)
            left = self._refusal(rest) if rest else None
            if left is not None and left.lasting and left.certain >= certain:
                parts, certain = rest, left.certain
        return parts, certain

    def _cut(self, parts: Iterable[ProfileCount]) -> Cut:
        """Return that these profiles may not all be there."""
        return tuple(
            frozenset(
                (mover, number)
                for mover, paths in enumerate(self.paths)
                for number, path in enumerate(paths)
                if profile in path.profiles and (self.hosts[mover] > 1 or not several)
            )
            for profile, several in parts
        )


@dataclass(slots=True, kw_only=True)
class FleetJudge:
    """Judges choices where guests cross pools: every pool that a choice touches is drawn again."""

    goal: Goal
    paths: tuple[tuple[UpgradePath, ...], ...]
    today: Mapping[str, Ranks]
    fleet_now: ModifiedFleet
    solver: Solver

    def __call__(self, choice: Choice) -> Judged:
        """Judge a choice; a refusal speaks of that choice alone."""
        refused = fleet_refusal(
            (self.goal,), changes(self.paths, choice), self.today, self.fleet_now, self.solver
        )
        if refused is None:
            return Judged(opens=True)
        return Judged(opens=False, cut=only(choice), certain=refused.certain)


def changes(paths: Iterable[Sequence[UpgradePath]], choice: Choice) -> dict[HostGroup, HostGroup]:
    """Return what each group becomes that a choice touches."""
    return {
        before: after
        for of_class, number in zip(paths, choice, strict=True)
        if number != STAYS
        for before, after in zip(of_class[STAYS].groups, of_class[number].groups, strict=True)
    }


def fleet_refusal(
    goals: Sequence[Goal],
    changed: Mapping[HostGroup, HostGroup],
    today: Mapping[str, Ranks],
    fleet_now: ModifiedFleet,
    solver: Solver,
) -> GoalRefusal | None:
    """Return why the real hosts, once upgraded, do not have what is wanted; certified if they do."""
    pools = {str(group.pool) for group in changed} | {goal.domain for goal in goals}
    drawn = fleet_now.domains(changed, fleet_now.together(pools))
    for domain in drawn:
        goals_here = [goal for goal in goals if goal.domain == domain.name]
        if not goals_here and not any(str(group.pool) in pools for group in groups_of(domain)):
            continue
        results = solver.solve(domain)
        worse = _worse(results, today[domain.name])
        refusals = [
            refusal(goal, domain, results, today[domain.name], solver) for goal in goals_here
        ]
        for refused in (worse, *refusals):
            if refused is not None:
                return refused
        if solver.certified(domain, results)[0] is not results:
            return GoalRefusal(certain=False)
    return None


def groups_of(domain: MigrationDomain) -> Iterator[HostGroup]:
    """Yield the groups of all members of a domain."""
    for member in domain.members:
        yield from member.groups
