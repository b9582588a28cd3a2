"""How values show themselves: a number with its noun, and HTML, which who knows how registers."""

from __future__ import annotations

from functools import singledispatch
from html import escape


@singledispatch
def html_of(value: object) -> str:
    """Return a value as HTML; names of hosts and pools are text, whatever they look like."""
    return f"<pre>{escape(repr(value))}</pre>"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
