"""Lines of text with a style for a terminal, folded to a width; knows nothing of the field."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from enum import Enum
from functools import cache

WIDTH = 80


class Style(Enum):
    """How a line stands out where colour is possible."""

    PLAIN = "plain"
    HEAD = "head"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    DIM = "dim"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output without its newline."""

    text: str
    style: Style = Style.PLAIN


def folded(
    text: str, *, label: str = "", indent: int = 0, hang: int = 2, style: Style = Style.PLAIN
) -> list[Line]:
    """Fold `text` to the width behind an optional label; long words such as flags stay whole."""
    head = " " * indent + label
    rest = " " * (len(head) + hang if not label else len(head))
    return [Line(line, style) for line in _folded(text, head, rest)]


@cache
def _folded(text: str, head: str, rest: str) -> tuple[str, ...]:
    """Fold a text between two margins; most texts of a long report are told many times."""
    found = textwrap.wrap(
        text,
        width=WIDTH,
        initial_indent=head,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return tuple(found) or (head.rstrip(),)


def listed(names: tuple[str, ...], total: int) -> str:
    """Write example names, and how many there are beyond them."""
    shown = ", ".join(names)
    return shown if total <= len(names) else f"{shown}, ... {total} in all"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
