"""A plan laid over its fleet: per pool the classes of hosts with their steps, and its guests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from planner.domain.capability import CapabilityId
from planner.domain.guest import Baseline, GuestGroup
from planner.domain.host import HostGroup, HostProfile
from planner.domain.plans.plan import DomainPlan, Flip, Mask, Plan, Restart
from planner.domain.plans.upgrade import UpgradeHost
from planner.knowledge.base import KnowledgeBase
from planner.migration.claims import claimed, respelt
from planner.migration.profiles import Profiler
from planner.replay.capacity import capacity_of, used_of
from planner.replay.guest_classes import PlacedGuests, placed_guests_of
from planner.replay.pool_facts import Build, PoolFacts, ScheduledHosts, Step

Words = tuple[str, str, str, str, str, tuple[frozenset[CapabilityId], frozenset[CapabilityId]]]


@dataclass(slots=True)
class ReplaySetup:
    """Builds the pools of a plan; equal texts become one profile."""

    plan: Plan
    hosts: Sequence[UpgradeHost]
    guests: Sequence[GuestGroup] | None
    knowledge: KnowledgeBase
    failures: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    past: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    _profiler: Profiler = field(init=False)
    _groups: dict[str, HostGroup] = field(default_factory=dict)
    _builds: dict[Words, Build] = field(default_factory=dict)
    _ways: dict[object, tuple[Build, tuple[Step, ...]]] = field(default_factory=dict)
    _masked: dict[tuple[HostProfile, tuple[str, ...]], HostProfile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with an empty memory."""
        self._profiler = Profiler(self.knowledge)

    def pools(self) -> Iterator[PoolFacts]:
        """Yield every pool of the plan, in its order."""
        members: dict[str, list[UpgradeHost]] = {}
        for host in self.hosts:
            members.setdefault(host.pool, []).append(host)
        steps = self._steps()
        guests: dict[str, list[GuestGroup]] = {}
        for group in self.guests or ():
            guests.setdefault(group.pool, []).append(group)
        flips, restarts, masks = _by_domain(self.plan)
        for domain in self.plan.domains:
            name = domain.domain
            hosts = members.get(name, [])
            classes = tuple(self._classes(hosts, steps, tuple(masks.get(name, ()))))
            mine = None if self.guests is None else guests.get(name, [])
            yield PoolFacts(
                name=name,
                classes=classes,
                routing=domain.routing,
                baselines=self._baselines(domain),
                flips=tuple(flips.get(name, ())),
                restarts=tuple(restarts.get(name, ())),
                conditions=respelt(claimed(domain.conditions), self.knowledge.guests),
                placed_guests=None if mine is None else self._placed_guests(classes, mine),
                capacity=capacity_of(hosts),
                used=used_of(hosts, mine),
                past=tuple(dict.fromkeys(self._past(hosts))),
            )

    def _placed_guests(
        self, classes: Sequence[ScheduledHosts], guests: Sequence[GuestGroup]
    ) -> tuple[PlacedGuests, ...]:
        here = [
            hosts_here if hosts_here.returned_after is None else replace(hosts_here, hosts=())
            for hosts_here in classes
        ]
        names, profiles = (
            [host_class.hosts for host_class in here],
            [host_class.today.profile for host_class in here],
        )
        return tuple(placed_guests_of(names, profiles, guests, self._elsewhere))

    def _elsewhere(self, name: str) -> HostProfile:
        """Return the profile of any host of the fleet; most guests booted in their own pool."""
        if not self._groups:
            self._groups = {str(host.name): host.group for host in self.hosts}
        return self._build(self._groups[name]).profile

    def _past(self, hosts: Sequence[UpgradeHost]) -> Iterator[HostProfile]:
        """Yield what hosts were before today."""
        for host in hosts:
            for kernel, qemu in self.past.get(host.name, ()):
                yield self._build(host.group.with_build(kernel=kernel, qemu=qemu)).profile

    def _steps(self) -> dict[str, tuple[tuple[int, str, str], ...]]:
        """Return (wave, kernel, QEMU) of every host of the plan, in wave order."""
        steps_of: dict[str, tuple[tuple[int, str, str], ...]] = {}
        for wave in self.plan.waves:
            for upgrade in wave.upgrades:
                step = (wave.number, upgrade.kernel, upgrade.qemu)
                steps_of[upgrade.host] = (*steps_of.get(upgrade.host, ()), step)
        return steps_of

    def _classes(
        self,
        hosts: Sequence[UpgradeHost],
        steps: Mapping[str, tuple[tuple[int, str, str], ...]],
        masks: tuple[Mask, ...],
    ) -> Iterator[ScheduledHosts]:
        names_of: dict[object, list[str]] = {}
        for host in sorted(hosts, key=lambda host: host.name):
            host_steps = steps.get(host.name, ())
            key = (_profile_words(host.group), host_steps, self.failures.get(host.name, ()), masks)
            if key not in self._ways:
                way = self._way(host.group, host_steps, masks)
                self._ways[key] = (self._build(host.group), way)
            names_of.setdefault(key, []).append(host.name)
        for way_of, names in names_of.items():
            today, way = self._ways[way_of]
            failures = self.failures.get(names[0], ())
            whole = ScheduledHosts(today=today, steps=way, hosts=tuple(names), failures=failures)
            yield whole
            yield from _returned(whole)

    def _way(
        self, group: HostGroup, steps: Sequence[tuple[int, str, str]], masks: Sequence[Mask]
    ) -> tuple[Step, ...]:
        way = []
        for wave, kernel, qemu in steps:
            group = group.with_build(kernel=kernel, qemu=qemu)
            build = self._build(group)
            until = max((mask.until_wave for mask in masks), default=0)
            names = tuple(sorted({name for mask in masks for name in mask.capabilities}))
            masked = replace(build, profile=self._mask(build.profile, names)) if names else build
            way.append(Step(wave=wave, build=build, masked=masked, until=until))
        return tuple(way)

    def _build(self, group: HostGroup) -> Build:
        key = _profile_words(group)
        if key not in self._builds:
            label = f"QEMU {group.qemu_version}, kernel {group.kernel}"
            self._builds[key] = Build(profile=self._profiler.profile(group), label=label)
        return self._builds[key]

    def _mask(self, profile: HostProfile, names: tuple[str, ...]) -> HostProfile:
        key = (profile, names)
        if key not in self._masked:
            hidden = frozenset(
                part
                for name in names
                for part in self.knowledge.expand(
                    self.knowledge.canonical(name) or CapabilityId(name)
                )
            )
            shown = profile.capabilities.overlaid(present=frozenset(), absent=hidden)
            self._masked[key] = replace(profile, capabilities=shown)
        return self._masked[key]

    def _baselines(self, domain: DomainPlan) -> dict[tuple[str, str], Baseline]:
        baselines = {}
        for baseline in domain.baselines:
            row = self.knowledge.machine_type(baseline.machine_type)
            key = (baseline.machine_type, "") if row is None else (row.board, row.line)
            baselines[key] = baseline
        return baselines


def _profile_words(group: HostGroup) -> Words:
    """Return all that a profile is made of."""
    stated = (group.present, group.absent)
    return group.arch, group.kernel, group.qemu, group.cpu, group.build_doubt, stated


def _returned(whole: ScheduledHosts) -> Iterator[ScheduledHosts]:
    """Yield hosts that died as they come back: with the old build, and only later steps before them."""
    for wave in whole.failures:
        later = tuple(step for step in whole.steps if step.wave > wave)
        yield replace(whole, steps=later, failures=(), returned_after=wave)


def _by_domain(
    plan: Plan,
) -> tuple[dict[str, list[Flip]], dict[str, list[Restart]], dict[str, list[Mask]]]:
    flips: dict[str, list[Flip]] = {}
    restarts: dict[str, list[Restart]] = {}
    masks: dict[str, list[Mask]] = {}
    for wave in plan.waves:
        for flip in wave.flips:
            earlier = replace(flip, after_wave=min(flip.after_wave, wave.number))
            flips.setdefault(flip.domain, []).append(earlier)
    for restart in plan.restarts:
        restarts.setdefault(restart.domain, []).append(restart)
    for mask in plan.masks:
        masks.setdefault(mask.domain, []).append(mask)
    return flips, restarts, masks
