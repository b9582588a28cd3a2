"""Rows that hardly a command asks for, so they are read late: messages of QEMU, CPU feature bits."""

from __future__ import annotations

import re
from string import Formatter

from planner.domain.capability import CpuWord
from planner.domain.diagnosis import KnownMessage
from planner.knowledge.files.rows import Row


def read_message(row: Row) -> KnownMessage:
    """Read a message; its texts may name only groups of its pattern."""
    pattern = row.text("pattern")
    try:
        groups = set(re.compile(pattern).groupindex)
    except re.error as error:
        raise row.fail(f"key 'pattern': {error}") from error
    message = row.make(KnownMessage, pattern=pattern)
    texts = (message.says, *message.causes, *message.ask)
    named = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    if foreign := named - groups - {"section"}:
        raise row.fail(f"'{{{min(foreign)}}}' is no group of the pattern")
    return message


def read_cpu_word(row: Row) -> CpuWord:
    """Read a register and its features, each as `NAME=BIT`."""
    bits = {}
    for text in row.texts("bits"):
        name, equals, number = text.rpartition("=")
        if not equals or not number.isdecimal() or int(number) > 63:
            raise row.fail(f"'{text}' is not NAME=BIT")
        bits[name.replace("_", "-")] = int(number)
    return row.make(CpuWord, bits=bits)
