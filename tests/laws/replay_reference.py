"""A plan replayed host by host and guest by guest, with the judge alone: what a replay must equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.plans.plan import Plan, Routing
from planner.domain.plans.simulation import Phase
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.verdict import Objection
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import apply
from planner.migration.judge import judge
from planner.migration.profiles import Profiler
from planner.migration.rules.build_rules import judge_builds

PHASES = (Phase.CORDON, Phase.EVACUATE, Phase.UPGRADE, Phase.UNCORDON, Phase.FLIP, Phase.RESTART)
Moment = tuple[int, Phase]
Guest = tuple[Baseline, bool, HostProfile, str]
"""Baseline, whether it has the optional CPU feature, boot profile, host."""


@dataclass
class Host:
    """One host with what it is before and after its wave."""

    name: str
    before: HostProfile
    after: HostProfile
    wave: int

    def at(self, moment: Moment) -> HostProfile | None:
        wave, phase = moment
        if wave == self.wave and phase is Phase.UPGRADE:
            return None
        done = wave > self.wave or (wave == self.wave and phase.place >= Phase.UNCORDON.place)
        return self.after if self.wave and done else self.before

    def is_closed(self, moment: Moment) -> bool:
        return moment[0] == self.wave and moment[1] in {Phase.CORDON, Phase.EVACUATE}


class Reference:
    """Everything that may happen, found by trying it."""

    def __init__(self, plan: Plan, hosts: Sequence[UpgradeHost], knowledge: KnowledgeBase) -> None:
        self.plan, self.knowledge, self.policy = plan, knowledge, knowledge.policy
        wave_of = {one.host: (wave.number, one) for wave in plan.waves for one in wave.upgrades}
        profiler = Profiler(knowledge)
        self.hosts = []
        for host in hosts:
            wave, step = wave_of.get(host.name, (0, None))
            after = host.group
            if step is not None:
                kept = host.group
                if step.kernel != kept.kernel:
                    kept = replace(kept, present=frozenset(), absent=frozenset())
                after = replace(kept, kernel=step.kernel, qemu=step.qemu)
            profiles = profiler.profile(host.group), profiler.profile(after)
            self.hosts.append(Host(str(host.name), *profiles, wave))
        self.targets = {host.after for host in self.hosts if host.wave}
        self.alive: set[Guest] = set()
        self.in_force = {baseline.machine_type: baseline for baseline in plan.domains[0].baselines}

    def run(self) -> tuple[Moment | None, Moment | None]:
        """Return the moments of the first certain failure and of the first missing fact."""
        start = (0, Phase.START)
        boots = {host.before for host in self.hosts}
        for baseline in self.in_force.values():
            self.alive |= {
                (baseline, has, boot, host.name)
                for has in (False, True)
                for boot in boots
                for host in self.hosts
            }
        gap: Moment | None = None
        moments = [start, *((wave.number, phase) for wave in self.plan.waves for phase in PHASES)]
        for moment in moments:
            wave, phase = moment
            if phase is Phase.FLIP:
                for flip in self.plan.waves[wave - 1].flips:
                    self.in_force[flip.before.machine_type] = flip.after
            found = list(self.settle(moment))
            if any(not one.is_gap for one in found):
                return moment, gap
            if gap is None and (found or (phase is Phase.EVACUATE and self.is_stuck(moment))):
                gap = moment
        return None, gap

    def settle(self, moment: Moment) -> Iterator[Objection]:
        """Yield every objection to what guests may do in a phase, and keep what they may become."""
        up = {host.name: profile for host in self.hosts if (profile := host.at(moment)) is not None}
        open_to = [host for host in self.hosts if host.name in up and not host.is_closed(moment)]
        self.alive = {guest for guest in self.alive if guest[3] in up}
        queue = list(self.alive)
        for baseline in self.in_force.values():
            for host in open_to:
                profile = up[host.name]
                start = GuestStart(baseline=baseline)
                yield from judge_builds(profile.qemu, profile.qemu, start, self.knowledge)
                queue += [(baseline, has, profile, host.name) for has in (False, True)]
        seen = set(queue)
        names = {host.name: host for host in self.hosts}
        while queue:
            baseline, has, boot, where = queue.pop()
            later: list[Guest] = [(baseline, has, up[where], where)]
            for host in open_to:
                if host.name != where and self.may_send(names[where], host, moment):
                    edge = MigrationEdge(source=up[where], destination=up[host.name])
                    yield from self.against(edge, boot, baseline, has=has)
                    later.append((baseline, has, boot, host.name))
            queue += [guest for guest in later if guest not in seen]
            seen |= set(later)
        self.alive = seen

    def against(
        self, edge: MigrationEdge, boot: HostProfile, baseline: Baseline, *, has: bool
    ) -> tuple[Objection, ...]:
        """Judge a guest of which nothing is said, or one with the feature: it speaks for those.

        Of the second only certain failures count: no build lists its invented CPU model.
        """
        cpu = GuestCpu(model="m", enabled=frozenset({"f"})) if has else None
        start = GuestStart(baseline=baseline, booted_on=boot, cpu=cpu)
        verdict = judge(edge, start, self.knowledge, management=self.policy.management)
        found = apply(self.policy, verdict).objections
        return tuple(one for one in found if not (has and one.is_gap))

    def may_send(self, source: Host, target: Host, moment: Moment) -> bool:
        if self.plan.domains[0].routing is Routing.ANY:
            return True
        return self.is_ahead(target, moment) or not self.is_ahead(source, moment)

    def is_ahead(self, host: Host, moment: Moment) -> bool:
        if not host.wave:
            return host.before in self.targets
        wave, phase = moment
        up_again = phase.place >= Phase.UNCORDON.place
        return wave > host.wave or (wave == host.wave and up_again)

    def is_stuck(self, moment: Moment) -> bool:
        """Whether a host is to be emptied and no other one takes its guests."""
        return any(
            host.is_closed(moment)
            and not any(
                self.may_send(host, other, moment)
                for other in self.hosts
                if other is not host and not other.is_closed(moment)
            )
            for host in self.hosts
        )
