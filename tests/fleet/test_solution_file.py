"""An answer is read as it was written; what is none is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.domain.compat import CompatFlag
from planner.domain.errors import FleetError
from planner.fleet.solution_file import read_solution, schema_of
from tests.export.answers import document, pool


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(
        json.dumps(document(pool("p", "pc-q35-7.2", flags=["virtio-net-device.mq=off"])))
    )
    told = read_solution(path)
    assert told.domains[0].baselines[0].flags[0].made() == CompatFlag.parse(
        "virtio-net-device.mq=off"
    )
    assert schema_of(path) == "planner.solution/2"


def test_a_wrong_key_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    answer = document(pool("p", "pc-q35-7.2"))
    (first,) = answer["domains"]
    first["verdct"] = first.pop("verdict")
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer))
    with pytest.raises(FleetError) as error:
        read_solution(path)
    assert any("did you mean 'verdict'" in str(one) for one in error.value.problems)


@pytest.mark.parametrize(
    ("text", "says"),
    [('{"schema": "planner.plan/2"}', "not an answer"), ("{}", "not an answer"), ("{", "not JSON")],
)
def test_another_document_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(text)
    with pytest.raises(FleetError, match=says):
        read_solution(path)


def test_a_table_names_no_schema_and_json_must(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("host,kernel,qemu\n")
    assert schema_of(path) == ""
    path.write_text("\ufeff {}")
    with pytest.raises(FleetError, match="'schema' is missing"):
        schema_of(path)
