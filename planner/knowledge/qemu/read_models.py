"""What read builds say of CPU models and the names of features."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property

from planner.domain.host import QemuBuild
from planner.knowledge.qemu.read_tables import ANY_MODEL, BitRows, ReadTables


class ReadModels(ReadTables):
    """CPU models: what a name means under a machine type, and the features that it has."""

    def model_version(self, build: QemuBuild, model: str, machine_type: str) -> str | None:
        """Return the versioned model that a name means under a machine type."""
        return self._one(
            build, "cpu_aliases", lambda place: self._version(place, model, machine_type)
        )

    def _version(self, place: int, model: str, machine_type: str) -> str | None:
        """Return what a name means, itself for a version and where a type resolves no name."""
        aliases = self._table("cpu_aliases")
        found = {cells[0]: cells[1] for cells, bits in aliases.get(model, ()) if bits >> place & 1}
        if "" not in found:
            return None
        plain = any(
            cells[0] == machine_type and bits >> place & 1
            for cells, bits in aliases.get(ANY_MODEL, ())
        )
        return model if plain else found.get(machine_type, found[""]) or model

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def model_features(
        self, build: QemuBuild, model: str, machine_type: str
    ) -> frozenset[str] | None:
        """Return the features that a model has under a machine type with KVM; None: unknown."""
        return self._one(
            build, "cpu_models", lambda place: self._features(place, model, machine_type)
        )

    def _features(self, place: int, model: str, machine_type: str) -> frozenset[str] | None:
        name = self._version(place, model, machine_type)
        if name is None:
            return None
        models = self._table("cpu_models")
        rows = models.get(name) or models.get(self._version(place, name, "") or "", ())
        found = {cells[0] for cells, bits in rows if cells[1] == "on" and bits >> place & 1}
        for cells, bits in self._table("cpu_types").get(machine_type, ()) if found else ():
            if cells[0] == name and bits >> place & 1:
                (found.add if cells[2] == "on" else found.discard)(cells[1])
        return frozenset(found) or None

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def told_features(self, model: str, machine_type: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return what a model has under a type on every read build with both, and on some of them.

        A type that no build has, of a vendor for one, means what the usual type means.
        """
        offering = self._kind("object").get(f"{machine_type}-machine", 0)
        kind = machine_type if offering & self._kind("cpu-model").get(model, 0) else ""
        found: dict[str, int] = {}
        for name, rows, where in self._meanings(model, kind):
            here = where & offering if kind else where
            for cells, bits in rows:
                if cells[1] == "on" and bits & here:
                    found[_feature_spelling(cells[0])] = (
                        found.get(_feature_spelling(cells[0]), 0) | bits & here
                    )
            for cells, bits in self._table("cpu_types").get(kind, ()):
                if cells[0] == name and bits & here:
                    told = found.get(_feature_spelling(cells[1]), 0)
                    is_on = cells[2] == "on"
                    found[_feature_spelling(cells[1])] = (
                        told | bits & here if is_on else told & ~(bits & here)
                    )
        everywhere = 0
        for bits in found.values():
            everywhere |= bits
        always = frozenset(name for name, bits in found.items() if bits == everywhere != 0)
        return always, frozenset(name for name, bits in found.items() if bits)

    def _meanings(self, model: str, machine_type: str) -> Iterator[tuple[str, BitRows, int]]:
        """Yield what a model's name means under a type, its rows, and on which builds."""
        aliases, models = self._table("cpu_aliases"), self._table("cpu_models")
        own = aliases.get(model, ())
        usual = [(cells[1] or model, bits) for cells, bits in own if not cells[0]]
        plain = sum(bits for cells, bits in aliases.get(ANY_MODEL, ()) if cells[0] == machine_type)
        special = [(c[1] or model, bits & ~plain) for c, bits in own if c[0] == machine_type != ""]
        taken = plain
        for version, bits in special:
            taken |= bits
            yield version, models.get(version, ()), bits
        for version, bits in usual:
            yield version, models.get(version, ()), bits & ~taken
            yield model, models.get(model) or models.get(version, ()), bits & plain

    @cached_property
    def feature_names(self) -> frozenset[str]:
        """Every feature that some build lists, with hyphens."""
        return frozenset(map(_feature_spelling, self._kind("cpu-feature")))

    @cached_property
    def setting_names(self) -> frozenset[str]:
        """Every property of CPUs that takes a value, with hyphens."""
        return frozenset(map(_feature_spelling, self._kind("cpu-setting")))


def _feature_spelling(feature: str) -> str:
    """Return the one spelling of a feature's name: QEMU takes `_` for `-`."""
    return feature.replace("_", "-")
