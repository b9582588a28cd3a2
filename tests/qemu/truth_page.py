"""Sections of `docs/truth.md` that are written on their own, each in its place."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "truth.md"


def put(heading: str, text: str, page: Path = PAGE) -> None:
    """Put a section into the page: in the place of the old one, or at the end."""
    before, _, rest = page.read_text(encoding="utf-8").partition(f"## {heading}\n")
    after = rest.partition("\n## ")[2]
    tail = f"\n## {after}" if after else ""
    page.write_text(
        f"{before.rstrip()}\n\n## {heading}\n\n{text.rstrip()}\n{tail}", encoding="utf-8"
    )
