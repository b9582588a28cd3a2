r"""How values show themselves: a number with its noun, a text of strangers, and HTML.

Any layer may teach it a type (`html_of.register`), so it is in no layer's own module.

>>> counted(1, "host"), counted(12_000, "host")
('1 host', '12,000 hosts')
>>> harmless("h1\x1b[31m")
'h1\\x1b[31m'
>>> html_of("<pool>")
'<pre>&#x27;&lt;pool&gt;&#x27;</pre>'
"""

from __future__ import annotations

from functools import singledispatch
from html import escape

STEERING = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0x61C,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
)
"""Characters that a terminal obeys, that turn the direction of a text, and that nobody sees."""
ESCAPED = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in STEERING}


@singledispatch
def html_of(value: object) -> str:
    """Return a value as HTML; names of hosts and pools are text, whatever they look like."""
    return f"<pre>{escape(repr(value))}</pre>"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def harmless(text: str) -> str:
    """Return a line with the characters escaped that would steer a terminal or hide in it."""
    return text if text.isprintable() else text.translate(ESCAPED)
