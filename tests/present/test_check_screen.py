"""The verdict of one edge takes one screen: what is of one kind is one line, `-v` tells all."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from planner.domain.errors import FleetError
from planner.domain.migrated import Consequence
from planner.domain.verdict import Objection, Rule, Verdict, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.present.check_report import verdict_report
from planner.present.lines import WIDTH
from tests.migration.test_judge import CASES, RuleCase, verdict_of_move
from tests.stories import public_incidents
from tests.stories.public_incidents import Table

SCREEN = 26
"""Lines of a verdict: those of a terminal, and the command above them."""
PUBLIC = list(public_incidents.cases())


@cache
def _knowledge() -> KnowledgeBase:
    return load_knowledge()


def _printed(verdict: Verdict, *, verbose: bool = False) -> list[str]:
    lines = verdict_report(verdict, "ordinary", verbose=verbose)
    return [row for line in lines for row in line.rows(WIDTH)]


def _plain() -> Verdict:
    """Return a verdict without an objection, condition or remark."""
    verdict = verdict_of_move(CASES[0].move)
    return replace(verdict, objections=(), remarks=(), conditions=())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_a_case_of_the_rules_takes_one_screen(case: RuleCase) -> None:
    printed = _printed(verdict_of_move(case.move))
    assert len(printed) <= SCREEN, "\n".join(printed)


@pytest.mark.parametrize("case", PUBLIC, ids=lambda case: case["id"])
def test_a_public_case_takes_one_screen(case: Table) -> None:
    try:
        verdict = public_incidents.verdict_of(case, _knowledge())
    except (FleetError, ValueError):
        return
    printed = _printed(verdict)
    assert len(printed) <= SCREEN, "\n".join(printed)


def _value_gap(name: str) -> Objection:
    fact = f"value of {name} under this machine type"
    gap = knowledge_gap(fact, Consequence.LOSES_STATE, "compat lists")
    return replace(gap, property_key=name)


def test_missing_facts_of_one_kind_are_one_line() -> None:
    gaps = tuple(_value_gap(f"e1000.p{number}") for number in range(57))
    text = " ".join(" ".join(_printed(replace(_plain(), objections=gaps))).split())
    assert "value of e1000.p0, e1000.p1, e1000.p2 and 54 more under this machine type" in text
    assert text.count("source") == 1


def test_facts_of_other_kinds_stay_apart() -> None:
    other = knowledge_gap("the microcode of the destination", Consequence.LOSES_STATE, "a manual")
    text = "\n".join(_printed(replace(_plain(), objections=(_value_gap("e1000.p1"), other))))
    assert text.count("source") == 2
    assert "more" not in text


def test_facts_with_one_place_are_told_as_one() -> None:
    names = [f"cpu.f{number}" for number in range(90)]
    facts = tuple(f"{name} on the destination" for name in names)
    gap = replace(knowledge_gap("", Consequence.LOSES_STATE, "a manual"), facts=facts, unit="cpu/x")
    text = " ".join(" ".join(_printed(replace(_plain(), objections=(gap,)))).split())
    assert "cpu.f0, cpu.f1, cpu.f2 and 87 more on the destination" in text


def test_what_is_certain_is_told_and_what_is_not_is_counted() -> None:
    certain = Objection(
        rule=Rule.UNIT_REFUSED, consequence=Consequence.FAILS_CLEANLY, source="a file", unit="a/b"
    )
    gaps = tuple(_value_gap(f"e1000.p{number}") for number in range(30))
    text = "\n".join(_printed(replace(_plain(), objections=(certain, *gaps))))
    assert "a/b" in text
    assert "30 more unknown facts (-v)" in text
    assert "e1000" not in text


def test_what_fits_is_told_whole() -> None:
    one = replace(_value_gap("e1000.p1"), source="a file; another file")
    text = "\n".join(_printed(replace(_plain(), objections=(one,))))
    assert "a file; another file" in text


def test_verbose_tells_every_objection() -> None:
    gaps = tuple(_value_gap(f"e1000.p{number}") for number in range(57))
    verdict = replace(_plain(), objections=gaps)
    text = " ".join(_printed(verdict, verbose=True))
    assert all(f"e1000.p{number}" in text for number in range(57))
