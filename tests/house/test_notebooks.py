"""The notebooks run from a clean kernel, keep no output, and have a picture in the docs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house.notebook_runs import ROOT, executed, notebooks, picture_of, pictures

NAMES = [path.stem for path in notebooks()]
MOST_BYTES = 300 * 1024


def test_there_are_seven_stories() -> None:
    assert [name.partition("-")[0] for name in NAMES] == list("1234567")


@pytest.mark.parametrize("path", notebooks(), ids=NAMES)
def test_a_notebook_runs_and_draws(path: Path) -> None:
    book = executed(path)
    assert pictures(book)
    asserted = [cell for cell in book.cells if "assert " in cell.source]
    assert len(asserted) >= 2, "findings are asserted"


@pytest.mark.parametrize("path", notebooks(), ids=NAMES)
def test_a_notebook_is_kept_without_output(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    for cell in book["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert "/home/" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", notebooks(), ids=NAMES)
def test_a_notebook_has_its_picture(path: Path) -> None:
    picture = picture_of(path)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < MOST_BYTES
    page = (ROOT / "docs" / "guides" / "notebooks.md").read_text(encoding="utf-8")
    assert f"pictures/{picture.name}" in page
    assert f"notebooks/{path.name}" in page
