"""One reader of files: pipes and files of a bounded size, no devices, no waiting for nobody."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from planner.documents import sources
from planner.documents.complaints import Complaints
from planner.documents.json_file import load_json, parse_json
from planner.documents.sources import read_source
from planner.documents.toml_file import load_toml
from planner.documents.typed import model_of, read
from planner.domain.plans.plan import Wave


def test_a_file_is_read_whole_and_not_beyond_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1000)
    assert read_source(file, 1000) == b"x" * 1000
    with pytest.raises(OSError, match="is larger than 0 MiB"):
        read_source(file, 999)


def test_a_file_that_does_not_tell_its_size_is_read_too() -> None:
    assert read_source(Path("/proc/self/status"), 1 << 20).startswith(b"Name:")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/tty0"])
def test_a_device_is_never_read(device: str) -> None:
    if not os.access(device, os.R_OK):
        pytest.skip(f"no {device} to read here")
    with pytest.raises(OSError, match="is a device; name a file, a pipe or '-'"):
        read_source(Path(device), 1 << 20)


def test_a_folder_is_none() -> None:
    with pytest.raises(OSError, match="Is a directory"):
        read_source(Path("/"), 1 << 20)


def test_all_of_a_pipe_is_read_however_slowly_it_comes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pause = threading.Event()

    def write() -> None:
        pause.wait(0.1)
        with pipe.open("wb", buffering=0) as file:
            for _ in range(3):
                pause.wait(0.1)
                file.write(b"y" * 100_000)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_source(pipe, 1 << 20) == b"y" * 300_000
    writer.join()


def test_a_pipe_that_never_ends_is_refused_at_the_limit(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pytest.raises(BrokenPipeError), pipe.open("wb", buffering=0) as file:
            while True:
                file.write(b"y" * 100_000)

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(OSError, match="is larger than 1 MiB"):
        read_source(pipe, 1 << 20)
    writer.join()


def test_a_pipe_to_which_nobody_writes_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "PATIENCE", 0.2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="is a pipe to which no program writes"):
        read_source(pipe, 1 << 20)
    with pytest.raises(OSError, match="is a pipe; name a file"):
        read_source(pipe, 1 << 20, pipes=False)


@pytest.mark.parametrize("load", [load_json, load_toml])
def test_documents_say_why_they_were_not_read(load: object) -> None:
    complaints = Complaints("/dev/zero")
    assert load(Path("/dev/zero"), complaints) is None  # type: ignore[operator]
    assert str(*complaints.told()) == "/dev/zero: is a device; name a file, a pipe or '-'"


def test_a_number_of_thousands_of_digits_is_told_in_words(tmp_path: Path) -> None:
    complaints = Complaints("d")
    assert parse_json(b'{"n": ' + b"9" * 5000 + b"}", complaints) is None
    file = tmp_path / "d"
    file.write_text("n = " + "9" * 5000)
    assert load_toml(file, complaints) is None
    assert [str(one) for one in complaints.told()] == [
        "d: not JSON: a number of 5,000 digits",
        "d: not TOML: a number of too many digits",
    ]


@pytest.mark.parametrize("depth", [*range(700, 1000, 50), 100_000])
def test_whatever_is_nested_too_deeply_is_told_so(depth: int) -> None:
    complaints = Complaints("d")
    value = parse_json(b"[" * depth + b"]" * depth, complaints)
    if value is not None:
        assert read(model_of(Wave), {"number": value}, complaints) is None
    assert 0 < len(str(complaints.told()[0])) < 200


def test_the_key_that_stands_twice_is_found_in_one_look() -> None:
    text = "{" + "".join(f'"k{number}": 1,' for number in range(200_000)) + '"k7": 2}'
    complaints = Complaints("d")
    assert parse_json(text.encode(), complaints) is None
    assert str(*complaints.told()) == "d: not JSON: the key 'k7' appears twice in one object"
