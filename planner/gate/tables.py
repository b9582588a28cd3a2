"""How a script on a host reads the XML of a guest: the rows of libvirt's words, for it knows none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from planner.domain.compat import SWITCH
from planner.domain.guest import FOLLOWS_HOST
from planner.gate.policy import CpuSetting, GateElement, GateGuest, TraitRow
from planner.knowledge.base import KnowledgeBase
from planner.migration.guest_devices import unknown_devices

FORMAT = "libvirt"


@dataclass(frozen=True)
class GuestTables:
    """The words of libvirt's XML in those of QEMU, for guests of one architecture."""

    knowledge: KnowledgeBase
    arch: str

    def guest(
        self, traits: Iterable[str], taken: Iterable[tuple[str, bool]], accepted: frozenset[str]
    ) -> GateGuest:
        """Return the tables, with the places of `traits` and what is `taken` where nothing says it.

        Losses of an `accepted` severity are nobody's question.
        """
        words = self.knowledge.guests
        unjudged = sorted(name for name, row in words.traits.items() if row.emulation is not None)
        asked = frozenset(traits).union(unjudged)
        rows = words.formats
        return GateGuest(
            elements=self.elements,
            buses={bus: word for (kind, bus), word in rows.buses.items() if kind == FORMAT},
            cpus={
                name: CpuSetting(model=row.model, features=list(row.features))
                for (kind, name), row in rows.cpus.items()
                if kind == FORMAT
            },
            follow=sorted(FOLLOWS_HOST),
            traits={name: list(self._places(name)) for name in sorted(asked)},
            taken={name: value for name, value in sorted(taken) if name in asked},
            devices=sorted(one for one in self.devices if not unknown_devices((one,), words)),
            gates=self._gates(accepted),
            unjudged=unjudged,
        )

    @cached_property
    def elements(self) -> dict[str, GateElement]:
        """The elements of the XML and what each is by its values."""
        formats = self.knowledge.guests.formats
        return {
            name: GateElement(
                keys=list(row.keys),
                options=[*row.options],
                no_device=row.no_device,
                rows=[
                    (list(one.values), list(one.devices))
                    for one in formats.devices.get((kind, name), ())
                ],
            )
            for (kind, name), row in formats.elements.items()
            if kind == FORMAT
        }

    @cached_property
    def devices(self) -> frozenset[str]:
        """Every device that a guest may be found to have and of which rows say something."""
        words = self.knowledge.guests
        buses = {word for (kind, _), word in words.formats.buses.items() if kind == FORMAT}
        named = {
            device.replace("*", bus).partition(",")[0]
            for row in self.elements.values()
            for _, devices in row["rows"]
            for device in devices
            for bus in (buses if "*" in device else {""})
        }
        return frozenset(named) | frozenset(words.devices)

    def _places(self, trait: str) -> Iterator[TraitRow]:
        for row in self.knowledge.guests.formats.traits:
            if (row.format, row.trait) == (FORMAT, trait):
                values = None if row.values is None else sorted(row.values)
                yield row.place, values, row.says, row.otherwise, row.absent

    def _gates(self, accepted: frozenset[str]) -> dict[str, list[str]]:
        """Return the values of properties that change what is sent, by property.

        They open a gate that a machine type may keep shut, or shut one whose loss nobody accepts.
        """
        found: dict[str, set[str]] = {}
        for unit in self.knowledge.units_of(self.arch):
            for gate in unit.gates:
                values = found.setdefault(gate.key.property, set())
                values |= gate.emits_when
                if unit.state == "run" and unit.severity not in accepted:
                    values |= set(SWITCH) - gate.emits_when
        return {name: sorted(values) for name, values in sorted(found.items())}
