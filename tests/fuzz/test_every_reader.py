"""Any bytes are read or refused: one clear message a problem, in little time, never a bug."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from planner.domain.errors import MOST_SAID, PlannerError
from planner.domain.shown import harmless
from tests.fuzz.readers import CASES, READERS, seeds

KEPT = CASES / "fuzz"
"""What broke a reader once, a folder for each."""
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
"""Files that each reader is given: `make fuzz` gives many more."""
LONGEST = 10.0
"""Seconds of a processor for one file of these sizes."""
TOKENS = (
    *(b'"', b"'", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n", b",", b"=", b"@", b"\t", b" "),
    *(b"[", b"]", b"{", b"}", b":", b"<", b">", b"&#0;", b"<!DOCTYPE x>", b"\\u0000", b"\\ud800"),
    *(b"null", b"true", b"NaN", b"-1", b"1e999", b"0x", b"9" * 5000, b"[" * 3000, b"{" * 300),
    *(b"a." * 2000, b"\x1b[31m", "\u202e".encode(), b"../../etc/passwd", b"/dev/zero", b"PAR1"),
)
STRANGE: tuple[object, ...] = (
    *(None, True, -1, 0, 1.5, 1e308, 10**30, "", "x" * 5000, "\x1b[31m", "\u202e", "9" * 5000, " "),
    *([], {}, [[]], [None], {"": 0}, [[[[[[[[]]]]]]]], "=1+1", "-", "+", "2026-13-01", "pc-q35-"),
)
"""Values that stand in place of right ones."""
PAYLOADS = st.one_of(st.sampled_from(TOKENS), st.binary(max_size=8))
EDITS = st.lists(
    st.tuples(st.sampled_from(["put", "over", "cut", "end", "again"]), st.floats(0, 1), PAYLOADS),
    max_size=6,
)


def edited(data: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    """Return a file with some damage."""
    for what, where, payload in edits:
        place = int(where * len(data))
        head, tail = data[:place], data[place:]
        data = {
            "put": head + payload + tail,
            "over": head + payload + tail[len(payload) :],
            "cut": head + tail[max(1, len(payload)) :],
            "end": head,
            "again": head + tail[:40] + tail,
        }[what]
    return data


def replaced(data: bytes, where: float, value: object) -> bytes:
    """Return a document or a table of which one value is another."""
    try:
        document = json.loads(data)
    except ValueError:
        cells = re.split(rb"([,\n=])", data)
        cells[int(where * (len(cells) - 1))] = json.dumps(value, ensure_ascii=False).encode()
        return b"".join(cells)
    holders = [document] if isinstance(document, dict | list) else []
    for holder in holders:
        held = holder.values() if isinstance(holder, dict) else holder
        holders += [one for one in held if isinstance(one, dict | list)]
    places = [
        (holder, key)
        for holder in holders
        for key in (holder if isinstance(holder, dict) else range(len(holder)))
    ]
    holder, key = places[int(where * (len(places) - 1))]
    holder[key] = value
    return json.dumps(document).encode()


def check(name: str, path: Path) -> None:
    """Read a file; raises `AssertionError` and what else a reader must not raise."""
    begun = time.process_time()
    try:
        READERS[name](path)
    except PlannerError as error:
        assert error.problems
        for problem in error.problems:
            text = str(problem)
            assert len(text) <= MOST_SAID + 3
            assert "\n" not in harmless(text)
    assert time.process_time() - begun < LONGEST


@pytest.mark.parametrize("name", READERS)
def test_files_that_are_right_are_read(name: str, tmp_path: Path) -> None:
    for data in seeds(name):
        path = tmp_path / "file"
        path.write_bytes(data)
        check(name, path)


@pytest.mark.parametrize("name", READERS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate, Phase.shrink],
)
@given(
    choice=st.integers(0, 9),
    edits=EDITS,
    strange=st.one_of(st.none(), st.tuples(st.floats(0, 1), st.sampled_from(STRANGE))),
)
def test_damaged_files_are_read_or_refused(
    name: str,
    choice: int,
    edits: list[tuple[str, float, bytes]],
    strange: tuple[float, object] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    known = seeds(name)
    data = known[choice % len(known)]
    data = edited(data, edits) if strange is None else replaced(data, *strange)
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data)
    try:
        check(name, path)
    except Exception:
        if "FUZZ_EXAMPLES" in os.environ:
            keep(name, data)
        raise


def keep(name: str, data: bytes) -> None:
    """Keep a file for ever; hypothesis makes it smaller, so only the last ones are worth a commit."""
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)


@pytest.mark.parametrize(
    "path", sorted(KEPT.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_what_broke_a_reader_once_is_refused(path: Path) -> None:
    check(path.parent.name, path)
