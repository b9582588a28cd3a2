"""Digits of any length are a number, the longest ones a greatest one."""

from __future__ import annotations

import pytest

from planner.documents.digits import BEYOND, MOST_DIGITS, whole_of


def test_numbers_that_anybody_counts_to_are_read_as_they_are() -> None:
    assert whole_of("0010") == 10
    assert whole_of("0" * 5000 + "7") == 7
    assert whole_of("9" * MOST_DIGITS) == BEYOND - 1
    assert whole_of("ff", 16) == 255


def test_a_longer_number_is_greater_than_all_of_them() -> None:
    assert whole_of("1" * 5000) == whole_of("9" * 100_000) == BEYOND


def test_what_is_no_number_stays_none() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        whole_of("7a")
