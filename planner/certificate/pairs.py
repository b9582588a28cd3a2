"""Objections on ordered pairs of hosts, each pair of aspects judged once for the whole fleet.

A rule looks at little of a host. Hosts that look the same to some rules are one class for them, and
what is judged between two classes is judged for every two hosts of them. Nothing here is shared with
the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import (
    QemuBuild,
    Tables,
)
from planner.domain.policy import Policy
from planner.domain.verdict import Objection
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import accepted
from planner.migration.claims import Assumed, claims_of
from planner.migration.reach import with_reach
from planner.migration.rules.build_rules import judge_builds
from planner.migration.rules.section_rules import unstated_sections

NO_BASELINE = Baseline(machine_type="")


@dataclass(slots=True)
class ObjectionTable:
    """Objections that policy leaves, numbered by what would exclude them; a set of them is bits."""

    policy: Policy
    _numbers: dict[tuple[Assumed, ...], int] = field(default_factory=dict)
    _examples: list[Objection] = field(default_factory=list)
    _excluded: dict[Assumed, tuple[int, int]] = field(default_factory=dict)

    def enter(self, objections: Iterable[Objection]) -> int:
        """Return the bits of objections, without those that policy accepts."""
        bits = 0
        for objection in objections:
            if accepted(self.policy, objection) is not None:
                continue
            ways_out = tuple(claims_of(clause) for clause in objection.depends_on)
            number = self._numbers.setdefault(ways_out, len(self._examples))
            if number == len(self._examples):
                self._examples.append(objection)
            bits |= 1 << number
        return bits

    def standing(self, bits: int, assumed: Assumed) -> Objection | None:
        """Return an objection that these claims about guests do not exclude, None if all are."""
        left = bits & ~self._excluded_by(assumed)
        return self._examples[left.bit_length() - 1] if left else None

    def _excluded_by(self, assumed: Assumed) -> int:
        """Return the bits of every objection known so far that these claims exclude."""
        seen, excluded = self._excluded.get(assumed, (0, 0))
        if seen < len(self._numbers):
            for ways_out, number in list(self._numbers.items())[seen:]:
                excluded |= any(claims <= assumed for claims in ways_out) << number
            self._excluded[assumed] = (len(self._numbers), excluded)
        return excluded


@dataclass(slots=True)
class Pairs:
    """What is judged between two classes: remembered per ordered pair and per set of classes."""

    between: Callable[[int, int], int]
    _pairs: dict[tuple[int, int], int] = field(default_factory=dict)
    _sets: dict[frozenset[int], int] = field(default_factory=dict)

    def within(self, classes: frozenset[int]) -> int:
        """Return what is judged on any ordered pair of `classes`, a class with itself included."""
        if classes not in self._sets:
            pairs = [
                self._pair(source, destination) for source in classes for destination in classes
            ]
            self._sets[classes] = reduce(or_, pairs, 0)
        return self._sets[classes]

    def _pair(self, source: int, destination: int) -> int:
        bits = self._pairs.get((source, destination))
        if bits is None:
            bits = self._pairs[source, destination] = self.between(source, destination)
        return bits


@dataclass(slots=True)
class BuildPairs:
    """The rules about builds, judged once for all releases that no table tells apart."""

    knowledge: KnowledgeBase
    table: ObjectionTable
    _pairs: dict[Baseline, Pairs] = field(default_factory=dict)
    _builds: list[QemuBuild] = field(default_factory=list)
    _tables: dict[Tables, int] = field(default_factory=dict)
    _class_of: dict[QemuBuild, int] = field(default_factory=dict)

    def demands(self, builds: Iterable[QemuBuild], baseline: Baseline) -> int:
        """Return what is objected to on any ordered pair of `builds` under a baseline."""
        pairs = self._pairs.get(baseline)
        if pairs is None:
            pairs = self._pairs[baseline] = self._pairs_under(baseline)
        return pairs.within(frozenset([self._class(build) for build in builds]))

    def _class(self, build: QemuBuild) -> int:
        if build not in self._class_of:
            number = self._tables.setdefault(build.tables, len(self._builds))
            if number == len(self._builds):
                self._builds.append(build)
            self._class_of[build] = number
        return self._class_of[build]

    def _pairs_under(self, baseline: Baseline) -> Pairs:
        start = with_reach(GuestStart(baseline=baseline), self.knowledge)

        def between(source: int, destination: int) -> int:
            pair = (self._builds[source], self._builds[destination])
            return self.table.enter(judge_builds(*pair, start, self.knowledge))

        return Pairs(between)


@dataclass(slots=True)
class SectionPairs:
    """The sections of devices between builds of one architecture: of builds alone, under any type."""

    arch: str
    knowledge: KnowledgeBase
    table: ObjectionTable
    _builds: list[QemuBuild] = field(default_factory=list)
    _number_of: dict[QemuBuild, int] = field(default_factory=dict)
    _pairs: Pairs = field(init=False)

    def __post_init__(self) -> None:
        """Remember what is judged between two builds."""
        self._pairs = Pairs(self._between)

    def demands(self, builds: Iterable[QemuBuild]) -> int:
        """Return what is objected to on any ordered pair of `builds`."""
        return self._pairs.within(frozenset([self._number(build) for build in builds]))

    def _number(self, build: QemuBuild) -> int:
        number = self._number_of.setdefault(build, len(self._builds))
        if number == len(self._builds):
            self._builds.append(build)
        return number

    def _between(self, source: int, destination: int) -> int:
        builds = (self._builds[source], self._builds[destination])
        start = GuestStart(baseline=NO_BASELINE)
        return self.table.enter(unstated_sections(builds, self.arch, start, self.knowledge))
