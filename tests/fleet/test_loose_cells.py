"""A text that is hardly read as it was meant is one note; it is an error if that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.domain.errors import FleetError
from planner.fleet.hosts import read_fleet
from planner.knowledge.load import load_knowledge

HEAD = "host,kernel,qemu,cpu,pool\n"


def _file(folder: Path, *rows: str) -> Path:
    path = folder / "fleet.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), "utf-8")
    return path


def test_hosts_with_one_loose_text_are_one_note(tmp_path: Path) -> None:
    rows = [f"h{number},6.1.1,8.2.4,Icelake-Sever,p{number % 2}" for number in range(7)]
    fleet = read_fleet(_file(tmp_path, *rows), load_knowledge())
    (note,) = map(str, fleet.loose)
    assert "fleet.csv:2: cpu: no row reads 'Icelake-Sever' (7 hosts)" in note


def test_many_loose_texts_are_counted(tmp_path: Path) -> None:
    rows = [f"h{number},6.1.1,8.2.4,Xenon {number},p" for number in range(9)]
    notes = list(map(str, read_fleet(_file(tmp_path, *rows), load_knowledge()).loose))
    assert len(notes) == 6
    assert "and 4 more texts like these" in notes[-1]


def test_strict_input_refuses_what_no_row_reads(tmp_path: Path) -> None:
    path = _file(
        tmp_path, "a,6.1.1,8.2.4,Icelake-Sever,p", "b,6.8.0-51-generic,1:8.2.2+ds-0ubunt1.7,,p"
    )
    with pytest.raises(FleetError) as caught:
        read_fleet(path, load_knowledge(), strict=True)
    assert len(caught.value.problems) == 2


def test_strict_input_takes_a_build_that_is_only_doubtful(tmp_path: Path) -> None:
    path = _file(tmp_path, "a,5.14.0-427.42.1.el9_4.x86_64,8.2.0,,p")
    assert len(read_fleet(path, load_knowledge(), strict=True).loose) == 1
