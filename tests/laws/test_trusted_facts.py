"""Facts that judge and choice share, proved against the raw rows: no certificate can see them wrong.

Each check reads the TOML files on its own, and asserts on plain values: pytest writes a failing
expression out, and a knowledge base has a hundred thousand rows. Each mutant is a shared fact made
careless, and must fail a check. Decision 0003 lists the trusted facts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from planner.domain.capability import CapabilityId, CapabilitySet, Presence
from planner.domain.compat import DEFAULT, PropertyKey
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.hardware import HostCpus
from planner.knowledge.load import load_knowledge
from planner.knowledge.qemu.compat_lists import MachineTables
from planner.knowledge.sites import Fault

DATA = Path(__file__).resolve().parents[2] / "data"
BOARDS = ("pc-i440fx", "pc-q35")
SAME = {"on": "on", "true": "on", "yes": "on", "off": "off", "false": "off", "no": "off"}
Key = tuple[str, str]
Check = Callable[[KnowledgeBase], None]


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@cache
def rows(file: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((DATA / file).read_text(encoding="utf-8"))[name]
    return found


@cache
def releases() -> list[str]:
    """Upstream's releases in the order of their list."""
    return [row["release"] for row in rows("qemu_builds/upstream.toml", "build")]


@cache
def builds() -> dict[str, QemuBuild]:
    placed = {release: knowledge().builds.place(release) for release in releases()}
    return {release: build for release, build in placed.items() if build is not None}


def inside(release: str, intervals: Iterable[str]) -> bool:
    """Whether a release lies in `first..last` intervals of upstream's list."""
    return any(release in covered(interval) for interval in intervals)


@cache
def covered(interval: str) -> frozenset[str]:
    first, _, last = interval.partition("..")
    stop = releases().index(last) + 1 if last else None
    return frozenset(releases()[releases().index(first) : stop])


def number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def plain(value: str) -> str:
    lower = value.strip().lower()
    return str(int(lower, 16)) if lower.startswith("0x") else SAME.get(lower, lower)


def upstream_types(board: str) -> Iterator[dict[str, Any]]:
    for row in rows(f"machine_types/{board}.toml", "type"):
        if row["line"] == "upstream" and row.get("release"):
            yield row


@cache
def compat_list(board: str, machine_type: str, release: str) -> dict[Key, str] | None:
    """What a type sets on a release: its own entries over those of the type that it extends."""
    row = None
    for known in rows(f"compat_properties/{board}.toml", "set"):
        is_of = known["machine_type"] == machine_type and known["line"] == "upstream"
        if is_of and inside(release, known["builds"]):
            row = known
    if row is None:
        return None
    below = compat_list(board, row["extends"], release) if row.get("extends") else {}
    if below is None:
        return None
    entries = {(qom_type, name): plain(value) for qom_type, name, value in row["properties"]}
    return {**below, **entries}


def offered_types(known: KnowledgeBase) -> None:
    for board in BOARDS:
        for row, release in product(upstream_types(board), releases()):
            offered = inside(release, row["offered"].get("upstream", ()))
            told = known.machines.offers(builds()[release], row["name"])
            assert told is Truth.of(offered), (row["name"], release)


def lists(board: str) -> Iterator[tuple[str, str, dict[Key, str]]]:
    """Every ninth list of a board that somebody read: type, release, entries."""
    for place, (row, release) in enumerate(product(upstream_types(board), releases())):
        found = compat_list(board, row["name"], release)
        if found is not None and place % 9 == 0:
            yield row["name"], release, found


def effective_values(known: KnowledgeBase) -> None:
    for board in BOARDS:
        for machine_type, release, entries in lists(board):
            for (qom_type, name), value in entries.items():
                key = PropertyKey(qom_type=qom_type, property=name)
                told = known.machines.effective(builds()[release], machine_type, key)
                assert told == value, (machine_type, release, str(key))


def differing_values(known: KnowledgeBase) -> None:
    """Of two lists that both name a property, it differs if and only if the entries do."""
    checked = 0
    for board in BOARDS:
        last: dict[str, tuple[str, dict[Key, str]]] = {}
        for machine_type, release, entries in lists(board):
            earlier, before = last.get(machine_type, (release, entries))
            last[machine_type] = release, entries
            pair = builds()[earlier], builds()[release]
            differing = {row.key for row in known.machines.differences(*pair, machine_type)}
            for qom_type, name in before.keys() & entries.keys():
                key = PropertyKey(qom_type=qom_type, property=name)
                unlike = before[qom_type, name] != entries[qom_type, name]
                assert (key in differing) is unlike, (machine_type, earlier, release, str(key))
                checked += unlike
    assert checked > 10


