"""What one host lacks of what a machine type and a guest use: asked before the guest is started there.

It is no migration that is judged. What the machine type sends or takes and the kernel of the host cannot
take is lost when such a guest comes here, and a guest that is started here may come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from planner.answers.conditions import excludes, profile_of
from planner.domain.capability import NEVER, CapabilityId, Presence
from planner.domain.compat import CompatFlag
from planner.domain.guest import GuestStart
from planner.domain.guest_profile import GuestProfile
from planner.domain.host import HostProfile
from planner.domain.migrated import ClauseKind, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.domain.verdict import Outcome
from planner.knowledge.base import KnowledgeBase
from planner.migration.applies import clause_truth
from planner.migration.guest_cpu import as_booted
from planner.migration.units import unit_applies
from planner.migration.views import Ability, UnitView, views_of

PRODUCED = frozenset({"run", "host"})
"""States that a guest may bring from another host, whatever this one gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFinding:
    """Something that a host lacks: surely (`lacks` YES) or perhaps, of a guest that has it (`has`).

    `flag` is what leaves it out, if anything does; `features` are those that the guest's CPU names.
    """

    unit: str
    title: str
    need: str
    lacks: Truth
    has: Truth
    severity: str
    symptom: str
    source: str
    flag: CompatFlag | None = None
    features: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Unsafe if host and guest are known, unknown if one of them is not."""
        certain = self.lacks is Truth.YES and self.has is Truth.YES
        return Outcome.UNSAFE if certain else Outcome.UNKNOWN


def start_findings(
    host: HostProfile, start: GuestStart, policy: Policy, knowledge: KnowledgeBase
) -> tuple[StartFinding, ...]:
    """Return what a host lacks of what a guest of a machine type uses, the gravest first.

    What the policy accepts is left out: units by name, and those that exist only for a moment.
    """
    profile = profile_of(policy, knowledge)
    name = start.baseline.machine_type
    found = list(_of_type(host, name, knowledge))
    guest = as_booted(_completed(replace(start, booted_on=host), profile), knowledge.guests)
    views = views_of(host, host.arch, name, start.baseline.flags, knowledge)
    for unit in knowledge.units_of(host.arch):
        asked = not unit.cpu_features and NEVER not in unit.capabilities
        asked = asked and not _is_accepted(unit, policy)
        if asked and not _is_excluded(unit, guest, profile, knowledge):
            found += _of_unit(unit, views[unit.id], guest, knowledge)
    found += _of_cpu(host, start, knowledge)
    return tuple(sorted(found, key=_gravity))


def _is_accepted(unit: MigratedUnit, policy: Policy) -> bool:
    residual = unit.is_transient and unit.exposure in policy.residual_exposures
    return residual or policy.accepted_loss(unit.id) is not None


def _gravity(one: StartFinding) -> tuple[bool, bool, str]:
    return one.outcome is not Outcome.UNSAFE, one.lacks is not Truth.YES, one.unit


def _of_type(host: HostProfile, name: str, knowledge: KnowledgeBase) -> Iterator[StartFinding]:
    offered = knowledge.machines.offers(host.qemu, name)
    if offered is not Truth.YES:
        yield StartFinding(
            unit="",
            title=f"machine type {name}",
            need=f"a QEMU that has it: this is {host.qemu}",
            lacks=~offered,
            has=Truth.YES,
            severity="functional",
            symptom="the guest does not start",
            source="machine types of the builds that were read",
        )


def _completed(start: GuestStart, profile: GuestProfile | None) -> GuestStart:
    """Return a start with what the profile says of uses that nobody states, and its devices."""
    if profile is None:
        return start
    said = {name for name, _ in start.traits}
    usual = frozenset(one for one in profile.traits if one[0] not in said)
    devices = profile.devices if start.devices is None else start.devices
    return replace(start, traits=start.traits | usual, devices=devices)


def _is_excluded(
    unit: MigratedUnit, start: GuestStart, profile: GuestProfile | None, knowledge: KnowledgeBase
) -> bool:
    """Whether no guest of the profile has a unit, by what nobody states of this one."""
    if profile is None:
        return False
    for clause in unit.when:
        of_cpu = clause.kind in {ClauseKind.CPU, ClauseKind.CPU_LACKS}
        unsaid = start.cpu is None if of_cpu else True
        open_ = clause_truth(clause, start, knowledge.guests, frozenset()).truth is Truth.UNKNOWN
        if unsaid and open_ and excludes(clause, profile, knowledge):
            return True
    return False


def _of_unit(
    unit: MigratedUnit, view: UnitView, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[StartFinding]:
    """Yield what a host cannot take of a unit, or not send on."""
    applies = unit_applies(unit, start, knowledge, frozenset())
    if Truth.NO in (view.knows, view.gate, applies.truth):
        return
    asked = [view.starts] if unit.source_requires else []
    if unit.state in PRODUCED and unit.sent != "never":
        asked.append(view.takes)
    for ability in asked:
        if ability.presence in {Presence.ABSENT, Presence.UNKNOWN}:
            yield _lacking(unit, ability, view, applies.truth)


def _lacking(unit: MigratedUnit, ability: Ability, view: UnitView, has: Truth) -> StartFinding:
    gate = unit.gates[0] if len(unit.gates) == 1 else None
    key = None if gate is None else unit.flag or gate.key
    off = None if key is None else CompatFlag(key=key, value="off")
    sure = ability.presence is Presence.ABSENT and view.knows is Truth.YES is view.gate
    return StartFinding(
        unit=unit.id,
        title=unit.title,
        need=", ".join(ability.deciding),
        lacks=Truth.YES if sure else Truth.UNKNOWN,
        has=has,
        severity=unit.severity,
        symptom=unit.symptom,
        source=unit.source,
        flag=off,
    )


def _of_cpu(
    host: HostProfile, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[StartFinding]:
    """Yield the features of a named CPU that no guest gets on a host."""
    cpu = start.cpu
    if cpu is None or cpu.follows_host:
        return
    model = knowledge.guests.cpu_models.get(cpu.model)
    own = (frozenset() if model is None else model.features) | cpu.enabled
    lacked = host.capabilities.absent & {CapabilityId(f"cpu.{one}") for one in own - cpu.disabled}
    if lacked:
        yield StartFinding(
            unit="cpu/cpuid",
            title=f"CPU {cpu.model}",
            need=", ".join(sorted(lacked)),
            lacks=Truth.YES,
            has=Truth.YES,
            severity="functional",
            symptom="QEMU starts the guest without them, libvirt does not start it",
            source="kernel and CPU of the host",
            features=tuple(sorted(name.removeprefix("cpu.") for name in lacked)),
        )
