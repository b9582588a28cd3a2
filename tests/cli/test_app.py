"""The command line as a whole: every command explains itself, and is typed by its name alone."""

from __future__ import annotations

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from planner.cli.app import app

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"], catch_exceptions=False)
    assert done.exit_code == 0
    assert f"planner {command}" in done.stdout.replace("Usage: root", "Usage: planner")
    assert "Example" in done.stdout


def test_the_first_page_names_every_command() -> None:
    done = CliRunner().invoke(app, ["--help"], catch_exceptions=False)
    named = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("│ ")}
    text = done.stdout.split()
    assert not [command for command in COMMANDS if command not in text and command not in named]


def test_a_command_that_is_none_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["sovle"]).exit_code == 2
