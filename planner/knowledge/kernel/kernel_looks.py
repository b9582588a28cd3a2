"""What a release gives, by those around it that were read: exact, inferred between two, else unknown."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from planner.domain.capability import Evidence, Presence

Key = tuple[int, ...]
Told = tuple[Presence, Evidence]

MAY_GIVE = frozenset({Presence.PRESENT, Presence.POSSIBLE})
UNKNOWN: Told = (Presence.UNKNOWN, Evidence.INFERRED)
LAST = (1 << 62,)
"""After every number of a release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """How releases of a line follow each other: the first `numbers` of a release name its branch.

    A release of a branch gives what earlier ones of the branch gave, but for what is in `loses`, and
    gains nothing but what is in `gains`; None: anything. `onward`: what a branch gives, later ones
    give from their first release on. `is_trunk`: vendors take from this line. All releases of a
    branch are alike about names that begin with one of `steady` and are none of `unsteady`.
    """

    numbers: int
    loses: frozenset[str] = frozenset()
    gains: frozenset[str] | None = None
    onward: bool = False
    is_trunk: bool = False
    steady: tuple[str, ...] = ()
    unsteady: frozenset[str] = frozenset()
    evidence: Evidence = Evidence.INFERRED
    source: str = ""

    def of(self, key: Key) -> Key:
        """Return the branch of a release."""
        return key[: self.numbers]

    def is_steady(self, name: str) -> bool:
        """Whether all releases of a branch are alike about `name`."""
        if name.startswith(self.steady):
            return name not in self.unsteady
        return self.gains is not None and name not in self.gains and name not in self.loses


