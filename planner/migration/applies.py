"""Whether a guest has what a clause speaks of; three-valued, no look at hosts but the boot host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from planner.domain.capability import CapabilityId, Presence
from planner.domain.compat import plain_value
from planner.domain.errors import advised, nearest
from planner.domain.guest import GuestCpu, GuestStart
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.truth import Truth, any_of
from planner.knowledge.guests import BEYOND, GuestWords

Assumed = frozenset[tuple[str, str]]
"""Claims taken as true: (clause kind, word) pairs that no guest has."""

EVERY_MACHINE = "builtin"
NAMED = "names:"
"""In a clause about CPUs: the feature is asked for by name, whether the host can give it or not."""
UNMIGRATED = "migratable"
"""The setting of a CPU that follows its host with which it has no feature that blocks migration."""
FOLLOWS_HOST = "follows-host"


@cache
def claims_of(clause: Clause) -> Assumed:
    """Return the claims that no guest has anything that the clause speaks of."""
    return frozenset((clause.kind.value, word) for word in clause.any_of)


@cache
def claimed(words: tuple[str, ...]) -> Assumed:
    """Return the claims that `kind:word` texts of conditions make."""
    parts = (word.partition(":") for word in words)
    return frozenset((kind, name) for kind, _, name in parts)


def respelt(claims: Assumed, words: GuestWords) -> Assumed:
    """Return claims of a file with the one name that each fact has."""
    return frozenset(_respelt(kind, word, words) for kind, word in claims)


def _respelt(kind: str, word: str, words: GuestWords) -> tuple[str, str]:
    meant = words.trait_of(word)
    if meant is None or meant[1] or kind == ClauseKind.ACCELERATOR_LACKS.value:
        return kind, word
    return ClauseKind.ACCELERATOR_LACKS.value, meant[0]


def opposed(claims: Assumed, words: GuestWords) -> tuple[str, ...]:
    """Return the CPU features that claims about one guest both ask for and exclude, in order."""
    lacks, has = ClauseKind.CPU_LACKS.value, ClauseKind.CPU.value
    beyond = [words.beyond(word) for kind, word in claims if kind == has]
    return tuple(
        word
        for kind, word in sorted(claims)
        if kind == lacks and ((has, word) in claims or any(word in features for features in beyond))
    )


def unsaid(claims: Assumed, start: GuestStart) -> Assumed:
    """Return the claims about what a guest does not say: its CPU, its devices, each of its uses."""

    def says(kind: str, word: str) -> bool:
        """Whether the guest says something of a claim, whatever it says."""
        if kind in {ClauseKind.CPU.value, ClauseKind.CPU_LACKS.value}:
            return start.cpu is not None
        if kind == ClauseKind.DEVICE.value:
            return start.devices is not None
        return start.trait(word) is not Truth.UNKNOWN

    return frozenset((kind, word) for kind, word in claims if not says(kind, word))


def left_open(claims: Assumed, start: GuestStart, words: GuestWords) -> Assumed:
    """Return the claims that a guest leaves open: what it does not say, or nobody knows of its CPU."""

    def is_known(kind: str, word: str) -> bool:
        """Whether it is known that the guest's CPU has a feature, or that it lacks it."""
        of_cpu = kind in {ClauseKind.CPU.value, ClauseKind.CPU_LACKS.value}
        return not of_cpu or has_feature(word, start.cpu, start, words) is not Truth.UNKNOWN

    said = claims - unsaid(claims, start)
    return claims - {(kind, word) for kind, word in said if is_known(kind, word)}


def as_booted(start: GuestStart, words: GuestWords) -> GuestStart:
    """Return a start with what its boot host could not give: QEMU cuts every CPU to that.

    What an emulated guest has is up to its build. A start that must have what is not there is refused,
    so no running guest has it either.
    """
    if start.booted_on is None or is_emulated(start, words):
        return start
    lacked = frozenset(name.removeprefix("cpu.") for name in start.booted_on.lacked_cpu_features)
    never = lacked & words.model_features
    return replace(start, never=never) if never else start


