"""Long lists of words: numbers that follow each other are one word, large families a number."""

from __future__ import annotations

from planner.present.report import merged_conditions
from planner.present.word_series import series


def test_numbers_that_follow_each_other_are_one_word() -> None:
    words = [f"virtio-gpu,max_outputs={number}" for number in range(2, 17)]
    assert list(series(["nvme", *words, "ramfb"])) == [
        *("nvme", "virtio-gpu,max_outputs=2..16", "ramfb")
    ]


def test_a_gap_another_name_and_a_word_alone_stay_as_they_are() -> None:
    assert list(series(["a=2", "a=4", "b=5", "c"])) == ["a=2", "a=4", "b=5", "c"]


def test_a_large_family_of_features_is_told_by_its_number() -> None:
    words = [f"vmx-x{number}" for number in range(8)]
    (text,) = merged_conditions(tuple(f"guest CPU without {one}" for one in ("svm", *words)))
    assert text == "guest CPU without svm, 8 features vmx-*"
    (text,) = merged_conditions(tuple(f"guest CPU without {one}" for one in words[1:]))
    assert "vmx-x1, vmx-x2" in text


def test_devices_are_told_by_name_however_many_there_are() -> None:
    words = [f"virtio-x{number}" for number in range(9)]
    (text,) = merged_conditions(tuple(f"no {one} device" for one in words))
    assert all(one in text for one in words)
