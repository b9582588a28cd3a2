"""`planner.toml`: what commands take that name no fleet, found in the working folder or above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.documents.complaints import Complaints, Steps
from planner.documents.toml_file import load_toml
from planner.documents.values import list_of, some_of, text
from planner.domain.errors import FleetError

NAME = "planner.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Inputs that belong together; None or empty is what the file does not say.

    Paths are relative to the folder of the file. `guest_profile` is the name of a profile.
    """

    file: Path
    fleet: Path
    guests: Path | None = None
    policy: Path | None = None
    knowledge: Sequence[Path] = ()
    guest_profile: str = ""


def find_project(start: Path) -> Path | None:
    """Return the nearest `planner.toml` from a folder upwards, None if there is none."""
    folder = start.resolve()
    return next(
        (place / NAME for place in (folder, *folder.parents) if (place / NAME).is_file()), None
    )


def read_project(path: Path) -> Project:
    """Read a project file; raises `FleetError` with every wrong key and missing file at once."""
    complaints = Complaints(str(path))

    def place(value: object, steps: Steps, complaints: Complaints) -> Path | None:
        """Read the path of a file or folder that is there."""
        name = text(value, steps, complaints)
        found = path.parent / Path(name).expanduser()
        if name and not found.exists():
            complaints.add(steps, f"no file or folder '{name}'", f"paths begin at {path.parent}")
        return found if name else None

    reader = some_of(
        {
            "fleet": place,
            "guests": place,
            "policy": place,
            "knowledge": list_of(place),
            "guest_profile": text,
        },
        required=("fleet",),
    )
    cells = load_toml(path, complaints)
    found = {} if cells is None else reader(cells, (), complaints)
    if complaints.problems:
        raise FleetError(complaints.told())
    return Project(file=path, **found)
