"""How values show themselves: a number with its noun, and HTML, which who knows how registers.

Any layer may teach it a type (`html_of.register`), so it is in no layer's own module.

>>> counted(1, "host"), counted(12_000, "host")
('1 host', '12,000 hosts')
>>> html_of("<pool>")
'<pre>&#x27;&lt;pool&gt;&#x27;</pre>'
"""

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
