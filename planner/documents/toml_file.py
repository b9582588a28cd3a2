"""A TOML file to a table; what is wrong with it is told with its line."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import tomli

from planner.documents.complaints import Complaints, Lines
from planner.documents.places import toml_lines
from planner.documents.sources import MOST_WRITTEN, read_source
from planner.domain.errors import Location, Problem


def load_toml(path: Path, complaints: Complaints) -> dict[str, object] | None:
    """Return the table of a file, None with a complaint if there is none.

    From then on the complaints know the lines of the file.
    """
    try:
        text = read_source(path, MOST_WRITTEN).decode("utf-8-sig")
        cells = tomli.loads(text)
    except OSError as error:
        complaints.add((), error.strerror or "cannot be read")
    except UnicodeDecodeError:
        complaints.add((), "not TOML: not UTF-8")
    except tomli.TOMLDecodeError as error:
        complaints.problems.append(_no_toml(complaints.file, str(error)))
    except ValueError:
        complaints.add((), "not TOML: a number of too many digits")
    except RecursionError:
        complaints.add((), "not TOML: nested too deeply")
    else:
        complaints.line_of = Lines(partial(toml_lines, text)).line_of
        return cells
    return None


def _no_toml(file: str, error: str) -> Problem:
    """Return the problem of a text that is no TOML, with the place that the parser names."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", error)
    if found is None:
        return Problem(location=Location(file=file), what=f"not TOML: {error}")
    place = Location(file=file, line=int(found[2]), column=found[3])
    return Problem(location=place, what=f"not TOML: {found[1]}")
