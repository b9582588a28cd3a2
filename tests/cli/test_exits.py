"""The exit code is the answer's, also of `explain`, of several answers, and with nobody reading."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli import exits
from planner.domain.plans.unlock import UnlockStatus
from planner.domain.solution import PoolVerdict, Status
from planner.domain.verdict import Outcome

ROOT = Path(__file__).resolve().parents[2]
SEED = "examples/seed/fleet.csv"
POOLS = "examples/three-pools/fleet.csv"
EDGE = ["--from", "new1", "--to", "old1", "--machine", "pc-q35-4.0"]
USED = ["--cpu", "qemu64", "--trait", "uses-smm=yes"]
UNUSED = ["--cpu", "qemu64", "--trait", "uses-smm=no"]
ANSWERS = [
    (["solve", SEED], 0),
    (["solve", SEED, "--policy", "floor.toml"], 4),
    (["check", SEED, *EDGE, "--guest-profile", "any"], 5),
    (["check", SEED, *EDGE, *USED], 4),
    (["check", SEED, *EDGE, *USED, "--no-devices"], 4),
    (["check", SEED, *EDGE, *UNUSED], 0),
    (["explain", SEED], 0),
    (["explain", SEED, "--policy", "floor.toml"], 4),
    (["explain", SEED, "--machine", "pc-q35-2.11"], 0),
    (["explain", POOLS, "--pool", "ubuntu", "--machine", "pc-q35-noble"], 4),
    (["explain", "{folder}/arm.csv", "--machine", "virt-8.2"], 4),
    (["explain", "{folder}/arm.csv"], 4),
    (["solve", "{folder}/arm.csv"], 4),
    (["explain", "{folder}/open.csv", "--machine", "virt-8.2"], 5),
    (["explain", "{folder}/open.csv"], 5),
    (["solve", "{folder}/open.csv"], 5),
    (["unlock", POOLS], 0),
    (["unlock", SEED], 0),
    (["unlock", POOLS, "--want", "rhel:pc-i440fx-rhel10.0.0"], 4),
    (["unlock", "{folder}/arm.csv", "--want", "default:virt-8.2"], 0),
    (["knowledge", "list", "units"], 0),
    (["knowledge", "show", "cpu/msr_smi_count"], 0),
    (["decode", "Features 0x3 unsupported. Allowed features: 0x1"], 0),
]

UNREAD = [case for case in ANSWERS if case[0][0] in {"knowledge", "decode"} or case[1]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Kernel 6.1 certainly lacks a register that 6.6 lists; of 6.2 nobody has read the list."""
    (tmp_path / "floor.toml").write_text('[floors]\npc-q35 = "pc-q35-4.1"\n')
    rows = "host,arch,kernel,qemu\na,aarch64,6.1.90,8.2.4\nb,aarch64,6.6.30,8.2.4\n"
    (tmp_path / "arm.csv").write_text(rows)
    (tmp_path / "open.csv").write_text(rows.replace("6.6.30", "6.2.10"))
    return tmp_path


def start(words: list[str], folder: Path) -> subprocess.Popen[str]:
    filled = [word.replace("{folder}", str(folder)) for word in words]
    filled = [str(folder / word) if word == "floor.toml" else word for word in filled]
    return subprocess.Popen(
        [sys.executable, "-m", "planner", *filled],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("words", "code"), ANSWERS, ids=[" ".join(words) for words, _ in ANSWERS])
def test_the_answer_decides(words: list[str], code: int, folder: Path) -> None:
    process = start(words, folder)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (code, "")


@pytest.mark.parametrize(("words", "code"), UNREAD, ids=[" ".join(words) for words, _ in UNREAD])
def test_a_closed_pipe_changes_nothing(words: list[str], code: int, folder: Path) -> None:
    process = start(words, folder)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), errors) == (code, "")


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
