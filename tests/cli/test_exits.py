"""Exit codes of several answers at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from planner.cli import exits
from planner.domain.plans.unlock import UnlockStatus
from planner.domain.solution import PoolVerdict, Status
from planner.domain.verdict import Outcome


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


def test_every_word_of_an_answer_has_a_code() -> None:
    words = [one.value for kind in (Status, PoolVerdict, UnlockStatus, Outcome) for one in kind]
    assert exits.OF_WORD.keys() == {*words}
    assert UnlockStatus.OPENED.value == exits.OPENED
    assert PoolVerdict.SAFE_WITH_CHECKS.value == exits.CHECKS


def test_a_page_of_help_loads_no_answers() -> None:
    """Types of answers take as long to make as all of typer."""
    code = (
        "import sys, planner.cli.app; print(*(n for n in sys.modules if n.startswith('planner.')))"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"planner.domain.solution", "planner.domain.verdict", "pandas", "numpy"}
    assert not {
        name for name in loaded if name.startswith(("planner.domain.plans", "planner.fleet"))
    }
