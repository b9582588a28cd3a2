"""Rows of devices, CPU models, traits, feature bits and impacts, faults and observations as values."""

from __future__ import annotations

from collections.abc import Iterable

from planner.domain.capability import Evidence
from planner.domain.guest_profile import CPU_KINDS, GuestProfile
from planner.domain.migrated import Consequence
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.knowledge.cpu_models import CpuModel
from planner.knowledge.files.rows import Row, release_key
from planner.knowledge.guests import (
    CpuGeneration,
    Device,
    Emulation,
    FeatureBit,
    GuestImpact,
    Trait,
    Variant,
)
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.qemu.offered import KINDS
from planner.knowledge.qemu.vendor_rows import (
    EarlyParts,
    HarmlessDefault,
    StableSeries,
    UnusableDevice,
    VendorParts,
)
from planner.knowledge.readers.read_lines import read_pattern, read_refs_of_kin
from planner.knowledge.sites import ANY_ARCH, WITHIN, Fault, Observation, Side

RESTS = {"no": Truth.NO, "unknown": Truth.UNKNOWN}
"""What holds of the devices that a vendor's list does not have."""


def read_device(row: Row) -> Device:
    """Read a device."""
    return Device(
        name=row.text("name"),
        families=row.texts("families"),
        qom_types=row.texts("qom_types"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_backend(row: Row) -> tuple[str, frozenset[str]]:
    """Read what follows `+` after a device, with all that it means."""
    row.choice("evidence", Evidence)
    row.text("source")
    name = row.text("name")
    return name, frozenset({name, *row.texts("implies")})


def read_general_option(row: Row) -> str:
    """Read an option that `-device` takes for every device."""
    row.choice("evidence", Evidence)
    row.text("source")
    return row.text("name")


def read_unblocking_option(row: Row) -> tuple[str, str, str]:
    """Read an option with which a device that blocks migration migrates."""
    row.choice("evidence", Evidence)
    row.text("source")
    return row.text("device"), row.text("option"), row.text("value")


def read_vendor_parts(row: Row) -> VendorParts:
    """Read what the builds of a vendor have of their upstream release."""
    devices = frozenset(row.texts("devices"))
    rest = row.word("rest", tuple(RESTS)) if devices else "no"
    return VendorParts(
        line=row.text("line"),
        arch=row.text("arch"),
        devices=devices or None,
        rest=RESTS[rest],
        adds=frozenset(row.texts("adds")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_unusable_device(row: Row) -> UnusableDevice:
    """Read a device that an architecture's machines do not start with."""
    return UnusableDevice(
        arch=row.text("arch"),
        device=row.text("device"),
        until=row.release("until"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_harmless_default(row: Row) -> HarmlessDefault:
    """Read a default that changed to no effect."""
    return HarmlessDefault(
        property=row.text("property"),
        devices=frozenset(row.texts("devices")),
        reason=row.text("reason"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_stable_series(row: Row) -> StableSeries:
    """Read the word that releases of one series have the same parts."""
    return StableSeries(
        line=row.text("line"),
        adds=frozenset(row.texts("adds")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_early_parts(row: Row) -> EarlyParts:
    """Read parts of releases before the first that was read whole."""
    return EarlyParts(
        kind=row.word("kind", KINDS),
        since=row.release("since"),
        names=frozenset(row.texts("names")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_variant(row: Row) -> tuple[str, Variant]:
    """Read a bus variant by its name."""
    row.choice("evidence", Evidence)
    row.text("source")
    return row.text("name"), Variant(base=row.text("base"), usual=row.truth("usual"))


def read_cpu_model(row: Row) -> CpuModel:
    """Read a CPU model."""
    return CpuModel(
        name=row.text("name"),
        features=frozenset(row.texts("features")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_cpu_generation(row: Row) -> CpuGeneration:
    """Read a generation of named CPU models."""
    return CpuGeneration(
        model=row.text("model"),
        vendor=row.text("vendor"),
        order=row.number("order"),
        family=row.number("family"),
        number=row.number("number"),
        match=read_pattern(row) if row.text("match", "") else None,
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_trait(row: Row) -> Trait:
    """Read a trait."""
    return Trait(
        name=row.text("name"),
        kind=row.word("kind", ("guest", "use", "accelerator")),
        meaning=row.text("meaning"),
        words=row.text("words"),
        needed=row.text("needed", ""),
        opposites=row.texts("opposites"),
        emulation=_emulation(row.table("emulation")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def _emulation(row: Row) -> Emulation | None:
    if not row.cells:
        return None
    return Emulation(
        first=row.release("first"),
        last=row.release("last"),
        models=frozenset(row.texts("models")),
        differing=frozenset(row.texts("differing")),
        parted=frozenset(row.texts("parted")),
        parts=tuple(release_key(text) for text in row.texts("parts")),
    )


def read_feature_bit(row: Row) -> FeatureBit:
    """Read a feature bit."""
    return FeatureBit(
        device=row.text("device"),
        bit=row.number("bit"),
        name=row.text("name"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_impact(row: Row) -> GuestImpact:
    """Read a row of guest_impacts.toml."""
    return GuestImpact(
        id=row.text("id"),
        board=row.text("board"),
        crossing=row.text("crossing"),
        trait=row.text("trait"),
        text=row.text("text"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_fault(row: Row, builds: BuildLines) -> Fault:
    """Read a row of faults.toml; what a guest carries along is judged where it arrives."""
    direction = row.word("direction", ("forward", "backward", "both", WITHIN))
    carried = row.truth("carried")
    if carried and direction != "forward":
        raise row.fail(f"key 'direction' is '{direction}'", "a carried fault goes forward")
    return Fault(
        id=row.text("id"),
        builds=read_refs_of_kin(row, "builds", builds),
        against=read_refs_of_kin(row, "against", builds),
        unread=read_refs_of_kin(row, "unread", builds),
        direction=direction,
        carried=carried,
        machine_types=frozenset(row.texts("machine_types")),
        up_to=row.release("up_to", ""),
        devices=row.texts("devices"),
        trait=row.text("trait", ""),
        consequence=row.choice("consequence", Consequence),
        arch=row.text("arch", ANY_ARCH),
        only_certain=row.truth("only_certain"),
        reason=row.text("reason"),
        workaround=row.text("workaround", ""),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_guest_profiles(rows: Iterable[Row]) -> dict[str, GuestProfile]:
    """Read the guest profiles, each over the one that it extends; that one stands before it."""
    found: dict[str, GuestProfile] = {}
    for row in rows:
        below = found.get(row.word("extends", tuple(found), ""))
        profile = _guest_profile(row, below)
        found[profile.name] = profile
    return found


def _guest_profile(row: Row, below: GuestProfile | None) -> GuestProfile:
    row.choice("evidence", Evidence)
    devices = row.texts("devices")
    traits = dict(below.traits if below is not None else ())
    traits |= dict.fromkeys(row.texts("has"), True) | dict.fromkeys(row.texts("lacks"), False)
    return GuestProfile(
        name=row.text("name"),
        meaning=row.text("meaning"),
        cpu=row.word("cpu", CPU_KINDS),
        devices=devices or (None if below is None else below.devices),
        core=row.texts("core") or (() if below is None else below.core),
        features=frozenset(row.texts("features")),
        traits=frozenset(traits.items()),
        source=row.text("source"),
    )


def read_side(row: Row) -> Side:
    """Read one end of an observed edge."""
    return Side(qemu=row.text("qemu", "*"), kernel=row.text("kernel", "*"))


def read_observation(row: Row) -> Observation:
    """Read a row of observations.toml."""
    passes = row.truth("passes", default=None)
    boot = row.table("boot")
    failed = row.text("consequence", "")
    return Observation(
        id=row.text("id"),
        source_side=read_side(row.table("from")),
        destination_side=read_side(row.table("to")),
        boot_side=read_side(boot) if boot.cells else None,
        passes=passes,
        machine_types=row.texts("machine_types"),
        devices=row.texts("devices"),
        traits=row.texts("traits"),
        consequence=row.choice("consequence", Consequence) if failed else None,
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_default_policy(row: Row) -> Policy:
    """Read the shipped policy."""
    return Policy(
        management=row.word("management", ("plain", "libvirt")),
        accepted_severities=frozenset(row.texts("accepted_severities")),
        residual_exposures=frozenset(row.texts("residual_exposures")),
        boards=row.texts("boards"),
    )
