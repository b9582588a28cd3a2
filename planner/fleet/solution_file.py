"""A solution file (`planner.solution/2`, JSON) to values; every problem at once. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from planner.documents.complaints import Complaints
from planner.documents.json_file import parse_json
from planner.domain.compat import CompatFlag, PropertyKey
from planner.domain.errors import FleetError, quoted
from planner.domain.guest_profile import GuestFinding
from planner.domain.refusal import Remedy
from planner.domain.solution import Loss, UnknownFact
from planner.fleet.importers.described import is_collection
from planner.fleet.tables.sources import opened

SCHEMA = "planner.solution/2"
Verdict = Literal["safe", "safe-with-checks", "undecided", "no-safe-baseline"]
Status = Literal["safe", "undecided", "no-safe-baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFlag:
    """A flag of an answer as its document tells it."""

    qom_type: str
    property: str
    value: str
    visible: str
    reason: str
    unit: str
    price: str

    def made(self) -> CompatFlag:
        """Return the flag itself."""
        key = PropertyKey(qom_type=self.qom_type, property=self.property)
        return CompatFlag(key=key, value=self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTally:
    """How the guests stand to one condition."""

    met: int
    violated: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCondition:
    """A condition of an answer; `status` says whether it is left to check."""

    id: str
    kind: str
    subject: tuple[str, ...]
    polarity: str
    text: str
    reason: str
    units: tuple[str, ...]
    hosts: tuple[str, ...]
    status: str
    guests: ToldTally | None
    verify: str
    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRefusal:
    """A reason that holds a type back."""

    id: str
    text: str
    hosts: int
    examples: tuple[str, ...]
    unit: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNewer:
    """Why the next type is not taken."""

    machine_type: str
    objections: tuple[ToldRefusal, ...]
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBaseline:
    """The machine type of one board and line, with its flags and conditions."""

    board: str
    line: str
    machine_type: str
    flags: tuple[ToldFlag, ...]
    conditions: tuple[ToldCondition, ...]
    needs_ack: tuple[str, ...]
    accepted_losses: tuple[Loss, ...]
    residual_risks: tuple[Loss, ...]
    why_not_newer: ToldNewer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLine:
    """A board and line without an answer."""

    board: str
    line: str
    status: Status
    objections: tuple[ToldRefusal, ...]
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPool:
    """The answer of one pool; of its baselines the recommended one comes first."""

    domain: str
    hosts: int
    profiles: int
    status: Status
    verdict: Verdict
    baselines: tuple[ToldBaseline, ...]
    refused: tuple[ToldLine, ...]
    unknowns: tuple[UnknownFact, ...]
    guests: tuple[GuestFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDigest:
    """The knowledge that an answer rests on."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSolution:
    """A whole answer as its document tells it."""

    knowledge: ToldDigest
    status: Status
    certified: int
    domains: tuple[ToldPool, ...]
    unknowns: tuple[UnknownFact, ...]


def read_solution(path: Path) -> ToldSolution:
    """Read an answer as `planner solve --format json` writes it; raises `FleetError`."""
    complaints = Complaints(str(path))
    value = parse_json(opened(path).read(), complaints)
    told = None if complaints.problems else solution_of(value, complaints)
    if told is None:
        raise FleetError(complaints.told())
    return told


def solution_of(value: object, complaints: Complaints) -> ToldSolution | None:
    """Return the answer of a document, None with complaints if it is none."""
    from planner.documents.typed import model_of, read

    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        complaints.add((), f"not an answer: the key 'schema' must be '{SCHEMA}'")
        return None
    parts = {key: part for key, part in value.items() if key != "schema"}
    found = read(model_of(ToldSolution), parts, complaints)
    return None if found is None else ToldSolution(**dict(found))


def schema_of(path: Path) -> str:
    """Return the schema that a JSON file names, an empty text for a file or folder of another kind.

    Raises `FleetError` for one that begins as a JSON object does and is none.
    """
    if path.suffix != ".json" and is_collection(path):
        return ""
    data = opened(path).read()
    if not data[:256].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return ""
    complaints = Complaints(str(path))
    value = parse_json(data, complaints)
    schema = value.get("schema") if isinstance(value, dict) else None
    if not complaints.problems and not isinstance(schema, str):
        complaints.add((), f"no answer and no plan: {quoted('schema')} is missing")
    if complaints.problems:
        raise FleetError(complaints.told())
    return str(schema)
