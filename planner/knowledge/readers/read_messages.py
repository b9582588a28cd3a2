"""Rows of messages as values."""

from __future__ import annotations

import re
from string import Formatter

from planner.domain.capability import Evidence
from planner.domain.diagnosis import KnownMessage
from planner.knowledge.files.rows import Row


def read_message(row: Row) -> KnownMessage:
    """Read a message; its texts may name only groups of its pattern."""
    pattern = row.text("pattern")
    try:
        groups = set(re.compile(pattern).groupindex)
    except re.error as error:
        raise row.fail(f"key 'pattern': {error}") from error
    message = KnownMessage(
        id=row.text("id"),
        pattern=pattern,
        says=row.text("says"),
        causes=row.texts("causes"),
        ask=row.texts("ask"),
        unit=row.text("unit", ""),
        follows=row.truth("follows"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )
    texts = (message.says, *message.causes, *message.ask)
    named = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    if foreign := named - groups - {"section"}:
        raise row.fail(f"'{{{min(foreign)}}}' is no group of the pattern")
    return message
