"""A plan against the fleet as it is now: waves done, drift, flips that are due, the rest replayed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from planner.domain.plans.plan import Flip, HostUpgrade, Plan, Wave
from planner.domain.plans.simulation import (
    FlipCue,
    HostDrift,
    PlanStatus,
    WaveProgress,
    WaveStatus,
)
from planner.domain.plans.upgrade import UpgradeHost
from planner.replay.simulate import ReplayRequest, simulate

Texts = tuple[str, str]
"""Kernel and QEMU of a host, as the files write them."""


@dataclass(slots=True)
class PlanProgress:
    """How far each host of a plan is."""

    plan: Plan
    hosts: Sequence[UpgradeHost]
    _now: Mapping[str, Texts] = field(init=False)
    _pool_of: Mapping[str, str] = field(init=False)
    _done: Mapping[str, int] = field(init=False)
    _waiting: Mapping[str, int] = field(init=False)
    _steps: dict[str, list[HostUpgrade]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Compare every host with its steps once."""
        self._now = {str(host.name): (host.group.kernel, host.group.qemu) for host in self.hosts}
        self._pool_of = {str(host.name): str(host.pool) for host in self.hosts}
        for wave in self.plan.waves:
            for step in wave.upgrades:
                self._steps.setdefault(step.host, []).append(step)
        self._done = {host: self._count(host, steps) for host, steps in self._steps.items()}
        self._waiting = self._first_waiting()

    def _count(self, host: str, steps: Sequence[HostUpgrade]) -> int:
        """Return how many steps a host has made; a host that is gone has made them all."""
        if host not in self._now:
            return len(steps)
        texts = self._now[host]
        reached = [number for number, step in enumerate(steps, 1) if _target(step) == texts]
        return reached[-1] if reached else 0

    def is_done(self, step: HostUpgrade) -> bool:
        """Whether a host has made a step."""
        return self._steps[step.host].index(step) < self._done[step.host]

    def waves(self) -> Iterator[WaveProgress]:
        """Yield every wave with its hosts that are done."""
        for wave in self.plan.waves:
            waiting = sorted(step.host for step in wave.upgrades if not self.is_done(step))
            done = len(wave.upgrades) - len(waiting)
            status = WaveStatus.IN_PROGRESS if done else WaveStatus.TO_COME
            yield WaveProgress(
                number=wave.number,
                status=status if waiting else WaveStatus.DONE,
                done=done,
                hosts=len(wave.upgrades),
                waiting=tuple(waiting[:3]),
            )

    def drift(self) -> Iterator[HostDrift]:
        """Yield hosts that are gone, that have a build of neither side, or that the plan forgot."""
        for host, steps in sorted(self._steps.items()):
            texts = self._now.get(host)
            if texts is None:
                yield HostDrift(kind="gone", host=host, domain="", text="not in the fleet any more")
            elif not self._done[host] and texts != _source(steps[0]):
                yield HostDrift(
                    kind="other-build",
                    host=host,
                    domain=self._pool_of[host],
                    text=f"{_build_text(texts)}: neither what it had nor what it gets",
                )
        targets: dict[str, set[Texts]] = {domain.domain: set() for domain in self.plan.domains}
        for host, steps in self._steps.items():
            targets.setdefault(self._pool_of.get(host, ""), set()).add(_target(steps[-1]))
        for host, texts in sorted(self._now.items()):
            pool = self._pool_of[host]
            if host not in self._steps and pool in targets and texts not in targets[pool]:
                text = f"{_build_text(texts)}: in no wave, and not what its pool becomes"
                yield HostDrift(kind="not-in-plan", host=host, domain=pool, text=text)

    def cues(self, today: datetime.date) -> Iterator[FlipCue]:
        """Yield the flips whose waves are done for their pool."""
        for flip in self.plan.flips:
            if self.is_open(flip):
                day = flip.not_before
                yield FlipCue(
                    domain=flip.domain,
                    board=flip.board,
                    after_wave=flip.after_wave,
                    due=day is None or day <= today,
                    not_before="" if day is None else day.isoformat(),
                    takes_effect=flip.takes_effect.value,
                    arguments=flip.arguments,
                    unlocks=flip.unlocks,
                )

    def is_open(self, flip: Flip) -> bool:
        """Whether all hosts of a flip's pool in the waves up to it are done."""
        return flip.after_wave < self._waiting.get(flip.domain, len(self.plan.waves) + 1)

    def _first_waiting(self) -> dict[str, int]:
        """Return the first wave of each pool that has a host to do."""
        first_wave: dict[str, int] = {}
        for wave in self.plan.waves:
            for step in wave.upgrades:
                if not self.is_done(step):
                    first_wave.setdefault(self._pool_of[step.host], wave.number)
        return first_wave

    def rest(self) -> Plan:
        """Return what is left of the plan: open flips count as made, done steps are left out."""
        return replace(self.plan, waves=tuple(self._rest_of(wave) for wave in self.plan.waves))

    def _rest_of(self, wave: Wave) -> Wave:
        upgrades = tuple(step for step in wave.upgrades if not self.is_done(step))
        return replace(
            wave,
            hosts=tuple(step.host for step in upgrades),
            upgrades=upgrades,
            flips=tuple(
                replace(flip, after_wave=0) if self.is_open(flip) else flip for flip in wave.flips
            ),
        )

    def past(self) -> dict[str, tuple[Texts, ...]]:
        """Return what hosts were before the steps that they have made."""
        return {
            host: tuple(_source(step) for step in steps[: self._done[host]])
            for host, steps in self._steps.items()
            if self._done[host] and host in self._now
        }


def status_of(scenario: ReplayRequest, today: datetime.date) -> PlanStatus:
    """Return how a plan stands, and whether what is left of it is safe on the fleet as it is."""
    progress = PlanProgress(scenario.plan, scenario.hosts)
    rest = simulate(replace(scenario, plan=progress.rest(), past=progress.past()))
    return PlanStatus(
        waves=tuple(progress.waves()),
        drift=tuple(progress.drift()),
        flips=tuple(progress.cues(today)),
        rest=replace(rest, contradictions=()),
    )


def _target(step: HostUpgrade) -> Texts:
    return step.kernel, step.qemu


def _source(step: HostUpgrade) -> Texts:
    return step.from_kernel, step.from_qemu


def _build_text(texts: Texts) -> str:
    return f"QEMU {texts[1]}, kernel {texts[0]}"