def benign_differences(known: KnowledgeBase) -> None:
    drifts = [row for row in rows("compat_drift.toml", "drift") if row["class"] == "benign"]
    limits: dict[Key, list[str]] = {}
    for row in drifts:
        limits.setdefault((row["qom_type"], row["property"]), []).append(row["machine_types"])
    keys = {(row["qom_type"], row["property"]) for row in rows("properties.toml", "property")}
    types = [row for board in BOARDS for row in upstream_types(board)]
    for qom_type, name in {*keys, *limits}:
        key = PropertyKey(qom_type=qom_type, property=name)
        ends = [
            number(text[2:]) for text in limits.get((qom_type, name), ()) if text.startswith("<=")
        ]
        for row in types:
            expected = any(number(row["release"]) <= end for end in ends)
            told = known.is_benign(key, row["name"])
            assert told is expected, (str(key), row["name"])


def offered_properties(known: KnowledgeBase) -> None:
    """Before a property came no release takes it for sure; from then on somebody knows of each."""
    for row in rows("properties.toml", "property")[::3]:
        since = row.get("offered_since", "")
        if since not in builds() or row.get("offered_until") or row.get("gone_by"):
            continue
        key = PropertyKey(qom_type=row["qom_type"], property=row["property"])
        for release in releases()[::9]:
            told = known.offers_property(builds()[release], key, "x86_64")
            if number(since) <= builds()[release].version:
                assert told is not Truth.UNKNOWN, (str(key), release)
            elif row.get("before") != "unknown":
                assert told is not Truth.YES, (str(key), release)


def share(release: str, intervals: Iterable[str] | None, unread: Iterable[str]) -> float:
    """Return 1 for a release inside, 0 outside, a half where nobody read."""
    if inside(release, unread):
        return 0.5
    return float(inside(release, intervals or ()))


def faults(known: KnowledgeBase) -> None:
    by_id = {fault.id: fault for fault in known.faults}
    truths = {0.0: Truth.NO, 0.5: Truth.UNKNOWN, 1.0: Truth.YES}
    for row in rows("faults.toml", "fault"):
        if set(row["builds"]) != {"upstream"}:
            continue
        unread = row.get("unread", {}).get("upstream", ())
        for source, destination in product(releases()[::7], repeat=2):
            bitten = []
            for one, other in ((source, destination), (destination, source)):
                has = share(one, row["builds"]["upstream"], unread)
                against = row.get("against", {}).get("upstream")
                opposes = (
                    share(other, against, unread)
                    if against
                    else 1 - share(other, row["builds"]["upstream"], unread)
                )
                bitten.append(min(has, opposes))
            within = min(
                share(end, row["builds"]["upstream"], unread) for end in (source, destination)
            )
            expected = {
                "forward": bitten[0],
                "backward": bitten[1],
                "both": max(bitten),
                "within": within,
            }[row["direction"]]
            told = by_id[row["id"]].is_between(f"upstream {source}", f"upstream {destination}")
            if row["direction"] != "within" and source == destination:
                expected = 0.0
            assert told is truths[expected], (row["id"], source, destination)


def registers(known: KnowledgeBase) -> None:
    raw = {row["arch"]: row["registers"] for row in rows("coverage.toml", "architecture")}
    told = dict(known.covered)
    assert told == raw


def vendors(known: KnowledgeBase) -> None:
    crossings = rows("cpu_vendors.toml", "crossing")
    apart = {frozenset(row["vendors"]) for row in crossings}
    names = sorted(set().union(*apart) | {"", "via"})
    for one, other in product(names, repeat=2):
        expected = one != other and any({one, other} <= vendors for vendors in apart)
        told = known.host_cpus.crossing(one, other) is not None
        assert told is expected, (one, other)
    for arch in ("x86_64", "aarch64", "s390x"):
        expected = any(row["arch"] == arch for row in crossings)
        told = known.host_cpus.vendors_matter(arch)
        assert told is expected, arch


