"""Arguments that are given to QEMU past libvirt or Proxmox: flags, devices, and what nobody reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.compat import CompatFlag, PropertyKey

OF_THE_ACCELERATOR = frozenset({"-accel", "-machine", "-M", "-cpu", "-set"})
"""Arguments that may set what no element shows."""
TYPED = frozenset({"-machine", "-M"})
READ = frozenset({"-accel", "-cpu", "-device", "-global", *TYPED})
"""Arguments of which it is known what they mean to a guest, or that its CPU is left open for."""

Arguments = tuple[tuple[str, str], ...]


def options_of(words: Iterable[str]) -> Arguments:
    """Return (option, value) of a command line, in order; QEMU reads `--device` as `-device`.

    A word behind an option is its value unless it begins as an option does; one behind none is the value
    of the option `-`.
    """
    found: list[tuple[str, str]] = []
    is_awaited = False
    for word in words:
        if word.startswith("-"):
            found.append((f"-{word.lstrip('-')}", ""))
        elif is_awaited:
            found[-1] = found[-1][0], word
        else:
            found.append(("-", word))
        is_awaited = word.startswith("-")
    return tuple(found)


def flags_of(arguments: Arguments) -> Iterator[CompatFlag]:
    """Yield the flags of `-global`, in both of its forms; others are not flags of ours.

    Raises `ValueError` for one that says no value.
    """
    for option, value in arguments:
        if option != "-global":
            continue
        parts = dict(part.partition("=")[::2] for part in value.split(","))
        if parts.keys() >= {"driver", "property", "value"}:
            key = PropertyKey(qom_type=parts["driver"], property=parts["property"])
            yield CompatFlag(key=key, value=parts["value"])
        elif "." in value.partition("=")[0]:
            yield CompatFlag.parse(value)


def added_devices(arguments: Arguments) -> Iterator[str]:
    """Yield the devices that are given, and for all that is not read a device that no row has."""
    for option, value in arguments:
        if option == "-device" and value[:1] not in {"", "{"}:
            yield value
        elif option not in READ or value[:1] in {"", "{"} or _is_type(option, value):
            yield f"commandline{option}"


def _is_type(option: str, value: str) -> bool:
    return option in TYPED and "=" not in value.partition(",")[0]


def is_open(arguments: Arguments, options: frozenset[str] = OF_THE_ACCELERATOR) -> bool:
    """Whether one of some options is given, so that what it may set is not told by anything else."""
    return any(option in options for option, _ in arguments)
