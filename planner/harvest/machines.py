"""What a QEMU build says of itself: version, machine types, aliases, compat properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planner.harvest.monitor import Monitor, running

Entry = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestedType:
    """A machine type; `properties` is its whole list in order, None if the build cannot tell."""

    name: str
    alias: str
    default: bool
    deprecated: bool
    properties: tuple[Entry, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestedBuild:
    """A build; `package` is the vendor's text, often empty."""

    arch: str
    version: str
    package: str
    types: tuple[HarvestedType, ...]

    @property
    def text(self) -> str:
        """Return what a fleet file would say of this build."""
        return self.package or self.version

    @property
    def lists_properties(self) -> bool:
        """Return whether the build can list what its machine types set (9.1 and newer)."""
        return any(row.properties is not None for row in self.types)


def harvest_build(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> HarvestedBuild:
    """Ask a QEMU program for its machine types; raises `HarvestError`."""
    with running(command, "-machine", "none", environment=environment) as monitor:
        version = monitor.ask("query-version")
        number = version["qemu"]
        target = monitor.ask("query-target")["arch"]
        rows = _machines(monitor)
    return HarvestedBuild(
        arch=str(target),
        version=f"{number['major']}.{number['minor']}.{number['micro']}",
        package=str(version["package"]).removeprefix("v"),
        types=tuple(_type(row) for row in rows),
    )


def _machines(monitor: Monitor) -> list[dict[str, object]]:
    """Return the machine types, with their compat properties if the build knows the argument."""
    found = monitor.answer("query-machines", **{"compat-props": True})
    return list(found if found is not None else monitor.ask("query-machines"))


def _type(row: Mapping[str, object]) -> HarvestedType:
    listed = row.get("compat-props")
    entries = None
    if isinstance(listed, list):
        entries = tuple((one["qom-type"], one["property"], one["value"]) for one in listed)
    return HarvestedType(
        name=str(row["name"]),
        alias=str(row.get("alias", "")),
        default=bool(row.get("is-default")),
        deprecated=bool(row.get("deprecated")),
        properties=entries,
    )
