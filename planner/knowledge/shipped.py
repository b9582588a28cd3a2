"""The rows that come with the program, with a user's own laid over them; each set is read once."""

from __future__ import annotations

from functools import cache
from os import PathLike
from pathlib import Path

from planner.knowledge import load
from planner.knowledge.base import KnowledgeBase

Name = str | PathLike[str]


def load_knowledge(*folders: Name) -> KnowledgeBase:
    """Return the shipped rows with those of `folders` laid over them, the last on top.

    Raises `KnowledgeError` with every row that cannot be read.
    """
    return _loaded(tuple(Path(folder) for folder in folders))


@cache
def _loaded(folders: tuple[Path, ...]) -> KnowledgeBase:
    return load.load_knowledge(*folders)
