"""Whether a guest has a device, with which backends and options; three-valued."""

from __future__ import annotations

from collections.abc import Iterable

from planner.domain.compat import plain_value
from planner.domain.truth import Truth, any_of
from planner.knowledge.guests import GuestWords

EVERY_MACHINE = "builtin"


def devices_match(
    patterns: Iterable[str], devices: tuple[str, ...] | None, words: GuestWords
) -> Truth:
    """Return whether a guest has a device of any pattern.

    A pattern is a device name or family with backends (`virtio-net+tap`) or an option
    (`virtio,ats=on`), or the lack of one (`ivshmem,!master=on`), of any value without `=`. A device
    whose backend is not given may have it.
    """
    wanted = tuple(patterns)
    if EVERY_MACHINE in wanted:
        return Truth.YES
    if devices is None:
        return Truth.UNKNOWN
    return any_of(
        _device_matches(pattern, device, words) for pattern in wanted for device in devices
    )


def all_say_backends(
    patterns: tuple[str, ...], devices: tuple[str, ...] | None, words: GuestWords
) -> bool:
    """Whether each device of some patterns says its backend: both ends are started with the same."""
    return devices is not None and all(
        bool(_split(device)[0][1:])
        for device in devices
        if devices_match(patterns, (device,), words) is not Truth.NO
    )


def device_name(device: str) -> str:
    """Return the name of a device without its backend and options."""
    return _split(device)[0][0]


def device_backends(device: str) -> tuple[str, ...]:
    """Return the words behind a device's name: where its data goes."""
    return tuple(_split(device)[0][1:])


def device_options(device: str) -> tuple[tuple[str, str], ...]:
    """Return the options of a device as (key, plain value); a bare word is one that is on."""
    words = (word.partition("=") for word in _split(device)[1].split(",") if word)
    return tuple((key, plain_value(value) if equals else "on") for key, equals, value in words)


def unknown_devices(devices: tuple[str, ...] | None, words: GuestWords) -> tuple[str, ...]:
    """Return the names among `devices`, and the backends as `+NAME`, that no row has."""
    parts = [_split(device)[0] for device in devices or ()]
    names = dict.fromkeys(name for name, *_ in parts if name not in words.devices)
    backends = dict.fromkeys(
        f"+{word}" for _, *behind in parts for word in behind if word not in words.backends
    )
    return (*names, *backends)


def _device_matches(pattern: str, device: str, words: GuestWords) -> Truth:
    wanted, wanted_option = _split(pattern)
    have, options = _split(device)
    known = words.devices.get(have[0])
    names = {have[0], *(known.families if known else ()), *(known.qom_types if known else ())}
    if wanted[0] not in names:
        return Truth.NO
    stands = wanted_option.removeprefix("!") in _said(options)
    if wanted_option and stands is wanted_option.startswith("!"):
        return Truth.NO
    known_words = [words.backends[name] for name in have[1:] if name in words.backends]
    stated = frozenset[str]().union(*(word.meanings for word in known_words))
    if stated.issuperset(wanted[1:]):
        return Truth.YES
    certain = bool(have[1:]) and all(word in words.backends for word in have[1:])
    return Truth.NO if certain else Truth.UNKNOWN


def _said(options: str) -> frozenset[str]:
    """Return the options of a device as patterns name them: with the value, and without."""
    parts = [text.partition("=") for text in options.split(",") if text]
    with_values = {
        f"{key}={plain_value(value) if equals else 'on'}" for key, equals, value in parts
    }
    return frozenset(with_values | {key for key, _, _ in parts})


def _split(text: str) -> tuple[list[str], str]:
    name, _, options = text.partition(",")
    return name.split("+"), options
