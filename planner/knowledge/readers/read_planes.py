"""Rows that are read when somebody first asks for them: of planes, and of what is rarely used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from planner.domain.errors import KnowledgeError
from planner.knowledge.files.catalogue import BY_NAME
from planner.knowledge.files.folder import Folder
from planner.knowledge.files.rows import Row, made
from planner.knowledge.plane_rows import (
    DeviceAlias,
    KubevirtRelease,
    LauncherImage,
    Launchers,
    PlaneBoard,
    PlaneRows,
    QemuPackage,
    Written,
)

T = TypeVar("T")


def read_late(folder: Folder, name: str, reader: Callable[[Row], T]) -> tuple[T, ...]:
    """Read a table whose file is read when it is first asked about."""
    found = tuple(folder.read(name, reader))
    files = folder.files(BY_NAME[name].files)
    problems = tuple(problem for file in files for problem in file.surplus())
    if problems:
        raise KnowledgeError(problems)
    return found


def read_planes(folder: Folder) -> PlaneRows:
    """Read what management planes call things, late."""
    return PlaneRows(
        partial(read_late, folder, "qemu-packages", made(QemuPackage)),
        partial(_launchers, folder),
        partial(_written, folder),
    )


def _launchers(folder: Folder) -> Launchers:
    images = tuple(folder.read("kubevirt-images", made(LauncherImage)))
    return read_late(folder, "kubevirt-releases", made(KubevirtRelease)), images


def _written(folder: Folder) -> Written:
    boards = tuple(folder.read("plane-boards", made(PlaneBoard)))
    return boards, read_late(folder, "plane-devices", _alias)


def _alias(row: Row) -> DeviceAlias:
    return row.make(DeviceAlias, values=row.texts("is"))