@dataclass(frozen=True, slots=True)
class _Place:
    """The releases around a key among those that were read, by number, -1 if there is none.

    `exact` is the release itself, `before` and `after` its neighbours inside the branch, `older` and
    `newer` the nearest ones of other branches.
    """

    exact: int
    before: int
    after: int
    older: int
    newer: int

    @property
    def nearest(self) -> tuple[int, ...]:
        """The release itself, else its neighbours in the branch, else those of other branches."""
        around = ((self.exact,), (self.before, self.after), (self.older, self.newer))
        found = (tuple(one for one in places if one >= 0) for places in around)
        return next((places for places in found if places), ())


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """The releases of a line in which one part was read, in order."""

    keys: tuple[Key, ...]
    numbers: tuple[int, ...]
    branch: Branch
    _places: dict[Key, _Place] = field(default_factory=dict)

    def place(self, key: Key) -> _Place:
        """Return the releases around a key."""
        if key not in self._places:
            at, own = bisect_left(self.keys, key), self.branch.of(key)
            start, end = bisect_left(self.keys, own), bisect_right(self.keys, own + LAST)
            exact = at < len(self.keys) and self.keys[at] == key
            self._places[key] = _Place(
                exact=at if exact else -1,
                before=at - 1 if at > start else -1,
                after=at if at < end else -1,
                older=start - 1,
                newer=end if end < len(self.keys) else -1,
            )
        return self._places[key]


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What was read of one capability on one line: `given` by intervals of the line's releases."""

    name: str
    reads: Reads
    given: tuple[tuple[int, int, Presence], ...]
    is_nowhere: bool

    def at(self, key: Key) -> Told:
        """Return whether the release gives the capability."""
        place, branch = self.reads.place(key), self.reads.branch
        if place.exact >= 0:
            return self._look(place.exact), Evidence.SOURCE
        if place.before >= 0 and place.after >= 0:
            return _both(self._look(place.before), self._look(place.after))
        if branch.is_steady(self.name) and (place.before >= 0 or place.after >= 0):
            return _inferred(self._look(max(place.before, place.after)))
        if place.before >= 0:
            return self._after(self._look(place.before), key)
        if place.after >= 0:
            return self._before(self._look(place.after), place, key)
        return self._between_branches(place, key)

    def over(self, key: Key) -> Told:
        """Return what holds for every release of a branch, of which a text names no release."""
        own = self.reads.branch.of(key)
        found = {self.at(own)[0], self.at(own + LAST)[0]}
        found.update(
            self._look(number)
            for number in range(
                bisect_left(self.reads.keys, own), bisect_right(self.reads.keys, own + LAST)
            )
        )
        if found <= MAY_GIVE:
            return _inferred(Presence.POSSIBLE if Presence.POSSIBLE in found else Presence.PRESENT)
        return _inferred(found.pop()) if len(found) == 1 else UNKNOWN

    def is_lost_after(self, key: Key) -> bool:
        """Whether a later release was read and lacks the capability."""
        start = bisect_right(self.reads.keys, key)
        return any(not self._gives(number) for number in range(start, len(self.reads.keys)))

    def _look(self, place: int) -> Presence:
        number = self.reads.numbers[place]
        for first, last, presence in self.given:
            if first <= number <= last:
                return presence
        return Presence.ABSENT

    def _gives(self, place: int) -> bool:
        return self._look(place) is not Presence.ABSENT

    def _after(self, last: Presence, key: Key) -> Told:
        """Return what is known after the last release of a branch that was read."""
        if last is not Presence.ABSENT:
            return UNKNOWN if self.name in self.reads.branch.loses else _inferred(last)
        return self._not_yet(key)

    def _before(self, first: Presence, place: _Place, key: Key) -> Told:
        """Return what is known before the first release of a branch that was read."""
        if self.name in self.reads.branch.loses:
            return UNKNOWN
        if first is Presence.ABSENT:
            return _inferred(Presence.ABSENT)
        if self.reads.branch.onward and place.older >= 0 and self._gives(place.older):
            return _inferred(first)
        begun = self._begun_with(self.reads.branch.of(key))
        return _inferred(first) if begun is True else UNKNOWN

    def _between_branches(self, place: _Place, key: Key) -> Told:
        """Return what is known of a branch of which no release was read."""
        if place.newer < 0:
            return self._after(self._look(place.older), key)
        branch, begins = self.reads.branch, key <= (*self.reads.branch.of(key), 0)
        if place.older < 0:
            if self.name in branch.loses or self._gives(place.newer):
                return UNKNOWN
            alike = branch.is_steady(self.name) or begins
            return _inferred(Presence.ABSENT) if alike else self._not_yet(key)
        older, newer = self._look(place.older), self._look(place.newer)
        if branch.is_steady(self.name) or (branch.onward and older in MAY_GIVE):
            return UNKNOWN if self.name in branch.loses else _both(older, newer)
        return self._at_branch(key, begins=begins)

    def _at_branch(self, key: Key, *, begins: bool) -> Told:
        """Return what the trunk gave a branch of which no release was read, as far as that decides."""
        branch = self.reads.branch
        had = self._begun_with(branch.of(key))
        if had is None or self.name in branch.loses:
            return UNKNOWN
        if had:
            return _inferred(Presence.POSSIBLE)
        return _inferred(Presence.ABSENT) if begins else self._not_yet(key)

    def _not_yet(self, key: Key) -> Told:
        """Return what is known where a capability was not there: what nobody has, came to nobody."""
        has_come = self.reads.branch.is_trunk and key > self.reads.keys[-1]
        return _inferred(Presence.ABSENT) if self.is_nowhere and not has_come else UNKNOWN

    def _begun_with(self, branch: Key) -> bool | None:
        """Return whether a branch had the capability where it left the trunk; None: nobody knows.

        The first release of a branch is of the trunk. What a later one lacks, the trunk lacked too.
        """
        told = [
            (self.reads.branch.of(key), gives)
            for place, key in enumerate(self.reads.keys)
            if (gives := self._told_of_trunk(place, key)) is not None
        ]
        older = [gives for other, gives in told if other <= branch]
        newer = [gives for other, gives in told if other > branch]
        if any(other == branch for other, _ in told):
            return older[-1]
        if older and newer:
            return older[-1] if older[-1] == newer[0] else None
        if older and older[-1] and self._gives_beyond(branch):
            return True
        return False if newer and not newer[0] else None

    def _gives_beyond(self, branch: Key) -> bool:
        """Whether the nearest read release of a later branch has the capability."""
        keys = enumerate(self.reads.keys)
        after = (place for place, key in keys if self.reads.branch.of(key) > branch)
        place = next(after, None)
        return place is not None and self._gives(place)

    def _told_of_trunk(self, place: int, key: Key) -> bool | None:
        """Return what a release tells of the trunk where its branch left it."""
        gives = self._gives(place)
        if key <= (*self.reads.branch.of(key), 0):
            return gives
        return False if not gives and self.name not in self.reads.branch.loses else None


def _inferred(presence: Presence) -> Told:
    return presence, Evidence.INFERRED


def _both(one: Presence, other: Presence) -> Told:
    """Return what two neighbours agree about."""
    if one is other:
        return _inferred(one)
    return UNKNOWN if Presence.ABSENT in (one, other) else _inferred(Presence.POSSIBLE)
