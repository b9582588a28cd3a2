"""Guests that break a condition make an answer unsafe for them; each has its own remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.solution import DomainSolution, PoolVerdict
from tests.fleet.test_readers import run

OLD = "4.18.0-553.el8_10.x86_64,qemu-kvm-6.2.0-49.module+el8.10.0+21533+3df3c4b6.x86_64"
NEW = "5.14.0-427.13.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.x86_64"
CPU = "AMD EPYC 7713 64-Core Processor"
FLEET = f"host,kernel,qemu,cpu\na,{OLD},{CPU}\nb,{NEW},{CPU}\nc,{NEW},{CPU}\n"
HEAD = "guest,host,machine_type,cpu,devices,migratable\n"
FINE = "fine,a,pc-q35-rhel8.6.0,EPYC-Rome,virtio-blk-pci,yes\n"
BREAKS = "breaks,a,pc-q35-rhel8.6.0,host-model,virtio-blk-pci,yes\n"
BIT = BREAKS.replace("host-model,", '"EPYC-Rome,+vgif",')
STUCK = "newer,b,pc-q35-rhel9.4.0,EPYC-Rome,virtio-blk-pci,yes\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fleet.csv").write_text(FLEET)
    return tmp_path


def answered(folder: Path, rows: str) -> DomainSolution:
    (folder / "guests.csv").write_text(HEAD + rows)
    fleet = planner.read_fleet(folder / "fleet.csv")
    guests = planner.read_guests(folder / "guests.csv", fleet)
    (domain,) = planner.solve(fleet, guests=guests).domains
    return domain


def test_a_guest_that_breaks_a_condition_is_not_safe_and_has_its_own_remedy(folder: Path) -> None:
    domain = answered(folder, FINE + BREAKS)
    assert domain.verdict is PoolVerdict.NO_SAFE_BASELINE
    assert (domain.counted.given, domain.counted.violated) == (2, 1)
    (found,) = [one for one in domain.guests if one.kind == "violated"]
    assert found.examples == ("breaks",)
    assert "start it with a CPU model up to EPYC" in found.remedy
    assert found.remedy.endswith("takes effect at its next power cycle")


def test_one_feature_is_taken_off_by_name(folder: Path) -> None:
    (found,) = [one for one in answered(folder, BIT).guests if one.kind == "violated"]
    assert found.remedy == (
        "start it with CPU EPYC-Rome,-vgif; takes effect at its next power cycle"
    )


def test_of_a_cpu_of_many_words_the_change_alone_is_told(folder: Path) -> None:
    named = "".join(
        f",-{name}" for name in ("abm", "adx", "aes", "avx", "avx2", "bmi1", "bmi2", "f16c")
    )
    rows = BREAKS.replace("host-model,", f'"EPYC-Rome,+vgif{named}",')
    (found,) = [one for one in answered(folder, rows).guests if one.kind == "violated"]
    assert found.remedy == (
        "start it with CPU EPYC-Rome as it is, but -vgif; takes effect at its next power cycle"
    )


def test_a_guest_that_keeps_them_all_and_one_that_never_migrates_change_nothing(
    folder: Path,
) -> None:
    domain = answered(folder, FINE + BREAKS.replace("yes", "no"))
    assert domain.counted.violated == 0
    assert not [one for one in domain.guests if one.kind == "violated"]
    assert domain.verdict is PoolVerdict.SAFE_WITH_CHECKS


def test_a_stuck_guest_is_left_to_do_with_the_answer_as_remedy(folder: Path) -> None:
    domain = answered(folder, FINE + STUCK)
    assert (domain.counted.violated, domain.counted.stuck) == (0, 1)
    assert domain.verdict is PoolVerdict.SAFE_WITH_CHECKS
    (found,) = [one for one in domain.guests if one.kind == "stuck"]
    assert found.remedy.startswith("start it with -machine pc-q35-rhel8.6.0; takes effect")


@pytest.mark.parametrize(
    ("rows", "words", "code", "text"),
    [
        (
            FINE + BREAKS + STUCK,
            ("-q",),
            4,
            "default: NOT SAFE for 1 guest, 1 guest stuck: -machine",
        ),
        (FINE + STUCK, ("-q",), 0, "default: SAFE with 1 check, 1 guest stuck: -machine"),
        (FINE + STUCK, ("-q", "--strict"), 5, "1 guest stuck"),
    ],
)
def test_the_shortest_answer_counts_them(
    folder: Path, rows: str, words: tuple[str, ...], code: int, text: str
) -> None:
    (folder / "guests.csv").write_text(HEAD + rows)
    done = run("solve", "fleet.csv", "--guests", "guests.csv", *words, cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")
    assert text in " ".join(done.stdout.split())


def test_the_screen_names_them_with_what_to_change(folder: Path) -> None:
    (folder / "guests.csv").write_text(HEAD + FINE + BREAKS + STUCK)
    done = run("solve", "fleet.csv", "--guests", "guests.csv", cwd=folder)
    text = " ".join(done.stdout.split())
    assert "NOT SAFE FOR SOME GUESTS" in text
    assert "(breaks): violates:" in text and "mend: start it with a CPU model up to" in text
    assert "(newer): stuck" in text and "mend: start it with -machine pc-q35-rhel8.6.0" in text
    assert max(map(len, done.stdout.splitlines())) <= 80
