"""What the way does to guests that run today: who cannot go forward, and who cannot come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from planner.domain.guest import Baseline, GuestGroup, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.migrated import ClauseKind
from planner.domain.plan import Remedy
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Outcome
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import apply
from planner.migration.applies import Assumed
from planner.migration.judge import judge
from planner.plan.stages import PoolWay, Stage
from planner.solver.certify import assumed_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Guests of today that fare alike: one start, the boot hosts it may have had, where they are.

    `groups` is None where no guests were given and the start is what today's answer advises.
    """

    start: GuestStart
    boots: tuple[HostProfile, ...]
    groups: tuple[GuestGroup, ...] | None

    @property
    def guests(self) -> int | None:
        """Number of guests, None if it is not known."""
        return None if self.groups is None else sum(group.count for group in self.groups)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that they run on."""
        return tuple(dict.fromkeys(group.host for group in self.groups or ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What the way does to a cohort.

    `today`: reasons against a move between two hosts of today; `stuck`: against the move from a host
    that is upgraded to one that has been; `back`: against the way back to an old host;
    `after_reboot`: against it once the guest was rebooted on an upgraded host.
    """

    cohort: Cohort
    today: tuple[Objection, ...]
    stuck: tuple[Objection, ...]
    back: tuple[Objection, ...]
    after_reboot: tuple[Objection, ...]

    @property
    def is_one_way(self) -> bool:
        """Whether a guest that has been on an upgraded host may be unable to return."""
        return bool(self.back or self.after_reboot)


@dataclass(slots=True)
class FateJudge:
    """Judges cohorts on the ways of pools; equal questions once."""

    knowledge: KnowledgeBase
    policy: Policy
    _known: dict[tuple[MigrationEdge, GuestStart, Assumed], tuple[Objection, ...]] = field(
        default_factory=dict
    )

    def fates(
        self, way: PoolWay, cohorts: Iterable[Cohort], answers: Iterable[ChosenBaseline]
    ) -> tuple[Fate, ...]:
        """Return the fate of every cohort.

        The conditions of `answers` are taken as kept by guests that do not say; what a guest says of
        itself no condition excuses.
        """
        assumed: Assumed = frozenset().union(*(assumed_by(answer) for answer in answers))
        return tuple(self._fate(way, cohort, unsaid(assumed, cohort.start)) for cohort in cohorts)

    def _fate(self, way: PoolWay, cohort: Cohort, assumed: Assumed) -> Fate:
        old, new = way.profiles_before(), way.upgraded_profiles()
        backward = tuple(product(new, old))
        return Fate(
            cohort=cohort,
            today=self._against(product(old, old), cohort, cohort.boots, assumed),
            stuck=self._against(
                product(way.leaving_profiles(), new), cohort, cohort.boots, assumed
            ),
            back=self._against(backward, cohort, cohort.boots, assumed),
            after_reboot=self._against(backward, cohort, new, assumed),
        )

    def _against(
        self,
        pairs: Iterable[tuple[HostProfile, HostProfile]],
        cohort: Cohort,
        boots: Sequence[HostProfile],
        assumed: Assumed,
    ) -> tuple[Objection, ...]:
        found: dict[Objection, None] = {}
        for (source, destination), boot in product(pairs, boots):
            if source != destination:
                edge = MigrationEdge(source=source, destination=destination)
                found |= dict.fromkeys(self._objections(edge, cohort.start, boot, assumed))
        return tuple(found)

    def _objections(
        self, edge: MigrationEdge, start: GuestStart, boot: HostProfile, assumed: Assumed
    ) -> tuple[Objection, ...]:
        booted = GuestStart(
            baseline=start.baseline,
            booted_on=boot,
            devices=start.devices,
            cpu=start.cpu,
            traits=start.traits,
        )
        key = (edge, booted, assumed)
        if key not in self._known:
            management = self.policy.management
            verdict = judge(edge, booted, self.knowledge, management=management, assumed=assumed)
            self._known[key] = apply(self.policy, verdict).objections
        return self._known[key]


