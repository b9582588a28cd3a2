"""The kinds of rows there are: their files, their tables, and what names a row."""

from __future__ import annotations

from dataclasses import dataclass

from planner.knowledge.files.rows import Row


@dataclass(frozen=True, slots=True)
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
    about: tuple[str, ...] = ()
    joint: str = " "
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
    Table("architectures", "coverage.toml", "architecture", ("arch",), ("registers",)),
    Table("build-lines", "qemu_builds/*.toml", "", ("line",), ("title",), by_file=True),
    Table("builds", "qemu_builds/*.toml", "build", ("^line", "release"), ("date",), by_file=True),
    Table(
        "build-updates",
        "qemu_builds/*.toml",
        "alike",
        ("^line", "updates"),
        ("says",),
        by_file=True,
    ),
    Table(
        "build-keeps", "qemu_builds/*.toml", "keeps", ("^line", "types"), ("says",), by_file=True
    ),
    Table(
        "build-grammars",
        "qemu_builds/*.toml",
        "grammar",
        ("^line", "suffix"),
        ("says",),
        by_file=True,
    ),
    Table(
        "build-versions",
        "qemu_builds/*.toml",
        "version",
        ("^line", "version"),
        ("packages",),
        by_file=True,
    ),
    Table("calendars", "release_calendar.toml", "calendar", ("line",), ("months",)),
    Table("vendor-releases", "vendor_releases.toml", "release", ("name",)),
    Table("capabilities", "capabilities.toml", "capability", ("id",), ("meaning",)),
    Table(
        "compat-sets",
        "compat_properties/*.toml",
        "set",
        ("line", "machine_type"),
        ("builds",),
        adds_up=True,
    ),
    Table("cpu-features", "cpu_features.toml", "features", ("arch",), ("names",), adds_up=True),
    Table("backends", "devices.toml", "backend", ("name",), ("implies",)),
    Table("general-options", "devices.toml", "general_option", ("name",), ("source",)),
    Table("machine-sugar", "devices.toml", "machine_option", ("name",), ("source",)),
    Table("unblocking-options", "devices.toml", "unblocking", ("device", "option"), ("value",)),
    Table("vendor-parts", "vendor_parts.toml", "maker", ("line", "arch"), ("devices",)),
    Table("stable-series", "vendor_parts.toml", "stable", ("line",), ("source",)),
    Table("unusable-devices", "vendor_parts.toml", "unusable", ("device", "arch"), ("source",)),
    Table("kept-elsewhere", "device_state.toml", "kept", ("reason",), ("devices",)),
    Table("harmless-defaults", "default_changes.toml", "harmless", ("property",), ("reason",)),
    Table("settled-layouts", "section_changes.toml", "settled", ("section",), ("reason",)),
    Table("early-parts", "early_parts.toml", "early", ("kind", "since"), ("names",)),
    Table("boards", "board_parts.toml", "built_in", ("board",), ("source",)),
    Table(
        "common-cpu-features", "cpu_features.toml", "common", ("arch",), ("names",), adds_up=True
    ),
    Table("of-hardware", "cpu_features.toml", "of_hardware", ("arch",), ("names",), adds_up=True),
    Table("of-vendor", "cpu_features.toml", "of_vendor", ("arch",), ("names",), adds_up=True),
    Table("libvirt-features", "cpu_features.toml", "libvirt", ("feature",), ("name",)),
    Table("mitigations", "cpu_features.toml", "mitigation", ("arch",), ("names",), adds_up=True),
    Table("unasked", "cpu_features.toml", "unasked", ("arch",), ("names",), adds_up=True),
    Table("not-of-host", "cpu_features.toml", "not_of_host", ("arch",), ("names",), adds_up=True),
    Table(
        "unmigratable-features",
        "cpu_features.toml",
        "unmigratable",
        ("arch",),
        ("names",),
        adds_up=True,
    ),
    Table("settings-of-host", "cpu_features.toml", "of_host", ("arch",), ("names",), adds_up=True),
    Table(
        "not-of-kernel", "cpu_features.toml", "not_of_kernel", ("arch",), ("names",), adds_up=True
    ),
    Table(
        "security-features", "cpu_features.toml", "security", ("arch",), ("names",), adds_up=True
    ),
    Table("features-of-the-cpu", "cpu_features.toml", "of_cpu", ("arch", "since"), ("names",)),
    Table("cpu-errata", "cpu_errata.toml", "erratum", ("name", "feature"), ("cpus",)),
    Table("cpu-rows", "cpu_errata.toml", "cpu", ("name",), ("vendor", "numbers")),
    Table("cpu-generations", "cpu_generations.toml", "generation", ("model",), ("vendor", "order")),
    Table("cpu-models", "cpu_models.toml", "model", ("name",)),
    Table("cpu-words", "cpu_bits.toml", "word", ("name",), ("register",)),
    Table("hardware", "hardware.toml", "hardware", ("name",), ("role",)),
    Table("cpu-vendors", "cpu_vendors.toml", "vendor", ("name",), ("match",)),
    Table("default-policy", "default_policy.toml", "", ("management",), by_file=True),
    Table("devices", "devices.toml", "device", ("name",)),
    Table(
        "drifts",
        "compat_drift.toml",
        "drift",
        ("qom_type", "property"),
        ("reason",),
        joint=".",
        adds_up=True,
    ),
    Table("faults", "faults.toml", "fault", ("id",), ("reason",)),
    Table("feature-bits", "feature_bits.toml", "bit", ("device", "bit"), ("name",), joint=":"),
    Table(
        "guest-elements", "guest_formats.toml", "guest_element", ("format", "element"), ("keys",)
    ),
    Table(
        "guest-devices",
        "guest_formats.toml",
        "guest_device",
        ("format", "element", "is"),
        ("devices",),
    ),
    Table(
        "guest-traits", "guest_formats.toml", "guest_trait", ("format", "place", "trait"), ("says",)
    ),
    Table("guest-cpus", "guest_formats.toml", "guest_cpu", ("format", "name"), ("model",)),
    Table("guest-buses", "guest_formats.toml", "guest_bus", ("format", "bus"), ("device",)),
    Table("guest-impacts", "guest_impacts.toml", "impact", ("id",), ("text",)),
    Table("guest-profiles", "guest_profiles.toml", "profile", ("name",), ("meaning",)),
    Table(
        "kernel-changes",
        "kernel_caps/*.toml",
        "change",
        ("^line", "capability"),
        ("effect",),
        by_file=True,
    ),
    Table("kernel-lines", "kernel_caps/*.toml", "", ("line",), ("title",), by_file=True),
    Table("machine-types", "machine_types/*.toml", "type", ("name",)),
    Table("messages", "messages.toml", "message", ("id",), ("says",)),
    Table("observations", "observations.toml", "observation", ("id",), ("source",)),
    Table(
        "properties", "properties.toml", "property", ("qom_type", "property"), ("gates",), joint="."
    ),
    Table("property-kinds", "kinds.toml", "property_kind", ("name",), ("meaning",)),
    Table("plane-boards", "plane_words.toml", "plane_board", ("plane", "board"), ("arch",)),
    Table("plane-devices", "plane_words.toml", "device_alias", ("qom_type",), ("element",)),
    Table("qemu-packages", "qemu_packages.toml", "package", ("name", "arch"), ("manager",)),
    Table("kubevirt-releases", "kubevirt_releases.toml", "launcher", ("first",), ("qemu",)),
    Table("kubevirt-images", "kubevirt_releases.toml", "launcher_image", ("name",), ("qemu",)),
    Table("removals", "machine_types/*.toml", "removal_forecast", ("name",), ("removed",)),
    Table("roms", "roms.toml", "rom", ("file",), ("devices",)),
    Table("rom-sizes", "roms.toml", "rom_size", ("name",), ("block",)),
    Table("traits", "traits.toml", "trait", ("name",), ("meaning",)),
    Table("unit-kinds", "kinds.toml", "unit_kind", ("name",), ("meaning",)),
    Table("value-kinds", "kinds.toml", "value_kind", ("name",), ("allowed",)),
    Table("vendor-crossings", "cpu_vendors.toml", "crossing", ("id",), ("reason",)),
    Table("unread-kernels", "coverage.toml", "unread", ("line",), ("releases",)),
    Table("units", "migrated_state/*.toml", "unit", ("id",), ("title",)),
    Table("variants", "devices.toml", "variant", ("name",), ("base",)),
)
BY_NAME = {table.name: table for table in TABLES}
