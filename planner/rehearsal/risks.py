"""The risks of an answer, and which of them a migration from one kind of hosts to another shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from planner.answers.pair_conditions import PairConditions
from planner.domain.host import MigrationEdge
from planner.domain.machine_type import MachineType
from planner.domain.migrated import SEVERITIES
from planner.domain.plans.rehearsal import Risk
from planner.domain.solution import ChosenBaseline
from planner.solver.candidate import is_common_parts

OF_HOSTS = "host"
"""The kind of conditions that a probe of hosts settles, not a migration."""


def risks_of(
    baseline: ChosenBaseline, asked_anyway: Collection[str] = frozenset()
) -> Iterator[Risk]:
    """Yield what of a baseline a migration can show: flags, conditions on guests, losses.

    What any pool of equal hosts is asked too is no risk of this pool, unless it is `asked_anyway` (ids).
    """
    for flag in baseline.flags:
        text = f"with {flag.flag}: {flag.reason}"
        yield Risk(kind="flag", id=str(flag.flag), text=text, unit=flag.unit, price=flag.price)
    asked = {one.condition: one.unit for one in reversed(baseline.reasons) if one.unit}
    for condition in baseline.conditions:
        everywhere = condition in baseline.universal and condition.id not in asked_anyway
        if everywhere or condition.kind == OF_HOSTS:
            continue
        yield Risk(
            kind="condition",
            id=condition.id,
            text=condition.text,
            unit=asked.get(condition.text, ""),
            price=condition.price,
            words=() if is_common_parts(condition) else condition.words,
            met=condition in baseline.met,
        )
    losses = (*baseline.accepted_losses, *baseline.residual_risks)
    for loss in (one for one in losses if one.severity in SEVERITIES):
        yield Risk(
            kind="loss", id=loss.unit, text=loss.text, unit=loss.unit, price=loss.severity, met=True
        )


def shown_by(
    pairs: PairConditions,
    edge: MigrationEdge,
    row: MachineType,
    answered: Mapping[str, Risk],
) -> Iterator[Risk]:
    """Yield what a migration of a guest shows that was started on the source.

    `answered` are the risks of the pool's answer, which it may show too.
    """
    source, destination = edge.source, edge.destination
    asked = frozenset(risk.id for risk in answered.values())
    for risk in risks_of(pairs.baseline(edge, (source,), row), asked):
        known = answered.get(key_of(risk))
        yield risk if known is None else replace(risk, met=known.met, price=known.price)
    if source.qemu.is_same_as(destination.qemu):
        return
    for kind, build, told in (
        ("source", source.qemu, "what QEMU {} sends is taken elsewhere"),
        ("destination", destination.qemu, "QEMU {} takes what is sent elsewhere"),
    ):
        name = build.release
        yield Risk(kind=kind, id=f"{kind}:{name}", text=told.format(name))


def key_of(risk: Risk) -> str:
    """Return the name under which two pairs show the same risk, whatever it costs there."""
    return f"{risk.kind} {risk.id}"
