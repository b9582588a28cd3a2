"""Risks in order: what somebody must check before what usual guests meet, the gravest first."""

from __future__ import annotations

from planner.domain.plans.rehearsal import PoolRehearsal, Risk


def risk(price: str, *, met: bool = False) -> Risk:
    return Risk(kind="condition", id=price, text=price, price=price, met=met)


def test_what_is_open_is_graver_than_what_is_met() -> None:
    found = [risk("security", met=True), risk("cosmetic"), risk(""), risk("corruption")]
    ordered = sorted(found, key=lambda one: -one.weight)
    assert [one.price for one in ordered][:2] == ["corruption", "cosmetic"]
    assert risk("security", met=True).weight <= risk("").weight
    assert risk("cosmetic").weight > risk("security", met=True).weight


def test_the_gap_is_what_may_be_too_many() -> None:
    pool = PoolRehearsal(
        domain="p",
        hosts=2,
        machine_type="t",
        classes=2,
        risks=1,
        pairs=(),
        bound=0,
        method="optimal",
    )
    assert pool.gap == 0
