"""Wrong words about guests are wrong input: every one told at once, with place and nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.domain.errors import nearest
from planner.fleet.words import read_devices
from planner.knowledge.load import load_knowledge
from tests.fleet.test_readers import run

HOST = "6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.4"
FLEET = f"host,kernel,qemu\ncmp-03,{HOST}\ncmp-13,{HOST}\n"
EDGE = ("--from", "cmp-03", "--to", "cmp-13")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fleet.csv").write_text(FLEET)
    return tmp_path


def test_every_wrong_word_of_a_guests_file_is_told_at_once(folder: Path) -> None:
    rows = (
        "guest,host,machine_type,cpu,devices\n"
        "a,cmp-3,pc-q35-nobel,EPYC-Rme,virtio-net-pc+tap\n"
        "b,cmp-03,pc-q35-noble,EPYC-Rome,virtio-blk-pci+vhst\n"
    )
    (folder / "guests.csv").write_text(rows)
    done = run("solve", "fleet.csv", "--guests", "guests.csv", cwd=folder)
    assert done.returncode == 3, done.stdout
    for text in (
        "guests.csv:2: host: 'cmp-3' is not in the fleet; did you mean 'cmp-03'?",
        "guests.csv:2: machine_type: unknown machine type 'pc-q35-nobel'; did you mean 'pc-q35-noble'?",
        "guests.csv:2: cpu: unknown CPU model 'EPYC-Rme'; did you mean 'EPYC-Rome'?",
        "guests.csv:2: devices: unknown device 'virtio-net-pc'; did you mean 'virtio-net-pci'?",
        "guests.csv:3: devices: unknown backend 'vhst'; did you mean 'vhost'?",
    ):
        assert text in done.stderr, done.stderr


def test_a_misspelt_type_of_a_single_edge_is_one_line(folder: Path) -> None:
    done = run("check", "fleet.csv", *EDGE, "--machine", "pc-q35-nobel", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "--machine: unknown machine type" in done.stderr


def test_what_is_near_no_known_name_may_be_a_vendors_own(folder: Path) -> None:
    edge = (*EDGE, "--machine", "pc-q35-noble", "--device", "acme-accelerator")
    done = run("check", "fleet.csv", *edge, cwd=folder)
    assert done.returncode in {0, 4, 5}, done.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("solve", "guests.csv"), "this is a guests file: planner solve FLEET --guests guests.csv"),
        (
            ("solve", "fleet.csv", "--guests", "fleet.csv"),
            "this is a fleet file: planner solve fleet.csv --guests GUESTS",
        ),
    ],
)
def test_a_file_of_the_other_kind_is_named(folder: Path, words: tuple[str, ...], text: str) -> None:
    (folder / "guests.csv").write_text("guest,host,machine_type\na,cmp-03,pc-q35-noble\n")
    done = run(*words, cwd=folder)
    assert done.returncode == 3
    assert text in done.stderr


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        ("devices", "virtio-net;virtio-blk", "blanks separate them: virtio-net virtio-blk"),
        (
            "devices",
            "virtio-net-pci,virtio-blk-pci",
            "separate them: virtio-net-pci virtio-blk-pci",
        ),
        (
            "traits",
            "smt=no,windows=yes",
            "several traits; blanks separate them: smt=no windows=yes",
        ),
        ("flags", "a.b=on;c.d=off", "several flags; blanks separate them: a.b=on c.d=off"),
        ("host", "zz9", "'zz9' is not in the fleet; its hosts: cmp-03, cmp-13"),
    ],
)
def test_joined_words_are_told_the_blank(folder: Path, column: str, cell: str, text: str) -> None:
    cells = {"guest": "a", "host": "cmp-03", "machine_type": "pc-q35-noble", column: cell}
    rows = (",".join(cells), ",".join(f'"{word}"' for word in cells.values()))
    (folder / "guests.csv").write_text("\n".join(rows) + "\n")
    done = run("solve", "fleet.csv", "--guests", "guests.csv", cwd=folder)
    assert done.returncode == 3
    assert text in done.stderr


def test_options_of_a_device_are_no_other_devices() -> None:
    words = load_knowledge().guests
    assert read_devices("virtio-net-pci,mq=on virtio-blk-pci", words) == (
        "virtio-net-pci,mq=on",
        "virtio-blk-pci",
    )


@pytest.mark.parametrize(
    ("word", "names", "meant"),
    [
        ("cmp-3", ("cmp-13", "cmp-03", "cmp-33"), "cmp-03"),
        ("cmp-3a", ("cmp-13", "cmp-03"), "cmp-03"),
        ("cpus", ("vcpus", "cpu"), "cpu"),
        ("vcpu", ("cpu", "vcpus"), "vcpus"),
        ("Machine Type", ("machine_type", "machine"), "machine_type"),
        ("rack", ("machine", "memory"), ""),
    ],
)
def test_the_nearest_name_has_the_same_numbers(
    word: str, names: tuple[str, ...], meant: str
) -> None:
    assert nearest(word, names) == (f"did you mean '{meant}'?" if meant else "")
