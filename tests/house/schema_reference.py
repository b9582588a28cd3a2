"""Write docs/schema/plan-2.json from the types of a plan: `python -m tests.house.schema_reference`.

What a key is called, whether it may be null and which words it takes is the types', as the reader of
plans takes them. What it means, and what no type can say (a pattern, a least number), stands in
docs/schema/plan-2.toml, a table a type.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from planner.documents.typed import model_of
from planner.fleet.plan_file import SCHEMA, PlanDocument

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"
PAGE, WORDS = FOLDER / "plan-2.json", FOLDER / "plan-2.toml"


class Plainly(GenerateJsonSchema):
    """A schema without titles for keys, whose days are checked by every validator."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def date_schema(self, schema: object) -> Json:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def page() -> str:
    """Return the text of the schema."""
    found = model_of(PlanDocument).model_json_schema(schema_generator=Plainly)
    found["properties"] = {"schema": {"const": SCHEMA}, **found["properties"]}
    found["required"].insert(0, "schema")
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    for name, shape in {"Plan": found, **found["$defs"]}.items():
        for key, each in shape.get("properties", {}).items():
            said = words[name].pop(key, {})
            each.update({"description": said} if isinstance(said, str) else said)
        shape.update(words.pop(name, {}))
    assert not words, f"words for types that a plan does not have: {', '.join(words)}"
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:fleet-machine-type-planner:schema:plan-2",
        **found,
        "title": "Document of `planner plan`",
    }
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
