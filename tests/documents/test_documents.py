"""Documents: the line of every key, and what is no document."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.documents.complaints import Complaints, Lines, Steps, path_of
from planner.documents.json_file import load_json
from planner.documents.places import json_lines, toml_lines
from planner.documents.toml_file import load_toml
from planner.knowledge.files.folder import shipped_data

TOML = """\
# a comment
name = "x"

[table]
inline = { inner = 1, other = [1, 2] }
long = [
  "one",  # [not.a.header]
  "[nor.this]",
]
text = \"\"\"
[nor.that]
key = 1
\"\"\"
"quoted.key" = 1
dotted.deep = 2

[[row]]
a = 1
[[row]]
[[row.part]]
b = 1
[row.part.below]
c = 1
[[row.part]]
b = 2
"""


def steps(*path: object) -> Steps:
    way: Steps = ()
    for step in path:
        way = (way, step)
    return way


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("table",), 4),
        (("table", "inline", "other", 1), 5),
        (("table", "long"), 6),
        (("table", "long", 1), 8),
        (("table", "text"), 10),
        (("table", "quoted.key"), 14),
        (("table", "dotted", "deep"), 15),
        (("table", "absent"), 4),
        (("row", 0, "a"), 18),
        (("row", 1), 19),
        (("row", 1, "part", 0, "b"), 21),
        (("row", 1, "part", 0, "below", "c"), 23),
        (("row", 1, "part", 1, "b"), 25),
        (("absent",), None),
        ((), None),
    ],
)
def test_the_line_of_a_key(path: tuple[object, ...], line: int | None) -> None:
    assert Lines(lambda: toml_lines(TOML)).line_of(steps(*path)) == line


def test_the_line_of_a_json_key() -> None:
    text = '{"a": [1,\n {"b\\"c":\n 2}],\n "d": {}}'
    found = json_lines(text)
    assert found == {("a",): 1, ("a", 0): 1, ("a", 1): 2, ("a", 1, 'b"c'): 2, ("d",): 4}


def keys(value: object, way: Steps = ()) -> Iterator[tuple[Steps, str]]:
    places = enumerate(value) if isinstance(value, list) else ()
    for step, inner in value.items() if isinstance(value, dict) else places:
        if isinstance(step, str):
            yield (way, step), step
        yield from keys(inner, (way, step))


@pytest.mark.parametrize("folder", ["kernel_caps", "migrated_state", "machine_types", "."])
def test_every_key_of_the_shipped_rows_stands_on_its_line(folder: str) -> None:
    paths = sorted((shipped_data() / folder).glob("*.toml"))
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        written, lines = text.split("\n"), toml_lines(text)
        for way, key in keys(tomllib.loads(text)):
            assert key in written[lines[path_of(way)] - 1], (path, way)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = 1\nb = = 2\n", "x.toml:2: 5: not TOML: Invalid value"),
        (b"a = 1\na = 2\n", "x.toml:2: 6: not TOML: Cannot overwrite a value"),
        (b"\xff\xfea", "x.toml: not TOML: not UTF-8"),
        (None, "x.toml: No such file or directory"),
    ],
)
def test_what_is_no_toml(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "x.toml"
    if content is not None:
        path.write_bytes(content)
    complaints = Complaints("x.toml")
    assert load_toml(path, complaints) is None
    assert [str(problem) for problem in complaints.told()] == [said]


def test_a_byte_order_mark_is_no_part_of_a_document(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert load_toml(path, Complaints("x")) == {"a": 1}
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert load_json(path, Complaints("x")) == {"a": 1}
