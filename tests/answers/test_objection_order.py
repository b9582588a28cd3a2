"""What a reader sees first of a verdict, and that a gap is told once with all its facts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planner.answers.objection_order import gaps_told_once, gravest_first
from planner.answers.presumed_moves import reasons, worst
from planner.domain.migrated import Consequence
from planner.domain.verdict import Objection, Outcome, Rule


def objection(
    rule: Rule = Rule.CAPABILITY_MISSING,
    consequence: Consequence = Consequence.LOSES_STATE,
    unit: str = "",
    capability: str = "",
    *facts: str,
) -> Objection:
    return Objection(
        rule=rule,
        consequence=consequence,
        source="",
        unit=unit,
        capability=capability,
        facts=facts,
    )


GAP = objection(Rule.KNOWLEDGE_GAP, Consequence.LOSES_STATE, "cpu/smm", "kvm.cap.x86_smm", "a")
BLOCKS = objection(Rule.MIGRATION_BLOCKED, Consequence.BLOCKED_AT_SOURCE)
LOSES = objection(unit="cpu/msr_smi_count")
drawn = st.lists(
    st.builds(
        objection,
        st.sampled_from([Rule.KNOWLEDGE_GAP, Rule.CAPABILITY_MISSING]),
        st.sampled_from(Consequence),
        st.sampled_from(["", "one", "two"]),
        st.sampled_from(["", "cpu.avx", "cpu.pku", "kvm.cap.xcrs"]),
    ),
    max_size=6,
)


def test_what_refuses_before_the_move_comes_first_and_gaps_last() -> None:
    assert gravest_first([GAP, LOSES, BLOCKS]) == (BLOCKS, LOSES, GAP)


def test_a_gap_is_told_once_with_the_facts_of_all_and_the_graver_consequence() -> None:
    other = objection(
        Rule.KNOWLEDGE_GAP, Consequence.BLOCKED_AT_SOURCE, "cpu/smm", "kvm.cap.x86_smm", "b"
    )
    (found,) = gaps_told_once([GAP, other])
    assert found.facts == ("a", "b")
    assert found.consequence is max(
        GAP.consequence, other.consequence, key=lambda consequence: consequence.weight
    )


def test_features_of_the_cpu_are_one_gap_and_certain_ones_are_many() -> None:
    named = [("cpu.avx", "no avx"), ("cpu.pku", "no pku")]
    gaps = [
        objection(Rule.KNOWLEDGE_GAP, Consequence.LOSES_STATE, "cpu/cpuid", name, fact)
        for name, fact in named
    ]
    (found,) = gaps_told_once(gaps)
    assert (found.capability, found.facts) == ("", ("no avx", "no pku"))
    certain = [objection(unit="cpu/cpuid", capability=name) for name, _ in named]
    assert gaps_told_once(certain) == tuple(certain)


@given(drawn)
def test_order_drops_no_certain_objection_and_no_fact(objections: list[Objection]) -> None:
    told = gravest_first(objections)
    assert {one for one in told if not one.is_gap} == {one for one in objections if not one.is_gap}
    assert worst(told) is worst(tuple(objections))
    assert sorted(told, key=lambda one: one.is_gap) == list(told)


def test_reasons_name_four_things_and_count_the_rest() -> None:
    units = [objection(unit=f"unit/{number}") for number in range(6)]
    assert reasons(units) == "unit/0, unit/1, unit/2, unit/3 and 2 more"
    fact = "pc-9.1 is not offered by QEMU 9.0.2"
    absent = objection(Rule.MACHINE_TYPE_NOT_OFFERED, Consequence.CANNOT_START, "", "", fact)
    assert reasons([*units, absent]) == fact
    assert worst(()) is Outcome.SAFE
