"""What a guest was started as; what is not given is 'may have'."""

from __future__ import annotations

from dataclasses import dataclass, field

from planner.domain.compat import CompatFlag
from planner.domain.host import HostProfile
from planner.domain.plans.upgrade import Room
from planner.domain.truth import Truth

FOLLOWS_HOST = frozenset({"host", "max", "host-model", "host-passthrough"})
"""CPU models whose features are those of the boot host."""

ON, OFF = frozenset({"on", "yes", "true", "y"}), frozenset({"off", "no", "false", "n"})
"""What QEMU reads as a switch that is on, or off."""
SET_OFF = frozenset({"off", "no", "false", "n", "none"})
"""Values of an option that say that the guest is without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCpu:
    """A CPU model with features switched on and off, as `-cpu MODEL,+f,-f` says it.

    `settings` are the properties that take another value, as (name, value).
    """

    model: str
    enabled: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    settings: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> GuestCpu:
        """Read `MODEL,+f,-f,f,f=on,f=off,setting=5`, `_` as `-`; raises ValueError for another word.

        A bare word is on, and `yes`, `true` and `y` are, as QEMU reads them.
        """
        model, *words = [word.strip() for word in text.split(",")]
        enabled, disabled, settings = set[str](), set[str](), dict[str, str]()
        for word in words:
            name, equals, value = word.lstrip("+-").replace("_", "-").partition("=")
            bare = bool(name) and not equals and word[:1] not in "+-"
            if word.startswith("+") or bare or (equals and value in ON):
                enabled.add(name)
            elif word.startswith("-") or (equals and value in OFF):
                disabled.add(name)
            elif name and value:
                settings[name] = value
            else:
                raise ValueError(f"'{word}' is not +FEATURE, -FEATURE or NAME=VALUE")
        if model[:1] in "+-":
            raise ValueError(f"'{text}' names no CPU model before its features")
        return cls(
            model=model,
            enabled=frozenset(enabled),
            disabled=frozenset(disabled),
            settings=tuple(sorted(settings.items())),
        )

    @property
    def follows_host(self) -> bool:
        """Whether the features are those of the host it boots on."""
        return self.model in FOLLOWS_HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A machine type and the flags set beside it."""

    machine_type: str
    flags: tuple[CompatFlag, ...] = ()

    @property
    def arguments(self) -> str:
        """Write the `-machine` and `-global` arguments of QEMU."""
        flags = (f"-global {flag}" for flag in self.flags)
        return " ".join((f"-machine {self.machine_type}", *flags))


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestStart:
    """A baseline as lived.

    `booted_on` is the host whose features the guest took, None for 'any host of the pool'. `devices`
    None means 'may have any', an empty tuple means none. `traits` are named uses; a missing one is
    'may'. `hop_flags` are the flags that only the destination process gets. `never` are CPU features
    that the guest's boot host could not give it, whatever its CPU was asked to be. `machine_options` are
    options of `-machine`, as `NAME=VALUE`, that every process of the guest gets.
    """

    baseline: Baseline
    booted_on: HostProfile | None = None
    devices: tuple[str, ...] | None = None
    cpu: GuestCpu | None = None
    traits: frozenset[tuple[str, bool]] = frozenset()
    hop_flags: tuple[CompatFlag, ...] = ()
    never: frozenset[str] = frozenset()
    machine_options: tuple[str, ...] = ()

    def trait(self, name: str) -> Truth:
        """Return whether the guest has trait `name`, by a setting of its CPU or machine if need be."""
        for known, value in self.traits:
            if known == name:
                return Truth.of(value)
        if self.cpu is not None and any(name == known for known, _ in self.cpu.settings):
            return Truth.YES
        for option in self.machine_options:
            known, _, word = option.partition("=")
            if known.partition(".")[0] == name:
                return Truth.of(word not in SET_OFF)
        return Truth.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestGroup:
    """Guests of one host that differ in nothing that judgement or planning sees.

    `room` is the size of one guest, None if it is not given; `names` are examples. `inactive`: the
    description is of its next start, not of the running process. `told_by` is the command that told it.
    """

    pool: str
    host: str
    machine_type: str
    flags: tuple[CompatFlag, ...] = ()
    booted_on: str = ""
    devices: tuple[str, ...] | None = None
    cpu: GuestCpu | None = None
    traits: frozenset[tuple[str, bool]] = frozenset()
    count: int = 1
    room: Room | None = None
    restart_window: str = ""
    migratable: bool = True
    names: tuple[str, ...] = ()
    inactive: bool = False
    told_by: str = ""
    line: int = field(default=0, compare=False)
