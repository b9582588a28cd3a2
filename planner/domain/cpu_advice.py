"""Which named CPU models an answer allows, per vendor, what keeps newer ones out, and both in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from planner.domain.shown import counted

FEW_FEATURES = 2
MOST_REFUSED = 2
"""Models of one vendor that a screen names as not safe; `planner cpu` names all."""
OF_ALL_HOSTS = "any named model that all CPUs have (column `cpu` bounds it)"
"""What is said where nothing differs, and not every host states which CPU it has."""


LESS_PROTECTED = "less protected: "
"""How a note begins that tells which mitigations a safe model lacks."""


class KeptOut(Enum):
    """What keeps a CPU model out of a pool.

    `GENERATION`: hosts have older CPUs. `LACK`: kernel, QEMU or microcode of hosts lacks features.
    `UNKNOWN`: nobody knows whether hosts have them; a probe tells.
    """

    GENERATION = "generation"
    LACK = "lack"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Hosts that keep a model out: of a generation, or of a QEMU and kernel."""

    label: str
    hosts: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedModel:
    """A CPU model that is not safe in a pool, the features that not every host gives, who lacks them.

    `version` is the name of which these are the features, empty if some build lacks it.
    """

    name: str
    features: tuple[str, ...]
    version: str = ""
    why: KeptOut = KeptOut.LACK
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAdvice:
    """The newest named model of a vendor that every host of a pool can carry, and newer ones.

    `title` is the vendor's name as it is written. `newest` is empty if none of the vendor's models is
    safe, `generation` is its name without version; `refused` are newer ones, oldest first: up to the
    newest generation among the hosts (`bound`), all if some host's is not known (empty). `plain` is the
    newest safe name of that generation without a version, for who knows no versions. `weaker` are the
    mitigations that the newest safe model lacks and another of its generation (`guarded`) has. `trimmed`
    is a newer model that is safe without a feature or two, none of them a mitigation, as `-cpu` has it.
    """

    vendor: str
    title: str
    newest: str
    generation: str = ""
    refused: tuple[RefusedModel, ...] = ()
    bound: str = ""
    plain: str = ""
    weaker: tuple[str, ...] = ()
    guarded: str = ""
    trimmed: str = ""

    def tells(self, one: RefusedModel) -> bool:
        """Whether a refused version is what `guarded` says: this generation with its mitigations."""
        own = one.name.startswith(f"{self.generation}-") and bool(self.guarded)
        return own and frozenset(one.features) <= frozenset(self.weaker)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuAdvice:
    """What a pool allows of guest CPUs: per vendor the newest model, and what host CPUs must hide.

    `hidden` are the features of the pool's CPUs that a guest with its host's CPU must do without,
    `unnamed` those that nobody denies of some host and that no named model of its time has, and
    `unprotected` those hidden ones by which guests protect themselves, `for_libvirt` the hidden ones by
    libvirt's names. `unstated` hosts do not say which CPU they have.
    """

    vendors: tuple[VendorAdvice, ...] = ()
    hidden: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    unprotected: tuple[str, ...] = ()
    for_libvirt: tuple[str, ...] = ()
    unstated: int = 0

    @property
    def is_open(self) -> bool:
        """Whether every named model is safe."""
        return not any(one.refused or one.bound for one in self.vendors)

    @property
    def is_unbounded(self) -> bool:
        """Whether nothing is refused, and some host's CPU, which bounds the models, is not stated."""
        of_vendors = any(one.newest for one in self.vendors)
        return self.is_open and of_vendors and self.unstated > 0


