"""One pool, replayed phase by phase: every move that the routing allows, for every guest alive.

Guests of one kind are followed as pairs of boot host and standing. They may move, be rebooted where
they run, and hop onto changed flags at any time; new ones are launched wherever a host is up. What a
phase allows stays alive in the next one. No pair of hosts is looked at, only pairs of standings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from planner.domain.guest import Baseline
from planner.domain.host import HostProfile
from planner.domain.simulation import Phase, ReplayRule
from planner.replay.findings import Finding
from planner.replay.guest_classes import GuestClass, PlacedGuests, any_guest, same_baseline
from planner.replay.host_states import IN_WAVE, HostCount, HostState, HostStates, HostTimeline
from planner.replay.move_judge import MoveJudge, Objections
from planner.replay.pool_facts import PoolFacts

Pair = tuple[HostProfile, HostState]
"""The host that a guest booted on, and where it runs."""


@dataclass(slots=True)
class PoolReplay:
    """The guests of one pool over the phases; it ends with the first phase that has a violation."""

    pool: PoolFacts
    court: MoveJudge
    waves: Sequence[int]
    judgements: int = 0
    violation: Finding | None = None
    gap: Finding | None = None
    _field: HostTimeline = field(init=False)
    _places: HostStates = field(default_factory=list)
    _crowds: dict[HostState, HostCount] = field(default_factory=dict)
    _alive: dict[GuestClass, dict[Pair, bool]] = field(default_factory=dict)
    _in_force: dict[tuple[str, str], Baseline] = field(default_factory=dict)
    _hops: list[tuple[Baseline, Baseline]] = field(default_factory=list)
    _judged: set[tuple[object, ...]] = field(default_factory=set)
    _queue: list[tuple[GuestClass, Pair]] = field(default_factory=list)
    _found: list[Finding] = field(default_factory=list)
    _now: tuple[int, Phase] = (0, Phase.START)

    def __post_init__(self) -> None:
        """Put the guests of today where they are, before the first phase."""
        self._field = HostTimeline(self.pool)
        self._places = self._field.places(*self._now)
        self._crowds = self._field.crowds(self._places, 0)
        self._in_force = dict(self.pool.baselines)
        profiles = dict.fromkeys((*(at.profile for at in self._crowds), *self.pool.past))
        if self.pool.cohorts is None:
            for baseline in self.pool.baselines.values():
                kind = any_guest(baseline)
                self._alive[kind] = {(boot, at): True for boot in profiles for at in self._crowds}
        for cohort in self.pool.cohorts or ():
            self._place(cohort, profiles)

    def run(self) -> None:
        """Replay the start and every wave that brings something new to the pool."""
        self._flip(0)
        self._restart(0)
        self._settle()
        for wave in self.waves:
            for phase in IN_WAVE:
                if self.violation is None:
                    self._enter(wave, phase)
                    self._settle()

    def _place(self, cohort: PlacedGuests, profiles: Iterable[HostProfile]) -> None:
        """Put guests on their host; where no boot host is given, any of the pool may have been it."""
        standing = self._places[cohort.place]
        if standing is None or not cohort.migratable:
            return
        pairs = self._alive.setdefault(cohort.kind, {})
        if cohort.boot is None:
            for boot in self.court.may_have_started(cohort.kind, profiles):
                pairs.setdefault((boot, standing), False)
        pairs[(cohort.boot or standing.profile, standing)] = True

    def _enter(self, wave: int, phase: Phase) -> None:
        """Change the hosts, then what new guests get, as a phase does."""
        self._now = (wave, phase)
        before, self._places = self._places, self._field.places(wave, phase)
        self._crowds = self._field.crowds(self._places, wave)
        if before != self._places:
            self._follow(before)
        if phase is Phase.EVACUATE:
            self._look_for_exits()
        elif phase is Phase.UPGRADE:
            self._restart_elsewhere(wave)
        elif phase is Phase.FLIP:
            self._flip(wave)
        elif phase is Phase.RESTART:
            self._restart(wave)

    def _follow(self, before: HostStates) -> None:
        """Let guests stand where the hosts that they may be on now stand."""
        become: dict[HostState, dict[HostState, None]] = {}
        for old, new in zip(before, self._places, strict=True):
            if old is not None and new is not None:
                become.setdefault(old, {})[new] = None
        for kind, pairs in self._alive.items():
            moved: dict[Pair, bool] = {}
            for (boot, place), certain in pairs.items():
                for new in become.get(place, ()):
                    moved[(boot, new)] = certain or moved.get((boot, new), False)
            self._alive[kind] = moved

    def _settle(self) -> None:
        """Launch, reboot, move and hop until nothing new comes of it; judge all of it."""
        self._queue = [(kind, pair) for kind, pairs in self._alive.items() for pair in pairs]
        for baseline in self._in_force.values():
            self._launch(any_guest(baseline))
        while self._queue:
            kind, (boot, place) = self._queue.pop()
            self._add(kind, (place.profile, place), certain=True)
            for target in self._crowds:
                if self._field.may_send(place, target, self._crowds):
                    self._move(kind, (boot, place), target)
        certain = [one for one in self._found if one.certain]
        gaps = [one for one in self._found if not one.certain]
        self._found = []
        if certain:
            self.violation = min(certain, key=lambda one: one.order)
        if gaps and self.gap is None:
            self.gap = min(gaps, key=lambda one: one.order)

    def _add(self, kind: GuestClass, pair: Pair, *, certain: bool) -> None:
        """Note that guests of a kind may be there; what was a guess may become certain."""
        pairs = self._alive.setdefault(kind, {})
        if pair not in pairs or (certain and not pairs[pair]):
            pairs[pair] = certain
            self._queue.append((kind, pair))

    def _launch(self, kind: GuestClass, *, objecting: bool = True) -> bool:
        """Start guests wherever a host takes them; return whether one did that no fault takes away."""
        started = False
        for place, crowd in self._crowds.items():
            if place.cordoned:
                continue
            against = self.court.against_launch(place.profile, kind, self.pool.conditions)
            if objecting:
                self._note(kind, (place.profile, place), None, against, certain=True)
            if objecting or not against:
                self._add(kind, (place.profile, place), certain=True)
                started = started or crowd.certain > 0
        return started

    def _move(self, kind: GuestClass, pair: Pair, target: HostState) -> None:
        """Judge a move as it is, and as a hop onto flags that changed."""
        boot, place = pair
        certain = self._alive[kind][pair]
        edge = (place.profile, target.profile)
        if self._is_new((kind, boot, edge, None, certain)):
            against = self.court.against_move(edge, boot, kind, self.pool.conditions)
            self._note(kind, pair, target, against, certain=certain)
        self._add(kind, (boot, target), certain=certain)
        for before, after in self._hops:
            if same_baseline(kind.baseline, before):
                self._hop(kind, pair, target, after)

    def _hop(self, kind: GuestClass, pair: Pair, target: HostState, after: Baseline) -> None:
        boot, place = pair
        certain = self._alive[kind][pair]
        edge = (place.profile, target.profile)
        if self._is_new((kind, boot, edge, after.flags, certain)):
            flags, gaps = self.court.hop_flags(kind.baseline, after, target.profile)
            against = self.court.against_move(edge, boot, kind, self.pool.conditions, flags)
            self._note(kind, pair, target, (*against, *gaps), certain=certain)
        self._add(kind.with_baseline(after), (boot, target), certain=certain)

    def _is_new(self, question: tuple[object, ...]) -> bool:
        if question in self._judged:
            return False
        self._judged.add(question)
        self.judgements += 1
        return True

    def _note(
        self,
        kind: GuestClass,
        pair: Pair,
        target: HostState | None,
        objections: Objections,
        *,
        certain: bool,
    ) -> None:
        wave, phase = self._now
        for one in objections:
            self._found.append(
                Finding(
                    wave=wave,
                    phase=phase,
                    certain=certain and not one.is_gap,
                    kind=kind,
                    boot=pair[0],
                    source=pair[1],
                    destination=target,
                    objection=one,
                    text="" if certain else "the boot host of these guests is not given",
                )
            )

    def _flip(self, wave: int) -> None:
        """Change what new guests get; some changes reach running guests at their next hop."""
        for flip in self.pool.flips:
            if flip.after_wave != wave:
                continue
            self._in_force[(flip.board, flip.line)] = flip.after
            self._launch(any_guest(flip.after))
            if flip.takes_effect.begins_at_a_hop:
                self._hops.append((flip.before, flip.after))

    def _restart(self, wave: int) -> None:
        """Power-cycle guests of today onto another baseline, as the plan does before the next wave."""
        for restart in self.pool.restarts:
            if restart.before_wave != wave + 1:
                continue
            kinds = [kind for kind in self._alive if same_baseline(kind.baseline, restart.before)]
            for kind in kinds or [any_guest(restart.before)]:
                if self.pool.is_restarted(restart.before, wave + 1):
                    self._alive.pop(kind, None)
                self._launch(kind.with_baseline(restart.after))

    def _restart_elsewhere(self, wave: int) -> None:
        """Start the guests of a host that died again, on any host that takes them."""
        hit = {
            place
            for one, place in zip(self.pool.classes, self._places, strict=True)
            if wave in one.failures and place is not None
        }
        kinds = [kind for kind in self._alive if any(at in hit for _, at in self._alive[kind])]
        for kind in kinds:
            if not self._launch(kind, objecting=False):
                text = "no host can start these guests again while theirs is dead"
                self._nowhere(kind, None, text, certain=kind in self._of_today())

    def _look_for_exits(self) -> None:
        """Object to a host that is to be emptied while no host takes its guests."""
        wave, _ = self._now
        for place in [one for one in self._crowds if one.cordoned]:
            open_to = (
                crowd.certain
                for target, crowd in self._crowds.items()
                if self._field.may_send(place, target, self._crowds)
            )
            if not any(open_to):
                self._without_exit(place)
        for cohort in self.pool.cohorts or ():
            leaves = any(step.wave == wave for step in self.pool.classes[cohort.place].steps)
            if leaves and not cohort.migratable:
                self._bound(cohort)

    def _without_exit(self, place: HostState) -> None:
        text = "no other host of the pool is up for the guests of this one"
        if self.pool.cohorts is None:
            if self.pool.used is None or self.pool.used.memory_gib or self.pool.used.vcpus:
                self._nowhere(None, place, f"{text}, if it has any", certain=False)
            return
        for kind in self._of_today() & self._alive.keys():
            is_off = self.pool.has_one_host and self.pool.is_off(kind.baseline, self._now[0])
            if not is_off and any(at == place for _, at in self._alive[kind]):
                self._nowhere(kind, place, text, certain=True)

    def _of_today(self) -> set[GuestClass]:
        """Return the guests of the file that can migrate."""
        return {cohort.kind for cohort in self.pool.cohorts or () if cohort.migratable}

    def _bound(self, cohort: PlacedGuests) -> None:
        if not self.pool.is_off(cohort.kind.baseline, self._now[0]):
            place = self._places[cohort.place]
            text = "these guests cannot migrate, and the plan does not restart them in this wave"
            self._nowhere(cohort.kind, place, text, certain=True)

    def _nowhere(
        self, kind: GuestClass | None, place: HostState | None, text: str, *, certain: bool
    ) -> None:
        wave, phase = self._now
        self._found.append(
            Finding(
                wave=wave,
                phase=phase,
                certain=certain,
                kind=kind,
                source=place,
                rule=ReplayRule.NOWHERE_TO_GO,
                text=text,
            )
        )
