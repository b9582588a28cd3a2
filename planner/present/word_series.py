"""Words of a long list drawn together: numbers that follow each other, and large families of names.

>>> list(series(["a", "gpu,max=2", "gpu,max=3", "gpu,max=4", "b"]))
['a', 'gpu,max=2..4', 'b']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

LARGE = 8
"""Names with one beginning that are told by their number: JSON has them all."""
NUMBERED = re.compile(r"(.+=)(\d+)")


def series(words: Sequence[str], *, noun: str = "") -> Iterator[str]:
    """Yield the words in order, each series once, where its first word stands.

    With a `noun` large families are told by their number of these.
    """
    sizes = Counter(_family(word) for word in words)
    told = set[str]()
    for word in _numbers_together(words):
        family = _family(word)
        if not (noun and family) or sizes[family] < LARGE:
            yield word
        elif family not in told:
            told.add(family)
            yield f"{sizes[family]} {noun} {family}-*"


def _family(word: str) -> str:
    """Return the beginning that names of one family share, empty if a word is of none."""
    head, hyphen, _ = word.partition("-")
    return head if hyphen and "=" not in word and " " not in word else ""


def _numbers_together(words: Sequence[str]) -> Iterator[str]:
    """Yield words with numbers that follow each other as one, from the first to the last."""
    place = 0
    while place < len(words):
        found, end = NUMBERED.fullmatch(words[place]), place + 1
        while found and end < len(words):
            number = int(found[2]) + end - place
            if words[end] != f"{found[1]}{number}":
                break
            end += 1
        several = end - place > 1 and found is not None
        yield f"{words[place]}..{words[end - 1].rpartition('=')[2]}" if several else words[place]
        place = end
