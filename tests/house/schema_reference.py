"""Write docs/schema/plan-2.json from the types of a plan: `python -m tests.house.schema_reference`.

What a key is called, whether it may be null and which words it takes is the types'. What it means, and
what no type can say (a pattern, a least number), stands in docs/schema/plan-2.toml, a table a type.
"""

from __future__ import annotations

import datetime
import json
import tomllib
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from planner.documents.typed import KEYS
from planner.domain.compat import CompatFlag
from planner.domain.plans.plan import (
    PARTS,
    Bounds,
    DomainPlan,
    FlipState,
    HostUpgrade,
    Mitigation,
    Plan,
    RadarEntry,
    Signed,
)
from planner.fleet.plan_file import SCHEMA

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"
PAGE, WORDS = FOLDER / "plan-2.json", FOLDER / "plan-2.toml"
NAMES = {
    DomainPlan: "domain",
    Mitigation: "remedy",
    HostUpgrade: "upgrade",
    FlipState: "state",
    RadarEntry: "radar",
}
"""What a type is called in the schema, where that is not its name in small letters."""
PLAIN: dict[object, Json] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": 0},
    Signed: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    CompatFlag: {"type": "string", "pattern": r"^[^=]+\.[^.=]+=.+$"},
    datetime.date: {"$ref": "#/$defs/day"},
}


class Schema:
    """The definitions that types ask for, in the order in which they are met."""

    def __init__(self, words: Json) -> None:
        """Keep the words of every definition."""
        self.words = words
        self.definitions: dict[str, Json] = {"day": words.pop("day")}

    def of(self, kind: object) -> Json:
        """Return the schema of a type; one of a dataclass of its own is a definition."""
        args = get_args(kind)
        if kind in PLAIN:
            return dict(PLAIN[kind])
        if isinstance(kind, type) and is_dataclass(kind):
            name = NAMES.get(kind, kind.__name__.lower())
            if kind is Bounds:
                return self.table(name, kind)
            if name not in self.definitions:
                self.definitions[name] = self.table(name, kind)
            return {"$ref": f"#/$defs/{name}"}
        if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
            return {"enum": list(args) or [member.value for member in cast("type[Enum]", kind)]}
        if get_origin(kind) is tuple:
            return {"type": "array", "items": self.of(args[0])}
        assert args[1:] == (NoneType,), kind
        return _or_null(self.of(args[0]))

    def table(self, name: str, kind: type) -> Json:
        """Return the schema of a dataclass: every field is a key, and no other key is one."""
        types = get_type_hints(kind, include_extras=True)
        keys = {KEYS.get(each.name, each.name): types[each.name] for each in fields(kind)}
        return self.keyed(name, {key: self.of(kind) for key, kind in keys.items()})

    def keyed(self, name: str, properties: dict[str, Json]) -> Json:
        """Return the schema of an object with these keys, with the words for it and for them."""
        words = self.words.pop(name)
        about = words.pop("about")
        for key, shape in properties.items():
            said = words.pop(key, {})
            shape.update({"description": said} if isinstance(said, str) else said)
        assert not words, f"words for keys that {name} does not have: {', '.join(words)}"
        return {
            "type": "object",
            "description": about,
            "additionalProperties": False,
            "required": list(properties),
            "properties": properties,
        }


def _or_null(shape: Json) -> Json:
    if "type" in shape:
        return {**shape, "type": [shape["type"], "null"]}
    return shape if shape == PLAIN[datetime.date] else {"anyOf": [shape, {"type": "null"}]}


def page() -> str:
    """Return the text of the schema."""
    schema = Schema(tomllib.loads(WORDS.read_text(encoding="utf-8")))
    types = get_type_hints(Plan, include_extras=True)
    digest = {"digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{32}$"}}
    top = {
        "schema": {"const": SCHEMA},
        "knowledge": schema.keyed("knowledge", {"digest": dict(digest["digest"])}),
        "fleet": schema.keyed("fleet", {"digest": dict(digest["digest"])}),
        "guest_profile": schema.of(types["guest_profile"]),
        **{part: schema.of(types[part]) for part in PARTS},
    }
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:fleet-machine-type-planner:schema:plan-2",
        "title": "Document of `planner plan`",
        **schema.keyed("plan", top),
        "$defs": schema.definitions,
    }
    assert not schema.words, f"words for types that a plan does not have: {', '.join(schema.words)}"
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
