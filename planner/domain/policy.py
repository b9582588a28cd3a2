"""What the operator allows; the shipped default is a row set in the knowledge."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace

from planner.domain.compat import CompatFlag, PropertyKey
from planner.domain.plans.upgrade import PlanPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedLoss:
    """A unit whose loss somebody answers for, until a day (None: for good)."""

    unit: str
    owner: str
    reason: str
    expires: datetime.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules of choice.

    `management` is `plain` or `libvirt` (whether a missing CPU feature is refused). `guest_profile`
    names what guests are taken to be that nobody describes. `boards` come in order of preference.
    `floors` and `ceilings` bound the machine type per board as (board, type). What has one of the
    `accepted_severities` is lost by configuration without asking; `residual_exposures` become residual
    risks. `acknowledged` holds unit ids whose security price somebody has read. Pools of one uniformity
    group get one answer.
    `expired` are acceptances that are over.
    `retired_types` are given to no new guest. `plan` holds what is allowed while hosts are upgraded.
    """

    management: str = "plain"
    guest_profile: str = "ordinary"
    boards: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    floors: tuple[tuple[str, str], ...] = ()
    ceilings: tuple[tuple[str, str], ...] = ()
    required_flags: tuple[CompatFlag, ...] = ()
    forbidden_flags: tuple[str, ...] = ()
    accepted_losses: tuple[AcceptedLoss, ...] = ()
    accepted_severities: frozenset[str] = frozenset({"cosmetic", "performance"})
    residual_exposures: frozenset[str] = frozenset({"transient"})
    acknowledged: frozenset[str] = frozenset()
    uniformity_groups: tuple[tuple[str, ...], ...] = ()
    retired_types: frozenset[str] = frozenset()
    plan: PlanPolicy = field(default_factory=PlanPolicy)
    expired: tuple[AcceptedLoss, ...] = ()

    def on(self, day: datetime.date) -> Policy:
        """Return the policy without the acceptances that are over on a day."""
        losses = self.accepted_losses
        kept = tuple(one for one in losses if one.expires is None or one.expires >= day)
        over = tuple(one for one in losses if one not in kept)
        return replace(self, accepted_losses=kept, expired=self.expired + over) if over else self

    @property
    def forbidden(self) -> tuple[PropertyKey, ...]:
        """The properties that no answer sets."""
        return tuple(map(PropertyKey.parse, self.forbidden_flags))

    def accepted_loss(self, unit: str) -> AcceptedLoss | None:
        """Return the acceptance that covers `unit`."""
        return next((loss for loss in self.accepted_losses if loss.unit == unit), None)
