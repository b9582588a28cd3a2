"""Whether a guest has what a clause speaks of; three-valued, no look at hosts but the boot host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from planner.domain.errors import advised, nearest
from planner.domain.guest import GuestCpu, GuestStart
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.truth import Truth, any_of
from planner.knowledge.guests import GuestWords
from planner.migration.claims import Assumed
from planner.migration.guest_cpu import has_feature
from planner.migration.guest_devices import devices_match


@dataclass(frozen=True, slots=True)
class Applicability:
    """Whether a unit or property concerns a guest, and which unstated static facts leave it open.

    `of_host`: the guest says all of itself, and what is open is what its boot host gave to its CPU.
    """

    truth: Truth
    open_facts: tuple[str, ...] = ()
    of_host: bool = False


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
    follows = start.cpu is not None and start.cpu.follows_host
    return Applicability(truth, (_cpu_fact(clause, start.cpu, words),), of_host=follows)


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
