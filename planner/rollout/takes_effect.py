"""When a running guest gets what new guests get: the slowest of all that changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product

from planner.answers.presumed_moves import PresumedMoveJudge
from planner.certificate.certify import assumed_by
from planner.domain.compat import CompatFlag, Visible
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.plans.plan import TakesEffect
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline, FlagChoice
from planner.knowledge.base import KnowledgeBase
from planner.rollout.stages import PoolUpgrade, Stage

Step = tuple[ChosenBaseline | None, ChosenBaseline, TakesEffect]
"""What new guests got, what they get, and when running guests get it."""
REBOOTS = frozenset({Visible.STREAM, Visible.NEGOTIATED})


@dataclass(slots=True)
class EffectTimes:
    """Tells how changes reach running guests; equal questions once."""

    knowledge: KnowledgeBase
    policy: Policy
    _moves: PresumedMoveJudge = field(init=False)

    def __post_init__(self) -> None:
        """Make the judge that all pools share."""
        self._moves = PresumedMoveJudge(self.knowledge, self.policy)

    def steps(
        self, old: ChosenBaseline | None, new: ChosenBaseline, stage: Stage, upgrade: PoolUpgrade
    ) -> Iterator[Step]:
        """Yield the changes from `old` to `new` one by one, each with how it reaches running guests.

        Under one machine type the flags that only the sender knows come first, at the next hop, if
        what lies between is safe on every edge of the stage wherever a guest has booted.
        """
        between = None if old is None else _with_new_stream_flags(old, new)
        if old is not None and between is not None:
            boots = {*upgrade.profiles_before(), *stage.domain.profiles}
            if self._is_safe(old, between.baseline, stage.domain.pairs(), boots):
                yield old, between, TakesEffect.NEXT_HOP
                old = between
        yield old, new, self.of(old, new, stage, upgrade)

    def of(
        self, old: ChosenBaseline | None, new: ChosenBaseline, stage: Stage, upgrade: PoolUpgrade
    ) -> TakesEffect:
        """Return how a change from `old` to `new` reaches guests in the pool of a stage.

        What a device offers changes at a hop, for the next guest reboot, if policy lets the two
        processes of a hop differ and every such hop is safe wherever the guest has booted.
        """
        if old is None or old.machine_type != new.machine_type:
            return TakesEffect.NEXT_LAUNCH
        visible = {choice.visible for choice in _changed(old.flags, new.flags)}
        if visible <= {Visible.STREAM}:
            return TakesEffect.NEXT_HOP
        if not (self.policy.plan.device_flags_may_differ and visible <= REBOOTS):
            return TakesEffect.POWER_CYCLE
        boots = {*upgrade.profiles_before(), *stage.domain.profiles}
        safe = self._is_safe(old, new.baseline, stage.domain.pairs(), boots)
        return TakesEffect.GUEST_REBOOT if safe else TakesEffect.POWER_CYCLE

    def _is_safe(
        self,
        old: ChosenBaseline,
        after: Baseline,
        pairs: Iterable[tuple[HostProfile, HostProfile]],
        boots: Collection[HostProfile],
    ) -> bool:
        """Whether a guest on `old` may hop into a process with `after` over every pair, and go on."""
        for (source, destination), boot in product(pairs, boots):
            flags = tuple(self._hop_flags(old.baseline, after, destination))
            if any(flag is None for flag in flags):
                return False
            hopping = GuestStart(
                baseline=old.baseline,
                booted_on=boot,
                hop_flags=tuple(flag for flag in flags if flag is not None),
            )
            settled = GuestStart(baseline=after, booted_on=boot)
            edge = MigrationEdge(source=source, destination=destination)
            if any(
                self._moves.against(edge, start, boot, assumed_by(old))
                for start in (hopping, settled)
            ):
                return False
        return True

    def _hop_flags(
        self, before: Baseline, after: Baseline, destination: HostProfile
    ) -> Iterator[CompatFlag | None]:
        """Yield the flags that turn `before` into `after` on a destination; None for an open value."""
        yield from (flag for flag in after.flags if flag not in before.flags)
        kept = {flag.key for flag in after.flags}
        for key in (flag.key for flag in before.flags if flag.key not in kept):
            machines, build = self.knowledge.machines, destination.qemu
            value = machines.effective(build, after.machine_type, key)
            yield None if value is None else CompatFlag(key=key, value=value)


def _with_new_stream_flags(old: ChosenBaseline, new: ChosenBaseline) -> ChosenBaseline | None:
    """Return `old` with the stream flags of `new`; None if it is one of the two, or the type changes."""
    if old.machine_type != new.machine_type:
        return None
    kept = [choice for choice in old.flags if choice.visible is not Visible.STREAM]
    streams = [choice for choice in new.flags if choice.visible is Visible.STREAM]
    flags = tuple(sorted((*kept, *streams), key=lambda choice: str(choice.flag)))
    between = replace(old, flags=flags)
    same = frozenset(flags) in {frozenset(old.flags), frozenset(new.flags)}
    return None if same else between


def _changed(old: Iterable[FlagChoice], new: Iterable[FlagChoice]) -> list[FlagChoice]:
    before, after = ({choice.flag: choice for choice in side} for side in (old, new))
    return [
        choice
        for here, there in ((before, after), (after, before))
        for flag, choice in here.items()
        if flag not in there
    ]
