"""Which units, differences and kernels ask for the conditions of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.answers.host_classes import first_names, host_count, members_of
from planner.domain.capability import CapabilityId, TakenFeature
from planner.domain.host import HostProfile
from planner.domain.machine_type import MachineType
from planner.domain.solution import Condition, ConditionReason
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.candidate import condition_of
from planner.solver.closed_form import ClosedForm
from planner.solver.cpu_feature_gaps import not_everywhere
from planner.solver.hardware_conditions import without_feature
from planner.solver.observed_edges import without_observed_passes

MOST_KERNELS = 3
"""Kernels that a reason names."""
READ_KERNELS = "sources of the kernels in harvested/kernels/releases.csv"


def asked_by(
    domain: MigrationDomain, row: MachineType, form: ClosedForm
) -> Iterator[ConditionReason]:
    """Yield why a machine type holds on a domain under conditions only, one reason per cause.

    What hardware asks of all hosts alike says so itself and is left out.
    """
    if domain.hosts < 2 and not domain.edges:
        return
    knowledge = form.knowledge
    judged = without_observed_passes(domain, row.name, knowledge)
    asked = form.units.constraints(judged, row.name)
    lacking = {
        (obstacle.unit, condition.text): obstacle.lacking
        for obstacle, condition in form.units.obstacles_if_unmet(judged, row.name, asked)
    }
    for part in asked:
        for _, unit, decision in part.resolutions:
            if decision.condition is not None:
                condition = decision.condition
                text = f"{unit.id} ({unit.title}): {unit.symptom}"
                where = lacking.get((unit.id, condition.text), ())
                yield _reason(condition, text, unit.source, domain, where, unit=unit.id)
    for issue in form.differences.of(judged, row.name).issues:
        if not issue.is_accepted and issue.flag is None and issue.clause is not None:
            condition = condition_of(issue.clause, knowledge, issue.price)
            yield _reason(condition, issue.text, issue.source, domain, ())
    for name in sorted(
        not_everywhere(domain.cpu_aspects) - form.hardware.common_parts_lack(domain)
    ):
        condition = without_feature(name.removeprefix("cpu."), knowledge)
        known = knowledge.capabilities.get(name)
        source = READ_KERNELS if known is None else known.source
        text, profiles = _where(domain, name)
        yield _reason(condition, text, source, domain, profiles)


def _reason(
    condition: Condition,
    text: str,
    source: str,
    domain: MigrationDomain,
    profiles: Iterable[HostProfile],
    *,
    unit: str = "",
) -> ConditionReason:
    members = members_of(domain, profiles)
    return ConditionReason(
        condition=condition.text,
        text=text,
        source=source,
        unit=unit,
        hosts=host_count(members),
        examples=first_names(members),
    )


def _where(domain: MigrationDomain, name: str) -> tuple[str, tuple[HostProfile, ...]]:
    """Say on which kernels guests do not find a CPU feature, or may not, and on which hosts."""
    lacking, unsure = list[PoolMember](), list[PoolMember]()
    for member in domain.members:
        features = member.profile.cpu_features
        if name in features.lacked:
            lacking.append(member)
        elif name in features.unsure | features.one_vendor | _features(features.taken):
            unsure.append(member)
    texts = []
    if lacking:
        texts.append(f"no guest gets this on {_kernels(lacking)}")
    if unsure:
        texts.append(f"nobody knows if guests get this on {_kernels(unsure)}")
    return "; ".join(texts), tuple(member.profile for member in lacking or unsure)


def _features(taken: Iterable[TakenFeature]) -> frozenset[CapabilityId]:
    return frozenset(one.feature for one in taken)


def _kernels(members: Iterable[PoolMember]) -> str:
    """Name the kernels of some hosts; hosts whose kernel nobody states have none to name."""
    names = sorted({group.kernel for member in members for group in member.groups})
    stated = [*filter(None, names)]
    more = f" and {len(stated) - MOST_KERNELS} more" if len(stated) > MOST_KERNELS else ""
    known = ", ".join(stated[:MOST_KERNELS]) + more
    unstated = "hosts whose kernel is not stated"
    texts = (*([f"kernel {known}"] if known else []), *([] if all(names) else [unstated]))
    return " and ".join(texts)
