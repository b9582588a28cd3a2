"""One kernel into the harvested tables: read, compared with its neighbour, refused or written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.domain.errors import PlannerError, wrong_word
from planner.harvest.kernel.inventory import (
    PARTS,
    X86_PARTS,
    KernelInventory,
    numbers_of,
    read_inventory,
)
from planner.harvest.kernel.names import read_names
from planner.harvest.kernel.table import (
    FOLDER,
    News,
    Release,
    extend,
    read_tables,
    refuse_losses,
    texts_of,
)
from planner.harvest.kernel.tree import read_tree
from planner.harvest.kernel.words import words

DEFAULT_LINE = "mainline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """A reading that nothing speaks against, with the files that differ by their path."""

    release: Release
    news: News
    facts: int
    texts: dict[Path, str]


def harvest_kernel(
    place: Path,
    data: Path,
    *,
    line: str = "",
    release: str = "",
    source: str = "",
    parts: Sequence[str] = X86_PARTS,
    accepted: Collection[str] = (),
) -> Harvest:
    """Read a source tree; raises `PlannerError` for what is not understood or silently gone."""
    vocabulary = words()
    tree = read_tree(place, vocabulary.configuration, vocabulary.optional)
    arch = _architecture(parts)
    inventory = read_inventory(tree, read_names(data), vocabulary, arch=arch, parts=parts)
    if inventory.problems:
        raise PlannerError(inventory.problems)
    row = Release(
        line=line or DEFAULT_LINE,
        release=release or tree.version,
        arch=arch,
        source=source or place.name,
        parts=tuple(parts),
    )
    _fits(row, inventory)
    tables = read_tables(data)
    news = extend(tables, row, inventory)
    refuse_losses(news, accepted)
    texts = {data / FOLDER / name: text for name, text in texts_of(tables).items()}
    return Harvest(
        release=row,
        news=news,
        facts=sum(one.given != "no" for one in inventory.facts.values()),
        texts={path: text for path, text in texts.items() if text != _old(path)},
    )


def _architecture(parts: Sequence[str]) -> str:
    """Return the architecture that parts are about; raises `PlannerError` for other words."""
    known = [part for own in PARTS.values() for part in own]
    wrong = sorted(set(parts) - set(known))
    if wrong:
        remedy = f"allowed: {', '.join(known)}"
        raise PlannerError([wrong_word("--part", f"no part {', '.join(wrong)}", remedy)])
    found = next((arch for arch, own in PARTS.items() if set(parts) <= set(own)), "")
    if not found:
        what = f"{', '.join(parts)} are of different architectures"
        raise PlannerError([wrong_word("--part", what, "read them one after the other")])
    return found


def _fits(row: Release, inventory: KernelInventory) -> None:
    """Refuse a tree under the name of another series."""
    if not row.release:
        what = "the tree's Makefile says no version"
        raise PlannerError([wrong_word("--release", what, "give --release")])
    told, named = numbers_of(inventory.version)[:2], numbers_of(row.release)[:2]
    if told and told != named:
        what = f"the tree is {inventory.version}, which is not of the series of {row.release}"
        raise PlannerError([wrong_word("--release", what)])


def _old(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