def is_emulated(start: GuestStart, words: GuestWords) -> bool:
    """Whether a guest is stated to be emulated."""
    return any(
        row.emulation is not None and start.trait(row.name) is Truth.YES
        for row in words.traits.values()
    )


def without_boot_host(start: GuestStart) -> GuestStart:
    """Return a start without the host that it booted on, unless its CPU has the features of that host.

    Clauses say the same of both: starts that differ in nothing else are judged once.
    """
    follows = start.cpu is not None and start.cpu.follows_host
    return start if follows or start.booted_on is None else replace(start, booted_on=None)


@dataclass(frozen=True, slots=True)
class Applicability:
    """Whether a unit or property concerns a guest, and which unstated static facts leave it open."""

    truth: Truth
    open_facts: tuple[str, ...] = ()


def clause_truth(
    clause: Clause, start: GuestStart, words: GuestWords, assumed: Assumed
) -> Applicability:
    """Return whether `clause` holds for a guest.

    What nobody says of a guest (a use, its CPU, devices, accelerator settings) leaves the clause open,
    unless the row has a default. A setting that nobody names is not set, as in QEMU, where a row asks
    for its absence.
    """
    kind = clause.kind.value
    if all((kind, word) in assumed for word in clause.any_of):
        return Applicability(Truth.NO)
    match clause.kind:
        case ClauseKind.CPU:
            return _of_cpu(_features(clause.any_of, start.cpu, start, words), clause, start, words)
        case ClauseKind.CPU_LACKS:
            return _of_cpu(~_features(clause.any_of, start.cpu, start, words), clause, start, words)
        case ClauseKind.DEVICE:
            return _open(devices_match(clause.any_of, start.devices, words), "devices")
        case _:
            return _stated(clause, start, words)


def _stated(clause: Clause, start: GuestStart, words: GuestWords) -> Applicability:
    """Return whether a clause about settings or uses holds, by what is stated of the guest."""
    named = any_of(start.trait(word) for word in clause.any_of)
    if clause.kind is ClauseKind.ACCELERATOR_LACKS:
        return Applicability(Truth.YES if named is Truth.UNKNOWN else ~named)
    return _open(clause.default if named is Truth.UNKNOWN else named, _trait_fact(clause, words))


def _trait_fact(clause: Clause, words: GuestWords) -> str:
    """Return what is missing of a guest of which nobody states a setting or use."""
    if clause.kind is ClauseKind.ACCELERATOR:
        return f"accelerator setting {', '.join(clause.any_of)}"
    rows = [words.traits.get(word) for word in clause.any_of]
    means = " or ".join(row.meaning for row in rows if row is not None)
    return f"trait {', '.join(clause.any_of)}{f' ({means})' if means else ''}"


def _of_cpu(truth: Truth, clause: Clause, start: GuestStart, words: GuestWords) -> Applicability:
    """Return what is known of a guest CPU; what is missing is looked for only where something is."""
    if truth is not Truth.UNKNOWN:
        return Applicability(truth)
    return Applicability(truth, (_cpu_fact(clause, start.cpu, words),))


def _cpu_fact(clause: Clause, cpu: GuestCpu | None, words: GuestWords) -> str:
    """Return what is missing of a guest CPU that leaves a clause open."""
    if cpu is None:
        return "guest CPU"
    asked = ", ".join(clause.any_of)
    if cpu.follows_host:
        return f"cpu.{asked} on the host that the guest booted on"
    if cpu.model in words.cpu_models:
        return f"whether the CPU model '{cpu.model}' has {asked}"
    return advised(
        f"features of CPU model '{cpu.model}'", _meant(cpu.model, tuple(words.cpu_models))
    )


@cache
def _meant(name: str, models: tuple[str, ...]) -> str:
    """Return the known CPU model that a name may stand for; the same few names are asked for often."""
    return nearest(name, models)


def _open(truth: Truth, fact: str) -> Applicability:
    return Applicability(truth, (fact,) if truth is Truth.UNKNOWN else ())


