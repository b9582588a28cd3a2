"""What to change about guests that break a condition or are stuck, and when that takes effect."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from planner.answers.alike_guests import AlikeGuests
from planner.answers.conditions import clauses_of
from planner.domain.guest import GuestCpu
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.solution import ChosenBaseline, Condition
from planner.knowledge.guests import BEYOND
from planner.solver.candidate import is_common_parts

AT_START = "takes effect at its next power cycle"
OFF = "or move it while it is off"
TAKE_OUT = "take out its "
ON_ITS = " on its "
MOST_FEATURES = 4
"""Features that a remedy switches off by name; beyond them a named model is what a person sets."""
MOST_WORDS = 8
"""Words of a CPU that a remedy repeats; of a longer one it tells the change alone."""
MODEL = ("model:", "names:")
"""How words of a clause begin that speak of whole CPU models, not of a feature."""


def mended(
    broken: Iterable[Condition], guests: AlikeGuests, baseline: ChosenBaseline, absent: str
) -> str:
    """Return what makes guests keep conditions that they break, and when that takes effect.

    `absent` says which of their parts some build lacks, if that is what they break.
    """
    conditions = tuple(broken)
    edits = list(dict.fromkeys(_cpu_edits(conditions, guests.start.cpu, baseline)))
    edits += [one for condition in conditions for one in _edits(condition, absent)]
    out = {one.removeprefix(TAKE_OUT) for one in edits if one.startswith(TAKE_OUT)}
    edits = [one for one in edits if one.partition(ON_ITS)[2] not in out]
    text = "; ".join(dict.fromkeys(edits))
    if guests.machine_type != baseline.machine_type:
        text += f"; at the same time set the answer, {baseline.machine_type}"
    return f"{text}; {AT_START}"


def freed(answer: ChosenBaseline | None, hosts: int) -> str:
    """Return what lets stuck guests go everywhere: the answer for their board, if there is one."""
    if answer is None:
        return f"no type of its board is safe here: keep it on these {hosts} hosts, {OFF}"
    return f"start it with {answer.baseline.arguments}; {AT_START}"


def _cpu_edits(
    conditions: Collection[Condition], cpu: GuestCpu | None, baseline: ChosenBaseline
) -> Iterator[str]:
    """Yield one edit of the guest's CPU for all conditions on its features, or a safe model for it."""
    clauses = [one for condition in conditions for one in clauses_of(condition.words)]
    off, on = _features(clauses, ClauseKind.CPU), _features(clauses, ClauseKind.CPU_LACKS)
    if any(name.startswith((BEYOND, *MODEL)) for name in (*off, *on)) or len(off) > MOST_FEATURES:
        many = (
            f" (or hide {len(off)} features: `-f json` names them)"
            if len(off) > MOST_FEATURES
            else ""
        )
        models = [one.newest for one in baseline.cpu.vendors if one.newest]
        newest = f"up to {' or '.join(models)}" if models else "that every host can carry"
        yield f"start it with a CPU model {newest}{many}"
        return
    if off or on:
        yield f"start it with CPU {_edited(cpu, off, on)}"


def _features(clauses: Iterable[Clause], kind: ClauseKind) -> list[str]:
    return sorted({name for one in clauses if one.kind is kind for name in one.any_of})


def _edited(cpu: GuestCpu | None, off: Collection[str], on: Collection[str]) -> str:
    """Return a guest's CPU as `-cpu` takes it, with features switched off and on."""
    if cpu is None:
        cpu = GuestCpu(model="MODEL")
    words = [
        *(f"+{name}" for name in sorted(cpu.enabled.union(on).difference(off))),
        *(f"-{name}" for name in sorted(cpu.disabled.union(off).difference(on))),
        *(f"{name}={value}" for name, value in cpu.settings),
    ]
    if len(words) > MOST_WORDS:
        edits = ",".join((*(f"+{name}" for name in on), *(f"-{name}" for name in off)))
        return f"{cpu.model} as it is, but {edits}"
    return ",".join((cpu.model, *words))


def _device_edit(name: str) -> str:
    """Return what to do about a device, or about one that lacks an option (`DEVICE,!OPTION`)."""
    device, lacks, option = name.partition(",!")
    return f"set {option}{ON_ITS}{device}, {OFF}" if lacks else f"{TAKE_OUT}{device}, {OFF}"


def _edits(condition: Condition, absent: str) -> Iterator[str]:
    """Yield what to change about devices, settings and uses for one condition."""
    if absent and is_common_parts(condition):
        yield f"start it without {absent}, {OFF}"
        return
    for clause in clauses_of(condition.words):
        names = ", ".join(clause.any_of)
        match clause.kind:
            case ClauseKind.DEVICE:
                yield from map(_device_edit, clause.any_of)
            case ClauseKind.ACCELERATOR:
                yield f"start it without {names}"
            case ClauseKind.ACCELERATOR_LACKS:
                yield f"start it with {names}"
            case ClauseKind.GUEST | ClauseKind.USE:
                yield f"end that use of it, {OFF}"
            case ClauseKind.CPU | ClauseKind.CPU_LACKS:
                continue