def unsaid(claims: Assumed, start: GuestStart) -> Assumed:
    """Return the claims about what a guest does not say: its CPU, its devices, each of its uses."""

    def says(kind: str, word: str) -> bool:
        """Whether the guest says something of a claim, whatever it says."""
        if kind in {ClauseKind.CPU.value, ClauseKind.CPU_LACKS.value}:
            return start.cpu is not None
        if kind == ClauseKind.DEVICE.value:
            return start.devices is not None
        return start.trait(word) is not Truth.UNKNOWN

    return frozenset((kind, word) for kind, word in claims if not says(kind, word))


def cohorts_of(
    way: PoolWay, today: Stage, guests: Sequence[GuestGroup] | None
) -> tuple[Cohort, ...]:
    """Return the guests of a pool, or what runs if everybody follows today's answer."""
    if guests is None:
        boots = way.profiles_before()
        return tuple(
            Cohort(start=GuestStart(baseline=chosen.baseline), boots=boots, groups=None)
            for chosen in today.baselines
        )
    place = {str(host.name): profile for host, profile in zip(way.hosts, way.before, strict=True)}
    merged: dict[tuple[GuestStart, tuple[HostProfile, ...]], list[GuestGroup]] = {}
    for group in guests:
        start = GuestStart(
            baseline=Baseline(machine_type=group.machine_type, flags=group.flags),
            devices=group.devices,
            cpu=group.cpu,
            traits=group.traits,
        )
        booted = place.get(group.booted_on)
        boots = way.profiles_before() if booted is None else (booted,)
        merged.setdefault((start, boots), []).append(group)
    return tuple(
        Cohort(start=start, boots=boots, groups=tuple(groups))
        for (start, boots), groups in merged.items()
    )


def remedies_of(
    way: PoolWay, fates: Sequence[Fate], first: Stage, last: Stage, *, one_way: bool
) -> Iterator[Remedy]:
    """Yield the ways to live with what only upgraded hosts have, priced; the chosen ones are marked."""
    final = {(one.board, one.line, choice.flag) for one in last.baselines for choice in one.flags}
    flags = {
        choice.flag: choice
        for one in first.baselines
        for choice in one.flags
        if (one.board, one.line, choice.flag) not in final
    }
    endangered = [fate for fate in fates if fate.is_one_way]
    guests = total(fate.cohort.guests for fate in endangered)
    units = dict.fromkeys(
        [choice.unit for choice in flags.values() if choice.unit]
        + [one.unit for fate in endangered for one in (*fate.back, *fate.after_reboot) if one.unit]
    )
    if not (flags or endangered):
        return
    unit = ", ".join(units)
    if flags:
        names = " ".join(str(flag) for flag in flags)
        yield Remedy(
            kind="launch-with-flags",
            unit=unit,
            text=f"new guests get {names} until the last old host is upgraded; "
            "they can go everywhere, and back",
            guests=0,
            hosts=0,
            chosen=True,
        )
        yield Remedy(
            kind="restart-with-flags",
            unit=unit,
            text=f"power-cycle running guests with {names} before wave 1; they can then come back",
            guests=guests,
            hosts=0,
            chosen=False,
        )
    yield Remedy(
        kind="one-way-routing",
        unit=unit,
        text="guests without these flags go to upgraded hosts only, and not back; "
        "room is kept there; rollback costs them",
        guests=guests,
        hosts=0,
        chosen=one_way,
    )
    capabilities = sorted(
        {one.capability for fate in endangered for one in (*fate.back, *fate.after_reboot)} - {""}
    )
    names = ", ".join(capabilities) or "what these flags control"
    yield Remedy(
        kind="mask-capability",
        unit=unit,
        text=f"hide {names} on upgraded hosts until the last one is done, then unmask",
        guests=0,
        hosts=way.moving,
        chosen=False,
    )


def total(numbers: Iterable[int | None]) -> int | None:
    """Add numbers; None if one of them is not known."""
    found = list(numbers)
    return None if None in found else sum(number for number in found if number is not None)


def worst(objections: Iterable[Objection]) -> Outcome:
    """Return unsafe if an objection is certain, unknown if all are gaps, safe if there is none."""
    found = list(objections)
    if not found:
        return Outcome.SAFE
    return Outcome.UNKNOWN if all(one.is_gap for one in found) else Outcome.UNSAFE
