"""Exit codes of several answers at once."""

from __future__ import annotations

import pytest

from planner.cli import exits


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((), exits.ANSWERED),
        ((exits.ANSWERED, exits.UNDECIDED), exits.UNDECIDED),
        ((exits.UNDECIDED, exits.UNSAFE), exits.UNSAFE),
        ((exits.UNSAFE, exits.BUG, exits.UNDECIDED), exits.BUG),
    ],
)
def test_the_gravest_code_is_told_and_a_dispute_is_never_lost(
    codes: tuple[int, ...], code: int
) -> None:
    assert exits.gravest(codes) == code
