"""A fleet file with the columns `target_kernel` and `target_qemu` filled in; reads it as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from planner.fleet.tables.sources import name_of, opened, refused

TARGETS = ("target_kernel", "target_qemu")


def with_targets(path: Path, targets: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Yield the lines of a CSV fleet file: hosts of `targets` get their (kernel, QEMU), others none.

    Every other column stays as it is. Raises `FleetError` for a file that is no CSV.
    """
    try:
        text = opened(path).read().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error):
        remedy = "write the fleet as CSV, or give --target to planner plan"
        raise refused(name_of(path), "is no CSV to write targets into", remedy) from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    header = [cell.strip() for cell in rows[0]]
    kept = [place for place, name in enumerate(header) if name not in TARGETS]
    host = header.index("host")
    yield _line([*(header[place] for place in kept), *TARGETS])
    for row in rows[1:]:
        way = targets.get(row[host].strip(), ("", ""))
        yield _line([*(row[place] for place in kept), *way])


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
