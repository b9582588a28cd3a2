"""Rows of devices, CPU models, traits, feature bits and impacts, faults and observations as values."""

from __future__ import annotations

from collections.abc import Iterable

from planner.domain.capability import Evidence
from planner.domain.guest_profile import CPU_KINDS, GuestProfile
from planner.domain.migrated import Consequence
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.knowledge.cpu_generations import CpuGeneration
from planner.knowledge.cpu_models import CpuModel
from planner.knowledge.device_backends import Backend
from planner.knowledge.files.rows import Row, release_key
from planner.knowledge.guests import (
    Emulation,
    Trait,
    Variant,
)
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.qemu.offered import KINDS
from planner.knowledge.qemu.vendor_rows import (
    EarlyParts,
    VendorParts,
)
from planner.knowledge.readers.read_lines import read_pattern, read_refs_of_kin
from planner.knowledge.sites import ANY_ARCH, NUMBER, WITHIN, Fault, Observation, Side, numbered

RESTS = {"no": Truth.NO, "unknown": Truth.UNKNOWN}
"""What holds of the devices that a vendor's list does not have."""


def read_backend(row: Row) -> Backend:
    """Read what follows `+` after a device."""
    return Backend(
        name=row.text("name"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        implies=row.texts("implies"),
        since=row.release("since", ""),
        surely=row.release("surely", ""),
        optional=row.truth("optional"),
    )


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
    return row.make(VendorParts, devices=devices or None, rest=RESTS[rest])


def read_early_parts(row: Row) -> EarlyParts:
    """Read parts of releases before the first that was read whole."""
    return row.make(EarlyParts, kind=row.word("kind", KINDS))


def read_variant(row: Row) -> tuple[str, Variant]:
    """Read a bus variant by its name."""
    row.choice("evidence", Evidence)
    row.text("source")
    return row.text("name"), row.make(Variant)


def read_cpu_model(row: Row) -> CpuModel:
    """Read a CPU model."""
    return CpuModel(
        name=row.text("name"),
        features=frozenset(row.texts("features")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_libvirt_feature(row: Row) -> tuple[str, str]:
    """Read a CPU feature and what libvirt calls it."""
    row.choice("evidence", Evidence)
    row.text("source")
    return row.text("feature"), row.text("name")


def read_cpu_generation(row: Row) -> CpuGeneration:
    """Read a generation of named CPU models."""
    return row.make(CpuGeneration, match=read_pattern(row) if row.text("match", "") else None)


def read_trait(row: Row) -> Trait:
    """Read a trait."""
    return row.make(
        Trait,
        kind=row.word("kind", ("guest", "use", "accelerator")),
        emulation=_emulation(row.table("emulation")),
    )


def _emulation(row: Row) -> Emulation | None:
    if not row.cells:
        return None
    return row.make(Emulation, parts=tuple(release_key(text) for text in row.texts("parts")))


def read_fault(row: Row, builds: BuildLines) -> Fault:
    """Read a row of faults.toml; what a guest carries along is judged where it arrives."""
    direction = row.word("direction", ("forward", "backward", "both", WITHIN))
    carried = row.truth("carried")
    if carried and direction != "forward":
        raise row.fail(f"key 'direction' is '{direction}'", "a carried fault goes forward")
    sides = {key: read_refs_of_kin(row, key, builds) for key in ("builds", "against", "unread")}
    every = frozenset[str]().union(map(numbered, row.texts("clear")), *sides.values())
    return row.make(
        Fault,
        **sides,
        numbers=frozenset(ref for ref in every if ref.startswith(NUMBER)),
        direction=direction,
        carried=carried,
        arch=row.text("arch", ANY_ARCH),
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
    return row.make(
        GuestProfile,
        cpu=row.word("cpu", CPU_KINDS),
        devices=devices or (None if below is None else below.devices),
        core=row.texts("core") or (() if below is None else below.core),
        traits=frozenset(traits.items()),
    )


def read_observation(row: Row) -> Observation:
    """Read a row of observations.toml."""
    passes = row.truth("passes", default=None)
    boot = row.table("boot")
    failed = row.text("consequence", "")
    return row.make(
        Observation,
        source_side=row.table("from").make(Side),
        destination_side=row.table("to").make(Side),
        boot_side=boot.make(Side) if boot.cells else None,
        passes=passes,
        consequence=row.choice("consequence", Consequence) if failed else None,
    )


def read_default_policy(row: Row) -> Policy:
    """Read the shipped policy."""
    return Policy(
        management=row.word("management", ("plain", "libvirt")),
        accepted_severities=frozenset(row.texts("accepted_severities")),
        residual_exposures=frozenset(row.texts("residual_exposures")),
        boards=row.texts("boards"),
    )
