"""edges.csv: rows of hosts and pools become directed pairs of host classes, wrong names are told."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.errors import FleetError
from planner.fleet.edges import arrows_of, read_edges

FLEET = """host,pool,kernel,qemu
a1,a,6.1.0,8.2.7
a2,a,6.1.0,8.2.7
a3,a,6.1.0,9.0.1
b1,b,6.1.0,8.2.7
"""


def arrows(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    (tmp_path / "fleet.csv").write_text(FLEET)
    (tmp_path / "edges.csv").write_text(text)
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    rows = read_edges(tmp_path / "edges.csv", fleet)
    return [(str(one.hosts[0]), str(other.hosts[0])) for one, other in arrows_of(rows)]


def test_a_pool_stands_for_its_classes_and_a_lone_host_sends_not_to_itself(tmp_path: Path) -> None:
    assert arrows(tmp_path, "source,destination\npool:a,a3\n") == [("a1", "a3")]
    assert arrows(tmp_path, "source,destination\na1,pool:a\n") == [("a1", "a1"), ("a1", "a3")]
    assert arrows(tmp_path, "source,destination\nb1,b1\n") == []
    assert arrows(tmp_path, "source,destination\na1,b1\na2,b1\n") == [("a1", "b1")]


def test_every_unknown_end_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FleetError) as caught:
        arrows(tmp_path, "source,destination\na9,b1\npool:c,pool:a\n")
    told = str(caught.value)
    assert "edges.csv:2" in told and "a9" in told
    assert "edges.csv:3" in told and "pool:c" in told
