"""What notebooks show: every text is escaped, and long tables are cut with the number of the rest."""

from __future__ import annotations

from pathlib import Path

import planner
from planner.domain.shown import html_of
from planner.present.notebook import MOST_ROWS, table

HOSTILE = "<script>alert('x')</script>"


def test_texts_are_escaped_everywhere() -> None:
    shown = table(HOSTILE, [HOSTILE], [[HOSTILE]])
    assert "<script>" not in shown and shown.count("&lt;script&gt;") == 3


def test_long_tables_tell_how_much_they_leave_out() -> None:
    assert "more rows" not in table("", ["n"], [[number] for number in range(MOST_ROWS)])
    shown = table("", ["n"], [[number] for number in range(MOST_ROWS + 7)])
    assert shown.count("<td>") == MOST_ROWS and "and 7 more rows" in shown


def test_a_pool_with_a_hostile_name_is_text(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("host,pool,kernel,qemu\na,<b>x</b>,6.1.0,8.2.7\n")
    solution = planner.solve(planner.read_fleet(tmp_path / "fleet.csv"))
    shown = html_of(solution)
    assert "<b>" not in shown and "&lt;b&gt;x&lt;/b&gt;" in shown
