"""The kinds of rows there are: their files, their tables, and what names a row."""

from __future__ import annotations

from dataclasses import dataclass

from planner.knowledge.files.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A kind of row: the files it is in, its key there (empty: the file itself) and what names it.

    `identity` are the keys that name a row, joined by `joint`; `^key` is a key of the file. `about`
    are keys of which the first one present says what the row is about. `by_file`: a later root
    replaces the whole file of the same name; else the row of the same name, unless `adds_up`.
    """

    name: str
    files: str
    key: str
    identity: tuple[str, ...]
    joint: str = " "
    about: tuple[str, ...] = ()
    by_file: bool = False
    adds_up: bool = False

    def name_of(self, row: Row) -> str:
        """Return the name of a row, empty if a part is missing."""
        parts = [_part(row, key) for key in self.identity]
        return self.joint.join(parts) if all(parts) else ""


def _part(row: Row, key: str) -> str:
    place = row.head if key.startswith("^") else row
    return "" if place is None else str(place.cells.get(key.removeprefix("^"), ""))


TABLES = (
    Table(
        name="architectures",
        files="coverage.toml",
        key="architecture",
        identity=("arch",),
        about=("registers",),
    ),
    Table(
        name="build-lines",
        files="qemu_builds/*.toml",
        key="",
        identity=("line",),
        about=("title",),
        by_file=True,
    ),
    Table(
        name="builds",
        files="qemu_builds/*.toml",
        key="build",
        identity=("^line", "release"),
        about=("date",),
        by_file=True,
    ),
    Table(
        name="build-updates",
        files="qemu_builds/*.toml",
        key="alike",
        identity=("^line", "updates"),
        about=("says",),
        by_file=True,
    ),
    Table(
        name="build-keeps",
        files="qemu_builds/*.toml",
        key="keeps",
        identity=("^line", "types"),
        about=("says",),
        by_file=True,
    ),
    Table(
        name="build-grammars",
        files="qemu_builds/*.toml",
        key="grammar",
        identity=("^line", "suffix"),
        about=("says",),
        by_file=True,
    ),
    Table(
        name="build-versions",
        files="qemu_builds/*.toml",
        key="version",
        identity=("^line", "version"),
        about=("packages",),
        by_file=True,
    ),
    Table(
        name="calendars",
        files="release_calendar.toml",
        key="calendar",
        identity=("line",),
        about=("months",),
    ),
    Table(name="vendor-releases", files="vendor_releases.toml", key="release", identity=("name",)),
    Table(
        name="capabilities",
        files="capabilities.toml",
        key="capability",
        identity=("id",),
        about=("meaning",),
    ),
    Table(
        name="compat-sets",
        files="compat_properties/*.toml",
        key="set",
        identity=("line", "machine_type"),
        about=("builds",),
        adds_up=True,
    ),
    Table(
        name="cpu-features",
        files="cpu_features.toml",
        key="features",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(
        name="backends", files="devices.toml", key="backend", identity=("name",), about=("implies",)
    ),
    Table(
        name="general-options",
        files="devices.toml",
        key="general_option",
        identity=("name",),
        about=("source",),
    ),
    Table(
        name="machine-sugar",
        files="devices.toml",
        key="machine_option",
        identity=("name",),
        about=("source",),
    ),
    Table(
        name="unblocking-options",
        files="devices.toml",
        key="unblocking",
        identity=("device", "option"),
        about=("value",),
    ),
    Table(
        name="vendor-parts",
        files="vendor_parts.toml",
        key="maker",
        identity=("line", "arch"),
        about=("devices",),
    ),
    Table(
        name="stable-series",
        files="vendor_parts.toml",
        key="stable",
        identity=("line",),
        about=("source",),
    ),
    Table(
        name="unusable-devices",
        files="vendor_parts.toml",
        key="unusable",
        identity=("device", "arch"),
        about=("source",),
    ),
    Table(
        name="kept-elsewhere",
        files="device_state.toml",
        key="kept",
        identity=("reason",),
        about=("devices",),
    ),
    Table(
        name="harmless-defaults",
        files="default_changes.toml",
        key="harmless",
        identity=("property",),
        about=("reason",),
    ),
    Table(
        name="settled-layouts",
        files="section_changes.toml",
        key="settled",
        identity=("section",),
        about=("reason",),
    ),
    Table(
        name="early-parts",
        files="early_parts.toml",
        key="early",
        identity=("kind", "since"),
        about=("names",),
    ),
    Table(
        name="common-cpu-features",
        files="cpu_features.toml",
        key="common",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(
        name="unasked",
        files="cpu_features.toml",
        key="unasked",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(
        name="not-of-host",
        files="cpu_features.toml",
        key="not_of_host",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(
        name="unmigratable-features",
        files="cpu_features.toml",
        key="unmigratable",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(
        name="settings-of-host",
        files="cpu_features.toml",
        key="of_host",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(
        name="not-of-kernel",
        files="cpu_features.toml",
        key="not_of_kernel",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(
        name="security-features",
        files="cpu_features.toml",
        key="security",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(
        name="features-of-the-cpu",
        files="cpu_features.toml",
        key="of_cpu",
        identity=("arch", "since"),
        about=("names",),
    ),
    Table(
        name="cpu-errata",
        files="cpu_errata.toml",
        key="erratum",
        identity=("name",),
        about=("feature", "cpus"),
    ),
    Table(
        name="cpu-rows",
        files="cpu_errata.toml",
        key="cpu",
        identity=("name",),
        about=("vendor", "numbers"),
    ),
    Table(
        name="cpu-generations",
        files="cpu_generations.toml",
        key="generation",
        identity=("model",),
        about=("vendor", "order"),
    ),
    Table(name="cpu-models", files="cpu_models.toml", key="model", identity=("name",)),
    Table(
        name="cpu-words",
        files="cpu_bits.toml",
        key="word",
        identity=("name",),
        about=("register",),
    ),
    Table(
        name="hardware",
        files="hardware.toml",
        key="hardware",
        identity=("name",),
        about=("role",),
    ),
    Table(
        name="cpu-vendors",
        files="cpu_vendors.toml",
        key="vendor",
        identity=("name",),
        about=("match",),
    ),
    Table(
        name="default-policy",
        files="default_policy.toml",
        key="",
        identity=("management",),
        by_file=True,
    ),
    Table(name="devices", files="devices.toml", key="device", identity=("name",)),
    Table(
        name="drifts",
        files="compat_drift.toml",
        key="drift",
        identity=("qom_type", "property"),
        joint=".",
        about=("reason",),
        adds_up=True,
    ),
    Table(name="faults", files="faults.toml", key="fault", identity=("id",), about=("reason",)),
    Table(
        name="feature-bits",
        files="feature_bits.toml",
        key="bit",
        identity=("device", "bit"),
        joint=":",
        about=("name",),
    ),
    Table(
        name="guest-elements",
        files="guest_formats.toml",
        key="guest_element",
        identity=("format", "element"),
        about=("keys",),
    ),
    Table(
        name="guest-devices",
        files="guest_formats.toml",
        key="guest_device",
        identity=("format", "element", "is"),
        about=("devices",),
    ),
    Table(
        name="guest-traits",
        files="guest_formats.toml",
        key="guest_trait",
        identity=("format", "place", "trait"),
        about=("says",),
    ),
    Table(
        name="guest-cpus",
        files="guest_formats.toml",
        key="guest_cpu",
        identity=("format", "name"),
        about=("model",),
    ),
    Table(
        name="guest-buses",
        files="guest_formats.toml",
        key="guest_bus",
        identity=("format", "bus"),
        about=("device",),
    ),
    Table(
        name="guest-impacts",
        files="guest_impacts.toml",
        key="impact",
        identity=("id",),
        about=("text",),
    ),
    Table(
        name="guest-profiles",
        files="guest_profiles.toml",
        key="profile",
        identity=("name",),
        about=("meaning",),
    ),
    Table(
        name="kernel-changes",
        files="kernel_caps/*.toml",
        key="change",
        identity=("^line", "capability"),
        about=("effect",),
        by_file=True,
    ),
    Table(
        name="kernel-lines",
        files="kernel_caps/*.toml",
        key="",
        identity=("line",),
        about=("title",),
        by_file=True,
    ),
    Table(name="machine-types", files="machine_types/*.toml", key="type", identity=("name",)),
    Table(name="messages", files="messages.toml", key="message", identity=("id",), about=("says",)),
    Table(
        name="observations",
        files="observations.toml",
        key="observation",
        identity=("id",),
        about=("source",),
    ),
    Table(
        name="properties",
        files="properties.toml",
        key="property",
        identity=("qom_type", "property"),
        joint=".",
        about=("gates",),
    ),
    Table(
        name="property-kinds",
        files="kinds.toml",
        key="property_kind",
        identity=("name",),
        about=("meaning",),
    ),
    Table(
        name="removals",
        files="machine_types/*.toml",
        key="removal_forecast",
        identity=("name",),
        about=("removed",),
    ),
    Table(name="roms", files="roms.toml", key="rom", identity=("file",), about=("devices",)),
    Table(
        name="rom-sizes", files="roms.toml", key="rom_size", identity=("name",), about=("block",)
    ),
    Table(name="traits", files="traits.toml", key="trait", identity=("name",), about=("meaning",)),
    Table(
        name="unit-kinds",
        files="kinds.toml",
        key="unit_kind",
        identity=("name",),
        about=("meaning",),
    ),
    Table(
        name="value-kinds",
        files="kinds.toml",
        key="value_kind",
        identity=("name",),
        about=("allowed",),
    ),
    Table(
        name="vendor-crossings",
        files="cpu_vendors.toml",
        key="crossing",
        identity=("id",),
        about=("reason",),
    ),
    Table(
        name="unread-kernels",
        files="coverage.toml",
        key="unread",
        identity=("line",),
        about=("releases",),
    ),
    Table(
        name="units", files="migrated_state/*.toml", key="unit", identity=("id",), about=("title",)
    ),
    Table(
        name="variants", files="devices.toml", key="variant", identity=("name",), about=("base",)
    ),
)
BY_NAME = {table.name: table for table in TABLES}