def _features(
    features: Iterable[str], cpu: GuestCpu | None, start: GuestStart, words: GuestWords
) -> Truth:
    return any_of(has_feature(feature, cpu, start, words) for feature in features)


def has_feature(feature: str, cpu: GuestCpu | None, start: GuestStart, words: GuestWords) -> Truth:
    """Return whether a guest CPU has `feature`; models that follow the host ask the boot host.

    `model:NAME` and `follows-host` ask about the model itself, `names:NAME` whether the start names a
    feature as on, `beyond-common` whether it has anything
    that some CPU lacks on which KVM runs. What the boot host cannot give no guest has that booted there.
    """
    if cpu is not None and feature.startswith(NAMED):
        return Truth.of(feature.removeprefix(NAMED) in cpu.enabled)
    if cpu is None or feature in start.never:
        return Truth.NO if feature in start.never else Truth.UNKNOWN
    if feature == FOLLOWS_HOST or feature.startswith((BEYOND, "model:")):
        return _is_model(feature, cpu, start, words)
    if feature in cpu.enabled or feature in cpu.disabled:
        return Truth.of(feature in cpu.enabled)
    if cpu.follows_host:
        return _host_feature(feature, cpu, start, words)
    return words.cpu_models.has(cpu.model, feature, start.baseline.machine_type)


def _is_beyond(generation: str, cpu: GuestCpu, start: GuestStart, words: GuestWords) -> Truth:
    known = words.common | words.features_of(generation)
    if (
        cpu.follows_host
        or cpu.enabled - start.never - known - words.not_of_host - words.not_of_kernel
    ):
        return Truth.YES
    model = words.cpu_models.get(cpu.model)
    if model is None:
        return Truth.UNKNOWN
    return Truth.of(bool(model.features - cpu.disabled - start.never - known))


def _is_model(word: str, cpu: GuestCpu, start: GuestStart, words: GuestWords) -> Truth:
    if word.startswith(BEYOND):
        return _is_beyond(word.removeprefix(BEYOND), cpu, start, words)
    if word == FOLLOWS_HOST:
        return Truth.of(cpu.follows_host)
    return Truth.of(cpu.model.partition("-v")[0] == word.removeprefix("model:"))


def _host_feature(feature: str, cpu: GuestCpu, start: GuestStart, words: GuestWords) -> Truth:
    is_left_out = feature in words.unmigratable and UNMIGRATED not in cpu.disabled
    if is_left_out or feature in words.not_of_host:
        return Truth.NO
    if start.booted_on is None:
        return Truth.UNKNOWN
    presence = start.booted_on.capabilities.presence(CapabilityId(f"cpu.{feature}"))
    if presence is Presence.PRESENT:
        return Truth.YES
    return Truth.NO if presence is Presence.ABSENT else Truth.UNKNOWN


def devices_match(
    patterns: Iterable[str], devices: tuple[str, ...] | None, words: GuestWords
) -> Truth:
    """Return whether a guest has a device of any pattern.

    A pattern is a device name or family with backends (`virtio-net+tap`) or an option
    (`virtio,ats=on`), or the lack of one (`ivshmem,!master=on`). A device whose backend is not given
    may have it.
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
    stands = wanted_option.removeprefix("!") in map(_plain_option, options.split(","))
    if wanted_option and stands is wanted_option.startswith("!"):
        return Truth.NO
    stated = frozenset[str]().union(*(words.backends.get(one, frozenset()) for one in have[1:]))
    if stated.issuperset(wanted[1:]):
        return Truth.YES
    certain = bool(have[1:]) and all(word in words.backends for word in have[1:])
    return Truth.NO if certain else Truth.UNKNOWN


def _plain_option(text: str) -> str:
    key, equals, value = text.partition("=")
    return f"{key}{equals}{plain_value(value)}"


def _split(text: str) -> tuple[list[str], str]:
    name, _, options = text.partition(",")
    return name.split("+"), options
