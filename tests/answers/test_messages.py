"""Messages of failed migrations: real ones from public trackers, and what is made of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

from planner.answers.messages import diagnose
from planner.domain.errors import KnowledgeError, UsageError
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from tests.fleet.test_readers import ROOT, run

MESSAGES = json.loads((ROOT / "tests" / "cases" / "messages.json").read_text())


@cache
def _knowledge() -> KnowledgeBase:
    return load_knowledge()


@pytest.mark.parametrize("case", MESSAGES, ids=[case["source"] for case in MESSAGES])
def test_a_real_message_is_named(case: dict[str, object]) -> None:
    (found,) = diagnose(str(case["text"]), "", _knowledge())
    assert found.message.id == case["id"]
    assert found.section == case.get("section", found.section)
    assert [bit.bit for bit in found.bits] == case.get("bits", [])
    if "unit" in case:
        assert case["unit"] in {unit.id for unit in found.units}
    assert found.message.causes and found.message.ask
    assert "{" not in found.told(found.message.says)


def test_every_message_of_a_log_is_told_once_and_in_order() -> None:
    log = "\n".join(str(case["text"]) for case in MESSAGES)
    told = [found.message.id for found in diagnose(f"{log}\n{log}", "", _knowledge())]
    assert set(told) >= {str(case["id"]) for case in MESSAGES} - {"in-device"}
    first = diagnose(f"{log}\n{log}", "", _knowledge())[0]
    assert (first.message.id, first.section) == ("missing-section-footer", "0000:00:01.3/piix4_pm")
    assert first.times > 1


@pytest.mark.parametrize(
    ("text", "device", "names"),
    [
        ("0x1 0x0", "", "VSOCK_STREAM of vhost-vsock"),
        ("0x1 0x0", "virtio-net", "CSUM"),
        (
            "Features 0x1 unsupported. Allowed features: 0\nFailed to load virtio-gpu:virtio",
            "",
            "VIRGL",
        ),
        ("0x100000000000000 0x0", "", "HOST_USO"),
        ("0x10000000000 0x0", "", "RING_RESET"),
    ],
)
def test_no_device_is_assumed(text: str, device: str, names: str) -> None:
    """A bit has the name of the device that somebody names, or of every one that has it."""
    (found,) = diagnose(text, device, _knowledge())
    (bit,) = found.bits
    assert names in bit.name
    assert (" or " in bit.name) is (names.startswith("VSOCK"))


def test_a_section_is_not_taken_from_far_away() -> None:
    far = "\n" * 20
    context = "error while loading state for instance 0x0 of device '0000:00:02.0/virtio-blk'"
    message = "VQ 0 vring.num 1024 exceeds allocated max 256"
    (found,) = diagnose(f"{message}\n{context}", "", _knowledge())
    assert found.section == "0000:00:02.0/virtio-blk"
    (found,) = diagnose(f"{message}{far}{context}", "", _knowledge())
    assert found.section == ""


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(UsageError, match="holds no message"):
        diagnose("the guest is slow, failed to set up MSR", "", _knowledge())


@pytest.mark.parametrize(
    "text", ["Features 0x{0}", "Features 0x{0} unsupported. Allowed", "{0} {0}"]
)
def test_a_line_of_any_length_takes_no_time(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(UsageError, match="holds no message"):
        diagnose(text.format("9" * 100_000), "", load_knowledge())
    assert time.process_time() - begun < 10


def test_a_log_is_read_from_a_file_and_from_standard_input(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "guest.log").write_text(str(MESSAGES[0]["text"]))
    told = run("decode", "--log", "guest.log", cwd=folder)
    assert told.returncode == 0 and "piix4_pm" in told.stdout
    piped = subprocess.run(
        [sys.executable, "-m", "planner", "decode"],
        input=str(MESSAGES[0]["text"]),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert piped.stdout == told.stdout
    assert run("decode", "--log", "none.log", cwd=folder).returncode != 0


@pytest.mark.parametrize(
    ("written", "told"),
    [("followss = true", "did you mean 'follows'?"), ('unit = "a"\nsays = "b {c}"', "no group")],
)
def test_a_wrong_row_is_refused_with_its_place(written: str, told: str, tmp_path: Path) -> None:
    says = "" if "says" in written else 'says = "b"\n'
    (tmp_path / "messages.toml").write_text(
        f'schema = 1\n[[message]]\nid = "x"\npattern = "y"\n{says}{written}\n'
        'evidence = "memory"\nsource = "z"\n'
    )
    with pytest.raises(KnowledgeError, match=re.escape(told)):
        load_knowledge(tmp_path).messages  # noqa: B018 - read when first asked for
