"""Which options a kernel's own Kconfig selects for KVM, so that no reader needs to guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

BLOCK = re.compile(r"^(?:menu)?config (\w+)\n((?:[ \t]+.*\n|\n)*)", re.MULTILINE)
SELECT = re.compile(r"^\s*(?:select|imply) (\w+)(?: if (.*))?$", re.MULTILINE)
DEFAULT = re.compile(r"^\s*(?:def_bool|default) (y|m)(?: if (.*))?$", re.MULTILINE)
PROMPT = re.compile(r'^\s*(?:bool|tristate|prompt) "', re.MULTILINE)


def decided(texts: Iterable[str], known: Mapping[str, bool]) -> dict[str, bool]:
    """Return what is selected by the options that `known` says are on, and what never is."""
    blocks = {name: body for text in texts for name, body in BLOCK.findall(text + "\n")}
    on = {name.removeprefix("CONFIG_") for name, value in known.items() if value}
    off = {name.removeprefix("CONFIG_") for name, value in known.items() if not value}
    while True:
        more = {
            name
            for one in on & set(blocks)
            for name, condition in SELECT.findall(blocks[one])
            if _holds(condition, on)
        }
        more |= {
            name
            for name, body in blocks.items()
            if not PROMPT.search(body)
            and any(_holds(condition, on) for _, condition in DEFAULT.findall(body))
            and _depends(body, on)
        }
        if more - off <= on:
            break
        on |= more - off
    hidden = {name for name, body in blocks.items() if not PROMPT.search(body)}
    found = {f"CONFIG_{name}": True for name in on}
    found |= {f"CONFIG_{name}": False for name in hidden - on}
    return {**found, **known}


def _holds(condition: str, on: set[str]) -> bool:
    """Return whether an `if` of simple words holds."""
    words = re.findall(r"!?\w+", condition)
    if "||" in condition:
        return any((word.lstrip("!") in on) != word.startswith("!") for word in words)
    return all((word.lstrip("!") in on) != word.startswith("!") for word in words)


def _depends(body: str, on: set[str]) -> bool:
    found = re.findall(r"^\s*depends on (.*)$", body, re.MULTILINE)
    return all(_holds(one, on) for one in found)
