"""What the way does to guests that run today: who cannot go forward, and who cannot come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from planner.answers.presumed_moves import Objections, PresumedMoveJudge
from planner.certificate.certify import assumed_by
from planner.domain.guest import GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline
from planner.domain.truth import Truth
from planner.domain.verdict import Objection
from planner.knowledge.base import KnowledgeBase
from planner.migration.claims import Assumed, unsaid
from planner.rollout.guest_groups import Cohort
from planner.rollout.stages import PoolUpgrade

Booted = tuple[GuestStart, tuple[HostProfile, ...]]
"""How guests were started, and the hosts that they may have booted on."""
Pairs = Iterable[tuple[HostProfile, HostProfile]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeImpact:
    """What the way does to a cohort.

    A host is new if it is what others become, else it is old. `today`: reasons against a move between
    old hosts; `stuck`: against a move to a new one; `back`: against the way back to an old one;
    `after_reboot`: against it, and against moves there, once the guest was rebooted on a new host.
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

    @property
    def is_hindered(self) -> bool:
        """Whether something speaks against the way forward."""
        return bool(self.today or self.stuck)


@dataclass(frozen=True, slots=True)
class Mixture:
    """The profiles of a pool on its way: those only left, those that hosts get, those of several."""

    old: tuple[HostProfile, ...]
    new: tuple[HostProfile, ...]
    crowded: frozenset[HostProfile]


def mixture_of(upgrade: PoolUpgrade) -> Mixture:
    """Return what a pool's way is made of."""
    new = upgrade.upgraded_profiles()
    old = tuple(profile for profile in upgrade.profiles_before() if profile not in new)
    return Mixture(old, new, upgrade.crowded_profiles())


@dataclass(slots=True)
class ImpactJudge:
    """Judges cohorts on the ways of pools; equal questions once."""

    knowledge: KnowledgeBase
    policy: Policy
    moves: PresumedMoveJudge = field(init=False)
    _ways: dict[tuple[Mixture, Booted, Assumed, bool], tuple[Objections, ...]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        """Start with an empty memory."""
        self.moves = PresumedMoveJudge(self.knowledge, self.policy)

    def impacts(
        self, upgrade: PoolUpgrade, cohorts: Iterable[Cohort], answers: Iterable[ChosenBaseline]
    ) -> tuple[UpgradeImpact, ...]:
        """Return the impact on every cohort.

        The conditions of `answers` are taken as kept by guests that do not say; what a guest says of
        itself no condition excuses.
        """
        assumed: Assumed = frozenset().union(*(assumed_by(answer) for answer in answers))
        return tuple(
            self._impact(upgrade, cohort, unsaid(assumed, cohort.start)) for cohort in cohorts
        )

    def _impact(self, upgrade: PoolUpgrade, cohort: Cohort, assumed: Assumed) -> UpgradeImpact:
        """Judge a cohort on every move; pools of one mixture share what is found."""
        mixture, booted = self._reach(upgrade, cohort), (cohort.start, cohort.boots)
        is_there = _is_on(upgrade, cohort, mixture.new)
        key = (mixture, booted, assumed, is_there)
        if key not in self._ways:
            self._ways[key] = self._judged(mixture, booted, assumed, is_there=is_there)
        today, stuck, back, after_reboot = self._ways[key]
        return UpgradeImpact(
            cohort=cohort, today=today, stuck=stuck, back=back, after_reboot=after_reboot
        )

    def _reach(self, upgrade: PoolUpgrade, cohort: Cohort) -> Mixture:
        """Return the hosts that a cohort is taken to: those without its machine type refuse at once."""
        mixture = mixture_of(upgrade)
        if not keeps_to_its_hosts(upgrade, cohort, self.knowledge):
            return mixture
        return replace(
            mixture,
            old=self._with_type(mixture.old, cohort),
            new=self._with_type(mixture.new, cohort),
        )

    def _with_type(
        self, profiles: Iterable[HostProfile], cohort: Cohort
    ) -> tuple[HostProfile, ...]:
        """Return the hosts that are not known to lack the machine type of a cohort."""
        name, offers = cohort.start.baseline.machine_type, self.knowledge.machines.offers
        return tuple(host for host in profiles if offers(host.qemu, name) is not Truth.NO)

    def _judged(
        self, mixture: Mixture, booted: Booted, assumed: Assumed, *, is_there: bool
    ) -> tuple[Objections, Objections, Objections, Objections]:
        """Return what `UpgradeImpact` holds; a guest may be rebooted on every host that it can come to.

        `is_there`: it runs on a new host. If it cannot come to an old one, it is never on one.
        """
        old, new = mixture.old, mixture.new
        start, known = booted
        boots = tuple(dict.fromkeys((*known, *old)))

        def against(pairs: Pairs, boots: Sequence[HostProfile]) -> Objections:
            """Return what speaks against the guests on some moves, wherever they booted."""
            objections: dict[Objection, None] = {}
            for (source, destination), boot in product(pairs, boots):
                if source != destination or source in mixture.crowded:
                    edge = MigrationEdge(source=source, destination=destination)
                    objections |= dict.fromkeys(self.moves.against(edge, start, boot, assumed))
            return tuple(objections)

        if is_there and (back := against(product(new, old), known)):
            return (), against(product(new, new), tuple(dict.fromkeys((*known, *new)))), back, ()
        back = against(product(new, old), boots)
        among_new = against(product(new, new), tuple(dict.fromkeys((*boots, *new))))
        onto_new = (*against(product(old, new), boots), *among_new)
        return (
            against(product(old, old), boots),
            tuple(dict.fromkeys(onto_new)),
            back,
            against((*product((*old, *new), old), *product(old, new)), new),
        )


def keeps_to_its_hosts(upgrade: PoolUpgrade, cohort: Cohort, knowledge: KnowledgeBase) -> bool:
    """Whether some hosts lack the machine type of guests, and one that stays as it is has it.

    Such guests have a place at every time, and are never taken to hosts that refuse them. Those that are
    on upgraded hosts already stay on such hosts by the routing. Guests said to run on a host without
    their type are judged there, as they stand.
    """
    if cohort.groups is None or cohort.is_restarted:
        return False
    if _is_on(upgrade, cohort, upgrade.upgraded_profiles()):
        return False
    name, offers = cohort.start.baseline.machine_type, knowledge.machines.offers
    standing = tuple(zip(upgrade.hosts, upgrade.before, strict=True))
    homes, lacks = set(cohort.hosts), Truth.NO
    if any(str(host.name) in homes and offers(at.qemu, name) is lacks for host, at in standing):
        return False
    lacking = any(offers(at.qemu, name) is lacks for at in (*upgrade.before, *upgrade.after))
    return lacking and any(
        host.target is None and offers(at.qemu, name) is Truth.YES for host, at in standing
    )


def _is_on(upgrade: PoolUpgrade, cohort: Cohort, new: Iterable[HostProfile]) -> bool:
    """Whether all guests of a cohort run on hosts that are what others become, and stay there."""
    if cohort.groups is None or cohort.is_restarted:
        return False
    there = {
        str(host.name) for host, at in zip(upgrade.hosts, upgrade.before, strict=True) if at in new
    }
    return there.issuperset(cohort.hosts)
