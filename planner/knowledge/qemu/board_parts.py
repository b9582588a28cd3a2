"""The parts that a machine has by its board, whatever devices it is started with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from planner.domain.capability import Evidence
from planner.domain.truth import Truth
from planner.knowledge.files.rows import Row
from planner.knowledge.qemu.inventory import Inventory
from planner.knowledge.qemu.read_tables import BOARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board with the devices that each of its machines has, and those that only some have."""

    name: str
    parts: frozenset[str]
    some: frozenset[str]
    evidence: Evidence
    source: str


def read_board(row: Row) -> Board:
    """Read a board's own devices."""
    return row.make(Board, name=row.text("board"))


class BoardParts:
    """Look-ups over the boards and the inventories, which tell whose parts a user never creates."""

    def __init__(self, inventory: Inventory, boards: Iterable[Board]) -> None:
        """Keep both."""
        self._inventory = inventory
        self._boards = {row.name: row for row in boards}
        self.has = cache(self._has)

    @property
    def boards(self) -> tuple[Board, ...]:
        """Every row."""
        return tuple(self._boards.values())

    def _has(self, arch: str, board: str, qom_type: str) -> Truth:
        """Return whether a machine has a part of a type that no list of devices names.

        NO of a type that users give, too: the list tells of it.
        """
        row = self._boards.get(board)
        if row is not None and qom_type in self._kinds(arch, row.parts):
            return Truth.YES
        if row is not None and qom_type in self._kinds(arch, row.some):
            return Truth.UNKNOWN
        if not self._is_of_boards(arch, qom_type):
            return Truth.NO
        others = (other.parts | other.some for other in self._boards.values() if other != row)
        is_elsewhere = row is not None and qom_type in frozenset[str]().union(*others)
        return Truth.NO if is_elsewhere else Truth.UNKNOWN

    def _kinds(self, arch: str, devices: Iterable[str]) -> frozenset[str]:
        return frozenset(kind for device in devices for kind in self._chain(arch, device))

    def _chain(self, arch: str, device: str) -> Iterator[str]:
        """Yield a device's type and those that it descends from on any build, without general ones."""
        waiting, seen = [device], set[str]()
        while waiting:
            kind = waiting.pop()
            if kind in seen or kind.endswith("device"):
                continue
            seen.add(kind)
            yield kind
            rows = self._inventory.of(arch).rows_of("devices", kind)
            waiting += [cells[0] for cells, _ in rows if cells[0]]

    def _is_of_boards(self, arch: str, qom_type: str) -> bool:
        rows = self._inventory.of(arch).rows_of("devices", qom_type)
        return bool(rows) and all(cells[1] == BOARD for cells, _ in rows)
