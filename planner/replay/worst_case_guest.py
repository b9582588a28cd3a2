"""A guest that has what an open question is about: it turns 'may have' into 'here is one that has'."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planner.domain.guest import GuestCpu
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.verdict import Objection
from planner.migration.claims import Assumed
from planner.migration.guest_cpu import NAMED
from planner.replay.guest_classes import GuestClass

MODEL = "model:"


def worst_case_guest(
    guest_class: GuestClass, objection: Objection, assumed: Assumed
) -> GuestClass | None:
    """Return a guest of a kind that has all that an objection depends on, as the conditions allow.

    None if the kind does not stand for every guest, or if nothing about the guest is open.
    """
    clauses = objection.depends_on
    if not guest_class.may_be_any or not clauses:
        return None
    words = [(clause.kind, _allowed(clause, assumed)) for clause in clauses]
    if any(word is None for _, word in words):
        return None
    named = [(claim, word) for claim, word in words if word is not None]
    features = [word for claim, word in named if claim is ClauseKind.CPU]
    lacked = [word for claim, word in named if claim is ClauseKind.CPU_LACKS]
    devices = tuple(word for claim, word in named if claim is ClauseKind.DEVICE)
    uses = (
        ClauseKind.ACCELERATOR,
        ClauseKind.ACCELERATOR_LACKS,
        ClauseKind.GUEST,
        ClauseKind.USE,
    )
    traits = frozenset(
        (word, claim is not ClauseKind.ACCELERATOR_LACKS) for claim, word in named if claim in uses
    )
    return replace(
        guest_class,
        devices=devices or None,
        cpu=_cpu(features, lacked) if features or lacked else None,
        traits=traits,
    )


def _allowed(clause: Clause, assumed: Assumed) -> str | None:
    """Return the first word of a clause that no condition excludes."""
    guest_class = clause.kind.value
    return next((word for word in clause.any_of if (guest_class, word) not in assumed), None)


def _cpu(features: Iterable[str], lacked: Iterable[str]) -> GuestCpu:
    models = [word.removeprefix(MODEL) for word in features if word.startswith(MODEL)]
    return GuestCpu(
        model=models[0] if models else "any",
        enabled=frozenset(
            word.removeprefix(NAMED) for word in features if not word.startswith(MODEL)
        ),
        disabled=frozenset(word for word in lacked if not word.startswith(MODEL)),
    )
