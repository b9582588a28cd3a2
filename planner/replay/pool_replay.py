"""One pool, replayed phase by phase: every move that the routing allows, for every guest alive.

In: `PoolFacts` (classes of hosts with their steps, flips, restarts, guests of today) and a
`MoveJudge`. Out: the first certain `Finding`, and the first one that hangs on a missing fact.

Idea: guests of one class are followed as pairs of boot host and host state, and not as guests. In
each phase they may move, be rebooted where they run, and hop onto changed flags at any time; new
ones are launched wherever a host is up. All of it is closed under repetition with a work list:
what a phase allows stays alive in the next one. No pair of hosts is looked at, only pairs of
states. Guests of a host that dies (`failures`) are started elsewhere (`_restart_elsewhere`).

Invariant: whatever a real cloud could do in a phase is in the set, so a replay without a finding
is a proof over all schedules and not a sample. A finding is certain only if the pair that it
speaks of surely exists.

Cost: per phase guest classes times states squared times boot hosts; equal questions are judged
once, and pools of equal shape are replayed once (`symmetry`). Source: explicit-state model
checking; docs/concepts/simulation.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from planner.domain.guest import Baseline
from planner.domain.host import HostProfile
from planner.domain.plans.simulation import Phase
from planner.replay.findings import Finding, nowhere_to_go
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
    judge: MoveJudge
    waves: Sequence[int]
    judgements: int = 0
    violation: Finding | None = None
    gap: Finding | None = None
    _timeline: HostTimeline = field(init=False)
    _states: HostStates = field(default_factory=list)
    _counts: dict[HostState, HostCount] = field(default_factory=dict)
    _alive: dict[GuestClass, dict[Pair, bool]] = field(default_factory=dict)
    _in_force: dict[tuple[str, str], Baseline] = field(default_factory=dict)
    _hops: list[tuple[Baseline, Baseline]] = field(default_factory=list)
    _judged: set[tuple[object, ...]] = field(default_factory=set)
    _queue: list[tuple[GuestClass, Pair]] = field(default_factory=list)
    _found: list[Finding] = field(default_factory=list)
    _now: tuple[int, Phase] = (0, Phase.START)

    def __post_init__(self) -> None:
        """Put the guests of today where they are, before the first phase."""
        self._timeline = HostTimeline(self.pool)
        self._states = self._timeline.states(*self._now)
        self._counts = self._timeline.counts(self._states, 0)
        self._in_force = dict(self.pool.baselines)
        profiles = dict.fromkeys((*(at.profile for at in self._counts), *self.pool.past))
        if self.pool.placed_guests is None:
            for baseline in self.pool.baselines.values():
                guest_class = any_guest(baseline)
                self._alive[guest_class] = {
                    (boot, at): True for boot in profiles for at in self._counts
                }
        for placed in self.pool.placed_guests or ():
            self._place(placed, profiles)

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

    def _place(self, placed: PlacedGuests, profiles: Iterable[HostProfile]) -> None:
        """Put guests on their host; where no boot host is given, any of the pool may have been it."""
        standing = self._states[placed.class_number]
        if standing is None or not placed.migratable:
            return
        pairs = self._alive.setdefault(placed.guest_class, {})
        if placed.boot is None:
            for boot in self.judge.may_have_started(placed.guest_class, profiles):
                pairs.setdefault((boot, standing), False)
        pairs[(placed.boot or standing.profile, standing)] = True

    def _enter(self, wave: int, phase: Phase) -> None:
        """Change the hosts, then what new guests get, as a phase does."""
        self._now = (wave, phase)
        before, self._states = self._states, self._timeline.states(wave, phase)
        self._counts = self._timeline.counts(self._states, wave)
        if before != self._states:
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
        for old, new in zip(before, self._states, strict=True):
            if old is not None and new is not None:
                become.setdefault(old, {})[new] = None
        for guest_class, pairs in self._alive.items():
            moved: dict[Pair, bool] = {}
            for (boot, state), certain in pairs.items():
                for new in become.get(state, ()):
                    moved[(boot, new)] = certain or moved.get((boot, new), False)
            self._alive[guest_class] = moved

    def _settle(self) -> None:
        """Launch, reboot, move and hop until nothing new comes of it; judge all of it."""
        self._queue = [
            (guest_class, pair) for guest_class, pairs in self._alive.items() for pair in pairs
        ]
        for baseline in self._in_force.values():
            self._launch(any_guest(baseline))
        while self._queue:
            guest_class, (boot, state) = self._queue.pop()
            self._add(guest_class, (state.profile, state), certain=True)
            for target in self._counts:
                if self._is_open(guest_class, state, target):
                    self._move(guest_class, (boot, state), target)
        certain = [finding for finding in self._found if finding.certain]
        gaps = [finding for finding in self._found if not finding.certain]
        self._found = []
        if certain:
            self.violation = min(certain, key=lambda finding: finding.order)
        if gaps and self.gap is None:
            self.gap = min(gaps, key=lambda finding: finding.order)

    def _is_open(self, guest_class: GuestClass, state: HostState, target: HostState) -> bool:
        """Whether guests of a kind may be sent from one standing to another."""
        return self._timeline.may_send(state, target, self._counts) and self.judge.may_be_sent(
            guest_class, target.profile, self.pool.lasting_hosts()
        )

    def _add(self, guest_class: GuestClass, pair: Pair, *, certain: bool) -> None:
        """Note that guests of a kind may be there; what was a guess may become certain."""
        pairs = self._alive.setdefault(guest_class, {})
        if pair not in pairs or (certain and not pairs[pair]):
            pairs[pair] = certain
            self._queue.append((guest_class, pair))

    def _launch(self, guest_class: GuestClass, *, objecting: bool = True) -> bool:
        """Start guests wherever a host takes them; return whether one did that no fault takes away."""
        started = False
        for state, count in self._counts.items():
            if state.cordoned:
                continue
            against = self.judge.against_launch(state.profile, guest_class, self.pool.conditions)
            if objecting:
                self._note(guest_class, (state.profile, state), None, against, certain=True)
            if objecting or not against:
                self._add(guest_class, (state.profile, state), certain=True)
                started = started or count.certain > 0
        return started

    def _move(self, guest_class: GuestClass, pair: Pair, target: HostState) -> None:
        """Judge a move as it is, and as a hop onto flags that changed."""
        boot, state = pair
        certain = self._alive[guest_class][pair]
        edge = (state.profile, target.profile)
        if self._is_new((guest_class, boot, edge, None, certain)):
            against = self.judge.against_move(edge, boot, guest_class, self.pool.conditions)
            self._note(guest_class, pair, target, against, certain=certain)
        self._add(guest_class, (boot, target), certain=certain)
        for before, after in self._hops:
            if same_baseline(guest_class.baseline, before):
                self._hop(guest_class, pair, target, after)

    def _hop(self, guest_class: GuestClass, pair: Pair, target: HostState, after: Baseline) -> None:
        boot, state = pair
        certain = self._alive[guest_class][pair]
        edge = (state.profile, target.profile)
        if self._is_new((guest_class, boot, edge, after.flags, certain)):
            flags, gaps = self.judge.hop_flags(guest_class.baseline, after, target.profile)
            against = self.judge.against_move(edge, boot, guest_class, self.pool.conditions, flags)
            self._note(guest_class, pair, target, (*against, *gaps), certain=certain)
        self._add(guest_class.with_baseline(after), (boot, target), certain=certain)

    def _is_new(self, question: tuple[object, ...]) -> bool:
        if question in self._judged:
            return False
        self._judged.add(question)
        self.judgements += 1
        return True

    def _note(
        self,
        guest_class: GuestClass,
        pair: Pair,
        target: HostState | None,
        objections: Objections,
        *,
        certain: bool,
    ) -> None:
        wave, phase = self._now
        for objection in objections:
            self._found.append(
                Finding(
                    wave=wave,
                    phase=phase,
                    certain=certain and not objection.is_gap,
                    guest_class=guest_class,
                    boot=pair[0],
                    source=pair[1],
                    destination=target,
                    objection=objection,
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
            guest_classes = [
                guest_class
                for guest_class in self._alive
                if same_baseline(guest_class.baseline, restart.before)
            ]
            for guest_class in guest_classes or [any_guest(restart.before)]:
                if self.pool.is_restarted(restart.before, wave + 1):
                    self._alive.pop(guest_class, None)
                self._launch(guest_class.with_baseline(restart.after))

    def _restart_elsewhere(self, wave: int) -> None:
        """Start the guests of a host that died again, on any host that takes them."""
        hit = {
            state
            for host_class, state in zip(self.pool.classes, self._states, strict=True)
            if wave in host_class.failures and state is not None
        }
        guest_classes = [
            guest_class
            for guest_class in self._alive
            if any(at in hit for _, at in self._alive[guest_class])
        ]
        for guest_class in guest_classes:
            if not self._launch(guest_class, objecting=False):
                text = "no host can start these guests again while theirs is dead"
                certain = guest_class in self.pool.movers_of_today()
                self._nowhere(guest_class, None, text, certain=certain)

    def _look_for_exits(self) -> None:
        """Object to a host that is to be emptied while no host takes its guests."""
        wave, _ = self._now
        for state in [cordoned for cordoned in self._counts if cordoned.cordoned]:
            exits = [
                target
                for target, count in self._counts.items()
                if count.certain and self._timeline.may_send(state, target, self._counts)
            ]
            if not exits:
                self._without_exit(state)
            else:
                self._without_type(state, exits)
        for placed in self.pool.placed_guests or ():
            steps = self.pool.classes[placed.class_number].steps
            if not placed.migratable and any(step.wave == wave for step in steps):
                self._bound(placed)

    def _without_exit(self, state: HostState) -> None:
        text = "no other host of the pool is up for the guests of this one"
        if self.pool.placed_guests is None:
            if self.pool.used is None or self.pool.used.memory_gib or self.pool.used.vcpus:
                self._nowhere(None, state, f"{text}, if it has any", certain=False)
            return
        for guest_class in self.pool.movers_of_today() & self._alive.keys():
            is_off = self.pool.has_one_host and self.pool.is_off(guest_class.baseline, self._now[0])
            if not is_off and any(at == state for _, at in self._alive[guest_class]):
                self._nowhere(guest_class, state, text, certain=True)

    def _without_type(self, state: HostState, exits: Iterable[HostState]) -> None:
        """Object to guests of a host that is to be emptied, if none that is up has their type."""
        text = "no host that is up for these guests has their machine type"
        for guest_class in self.pool.movers_of_today() & self._alive.keys():
            here = any(at == state for _, at in self._alive[guest_class])
            if here and not any(self._is_open(guest_class, state, target) for target in exits):
                self._nowhere(guest_class, state, text, certain=True)

    def _bound(self, placed: PlacedGuests) -> None:
        if not self.pool.is_off(placed.guest_class.baseline, self._now[0]):
            state = self._states[placed.class_number]
            text = "these guests cannot migrate, and the plan does not restart them in this wave"
            self._nowhere(placed.guest_class, state, text, certain=True)

    def _nowhere(
        self, guest_class: GuestClass | None, state: HostState | None, text: str, *, certain: bool
    ) -> None:
        self._found.append(nowhere_to_go(self._now, guest_class, state, text, certain=certain))
