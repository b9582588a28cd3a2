"""Public incidents that nobody here had worked from: what really happened beside the verdicts.

The cases are in `cases/public`, written before the planner was asked. `accept` lists what is right:
an outcome, `outcome:consequence`, or `safe+condition` (safe, if a remark names the condition; one of
`names` must be in it if there are any). `known` is the reason why a case is not right yet.
`python -m tests.stories.public_incidents` prints every case and writes the table into `docs/truth.md`.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from planner.answers.check_cases import CaseJudge
from planner.domain.errors import FleetError
from planner.domain.verdict import Verdict
from planner.fleet.cases import COLUMNS, case_of
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from tests.qemu.truth_page import put

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "cases" / "public"
HEADING = "Public incidents"
HOST = ("kernel", "qemu", "arch", "cpu", "capabilities")
CONDITIONS = {"host-condition", "residual-risk"}
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A case and what the planner says: `outcome` may be refused, for input that it cannot read."""

    case: Table
    outcome: str
    consequence: str = ""
    conditions: tuple[str, ...] = ()
    why: str = ""

    @property
    def right(self) -> bool:
        """Whether this is one of the accepted verdicts."""
        return any(self._is(wanted) for wanted in self.case["accept"])

    @property
    def wrongly_safe(self) -> bool:
        """Whether this is safe and must not be."""
        return self.outcome == "safe" and not self.right

    @property
    def says(self) -> str:
        """Return the verdict as `accept` writes it."""
        return ":".join(filter(None, (self.outcome, self.consequence)))

    def _is(self, wanted: str) -> bool:
        outcome, _, consequence = wanted.partition(":")
        if outcome == "safe+condition":
            names = self.case.get("names", [""])
            told = any(name in text for text in self.conditions for name in names)
            return self.outcome == "safe" and told
        return outcome == self.outcome and consequence in {"", self.consequence}


def cases() -> Iterator[Table]:
    """Yield every case with the traits of its file."""
    for path in sorted(FOLDER.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in table["case"]:
            yield {"traits": table.get("traits", ""), **case, "file": path.stem}


def ask(case: Table, knowledge: KnowledgeBase) -> Asked:
    """Ask the planner about one case, as `check` does."""
    try:
        verdict = verdict_of(case, knowledge)
    except (FleetError, ValueError) as error:
        return Asked(case=case, outcome="refused", why=str(error).splitlines()[-1])
    return Asked(
        case=case,
        outcome=verdict.outcome.value,
        consequence=verdict.consequence.value if verdict.consequence else "",
        conditions=tuple(one.text for one in verdict.remarks if one.kind in CONDITIONS),
        why="; ".join(
            " ".join(
                filter(
                    None, (one.rule.value, one.unit or str(one.property_key or ""), *one.facts[:1])
                )
            )
            for one in verdict.objections[:3]
        ),
    )


def verdict_of(case: Table, knowledge: KnowledgeBase) -> Verdict:
    """Return the verdict of a case as `check` gives it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("host", *HOST))
            for name, cells in case["hosts"].items():
                writer.writerow((name, *(cells.get(column, "") for column in HOST)))
        fleet = read_fleet(path, knowledge)
    words = {column: str(case.get(column, "")) for column in COLUMNS}
    words |= {"from": "a", "to": "b", "booted_on": case.get("booted_on", "a")}
    found, wrong = case_of(words, fleet, knowledge.guests)
    if found is None:
        raise ValueError("; ".join(what for _, what in wrong))
    policy = replace(knowledge.policy, management=case.get("management", "plain"))
    return CaseJudge(fleet=fleet, knowledge=knowledge, policy=policy).verdict(found)


def asked() -> list[Asked]:
    """Ask about every case."""
    knowledge = load_knowledge()
    return [ask(case, knowledge) for case in cases()]


def section(rows: Sequence[Asked]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield f"{len(rows)} cases out of public trackers, lists and histories, written down before the"
    yield "planner was asked (`tests/cases/public`). *Control*: the migration is known to work.\n"
    yield "| file | cases | right | wrongly safe | controls | controls right |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    files = dict.fromkeys(one.case["file"] for one in rows)
    for name in [*files, "all"]:
        these = [one for one in rows if name in {"all", one.case["file"]}]
        controls = [one for one in these if one.case.get("control")]
        counted = Counter(one.right for one in these)
        wrong = sum(one.wrongly_safe for one in these)
        held = sum(one.right for one in controls)
        yield f"| {name} | {len(these)} | {counted[True]} | {wrong} | {len(controls)} | {held} |"
    yield ""
    missed = [one for one in rows if not one.right]
    if missed:
        yield "Not right yet:\n"
        yield "| case | right is | the planner says | what happened | known |"
        yield "| --- | --- | --- | --- | --- |"
    for one in missed:
        cells = (one.case["id"], " or ".join(one.case["accept"]), one.says, one.case["why"])
        yield f"| {' | '.join((*cells, one.case.get('known', '')))} |"


def main() -> int:
    """Print every case and write the page; 1 if one is wrongly safe."""
    rows = asked()
    for one in rows:
        mark = "right" if one.right else "WRONGLY SAFE" if one.wrongly_safe else "differs"
        wanted = " or ".join(one.case["accept"])
        print(f"{mark:12} {one.case['id']}: {one.says} | wanted {wanted} | {one.why[:140]}")
    right, wrong = sum(one.right for one in rows), sum(one.wrongly_safe for one in rows)
    print(f"{len(rows)} cases: {right} right, {wrong} wrongly safe")
    put(HEADING, "\n".join(section(rows)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
