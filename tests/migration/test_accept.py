"""What a policy takes becomes a remark with its owner; what it does not take stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.domain.migrated import Consequence
from planner.domain.policy import AcceptedLoss, Policy
from planner.domain.verdict import Objection, Rule
from planner.migration.accept import accepted

LOST = Objection(
    rule=Rule.STATE_NOT_SENT,
    consequence=Consequence.LOSES_STATE,
    source="",
    unit="cpu/msr_smi_count",
    severity="diagnostic",
)
NAMED = Policy(
    accepted_losses=(AcceptedLoss(unit="cpu/msr_smi_count", owner="ops", reason="nobody reads it"),)
)


@pytest.mark.parametrize(
    ("policy", "objection", "text"),
    [
        (Policy(), LOST, ""),
        (NAMED, LOST, "ops: nobody reads it"),
        (NAMED, replace(LOST, unit="cpu/other"), ""),
        (
            Policy(accepted_severities=frozenset({"diagnostic"})),
            LOST,
            "not sent, severity diagnostic",
        ),
        (
            Policy(accepted_severities=frozenset({"diagnostic"})),
            replace(LOST, rule=Rule.CAPABILITY_MISSING),
            "",
        ),
        (
            Policy(residual_exposures=frozenset({"transient"})),
            replace(LOST, transient=True),
            "only while an event is in flight",
        ),
    ],
)
def test_what_a_policy_takes(policy: Policy, objection: Objection, text: str) -> None:
    remark = accepted(policy, objection)
    assert ("" if remark is None else remark.text) == text
