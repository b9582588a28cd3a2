"""README and docs show what the commands print: every console block and Python block is run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli import exits

ROOT = Path(__file__).resolve().parent.parent
FILES = ("README.md", "docs/walkthrough.md")
CONSOLE = re.compile(r"```console\n\$ planner ([^\n]*)\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    found = []
    for name in FILES:
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [(match[1], match[2]) for match in CONSOLE.finditer(text)]
    return found


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize(("command", "shown"), blocks(), ids=[command for command, _ in blocks()])
def test_console_block(command: str, shown: str) -> None:
    printed = run(["-m", "planner", *shlex.split(command)]).stdout.splitlines()
    position = 0
    gap = False
    for line in shown.splitlines():
        if line.strip() == "...":
            gap = True
            continue
        if gap:
            assert line in printed[position:], line
            position = printed.index(line, position) + 1
            gap = False
        else:
            assert printed[position] == line
            position += 1


@pytest.mark.parametrize("name", ["README.md"])
def test_python_block(name: str) -> None:
    for source in PYTHON.findall((ROOT / name).read_text(encoding="utf-8")):
        done = run(["-c", source])
        assert done.returncode == 0, done.stderr
        assert "pc-q35-4.0" in done.stdout


def test_documented_exit_codes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)}
    assert documented == {
        exits.ANSWERED,
        exits.BUG,
        exits.USAGE,
        exits.UNREADABLE,
        exits.UNSAFE,
        exits.UNDECIDED,
    }
