"""The lock file has a release, with hashes, of all that the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)", re.MULTILINE)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements() -> list[Requirement]:
    """Return what the project and all its extras ask for, but itself."""
    extras = PROJECT["optional-dependencies"].values()
    every = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    found = [Requirement(text) for text in every]
    return [one for one in found if plain(one.name) != plain(PROJECT["name"])]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_a_requirement_is_locked(requirement: Requirement) -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    versions = {plain(found["name"]): found["version"] for found in LOCKED.finditer(text)}
    assert plain(requirement.name) in versions, "run make lock"
    assert requirement.specifier.contains(versions[plain(requirement.name)]), "run make lock"


def test_every_locked_release_has_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text)
    bare = [block for block in blocks if LOCKED.match(block) and "--hash=sha256:" not in block]
    assert not bare
    assert "http" not in text, "the lock names no place to load from"
