"""Write the JSON Schemas of docs/schema by types: `python -m tests.house.schema_reference`.

What a key is called, whether it may be null and which words it takes is the types': those by which plans
are read, and those by which the writers of all other documents are checked. What it means, and what no
type can say (a pattern, a least number), stands in a TOML file beside the schema, a table a type; with
`like` a type has the words of another.
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
from planner.gate.policy import GatePolicy
from planner.present import document_types
from planner.present.plans import plan_document_types
from planner.probe.document import ProbeDocument

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"
TYPES: dict[str, tuple[Any, str]] = {
    "gate-1": (GatePolicy, "Policy of `planner gate build`"),
    "plan-2": (model_of(PlanDocument), "Document of `planner plan`"),
    "probe-1": (ProbeDocument, "Probe file of one host"),
    "solution-2": (document_types.SolutionDocument, "Document of `planner solve`"),
    "verdict-3": (document_types.VerdictDocument, "Document of one checked edge"),
    "verdicts-3": (document_types.VerdictsDocument, "Document of many checked edges"),
    "simulation-1": (plan_document_types.SimulationDocument, "Document of `planner simulate`"),
    "status-1": (plan_document_types.StatusDocument, "Document of `planner status`"),
    "unlock-1": (plan_document_types.UnlockDocument, "Document of `planner unlock`"),
    "whatif-1": (plan_document_types.WhatIfDocument, "Document of `planner whatif`"),
}
"""The type and the title of every schema."""
WORDS = {"gate-1": "gate-1", "plan-2": "plan-2", "probe-1": "probe-1"}
"""The file of words of a schema; those of answers share `answers.toml`, for they share types."""


class Plainly(GenerateJsonSchema):
    """A schema without titles for keys and without other keys, whose days every validator checks."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def date_schema(self, schema: object) -> Json:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

    def typed_dict_schema(self, schema: Any) -> Json:
        return super().typed_dict_schema(schema) | {"additionalProperties": False}


def words_file(name: str) -> str:
    """Return the file of words of a schema."""
    return f"{WORDS.get(name, 'answers')}.toml"


def shapes_of(name: str) -> tuple[Json, dict[str, Json]]:
    """Return a schema as the types say it, and the shapes of its types by their names."""
    found = TypeAdapter(TYPES[name][0]).json_schema(schema_generator=Plainly)
    if name == "plan-2":
        found["properties"] = {"schema": {"const": SCHEMA}, **found["properties"]}
        found["required"].insert(0, "schema")
    return found, {found["title"] if name not in WORDS else "Document": found, **found["$defs"]}


def page(name: str) -> str:
    """Return the text of a schema."""
    found, shapes = shapes_of(name)
    words = tomllib.loads((FOLDER / words_file(name)).read_text(encoding="utf-8"))
    for kind, shape in shapes.items():
        about = dict(words.get(kind, {}))
        about = words.get(about.pop("like", ""), {}) | about
        keys = shape.get("properties", {})
        for key, each in keys.items():
            said = about.get(key, {})
            each.update({"description": said} if isinstance(said, str) else said)
        shape.update({key: said for key, said in about.items() if key not in keys})
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fleet-machine-type-planner:schema:{name}",
        **found,
        "title": TYPES[name][1],
    }
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    for name in TYPES:
        (FOLDER / f"{name}.json").write_text(page(name), encoding="utf-8")
