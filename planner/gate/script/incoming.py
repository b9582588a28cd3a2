"""An incoming guest as libvirt's XML describes it, by the tables of a policy; knows no device itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from planner.gate.policy import AliasRow, CpuSetting, GateElement, GateGuest

QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"
STAMP = "{https://planner.example/1}booted"
OPAQUE = frozenset(("-accel", "-machine", "-M", "-cpu", "-set"))
"""Arguments that may set what no element shows."""
TYPED = ("-machine", "-M")
READ = ("-accel", "-cpu", "-device", "-global", *TYPED)
SWITCH = {"true": "on", "false": "off", "yes": "on", "no": "off"}
SET = ("on", "yes", "true", "y")
ON, OFF = ("require", "force"), ("disable", "forbid")


def at(element: Element, place: str) -> str | None:
    """Return an attribute (`child/@name`) or the text of a child, None if it is not there."""
    path, slash, name = place.rpartition("@")
    if not slash:
        found = element.find(place)
        return None if found is None else (found.text or "").strip()
    path = path.rstrip("/")
    owner = element.find(path) if path else element
    return None if owner is None else owner.get(name)


class Incoming:
    """A domain in the words of a policy's tables."""

    def __init__(self, domain: Element, tables: GateGuest) -> None:
        """Read everything once."""
        self.domain, self.tables = domain, tables
        self.machine = (at(domain, "os/type/@machine") or "").strip()
        words = [one.get("value", "") for one in domain.iter(QEMU + "arg")]
        self.arguments = list(_options(words))
        self.opaque = OPAQUE.intersection(option for option, _ in self.arguments)
        self.overrides = {
            one.get("alias", ""): dict(_overridden(one)) for one in domain.iter(QEMU + "device")
        }
        self.globals = dict(self._globals())
        self.devices = [*self._seen(), *self._added()]
        self.model, self.on, self.off = self._cpu()

    def _globals(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Yield ((driver, property), value) of each -global, in both of its forms."""
        for option, text in self.arguments:
            if option != "-global":
                continue
            parts = dict(part.partition("=")[::2] for part in text.split(","))
            key, _, value = text.partition("=")
            driver, _, name = key.rpartition(".")
            if "driver" in parts:
                driver, name = parts["driver"], parts.get("property", "")
                value = parts.get("value", "")
            yield (driver, name), SWITCH.get(value, value)

    def _seen(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield (device, options) of each element of the domain."""
        for element in self.domain.iterfind("devices/*"):
            row = self.tables["elements"].get(element.tag)
            if row is None:
                yield "libvirt-" + element.tag, frozenset()
            elif not row["no_device"]:
                yield from self._of_element(element, row)

    def _of_element(
        self, element: Element, row: GateElement
    ) -> Iterator[tuple[str, frozenset[str]]]:
        values = [at(element, key) or "" for key in row["keys"]]
        fits = (
            devices
            for wanted, devices in row["rows"]
            if all(one in ("*", value) for one, value in zip(wanted, values))  # noqa: B905
        )
        names = next(fits, None)
        if names is None:
            words = ["libvirt", element.tag, *values]
            yield "-".join(word for word in words if word), frozenset()
            return
        bus = self.tables["buses"].get(at(element, "address/@type") or "none", "pci")
        for number, name in enumerate(names):
            options = list(self._options(element, row)) if number == 0 else []
            base, _, more = name.replace("*", bus).partition(",")
            yield base, frozenset(word for word in options + more.split(",") if word)

    def _options(self, element: Element, row: GateElement) -> Iterator[str]:
        for place, option in row["options"]:
            number = at(element, place) or ""
            if number in SET or (number.isdigit() and int(number) > 1):
                yield option if "=" in option else option + "=" + number
        own = self.overrides.get(at(element, "alias/@name") or "", {})
        for name, value in own.items():
            yield name + "=" + value

    def _added(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield the devices that are given past libvirt, and for all that is not read an unknown one."""
        for option, text in self.arguments:
            is_type = option in TYPED and "=" not in text.partition(",")[0]
            if option == "-device" and text[:1] not in ("", "{"):
                name, _, more = text.partition(",")
                yield name, frozenset(more.split(","))
            elif option not in READ or text[:1] in ("", "{") or is_type:
                yield "commandline" + option, frozenset()

    def _cpu(self) -> tuple[str, set[str], set[str]]:
        """Return the model, empty if it is not told, and the features that are on and off."""
        cpu, rows = self.domain.find("cpu"), self.tables["cpus"]
        on: set[str] = set()
        off: set[str] = set()
        if cpu is None or "-cpu" in self.opaque:
            return "", on, off
        mode = rows.get("mode " + cpu.get("mode", "custom"))
        model = mode["model"] if mode else (cpu.findtext("model") or "").strip()
        for one in cpu.iterfind("feature"):
            policy = one.get("policy", "require")
            if policy not in ON + OFF:
                return "", on, off
            (on if policy in ON else off).add((one.get("name") or "").replace("_", "-"))
        for word in self._settings(rows):
            (on if word[0] == "+" else off).add(word[1:])
        return model, on, off - on

    def _settings(self, rows: dict[str, CpuSetting]) -> Iterator[str]:
        """Yield `+f` and `-f` that settings outside of the CPU element add to it."""
        names = ["hidden " + (at(self.domain, "features/kvm/hidden/@state") or "")]
        names.append("pmu " + (at(self.domain, "features/pmu/@state") or ""))
        hyperv = self.domain.find("features/hyperv")
        if hyperv is not None:
            names.append("hyperv mode " + hyperv.get("mode", ""))
            for one in hyperv:
                if one.get("state") == "on":
                    yield "+hv-" + one.tag.replace("_", "-")
                within = [sub.tag for sub in one if sub.get("state") == "on"]
                names += [" ".join(("hyperv", one.tag, name)) for name in within]
        for name in names:
            row = rows.get(name)
            yield from row["features"] if row else ()

    def trait(self, name: str) -> bool | None:
        """Return whether the guest has a use or setting, None if it is not told."""
        said = set()
        for place, values, says, otherwise, absent in self.tables["traits"].get(name, ()):
            value = at(self.domain, place)
            if value is None:
                said.add(absent)
            else:
                said.add(says if values is None or value in values else otherwise)
        if True in said or (said == {False} and not self.opaque):
            return True in said
        return self.tables["taken"].get(name)

    def aliases(self, row: AliasRow) -> Iterator[str]:
        """Yield the aliases of the guest's devices of one kind, as libvirt makes them."""
        place = 0
        for found in self.domain.iterfind("devices/" + row["element"]):
            if found.get("type") in row["apart"]:
                continue
            fits = not row["values"] or (at(found, row["at"]) or "") in row["values"]
            if fits:
                own = row["alias"] + _number(found, row["number"], place)
                yield at(found, "alias/@name") or own
            place += fits or row["number"] == "order"


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (option, value) of a command line; QEMU reads `--device` as `-device`."""
    option = ""
    for word in words:
        if word.startswith("-"):
            if option:
                yield option, ""
            option = "-" + word.lstrip("-")
        else:
            yield option or "-", word
            option = ""
    if option:
        yield option, ""


def _overridden(device: Element) -> Iterator[tuple[str, str]]:
    """Yield the properties of a device that are set by hand."""
    for one in device.iter(QEMU + "property"):
        if one.get("type") != "remove":
            value = one.get("value", "")
            yield one.get("name", ""), SWITCH.get(value, value)


def _number(element: Element, kind: str, place: int) -> str:
    """Return the number of an alias: a place, an attribute, or that of a target such as `vdb`."""
    if kind in ("order", "own"):
        return str(place)
    if kind.startswith("@"):
        return element.get(kind[1:], "0")
    number = 0
    for letter in (at(element, "target/@dev") or "")[2:]:
        number = number * 26 + ord(letter) - ord("a") + 1
    return str(max(number - 1, 0))
