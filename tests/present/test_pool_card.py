"""The card of a pool: every check says how to check it, guests are told once, and what to run next."""

from __future__ import annotations

from pathlib import Path

from tests.fleet.test_readers import run

JAMMY, NOBLE = "5.15.0-139-generic,1:6.2+dfsg-2ubuntu6.26", "6.8.0-60-generic,1:8.2.2+ds-0ubuntu1.7"
HEAD = "guest,host,machine_type,cpu,devices\n"


def shown(folder: Path, *words: str) -> str:
    return " ".join(run(*words, cwd=folder).stdout.split())


def test_checks_say_how_to_check_them_and_guests_have_one_remedy(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(f"host,kernel,qemu\nold,{JAMMY}\nnew,{NOBLE}\n")
    (tmp_path / "guests.csv").write_text(
        f"{HEAD}ci,new,pc-q35-noble,host-passthrough,virtio-blk-pci\n"
        "fine,old,pc-q35-jammy,EPYC,virtio-blk-pci\n"
    )
    said = shown(tmp_path, "solve", "fleet.csv", "--guests", "guests.csv")
    assert "run planner probe on each of old, new; its file into column `probe`" in said
    assert "none of these CPUs (column `cpu` tells): AMD" in said
    assert said.count("mend:") == 1
    assert "at the same time set the answer, pc-q35-jammy" in said
    assert "guests 1 guest as the answer" in said or " 1 guest as the answer" in said
    assert "on pc-q35-jammy: as the answer" not in said and "1 more findings" not in said


def test_guests_that_are_only_stuck_keep_their_remedy(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(f"host,kernel,qemu\nold,{JAMMY}\nnew,{NOBLE}\n")
    (tmp_path / "guests.csv").write_text(f"{HEAD}ci,new,pc-q35-noble,EPYC,virtio-blk-pci\n")
    said = shown(tmp_path, "solve", "fleet.csv", "--guests", "guests.csv")
    assert "mend: start it with -machine pc-q35-jammy" in said


def test_explain_of_a_pool_ends_with_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(f"host,kernel,qemu\nold,{JAMMY}\nnew,{NOBLE}\n")
    done = run("explain", "fleet.csv", "--pool", "default", cwd=tmp_path)
    assert done.stdout.rstrip().endswith("next: planner unlock fleet.csv --pool default")


def test_explain_tells_in_full_what_the_screen_cuts(tmp_path: Path) -> None:
    cpu = "Xeon Gold 6248R"
    (tmp_path / "fleet.csv").write_text(
        f"host,kernel,qemu,cpu\nold,{JAMMY},{cpu}\nnew,{NOBLE},{cpu}\n"
    )
    (tmp_path / "guests.csv").write_text(f"{HEAD}ci,new,pc-q35-noble,Skylake-Server,vfio-pci\n")
    words = ("fleet.csv", "--guests", "guests.csv")
    screen = shown(tmp_path, "solve", *words)
    said = shown(tmp_path, "explain", *words, "--pool", "default")
    assert "asked by" in said and "blocker/vfio-pci-by-default (An assigned device" in said
    assert "asked by" not in screen and "blocker/vfio-pci" not in screen
    assert "host-model" in said and " disable " in said and " disable " not in screen
    assert "QEMU 1:8.2.2+ds-0ubuntu1.7, kernel 6.8.0-60-generic: 1 host (new)" in said
    assert "more (explain --pool)" not in said and "why not" in said


def test_an_assigned_device_is_told_to_go_once(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(f"host,kernel,qemu\nold,{JAMMY}\nnew,{NOBLE}\n")
    (tmp_path / "guests.csv").write_text(f"{HEAD}ci,new,pc-q35-jammy,EPYC,vfio-pci\n")
    said = shown(tmp_path, "solve", "fleet.csv", "--guests", "guests.csv")
    assert said.count("take out its vfio-pci") == 1
    assert "!x-enable-migration" not in said
