"""The documentation as a site: no link is dead, and the command line is described as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import cli_reference

ROOT = Path(__file__).resolve().parents[2]
BUILD = [sys.executable, "-m", "mkdocs", "build", "--strict"]


def test_the_page_of_the_command_line_is_what_the_commands_say() -> None:
    kept = cli_reference.PAGE.read_text(encoding="utf-8")
    assert kept == cli_reference.page(), "make reference"


def built(config: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BUILD, "--config-file", str(config), "--site-dir", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_site_has_no_dead_link(tmp_path: Path) -> None:
    done = built(ROOT / "mkdocs.yml", tmp_path / "site")
    assert done.returncode == 0, done.stderr
    pages = {page.parent.name for page in (tmp_path / "site").rglob("index.html")}
    assert {"walkthrough", "plans", "cli", "judgement", "documentation"} <= pages


@pytest.mark.parametrize("link", ["[gone](nowhere.md)", "[gone](other.md#nowhere)"])
def test_a_dead_link_fails(tmp_path: Path, link: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# One\n\n{link}\n", encoding="utf-8")
    (tmp_path / "docs" / "other.md").write_text("# Other\n", encoding="utf-8")
    config = tmp_path / "mkdocs.yml"
    config.write_bytes((ROOT / "mkdocs.yml").read_bytes())
    done = built(config, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
