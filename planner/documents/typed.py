"""The reader of a dataclass by the types of its fields: what a document has is said once, in the type.

pydantic reads strictly and finds every problem; here its problems get our ways, lines and words. A
field is the key of its name, but for the two words that Python keeps for itself (`KEYS`); every key must
be there and no other may. A class with `parse` is a text. The JSON Schema of a document is the model's.

>>> from dataclasses import make_dataclass
>>> from planner.documents.complaints import Complaints
>>> Room = make_dataclass("Room", [("vcpus", int), ("names", tuple[str, ...])])
>>> complaints = Complaints("room.json")
>>> read(model_of(Room), {"vcpus": "2", "nams": []}, complaints)
>>> for problem in complaints.problems:
...     print(problem)
room.json: vcpus: "2" is not a whole number
room.json: the key 'names' is missing
room.json: nams: unknown key; did you mean 'names'?
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from planner.documents.complaints import Complaints, Steps, Way
from planner.documents.values import MOST, shown
from planner.domain.errors import nearest
from planner.domain.plans.plan import KEYS

PLAIN: Mapping[object, object] = {
    int: Annotated[int, Field(ge=0)],
    float: Annotated[float, Field(ge=0, lt=MOST)],
}
SAID = {
    "model_type": "is not an object",
    "tuple_type": "is not a list",
    "string_type": "is not a text",
    "bool_type": "is not true or false",
    "int_type": "is not a whole number",
    "float_type": "is not a number",
    "finite_number": "is not a number",
    "greater_than_equal": "is not {ge:g} or more",
    "less_than": "is not less than {lt:g}",
    "enum": "is none of {expected}",
    "literal_error": "is none of {expected}",
    "date_type": "is not a day such as 2026-12-01",
    "date_parsing": "is not a day such as 2026-12-01",
    "value_error": "is not {error}",
    "json_invalid": "cannot be read: {error}",
}
"""What is told of a value, by pydantic's name of the problem; of another one its own words."""


@cache
def model_of(kind: type) -> type[BaseModel]:
    """Return the model of documents that hold the fields of a dataclass."""
    types = get_type_hints(kind, include_extras=True)
    keys: dict[str, Any] = {
        field.name: (shape(types[field.name]), Field(alias=KEYS.get(field.name, field.name)))
        for field in fields(kind)
    }
    return create_model(kind.__name__, __config__={"extra": "forbid", "strict": True}, **keys)


def shape(kind: Any) -> Any:
    """Return the type by which pydantic reads a type of ours."""
    if kind in PLAIN:
        return PLAIN[kind]
    if hasattr(kind, "parse"):
        return Annotated[str, AfterValidator(cache(kind.parse))]
    if is_dataclass(kind):
        return Annotated[model_of(kind), AfterValidator(partial(_made, kind))]  # type: ignore[arg-type]
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        return tuple[shape(args[0]), ...]  # type: ignore[misc]
    return shape(args[0]) | None if origin in {Union, UnionType} else kind


def _made(kind: Any, found: BaseModel) -> Any:
    return kind(**dict(found))


def read(model: type[BaseModel], value: object, complaints: Complaints) -> Any:
    """Return what a JSON value holds, None with complaints if it is not as the model says."""
    try:
        return model.model_validate_json(json.dumps(value))
    except RecursionError:
        complaints.add((), "nested too deeply")
        return None
    except ValidationError as error:
        problems = error.errors(include_url=False)
    for one in problems:
        _tell(one, partial(_allowed, value, problems), complaints)
    return None


def _tell(
    problem: ErrorDetails, allowed: Callable[[Way], list[str]], complaints: Complaints
) -> None:
    """Tell a problem in our words."""
    *held, key = problem["loc"] or ("",)
    match problem["type"]:
        case "missing":
            complaints.add(_steps(held), f"the key '{key}' is missing")
        case "extra_forbidden":
            keys = allowed(tuple(held))
            near = nearest(str(key), keys) or f"allowed: {', '.join(keys)}"
            complaints.add(_steps(problem["loc"]), "unknown key", near)
        case other:
            what = SAID[other].format(**_context(problem)) if other in SAID else problem["msg"]
            complaints.add(_steps(problem["loc"]), f"{shown(problem['input'])} {what}")


def _steps(way: Iterable[object]) -> Steps:
    steps: Steps = ()
    for step in way:
        steps = (steps, step)
    return steps


def _context(problem: ErrorDetails) -> dict[str, Any]:
    """Return what pydantic knows of a problem, lists as we write them, errors without the value."""
    found = problem.get("ctx", {})
    expected = str(found.get("expected", "")).replace("'", "").replace(" or ", ", ")
    error = str(found.get("error", "")).rpartition(" is not ")[2]
    return found | {"expected": expected, "error": error}


def _allowed(value: Any, problems: Iterable[ErrorDetails], way: Way) -> list[str]:
    """Return the keys that an object has by right or should have: all of its model's."""
    for step in way:
        value = value[step]
    beside = [one for one in problems if one["loc"][:-1] == way]
    strange = {one["loc"][-1] for one in beside if one["type"] == "extra_forbidden"}
    missing = [str(one["loc"][-1]) for one in beside if one["type"] == "missing"]
    return [*(key for key in value if key not in strange), *missing]
