"""XML of strangers: what is told of files that are broken, hostile or too large."""

from __future__ import annotations

import pytest

from planner.documents.complaints import Complaints
from planner.documents.xml_file import MOST_BYTES, MOST_ELEMENTS, parse_xml

BOMB = b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>'


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"", 1, "not XML"),
        (b"<a>\n<b></a>", 2, "not XML: mismatched tag"),
        (b"<a>\0</a>", 1, "not XML"),
        (BOMB, None, "has a document type or entities"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', None, "not XML"),
        (b"<a>" + b" " * MOST_BYTES + b"</a>", None, "larger than 8 MiB"),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>", None, "more than 200,000 elements"),
    ],
    ids=["empty", "tag", "nul", "entities", "encoding", "bytes", "elements"],
)
def test_wrong_xml_is_one_problem_with_its_line(data: bytes, line: int | None, what: str) -> None:
    complaints = Complaints("guest.xml")
    assert parse_xml(data, complaints) is None
    (problem,) = complaints.problems
    assert what in problem.what
    assert problem.location.file == "guest.xml"
    assert line is None or problem.location.line == line


def test_xml_is_read() -> None:
    complaints = Complaints("guest.xml")
    root = parse_xml(b"<domain type='kvm'><name>g</name></domain>", complaints)
    assert root is not None and root.findtext("name") == "g"
    assert not complaints.problems