def host(vendor: str, model: str) -> HostProfile:
    build = builds()["8.2.0"]
    known = CapabilitySet(present=frozenset(), absent=frozenset(), possible=frozenset())
    return HostProfile(
        arch="x86_64", qemu=build, capabilities=known, cpu_vendor=vendor, cpu_model=model
    )


def other_vendors(_: KnowledgeBase) -> None:
    cases = {
        (("", ""), ("", "")): False,
        (("intel", "a"), ("", "b")): True,
        (("", "a"), ("", "b")): True,
        (("", "a"), ("", "a")): False,
        (("intel", "a"), ("amd", "b")): False,
        (("intel", "a"), ("", "")): False,
    }
    for (one, other), expected in cases.items():
        told = host(*one).may_be_of_another_vendor_than(host(*other))
        assert told is expected, (one, other)


def equal_builds(known: KnowledgeBase) -> None:
    """Two releases that were read are read as each other only if they are one."""
    for one, other in product(releases()[::6], repeat=2):
        assert builds()[one].is_read_as(builds()[other]) is (one == other)
        is_one = one == other and not builds()[one].is_series
        assert builds()[one].is_same_as(builds()[other]) is is_one
    series = known.builds.place("8.2")
    assert series is not None
    assert not series.is_same_as(series)


def presences(_: KnowledgeBase) -> None:
    names = [CapabilityId(name) for name in ("kvm.a", "kvm.b", "kvm.c", "kvm.d")]
    known = CapabilitySet(
        present=frozenset({names[0]}), absent=frozenset({names[1]}), possible=frozenset({names[2]})
    )
    expected = [Presence.PRESENT, Presence.ABSENT, Presence.POSSIBLE, Presence.UNKNOWN]
    assert [known.presence(name) for name in names] == expected


def equal_values(known: KnowledgeBase) -> None:
    defaults = [row for row in rows("properties.toml", "property") if row.get("default")]
    assert defaults
    for row in defaults[::20]:
        key = PropertyKey(qom_type=row["qom_type"], property=row["property"])
        default, other = row["default"], f"{row['default']}0"
        pairs = ((DEFAULT, default), (default, other), (DEFAULT, other))
        told = [known.same_value(left, right, key) for left, right in pairs]
        assert told == [True, False, False], str(key)


CHECKS: tuple[Check, ...] = (
    *(offered_types, effective_values, differing_values, benign_differences, offered_properties),
    *(faults, registers, vendors, other_vendors, equal_builds, presences, equal_values),
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_shared_fact_is_what_the_rows_say(check: Check) -> None:
    check(knowledge())


MUTANTS: dict[str, tuple[type, str, object, Check]] = {
    "every difference is benign": (KnowledgeBase, "is_benign", True, benign_differences),
    "no difference is benign": (KnowledgeBase, "is_benign", False, benign_differences),
    "every build has every property": (
        *(KnowledgeBase, "offers_property", Truth.YES),
        offered_properties,
    ),
    "all values agree": (KnowledgeBase, "same_value", True, equal_values),
    "every type is offered": (MachineTables, "offers", Truth.YES, offered_types),
    "nothing is set": (MachineTables, "effective", DEFAULT, effective_values),
    "nothing differs": (MachineTables, "differences", (), differing_values),
    "no fault bites": (Fault, "is_between", Truth.NO, faults),
    "vendors do not matter": (HostCpus, "vendors_matter", False, vendors),
    "guests cross vendors": (HostCpus, "crossing", None, vendors),
    "every vendor is known": (HostProfile, "may_be_of_another_vendor_than", False, other_vendors),
    "builds are read alike": (QemuBuild, "is_read_as", True, equal_builds),
    "builds are the same": (QemuBuild, "is_same_as", True, equal_builds),
    "capabilities are there": (CapabilitySet, "presence", Presence.PRESENT, presences),
}
"""A careless answer of one shared fact, and the check that must see it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_careless_fact_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, attribute, answer, check = MUTANTS[name]
    target = knowledge().machines if owner is MachineTables else owner
    monkeypatch.setattr(target, attribute, lambda *_: answer)
    with pytest.raises(AssertionError):
        check(knowledge())


def test_registers_that_are_not_listed_are_seen_if_called_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = dict.fromkeys(knowledge().covered, "listed")
    monkeypatch.setitem(vars(knowledge()), "covered", listed)
    with pytest.raises(AssertionError):
        registers(knowledge())
