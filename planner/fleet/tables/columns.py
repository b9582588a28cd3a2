"""Columns of texts as Arrow arrays, and a frame of them; which columns are a table's own affair."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


NEARLY = 0.76
"""How alike two names are of which one is taken for the other misspelt: 1 is equal."""
LIKE = 0.72
"""How alike a known name is that is worth naming beside a column which nobody reads."""


def foreign_columns(header: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the columns of a header that are no misspelt known ones; inventories have many.

    A column is taken for a known one misspelt if they are nearly alike, blanks, dashes and capitals
    apart, and the known one is not there. A column without a name is never foreign.
    """
    absent = [column for column in known if column not in header]
    return tuple(
        column
        for column in dict.fromkeys(header)
        if column and column not in known and not any(_is_nearly(column, one) for one in absent)
    )


def like(column: str, known: Collection[str]) -> str:
    """Return the known column most like a foreign one, an empty text if none is."""
    plain = column.casefold()
    if plain.removesuffix("s") in known:
        return plain.removesuffix("s")
    found = difflib.get_close_matches(plain, sorted(known), n=1, cutoff=LIKE)
    return found[0] if found else ""


def found_for(known: str, header: Collection[str]) -> str:
    """Return the column of a header that was likely meant to be a known one, an empty text if none is.

    `qemu_version` and `hostname` are meant to be `qemu` and `host`: the known name is a part of them.
    """
    plain = {re.sub(r"[\W_]+", "_", column.casefold()): column for column in header}
    near = difflib.get_close_matches(known, sorted(plain), n=1, cutoff=LIKE)
    parts = sorted((name for name in plain if name.startswith(known)), key=len)
    parts += [name for name in sorted(plain) if known in name.split("_")]
    return plain[[*near, *parts][0]] if near or parts else ""


def in_order(names: Sequence[str]) -> tuple[str, ...]:
    """Return names in an order of their own, not that of the rows: `h2` comes before `h10`."""
    return tuple(sorted(sorted(names), key=len))


def _is_nearly(column: str, known: str) -> bool:
    plain = re.sub(r"[\W_]+", "_", column.casefold()).strip("_")
    match = difflib.SequenceMatcher(None, plain, known)
    return (
        match.real_quick_ratio() >= NEARLY
        and match.quick_ratio() >= NEARLY
        and match.ratio() >= NEARLY
    )


def arrow_table(columns: Mapping[str, Sequence[str]]) -> pa.Table:
    """Return texts column by column as a table."""
    import pyarrow as pa

    return pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()})


def frame_of(table: pa.Table, keys: Collection[str]) -> pd.DataFrame:
    """Return a table of texts as a frame: `keys` as categories, for they repeat, others as objects."""
    import pandas as pd

    return pd.DataFrame(
        {
            name: _category(table.column(name)) if name in keys else _objects(table.column(name))
            for name in table.column_names
        }
    )


def _objects(column: Any) -> pd.Series[str]:
    """Return the texts of a column without the blanks around them."""
    import pandas as pd

    return pd.Series([text.strip() for text in column.to_pylist()], dtype=object)


def _category(column: Any) -> pd.Categorical:
    """Return a column as numbers of its texts; texts that differ in blanks only are one."""
    import pandas as pd
    import pyarrow as pa

    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    whole = encoded.unify_dictionaries().combine_chunks()
    part = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    texts = [text.strip() for text in part.dictionary.to_pylist()]
    once = list(dict.fromkeys(texts))
    place = {text: number for number, text in enumerate(once)}
    codes = part.indices.to_numpy()
    if len(once) < len(texts):
        import numpy as np

        codes = np.array([place[text] for text in texts])[codes]
    return pd.Categorical.from_codes(codes, categories=pd.Index(once, dtype=object))
