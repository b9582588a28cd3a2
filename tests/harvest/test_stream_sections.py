"""A stream that does not fit its description is damaged, and nothing of it is told."""

from __future__ import annotations

import gzip
import random
import time
from pathlib import Path

import pytest

from planner.domain.errors import HarvestError
from planner.harvest.stream import Stream, read_stream
from planner.harvest.stream_sections import Damage, Described

REAL = Path(__file__).parents[1] / "cases" / "streams" / "microvm-10.0.stream.gz"
"""What QEMU 10.0 of Debian sent of a microvm with virtio-net and virtio-serial before it ran."""


@pytest.fixture(scope="module")
def whole() -> bytes:
    return gzip.decompress(REAL.read_bytes())


def read(folder: Path, data: bytes) -> Stream:
    path = folder / "stream"
    path.write_bytes(data)
    return read_stream(path)


def names(stream: Stream) -> list[tuple[str, int, str]]:
    return [(part.device, part.instance, part.subsection) for part in stream.parts]


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(HarvestError) as caught:
        read(folder, data)
    return str(caught.value)


def test_a_real_stream_is_read_to_its_last_section(tmp_path: Path, whole: bytes) -> None:
    found = read(tmp_path, whole)
    assert found.subsections == {
        "acpi-ged/memhp",
        "cpu/poll_control_msr",
        "fw_cfg/acpi_mr",
        "fw_cfg/dma",
    }
    assert found.value("cpu/poll_control_msr", "env.poll_control_msr") == 0
    assert names(found)[-1] == ("globalstate", 0, "")


def test_damage_is_refused_or_changes_no_name(tmp_path: Path, whole: bytes) -> None:
    """A bit inside the state of a device is nothing that anybody could see."""
    told = names(read(tmp_path, whole))
    refused = 0
    for seed in range(500):
        luck, data = random.Random(seed), bytearray(whole)
        for _ in range(luck.randint(1, 5)):
            place = luck.randrange(len(data))
            match luck.randrange(4):
                case 0:
                    data[place] ^= 1 << luck.randrange(8)
                case 1:
                    del data[place:]
                case 2:
                    data[place:place] = bytes(luck.randint(1, 9))
                case _:
                    del data[place : place + luck.randint(1, 9)]
            data = data or bytearray(b"Q")
        try:
            assert names(read(tmp_path, bytes(data))) == told
        except HarvestError:
            refused += 1
    assert refused > 350


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"virtio-net", "no section"),
        (b"cpu/poll_control_msr", "no subsection 'cpu/poll_control_msr' stands"),
        (b"globalstate", "no section 'globalstate' stands where its description says"),
    ],
)
def test_a_section_that_lost_its_name_is_named(
    tmp_path: Path, whole: bytes, name: bytes, words: str
) -> None:
    place = whole.index(name)
    assert place < whole.index(b'"page_size"')
    data = whole[:place] + b"?" + whole[place + 1 :]
    assert words in refusal(tmp_path, data)


def test_a_missing_byte_of_state_is_seen(tmp_path: Path, whole: bytes) -> None:
    place = whole.index(b"globalstate") + 40
    assert "a damaged stream" in refusal(tmp_path, whole[:place] + whole[place + 1 :])


def described(whole: bytes, old: bytes, new: bytes) -> bytes:
    """Return a stream with other words in its description, of a length that is right."""
    place = whole.rindex(b'{"configuration"')
    first, devices, rest = whole[place:].partition(b'"page_size"')
    text = first + (devices + rest).replace(old, new, 1)
    assert text != whole[place:]
    return whole[: place - 4] + len(text).to_bytes(4, "big") + text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"devices": [', b'"devices": [7, ', "no list 'devices'"),
        (b'"instance_id": 0', b'"instance_id": "0"', "no number 'instance_id'"),
        (b'"instance_id": 0', b'"instance_id": -1', "no number 'instance_id'"),
        (b'"version": 1', b'"version": 1e999', "no number 'version'"),
        (b'"size": 4', b'"size": 4294967295', "a damaged stream"),
        (b'"page_size"', b'"page\xff"', "not JSON"),
        (b'"page_size": 4096', b'"page_size": ' + b"9" * 5000, "not JSON"),
        (b'"page_size": 4096', b'"page_size": ' + b"[" * 100_000 + b"]" * 100_000, "nested too"),
    ],
)
def test_a_description_that_says_nonsense_is_refused(
    tmp_path: Path, whole: bytes, old: bytes, new: bytes, words: str
) -> None:
    assert words in refusal(tmp_path, described(whole, old, new))


def test_a_description_that_is_only_braces_takes_no_time(tmp_path: Path) -> None:
    begun = time.process_time()
    assert "no description" in refusal(tmp_path, b"QEVM\0\0\0\3" + b"{" * 1_000_000)
    assert time.process_time() - begun < 5


def test_memory_is_not_read(tmp_path: Path) -> None:
    """A sparse file of a TiB is refused as fast as a small one: only its end is looked at."""
    path = tmp_path / "stream"
    with path.open("wb") as file:
        file.write(b"QEVM\0\0\0\3")
        file.truncate(1 << 40)
    with pytest.raises(HarvestError, match="no description at the end"):
        read_stream(path)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_a_device_is_no_stream(device: str) -> None:
    with pytest.raises(HarvestError, match="is a device"):
        read_stream(Path(device))


def test_a_name_that_has_no_length_is_none() -> None:
    for value in ("", "x" * 256, 7, None):
        with pytest.raises(Damage, match="no 'name'"):
            Described({"name": value}).text("name")
    assert Described({"name": "cpu"}).text("name") == "cpu"
