"""Write docs/reference/cli.md from the commands themselves: `python -m tests.house.cli_reference`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from planner.cli.app import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
HEAD = """# Command line

Made by `make reference` from the commands themselves. Options stand behind the command;
`--output -` is standard output.
"""


def page() -> str:
    """Return the text of the page."""
    return "\n".join([HEAD, *_commands(get_command(app), "planner")]).rstrip() + "\n"


def _commands(command: Any, path: str) -> Iterator[str]:
    """Yield a command, or those of a group in order."""
    if not isinstance(command, TyperGroup):
        yield from _command(command, path)
        return
    for name, one in command.commands.items():
        yield from _commands(one, f"{path} {name}")


def _command(command: Any, path: str) -> Iterator[str]:
    context = command.context_class(command, info_name=path)
    yield f"## {path}\n"
    yield f"```text\n{' '.join(command.get_usage(context).split())}\n```\n"
    text, _, example = (command.help or "").partition("Example:")
    yield " ".join(text.split()) + "\n"
    if example:
        yield f"Example: `{' '.join(example.split())}`\n"
    records = [one.get_help_record(context) for one in command.get_params(context)]
    rows = [record for record in records if record is not None]
    if rows:
        yield "| argument or option | meaning |\n| --- | --- |"
        for name, meaning in rows:
            yield f"| `{_code(name)}` | {_cell(meaning)} |"
        yield ""


def _code(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
