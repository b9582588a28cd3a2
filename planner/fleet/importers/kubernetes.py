"""Parts of the JSON that kubectl prints, with the path of each for messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from planner.documents.complaints import Complaints, Steps
from planner.documents.json_file import load_json
from planner.documents.values import shown

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JsonObject:
    """One object of a list, where it is, and where to complain of it."""

    value: Mapping[str, object]
    steps: Steps
    complaints: Complaints

    def complain(self, keys: Keys, what: str, remedy: str = "") -> None:
        """Note a problem at a path below this object."""
        steps = self.steps
        for key in keys:
            steps = (steps, key)
        self.complaints.add(steps, what, remedy)

    def get(self, *keys: str) -> object:
        """Return the value at a path, None if the path ends early or leads through no object."""
        value: object = self.value
        for place, key in enumerate(keys):
            if not isinstance(value, dict):
                if value is not None:
                    self.complain(keys[:place], f"{shown(value)} is not an object")
                return None
            value = value.get(key)
        return value

    def word(self, *keys: str) -> str:
        """Return a text that may be missing (then it is empty)."""
        value = self.get(*keys)
        if value is None or isinstance(value, str):
            return value or ""
        self.complain(keys, f"{shown(value)} is not a text")
        return ""

    def text(self, *keys: str) -> str:
        """Return a text that must be there; empty with a complaint if it is not."""
        before = len(self.complaints.problems)
        found = self.word(*keys)
        if not found and len(self.complaints.problems) == before:
            self.complain(keys, "is missing")
        return found

    def mapping(self, *keys: str) -> Mapping[str, object]:
        """Return an object that may be missing (then it is empty)."""
        value = self.get(*keys)
        if value is None or isinstance(value, dict):
            return value or {}
        self.complain(keys, f"{shown(value)} is not an object")
        return {}

    def parts(self, *keys: str) -> Iterator[JsonObject]:
        """Yield the objects of a list that may be missing."""
        value = self.get(*keys)
        steps = self.steps
        for key in keys:
            steps = (steps, key)
        yield from parts_of(value, steps, self.complaints)


def parts_of(value: object, steps: Steps, complaints: Complaints) -> Iterator[JsonObject]:
    """Yield the objects of a list; complain of what is no list and no object."""
    if not isinstance(value, list | None):
        complaints.add(steps, f"{shown(value)} is not a list")
        return
    for place, one in enumerate(value or ()):
        if isinstance(one, dict):
            yield JsonObject(one, (steps, place), complaints)
        else:
            complaints.add((steps, place), f"{shown(one)} is not an object")


def items_of(path: Path, kind: str, complaints: Complaints) -> Iterator[JsonObject]:
    """Yield the objects of a kind of what `kubectl get -o json` prints: a list, or one object."""
    document = load_json(path, complaints)
    if not complaints.problems:
        yield from parts_of_kind(document, kind, complaints)


def parts_of_kind(document: object, kind: str, complaints: Complaints) -> Iterator[JsonObject]:
    """Yield the objects of a kind of a document that was read."""
    if not isinstance(document, dict):
        complaints.add((), f"{shown(document)} is not what `kubectl get -o json` prints")
        return
    if document.get("kind") == kind:
        yield JsonObject(document, (), complaints)
        return
    if "items" not in document:
        complaints.add((), f"kind {shown(document.get('kind'))}, neither {kind} nor a list of them")
    for part in parts_of(document.get("items"), ((), "items"), complaints):
        if part.get("kind") == kind:
            yield part
        else:
            part.complain(("kind",), f"{shown(part.get('kind'))} is not {kind}")
