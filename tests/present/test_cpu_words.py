"""The CPU line of a pool: the same words on every screen, also where no host states its CPU."""

from __future__ import annotations

from pathlib import Path

from tests.fleet.test_readers import run

BOOKWORM, TRIXIE = (
    "6.1.0-41-amd64,1:7.2+dfsg-7+deb12u17",
    "6.12.57+deb13-amd64,1:10.0.6+ds-0+deb13u2",
)
ROME, MILAN = "AMD EPYC 7402P 24-Core Processor", "AMD EPYC 7543 32-Core Processor"
OPEN = "CPU any named model that all CPUs have (column `cpu` bounds it)"


def shown(folder: Path, *words: str) -> str:
    return " ".join(run(*words, cwd=folder).stdout.split())


def test_a_pool_of_one_build_without_cpus_says_which_column_bounds_its_models(
    tmp_path: Path,
) -> None:
    (tmp_path / "fleet.csv").write_text(f"host,kernel,qemu\na,{TRIXIE}\nb,{TRIXIE}\n")
    assert OPEN in shown(tmp_path, "solve", "fleet.csv")
    told = shown(tmp_path, "cpu", "fleet.csv")
    assert OPEN in told and "up to" not in told
    (tmp_path / "fleet.csv").write_text(f"host,kernel,qemu,cpu\na,{TRIXIE},{ROME}\n")
    assert "any named model" not in shown(tmp_path, "cpu", "fleet.csv")


def test_a_plan_tells_cpus_in_the_words_of_the_answer(tmp_path: Path) -> None:
    rows = [f"a,{BOOKWORM},{ROME}", f"b,{BOOKWORM},{MILAN}", f"c,{TRIXIE},{ROME}"]
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu,cpu\n" + "\n".join(rows) + "\n")
    answer = shown(tmp_path, "solve", "fleet.csv")
    kernel, qemu = TRIXIE.split(",")
    ways = ("plan", "fleet.csv", "--target", f"kernel={kernel},qemu={qemu}")
    plan = shown(tmp_path, *ways)
    for words in (
        "EPYC-v3, EPYC-Rome unknown (xsaves)",
        "EPYC-Milan when 2 hosts of EPYC-Rome leave",
    ):
        assert words in answer and words in plan
    assert "not EPYC" not in plan
    run(*ways, "-f", "json", "-o", "plan.json", cwd=tmp_path)
    assert "EPYC-v3, EPYC-Rome unknown (xsaves)" in shown(
        tmp_path, "simulate", "plan.json", "fleet.csv"
    )
