"""Run notebooks from a clean kernel; `python -m tests.house.notebook_runs` writes the gallery."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
PICTURES = ROOT / "docs" / "pictures"
PATIENCE = 300
"""Seconds that one cell may take."""


def notebooks() -> list[Path]:
    """Return the notebooks in order."""
    return sorted(FOLDER.glob("*.ipynb"))


def picture_of(path: Path) -> Path:
    """Return where the picture of a notebook is kept."""
    return PICTURES / f"notebook-{path.stem}.png"


def executed(path: Path) -> Any:
    """Return a notebook run from a clean kernel in its folder; raises on the first cell that fails."""
    book = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(book, timeout=PATIENCE, resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    return book


def pictures(book: Any) -> list[bytes]:
    """Return the PNG pictures that a run notebook shows."""
    return [
        base64.b64decode(output["data"]["image/png"])
        for cell in book.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]


if __name__ == "__main__":
    for path in notebooks():
        picture_of(path).write_bytes(pictures(executed(path))[-1])
