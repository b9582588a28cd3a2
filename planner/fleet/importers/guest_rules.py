"""Elements of a description to devices and traits, by the rows of its format; judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from planner.documents.digits import whole_of
from planner.domain.guest import ON
from planner.domain.guest_formats import GuestFormats

Place = Callable[[str], str | None]
"""Returns what stands at a place, None if nothing does."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a description; `options` are those that were set by hand."""

    name: str
    at: Place
    bus: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormatReader:
    """Reads elements and settings of one format."""

    format: str
    formats: GuestFormats

    def devices(self, elements: Iterable[Element]) -> tuple[str, ...]:
        """Return the devices of elements, each once; what no row knows keeps the format's own name."""
        return tuple(dict.fromkeys(one for found in elements for one in self._devices(found)))

    def _devices(self, element: Element) -> Iterator[str]:
        keys = self.formats.elements.get((self.format, element.name))
        if keys is None:
            yield f"{self.format}-{element.name}"
            return
        if keys.no_device:
            return
        values = tuple(element.at(key) or "" for key in keys.keys)
        rows = self.formats.devices.get((self.format, element.name), ())
        row = next((one for one in rows if one.fits(values)), None)
        if row is None:
            yield "-".join(word for word in (self.format, element.name, *values) if word)
            return
        bus = self.formats.buses.get((self.format, element.bus or "none"), "pci")
        options = [
            option if "=" in option else f"{option}={number}"
            for place, option in keys.options
            if (number := element.at(place)) and (number in ON or _is_several(number))
        ]
        for place, device in enumerate(row.devices):
            own = (*options, *element.options) if not place else ()
            yield ",".join((device.replace("*", bus), *own))

    def traits(self, at: Place) -> frozenset[tuple[str, bool]]:
        """Return what a description says of traits; what several places say is yes if one does."""
        said: dict[str, set[bool | None]] = {}
        for row in self.formats.traits:
            if row.format != self.format:
                continue
            said.setdefault(row.trait, set()).add(row.answer(at(row.place)))
        return frozenset(
            (trait, True in answers)
            for trait, answers in said.items()
            if True in answers or answers == {False}
        )


def _is_several(number: str) -> bool:
    return number.isdecimal() and whole_of(number) > 1
