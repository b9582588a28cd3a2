"""Lines of text with a style for a terminal, folded to a width; knows nothing of the field."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache

from planner.present.terminal_columns import aligned

WIDTH = 80
"""Columns of a report that no narrower terminal shows."""
NARROWEST = 40


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
    """A paragraph of output: `head` stands before its first line, `rest` before the others.

    Without margins it is a line that is folded only if it is too long.
    """

    text: str
    style: Style = Style.PLAIN
    head: str | None = None
    rest: str = ""

    def rows(self, width: int) -> tuple[str, ...]:
        """Return the lines that it takes in `width` columns; long words such as flags stay whole."""
        if self.head is not None:
            return _folded(self.text, self.head, self.rest, width)
        if len(self.text) <= width:
            return (self.text,)
        margin = " " * (len(self.text) - len(self.text.lstrip()))
        return _folded(self.text.lstrip(), margin, f"{margin}  ", width)


@dataclass(frozen=True, slots=True)
class TextTable(Line):
    """Rows under a header, every column as wide as the whole allows; `right`: aligned to the right."""

    text: str = ""
    header: tuple[str, ...] = ()
    body: tuple[tuple[str, ...], ...] = ()
    right: frozenset[int] = frozenset()

    def rows(self, width: int) -> tuple[str, ...]:
        """Return the header and the rows in `width` columns."""
        return tuple(aligned(self.header, self.body, right=self.right, width=width))


@dataclass(frozen=True, slots=True)
class CommandLine(Line):
    """A command to be pasted: where it is too long it goes on behind a backslash, at a word."""

    def rows(self, width: int) -> tuple[str, ...]:
        """Return the lines that it takes; a word is never broken, and a shell reads all as one."""
        head = self.head or ""
        words = list[str]()
        for word in shlex.split(self.text):
            if words and words[-1].startswith("--") and not word.startswith("-"):
                words[-1] += f" {shlex.quote(word)}"
            else:
                words.append(shlex.quote(word))
        rows, row = [], head + words[0]
        for word in words[1:]:
            if len(row) + len(word) + 3 > width:
                rows.append(f"{row} \\")
                row = f"{' ' * len(head)}  {word}"
            else:
                row += f" {word}"
        return (*rows, row)


def commands(texts: Iterable[str]) -> Iterator[Line]:
    """Yield commands to go on with, each to be pasted."""
    for number, text in enumerate(texts):
        yield CommandLine(text, Style.DIM, "      " if number else "next: ")


def folded(
    text: str, *, label: str = "", indent: int = 0, hang: int = 2, style: Style = Style.PLAIN
) -> list[Line]:
    """Return `text` as a paragraph behind an optional label."""
    head = " " * indent + label
    rest = " " * (len(head) + hang if not label else len(head))
    return [Line(text, style, head, rest)]


@cache
def _folded(text: str, head: str, rest: str, width: int) -> tuple[str, ...]:
    """Fold a text between two margins; most texts of a long report are told many times."""
    found = textwrap.wrap(
        text,
        width=width,
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
