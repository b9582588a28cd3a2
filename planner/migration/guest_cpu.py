"""Whether a guest CPU has a feature; models that follow the host ask the boot host."""

from __future__ import annotations

from dataclasses import replace

from planner.domain.capability import CapabilityId, Presence
from planner.domain.guest import GuestCpu, GuestStart
from planner.domain.truth import Truth
from planner.knowledge.guests import BEYOND, GuestWords

NAMED = "names:"
"""In a clause about CPUs: the feature is asked for by name, whether the host can give it or not."""

UNMIGRATED = "migratable"
"""The setting of a CPU that follows its host with which it has no feature that blocks migration."""

FOLLOWS_HOST = "follows-host"


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