ANY_CPU = CpuAdvice()


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuLaggard:
    """Hosts of one class, or of a generation and older ones, that cost a pool newer CPU models.

    `holders` are the same hosts by what they are.
    """

    label: str
    hosts: int
    examples: tuple[str, ...]
    gained: tuple[str, ...]
    generation: str = ""
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCpus:
    """How many guests have a CPU within an advice, beyond it, as their host's, or that nobody says.

    `features` are those that some host lacks, or may, of the guests `beyond`.
    """

    within: int
    beyond: int
    following: int
    unsaid: int
    features: tuple[str, ...] = ()
    beyond_names: tuple[str, ...] = ()
    following_names: tuple[str, ...] = ()
    unsaid_names: tuple[str, ...] = ()

    @property
    def every(self) -> int:
        """Number of guests that were looked at."""
        return self.within + self.beyond + self.following + self.unsaid


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCpu:
    """What a pool allows of guest CPUs under its recommended machine type, and who holds it back.

    `guests` is how today's stand to that, None if they are not given.
    """

    domain: str
    hosts: int
    machine_type: str
    advice: CpuAdvice
    laggards: tuple[CpuLaggard, ...]
    guests: GuestCpus | None = None


def cpu_notes(advice: CpuAdvice) -> Iterator[str]:
    """Yield in few words what bounds the named models of a pool, as every screen tells it."""
    if advice.is_unbounded:
        yield OF_ALL_HOSTS
        return
    weaker = [weaker_text(one) for one in advice.vendors if one.weaker]
    if weaker:
        yield f"{LESS_PROTECTED}{', '.join(weaker)}"
    trimmed = [one.trimmed for one in advice.vendors if one.trimmed]
    if trimmed:
        yield f"or {', '.join(trimmed)}"
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
    refused = [one for vendor in advice.vendors for one in vendor.refused if not vendor.tells(one)]
    of_any = (KeptOut.LACK, KeptOut.UNKNOWN) if advice.unstated else (KeptOut.LACK,)
    lacked = [one for one in refused if one.why in of_any]
    if lacked:
        ordered = ([one for one in vendor.refused if one in lacked] for vendor in advice.vendors)
        yield f"not {', '.join(_not_safe(found) for found in ordered if found)}"
    others = told_at_once(one for one in refused if one not in lacked)
    unknown = [one for one in others if one.why is KeptOut.UNKNOWN]
    for one in unknown[:MOST_REFUSED]:
        probe = f": planner probe on {one_of_each(one.holders)}" if one.holders else ""
        yield f"{one.name} unknown ({few(one.features, FEW_FEATURES)}){probe}"
    if len(unknown) > MOST_REFUSED:
        yield f"{len(unknown) - MOST_REFUSED} more unknown (planner cpu)"
    for number, (holders, names) in enumerate(_by_holders(refused)):
        if number:
            left = sum(len(found) for _, found in list(_by_holders(refused))[number:])
            yield f"{counted(left, 'newer model')} (planner cpu)"
            return
        yield f"{', '.join(names)} when {holders_text(holders)} leave"


def _not_safe(refused: Sequence[RefusedModel]) -> str:
    """Write the first models of a vendor that are not safe, what the first misses, how many more."""
    first = refused[0]
    names = ", ".join(one.name for one in refused[:MOST_REFUSED])
    rest = len(refused) - MOST_REFUSED
    newer = f" and {rest} newer" if rest > 0 else ""
    return f"{names}{newer} ({first.features[0]})" if first.features else f"{names}{newer}"


def weaker_text(vendor: VendorAdvice) -> str:
    """Write which mitigations the newest safe model lacks, and what has them if hosts turn out to."""
    lacks = f"no {few(vendor.weaker, FEW_FEATURES)}"
    if not vendor.guarded:
        return f"{vendor.newest} ({lacks})"
    flags = ",".join(f"+{name}" for name in vendor.weaker)
    return f"{vendor.newest} ({lacks}; {vendor.guarded} or {flags} once probed)"


def told_at_once(refused: Iterable[RefusedModel]) -> tuple[RefusedModel, ...]:
    """Return what is refused with the models of one reason as one, their names joined."""
    alike: dict[RefusedModel, list[str]] = {}
    for one in refused:
        alike.setdefault(replace(one, name="", version=""), []).append(one.name)
    return tuple(replace(one, name=", ".join(names)) for one, names in alike.items())


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
    return ", ".join(dict.fromkeys(one.examples[0] for one in holders if one.examples))


def few(features: tuple[str, ...], most: int) -> str:
    """Write the first features and how many are left."""
    left = len(features) - most
    return f"{', '.join(features[:most])}{f' and {left} more' if left > 0 else ''}"
