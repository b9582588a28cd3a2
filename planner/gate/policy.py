"""What a policy of the gate holds, as types: all that the script on a host knows.

They check the compiler (`pools.py`, `told.py`) and make `docs/schema/gate-1.json`. Indices point into
the lists of the same policy. Nothing in it names a rule that the script would have to know.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

SCHEMA: Literal["planner.gate/1"] = "planner.gate/1"
Mode = Literal["warn", "enforce"]
IfUnknown = Literal["allow", "refuse"]
TraitRow = tuple[str, list[str] | None, bool, bool | None, bool | None]
"""Place, values (null: any), what these say, what others say, what nothing says."""


class Claim(TypedDict):
    """Clauses that hold together of a guest that a unit endangers."""

    unit: str
    clauses: list[int]


class GateClass(TypedDict):
    """Hosts that cannot be told apart; CPU features that guests never or surely get on them."""

    label: str
    kernel: str
    qemu: str
    hosts: list[str]
    lacks: list[str]
    gives: list[str]


class GateWaiver(TypedDict):
    """A unit for which somebody answers, until a day (empty: for good)."""

    unit: str
    owner: str
    reason: str
    expires: str


class AliasRow(TypedDict):
    """The element of libvirt's XML that is a device of one kind, and how its alias is made."""

    element: str
    at: str
    values: list[str]
    alias: str
    number: str
    apart: list[str]


class GateFlag(TypedDict):
    """A property that a guest must have been started with, if any of the claims may hold of it.

    Without claims every guest must. `device` null: by `-global` alone.
    """

    drivers: list[str]
    property: str
    value: str
    unit: str
    reason: str
    device: AliasRow | None
    claims: list[Claim]


class GateCondition(TypedDict):
    """What no guest may have: it is broken by one whose clauses of any claim all hold."""

    id: str
    text: str
    claims: list[Claim]


class GateRefusal(TypedDict):
    """What refuses every guest of an entry; not `certain`: a fact is missing."""

    unit: str
    text: str
    certain: bool


class GateEntry(TypedDict):
    """What is asked of guests; `conditions` are (index, when an open answer counts).

    0: never, 1: of guests that surely have a part of a claim, 2: always.
    """

    flags: list[int]
    conditions: list[tuple[int, int]]
    refusals: list[GateRefusal]


class GateCell(TypedDict):
    """Which entry holds for guests that booted on some classes and come to some; empty: on any."""

    boots: list[int]
    here: list[int]
    entry: int


class CpuMeaning(TypedDict):
    """How a word about CPUs is answered.

    `test`: feature, named, model, follows or beyond. Of a feature: the models that have it, that may
    have it, and whether a CPU that follows its host can have it. Of `beyond`: features that are not
    beyond, and those of models that are.
    """

    test: str
    has: list[str]
    maybe: list[str]
    of_host: bool
    known: list[str]
    models: dict[str, list[str]]


class DeviceMeaning(TypedDict):
    """Devices that are meant, that may be meant, and an option that they must have (`!`: not have)."""

    yes: list[str]
    maybe: list[str]
    option: str


GateWords = TypedDict(
    "GateWords",
    {
        "cpu": dict[str, CpuMeaning],
        "device": dict[str, DeviceMeaning],
        "cpu-model": dict[str, list[str]],
    },
)


class GateElement(TypedDict):
    """How an element of the XML is read: `rows` are (values at `keys`, devices), first fit first."""

    keys: list[str]
    options: list[tuple[str, str]]
    no_device: bool
    rows: list[tuple[list[str], list[str]]]


class CpuSetting(TypedDict):
    """A model or setting of the XML in QEMU's words."""

    model: str
    features: list[str]


class GateGuest(TypedDict):
    """How the XML of a guest is read.

    `traits` are places per use or setting, `taken` what the guest profile says where they say nothing,
    `devices` all that are known, `gates` values that would send what nobody judged or lose it, `follow`
    models with the CPU of their host, `unjudged` uses of guests that no entry is about.
    """

    elements: dict[str, GateElement]
    buses: dict[str, str]
    cpus: dict[str, CpuSetting]
    follow: list[str]
    traits: dict[str, list[TraitRow]]
    taken: dict[str, bool]
    devices: list[str]
    gates: dict[str, list[str]]
    unjudged: list[str]


class GatePolicy(TypedDict):
    """The policy of one pool."""

    schema: Literal["planner.gate/1"]
    pool: str
    made_of: Literal["fleet", "solution", "plan"]
    knowledge: str
    guest_profile: str
    mode: Mode
    unknown: IfUnknown
    waivers: list[GateWaiver]
    classes: list[GateClass]
    machine_types: dict[str, list[GateCell]]
    entries: list[GateEntry]
    flags: list[GateFlag]
    conditions: list[GateCondition]
    clauses: list[tuple[str, list[str]]]
    words: GateWords
    models: list[str]
    guest: GateGuest
