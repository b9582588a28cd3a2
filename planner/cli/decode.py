"""`planner decode`: what the messages of a migration that failed mean."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.options import KnowledgeFolder, PolicyFile, knowledge_of, policy_of
from planner.cli.screen.console import painted
from planner.cli.screen.output import STANDARD, answer
from planner.domain.errors import UsageError, wrong_word

if TYPE_CHECKING:
    from planner.domain.compat import PropertyKey

MOST_BYTES = 64 << 20
"""Bytes of a log that are read; what stands at its end counts."""


def decode(
    message: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MESSAGE", help="lines of QEMU or libvirt, or two numbers: guest and allowed"
        ),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a log to read; - for standard input")
    ] = None,
    device: Annotated[
        str, typer.Option(metavar="NAME", help="device class, if no line names it: virtio-net, ...")
    ] = "",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """Tell what the messages of a failed start or migration mean: unit, likely cause, what to ask next.

    Example: planner decode --log /var/log/libvirt/qemu/guest.log
    """
    from planner.library.explanations import diagnose
    from planner.present.decode_report import decode_report

    base = knowledge_of(knowledge)
    forbidden = policy_of(policy, base).forbidden

    def is_forbidden(key: PropertyKey) -> bool:
        """Whether policy forbids to set a property, under this name or that of a related type."""
        return any(base.may_set(key, other) for other in forbidden)

    found = diagnose(_text(message, log), device, base)
    answer(painted(decode_report(found, is_forbidden), None), None, exits.ANSWERED)


def _text(message: list[str] | None, log: Path | None) -> str:
    """Return the words of the command line, or what a file or standard input holds."""
    if message and log is not None:
        raise UsageError([wrong_word("--log", "stands beside a message", "give one of them")])
    if message and message != [STANDARD]:
        return " ".join(message)
    if log is None and not message and sys.stdin.isatty():
        raise UsageError([wrong_word("MESSAGE", "is missing", "give lines of a log or --log FILE")])
    name = STANDARD if log is None else str(log)
    try:
        if name == STANDARD:
            return sys.stdin.buffer.read(MOST_BYTES).decode(errors="replace")
        with Path(name).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - MOST_BYTES))
            return file.read(MOST_BYTES).decode(errors="replace")
    except OSError as error:
        raise UsageError([wrong_word("--log", f"{name}: {error.strerror}")]) from error
