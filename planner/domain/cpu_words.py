"""What a pool allows of guest CPUs, in the words of every screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from planner.domain.cpu_advice import CpuAdvice, Holder, KeptOut, RefusedModel
from planner.domain.shown import counted

FEW_FEATURES = 2
OF_ALL_HOSTS = (
    "any named model that all hosts' CPUs have: write 'Model name' of lscpu into column `cpu`"
)
"""What is said where nothing differs, and not every host states which CPU it has."""


def cpu_notes(advice: CpuAdvice) -> Iterator[str]:
    """Yield in few words what bounds the named models of a pool, as every screen tells it."""
    if advice.is_unbounded:
        yield OF_ALL_HOSTS
        return
    yield from _refused_models(advice)
    if advice.unstated and not advice.is_open:
        yield "column `cpu` bounds it"


def cpu_words(models: Sequence[str], notes: Sequence[str]) -> str:
    """Write the newest named models of a pool and what bounds them; empty if every model is safe."""
    if not models and tuple(notes) == (OF_ALL_HOSTS,):
        return OF_ALL_HOSTS
    if not models and not notes:
        return ""
    known = f"named models up to {', '.join(models)}" if models else "no named model"
    return "; ".join((known, *notes))


def _refused_models(advice: CpuAdvice) -> Iterator[str]:
    """Yield in few words what keeps which models out of a pool: lacks, open facts, older CPUs."""
    refused = [one for vendor in advice.vendors for one in vendor.refused]
    of_any = (KeptOut.LACK, KeptOut.UNKNOWN) if advice.unstated else (KeptOut.LACK,)
    lacked = [one for one in refused if one.why in of_any]
    if lacked:
        why = ", ".join(dict.fromkeys(one.features[0] for one in lacked if one.features))
        yield f"not {', '.join(one.name for one in lacked)} ({why})"
    for one in refused:
        if one.why is KeptOut.UNKNOWN and one not in lacked:
            probe = f": planner probe on {one_of_each(one.holders)}" if one.holders else ""
            yield f"{one.name} unknown ({few(one.features, FEW_FEATURES)}){probe}"
    for holders, names in _by_holders(refused):
        yield f"{', '.join(names)} when {holders_text(holders)} leave"


def _by_holders(refused: Iterable[RefusedModel]) -> Iterator[tuple[tuple[Holder, ...], list[str]]]:
    """Yield which hosts of older CPUs keep which models out."""
    found: dict[tuple[Holder, ...], list[str]] = {}
    for one in refused:
        if one.why is KeptOut.GENERATION:
            found.setdefault(one.holders, []).append(one.name)
    yield from found.items()


def holders_text(holders: Iterable[Holder]) -> str:
    """Write how many hosts of which kinds hold a model back."""
    return " and ".join(f"{counted(one.hosts, 'host')} of {one.label}" for one in holders)


def one_of_each(holders: Iterable[Holder]) -> str:
    """Name a host of each kind."""
    return ", ".join(one.examples[0] for one in holders if one.examples)


def few(features: tuple[str, ...], most: int) -> str:
    """Write the first features and how many are left."""
    left = len(features) - most
    return f"{', '.join(features[:most])}{f' and {left} more' if left > 0 else ''}"
