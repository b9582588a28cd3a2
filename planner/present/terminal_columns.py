"""Aligned columns of text, folded at blanks to a width; knows nothing of the field."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

GAP = 2
"""Blanks between two columns."""


def aligned(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int], width: int
) -> Iterator[str]:
    """Yield a header and rows as lines of at most `width` columns where words allow.

    `right` are the places of columns that are aligned to the right. A cell is folded below itself at
    blanks only: where one word is wider than its share, the line is longer than `width`.
    """
    table = [tuple(header), *(tuple(row) for row in rows)]
    widths = _widths(table, width)
    for row in table:
        cells = [_wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            sized = (
                part.rjust(size) if place in right else part.ljust(size)
                for place, (part, size) in enumerate(zip(parts, widths, strict=True))
            )
            yield f" {(' ' * GAP).join(sized)}".rstrip()


def _widths(table: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return a width for each column: what its cells need, the widest ones narrowed to the whole."""
    columns = list(zip(*table, strict=True))
    widths = [max(map(len, column)) for column in columns]
    least = [max(_longest_word(cell) for cell in column) for column in columns]
    surplus = 1 + sum(widths) + GAP * (len(widths) - 1) - width
    while surplus > 0:
        loose = [place for place, size in enumerate(widths) if size > least[place]]
        if not loose:
            break
        widths[max(loose, key=lambda place: (widths[place], place))] -= 1
        surplus -= 1
    return widths


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(1, width), break_long_words=False, break_on_hyphens=False)
