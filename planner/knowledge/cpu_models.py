"""CPU models with all their features: of every build that was read, and rows of a site's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from planner.domain.capability import Evidence
from planner.domain.truth import Truth
from planner.knowledge.qemu.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuModel:
    """A CPU model and the features it has on every build; `varying` are those of some builds only."""

    name: str
    features: frozenset[str]
    evidence: Evidence
    source: str
    varying: frozenset[str] = frozenset()


class CpuModels(Mapping[str, CpuModel]):
    """Models by name; a site's own rows replace what builds say.

    A model of a row has what the row says of the `asked` features, and nothing else is known of it. A
    model that holds a feature of which kernels have no answer (none of `answered`) is not told: the
    rest of it would be taken for the whole.
    """

    def __init__(
        self,
        inventory: Inventory,
        own: Mapping[str, CpuModel],
        asked: frozenset[str],
        answered: frozenset[str],
    ) -> None:
        """Keep the sources; the tables are read when a model is first asked about."""
        self._inventory, self._own, self._asked = inventory, own, asked
        self._answered = answered
        self.has = cache(self._has)
        self._arch = cache(self._arch_of)
        self._model = cache(self._find)

    def __getitem__(self, name: str) -> CpuModel:
        """Return a model; raises KeyError."""
        found = self._model(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        """Whether a model of that name is known."""
        return isinstance(name, str) and (name in self._own or bool(self._arch(name)))

    def __iter__(self) -> Iterator[str]:
        """Yield every name."""
        yield from self._every

    @cached_property
    def _every(self) -> tuple[str, ...]:
        archs = self._inventory.architectures
        names = {name for arch in archs for name in self._inventory.names("cpu-model", arch)}
        return tuple(sorted(name for name in names | set(self._own) if name in self))

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._every)

    def _arch_of(self, name: str) -> str:
        """Return the architecture of which a model is, empty if nobody knows it whole."""
        archs = self._inventory.architectures
        wanted = (arch for arch in archs if name in self._inventory.names("cpu-model", arch))
        found = next(wanted, "")
        held = self._inventory.of(found).told_features(name, "")[1] if found else frozenset()
        return found if held and held <= self._answered else ""

    def _find(self, name: str) -> CpuModel | None:
        own, arch = self._own.get(name), self._arch(name)
        if own is not None or not arch:
            return own
        always, sometimes = self._inventory.of(arch).told_features(name, "")
        return CpuModel(
            name=name,
            features=always,
            varying=sometimes - always,
            evidence=Evidence.OBSERVED,
            source="full expansion of every build that was read",
        )

    def _has(self, name: str, feature: str, machine_type: str) -> Truth:
        """Return whether a model has a feature under a machine type, on every build alike."""
        own, arch = self._own.get(name), self._arch(name)
        if own is not None:
            return Truth.of(feature in own.features) if feature in self._asked else Truth.UNKNOWN
        if not arch:
            return Truth.UNKNOWN
        always, sometimes = self._inventory.of(arch).told_features(name, machine_type)
        if feature in sometimes:
            return Truth.YES if feature in always else Truth.UNKNOWN
        return Truth.NO if self._is_named(arch, feature) else Truth.UNKNOWN

    def _is_named(self, arch: str, feature: str) -> bool:
        """Whether some build lists the feature, so that a model without it lacks it."""
        return feature in self._inventory.of(arch).feature_names
