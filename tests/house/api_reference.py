"""Write docs/reference/api.md from docstrings of public names: `python -m tests.house.api_reference`."""

from __future__ import annotations

import inspect
from pathlib import Path

import planner

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"
HEAD = """# Public names of `planner`

Written from the docstrings by `python -m tests.house.api_reference`; a test keeps it true. Examples:
[library.md](../guides/library.md).
"""


def page() -> str:
    """Return the text of the reference."""
    parts = [HEAD]
    for name in planner.__all__:
        value = getattr(planner, name)
        if callable(value):
            text = inspect.getdoc(value) or ""
            parts.append(f"## {name}\n\n```text\n{_signature(name, value)}\n```\n\n{text}\n")
    return "\n".join(parts)


def _signature(name: str, value: object) -> str:
    if inspect.isclass(value) and issubclass(value, Exception):
        return f"{name}(problems)"
    found = inspect.signature(value)  # type: ignore[arg-type]
    words: list[str] = []
    starred = False
    for one in found.parameters.values():
        if one.kind is one.KEYWORD_ONLY and not starred:
            words.append("*")
        starred = starred or one.kind in {one.KEYWORD_ONLY, one.VAR_POSITIONAL}
        star = "*" if one.kind is one.VAR_POSITIONAL else ""
        default = "" if one.default is one.empty else f" = {_shown(one.default)}"
        words.append(f"{star}{one.name}: {one.annotation}{default}")
    result = "" if inspect.isclass(value) else f" -> {found.return_annotation}"
    body = "".join(f"    {word},\n" for word in words)
    return f"{name}(\n{body}){result}" if words else f"{name}(){result}"


def _shown(value: object) -> str:
    """Return a default as Python writes it, members of sets in order."""
    if isinstance(value, frozenset) and value:
        return f"frozenset({{{', '.join(sorted(map(repr, value)))}}})"
    return repr(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
