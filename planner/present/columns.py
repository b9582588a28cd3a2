"""Aligned columns of text, the last one folded; knows nothing of the field."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

GAP = 2
"""Blanks between two columns."""
NARROWEST_LAST = 16
"""Columns of the last field that are worth folding into."""


def aligned(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int], width: int
) -> Iterator[str]:
    """Yield a header and rows as lines of at most `width` columns where words allow.

    `right` are the places of columns that are aligned to the right. The last column is folded below
    itself.
    """
    table = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(header) - 1)]
    indent = 1 + sum(size + GAP for size in widths)
    room = max(NARROWEST_LAST, width - indent)
    for row in table:
        cells = (
            cell.rjust(size) if place in right else cell.ljust(size)
            for place, (cell, size) in enumerate(zip(row, widths, strict=False))
        )
        head = " " + "".join(f"{cell}{' ' * GAP}" for cell in cells)
        last, *more = textwrap.wrap(
            row[-1], room, break_long_words=False, break_on_hyphens=False
        ) or [""]
        yield f"{head}{last}".rstrip()
        yield from (" " * indent + line for line in more)
