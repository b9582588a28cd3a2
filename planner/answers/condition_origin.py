"""Which units, differences and kernels ask for the conditions of an answer."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.machine_type import MachineType
from planner.domain.trial import ConditionReason
from planner.migration.graph import MigrationDomain
from planner.solver.candidate import condition_of
from planner.solver.closed_form import ClosedForm, without_feature
from planner.solver.cpu_feature_gaps import not_everywhere
from planner.solver.observed_edges import without_observed_passes

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
    for asked in form.units.asked(judged, row.name):
        for _, unit, decision in asked.decisions:
            if decision.condition is not None:
                text = f"{unit.id} ({unit.title}): {unit.symptom}"
                yield ConditionReason(decision.condition.text, text, unit.source)
    for issue in form.layouts.of(judged, row.name).issues:
        if not issue.is_accepted and issue.flag is None and issue.clause is not None:
            condition = condition_of(issue.clause, knowledge, issue.price)
            yield ConditionReason(condition.text, issue.text, issue.source)
    for name in sorted(not_everywhere(domain.cpu_looks) - form.common_parts_lack(domain)):
        condition = without_feature(name.removeprefix("cpu."), knowledge)
        known = knowledge.capabilities.get(name)
        source = READ_KERNELS if known is None else known.source
        yield ConditionReason(condition.text, _where(domain, name), source)


def _where(domain: MigrationDomain, name: str) -> str:
    """Say on which kernels of a domain guests do not find a CPU feature, or may not."""
    lacking, unsure = set[str](), set[str]()
    for member in domain.members:
        features = member.profile.cpu_features
        if name in features.lacked:
            lacking.add(member.groups[0].kernel)
        elif name in features.unsure | features.one_vendor:
            unsure.add(member.groups[0].kernel)
    texts = []
    if lacking:
        texts.append(f"no guest gets this on kernel {', '.join(sorted(lacking))}")
    if unsure:
        texts.append(f"nobody knows if guests get this on kernel {', '.join(sorted(unsure))}")
    return "; ".join(texts)
