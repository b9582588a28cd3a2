"""Apply a policy to a verdict: what the operator accepts becomes a remark; judges nothing anew."""

from __future__ import annotations

from planner.domain.policy import Policy
from planner.domain.verdict import Objection, Remark, Rule, Verdict

LOSS_BY_CONFIGURATION = frozenset({Rule.STATE_NOT_SENT})


def apply(policy: Policy, verdict: Verdict) -> Verdict:
    """Return `verdict` with accepted losses and residual risks moved into the remarks."""
    kept: list[Objection] = []
    added: list[Remark] = []
    for objection in verdict.objections:
        remark = accepted(policy, objection)
        if remark is None:
            kept.append(objection)
        else:
            added.append(remark)
    return verdict.moved(objections=tuple(kept), added=tuple(dict.fromkeys(added)))


def accepted(policy: Policy, objection: Objection) -> Remark | None:
    """Return the remark that an objection becomes under `policy`, None if it stands.

    Loss by configuration is accepted by severity or by name; a silent drop by name only; a unit
    that exists only while an event is in flight is a residual risk.
    """
    if objection.transient and "transient" in policy.residual_exposures:
        return _remark("residual-risk", objection, "only while an event is in flight")
    loss = policy.accepted_loss(objection.unit) if objection.unit else None
    if loss is not None:
        return _remark("accepted-loss", objection, f"{loss.owner}: {loss.reason}")
    rule = objection.suspected or objection.rule
    if rule in LOSS_BY_CONFIGURATION and objection.severity in policy.accepted_severities:
        return _remark("accepted-loss", objection, f"not sent, severity {objection.severity}")
    return None


def _remark(kind: str, objection: Objection, text: str) -> Remark:
    return Remark(kind=kind, text=text, unit=objection.unit, source=objection.source)
