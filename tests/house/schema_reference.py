"""Write plan-2.json and probe-1.json of docs/schema by types: `python -m tests.house.schema_reference`.

What a key is called, whether it may be null and which words it takes is the types': those by which plans
are read, and those by which the writer of probes is checked. What it means, and what no type can say
(a pattern, a least number), stands in a TOML file beside the schema, a table a type.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from planner.documents.typed import model_of
from planner.fleet.plan_file import SCHEMA, PlanDocument
from planner.probe.document import ProbeDocument

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"
TITLES = {"plan-2": "Document of `planner plan`", "probe-1": "Probe file of one host"}


class Plainly(GenerateJsonSchema):
    """A schema without titles for keys and without other keys, whose days every validator checks."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def date_schema(self, schema: object) -> Json:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

    def typed_dict_schema(self, schema: Any) -> Json:
        return super().typed_dict_schema(schema) | {"additionalProperties": False}


def page(name: str) -> str:
    """Return the text of a schema."""
    types = {"plan-2": model_of(PlanDocument), "probe-1": ProbeDocument}
    found = TypeAdapter(types[name]).json_schema(schema_generator=Plainly)
    if name == "plan-2":
        found["properties"] = {"schema": {"const": SCHEMA}, **found["properties"]}
        found["required"].insert(0, "schema")
    words = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    for kind, shape in {"Document": found, **found["$defs"]}.items():
        about = words.pop(kind, {})
        for key, each in shape.get("properties", {}).items():
            said = about.pop(key, {})
            each.update({"description": said} if isinstance(said, str) else said)
        shape.update(about)
    assert not words, f"words for types that {name} does not have: {', '.join(words)}"
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fleet-machine-type-planner:schema:{name}",
        **found,
        "title": TITLES[name],
    }
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    for name in TITLES:
        (FOLDER / f"{name}.json").write_text(page(name), encoding="utf-8")
