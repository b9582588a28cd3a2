"""The closed vocabulary: what conditions, macros and calls in KVM's source mean."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from planner.harvest.kernel.logic import Formula, atom, both


@dataclass(frozen=True, slots=True)
class ConditionMeaning:
    """What a text in a condition means: `is` is true, false, hardware or param."""

    pattern: re.Pattern[str]
    meaning: str
    parameter: Mapping[str, str]

    def formula(self, text: str, vendor: str) -> Formula:
        """Return the formula for one vendor's module."""
        if self.meaning in {"true", "false"}:
            return self.meaning == "true"
        if self.meaning == "hardware":
            return atom("hardware", text)
        name = self.parameter.get(vendor, self.parameter.get("any", ""))
        if not name:
            return False
        switch = atom("param", name)
        return both(switch, atom("hardware", text)) if self.meaning == "param+hardware" else switch


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of `words.toml`."""

    configuration: Mapping[str, bool]
    optional: frozenset[str]
    conditions: tuple[ConditionMeaning, ...]
    macros: Mapping[str, str]
    calls: Mapping[str, str]
    values: tuple[tuple[re.Pattern[str], str], ...]
    numbers: Mapping[str, int]
    hooks: Mapping[str, str]
    table: Mapping[str, object]

    def condition(self, text: str, vendor: str) -> Formula | None:
        """Return what a condition means, None if no rule mentions it."""
        for one in self.conditions:
            if one.pattern.fullmatch(text):
                return one.formula(text, vendor)
        return None

    def value(self, text: str) -> str | None:
        """Return what an expression's bits are: `hardware`, `zero`, `all`; None if unknown."""
        found = (meaning for pattern, meaning in self.values if pattern.fullmatch(text))
        return next(found, None)


@cache
def words() -> Words:
    """Read the vocabulary."""
    text = (files("planner.harvest.kernel") / "words.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    conditions = [
        ConditionMeaning(re.compile(row["text"]), row["is"], _parameters(row.get("parameter", "")))
        for row in table["condition"]
    ]
    return Words(
        configuration=table["configuration"],
        optional=frozenset(table["optional"]),
        conditions=tuple(conditions),
        macros=table["macros"],
        calls=table["calls"],
        values=tuple((re.compile(row["text"]), row["is"]) for row in table["value"]),
        numbers=table["numbers"],
        hooks=table["hooks"],
        table=table,
    )


def _parameters(given: str | dict[str, str]) -> Mapping[str, str]:
    return {"any": given} if isinstance(given, str) else given
