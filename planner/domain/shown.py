"""How values show themselves in a notebook: who knows how registers it, the domain draws nothing."""

from __future__ import annotations

from functools import singledispatch
from html import escape


@singledispatch
def html_of(value: object) -> str:
    """Return a value as HTML; names of hosts and pools are text, whatever they look like."""
    return f"<pre>{escape(repr(value))}</pre>"
