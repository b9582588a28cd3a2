"""Findings for tools that review changes: JUnit, SARIF, annotations of GitHub."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote
from xml.etree import ElementTree as Tree

from planner.export.findings import RULES, Gravity, JobFinding

SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
GITHUB = {Gravity.ERROR: "error", Gravity.WARNING: "warning", Gravity.NOTE: "notice"}
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""


def junit(findings: Sequence[JobFinding], pools: Iterable[str]) -> Iterator[str]:
    """Yield a JUnit report: a suite a pool; errors fail, other findings are skipped tests."""
    suites = Tree.Element("testsuites", name="planner")
    for pool in pools:
        own = [one for one in findings if one.pool == pool]
        failed = sum(one.level is Gravity.ERROR for one in own)
        suite = Tree.SubElement(
            suites,
            "testsuite",
            name=_legal(pool or "plan"),
            tests=str(len(own) or 1),
            failures=str(failed),
            errors="0",
            skipped=str(len(own) - failed),
        )
        if not own:
            Tree.SubElement(suite, "testcase", name="safe", classname=_legal(pool or "plan"))
        for one in own:
            _testcase(suite, one)
    Tree.indent(suites)
    yield "<?xml version='1.0' encoding='UTF-8'?>\n"
    yield Tree.tostring(suites, encoding="unicode") + "\n"


def _testcase(suite: Tree.Element, one: JobFinding) -> None:
    name = _legal(f"{one.rule}: {one.text}")
    case = Tree.SubElement(suite, "testcase", name=name, classname=_legal(one.pool or "plan"))
    kind = "failure" if one.level is Gravity.ERROR else "skipped"
    told = Tree.SubElement(case, kind, type=one.rule, message=_legal(one.text))
    told.text = _legal(one.line)


def _legal(text: str) -> str:
    return NO_XML.sub("\ufffd", text)


def sarif(findings: Iterable[JobFinding], file: str, version: str) -> Iterator[str]:
    """Yield a SARIF log whose results lie in the fleet file."""
    names = list(RULES)
    results = [
        {
            "ruleId": one.rule,
            "ruleIndex": names.index(one.rule),
            "level": one.level.value,
            "message": {"text": one.line.partition(": ")[2]},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": _address(file)}}}],
            "partialFingerprints": {"finding/v1": f"{one.pool}/{one.rule}/{one.text}"},
        }
        for one in findings
    ]
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in RULES.items()]
    driver = {"name": "planner", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    yield json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _address(file: str) -> str:
    """Write a path as a relative address."""
    return quote(file)


def github(findings: Iterable[JobFinding], file: str) -> Iterator[str]:
    """Yield a workflow command per finding, which GitHub shows at the fleet file."""
    for one in findings:
        title = f"{one.pool}: {one.rule}" if one.pool else one.rule
        place = f"file={_property(file)},title={_property(title)}"
        yield f"::{GITHUB[one.level]} {place}::{_message(one.line.partition(': ')[2])}\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
