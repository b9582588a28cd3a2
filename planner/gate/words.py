"""Clauses about guests as lists that a script can look things up in, each once per policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.truth import Truth
from planner.gate.policy import CpuMeaning, DeviceMeaning, GateWords
from planner.gate.tables import GuestTables
from planner.knowledge.guests import BEYOND
from planner.migration.guest_cpu import FOLLOWS_HOST, NAMED
from planner.migration.guest_devices import devices_match
from planner.migration.parts import absent_parts, are_common

MODEL = "model:"
NOTHING = Baseline(machine_type="")
Builds = frozenset[QemuBuild]


@dataclass
class ClauseWords:
    """Gathers the clauses of a policy and what its words mean."""

    tables: GuestTables
    clauses: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict)
    cpu: dict[str, CpuMeaning] = field(default_factory=dict)
    device: dict[str, DeviceMeaning] = field(default_factory=dict)
    cpu_model: dict[str, list[str]] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)
    _parts: dict[Builds, tuple[int, ...]] = field(default_factory=dict)

    @property
    def words(self) -> GateWords:
        """What the words of all clauses mean."""
        return {"cpu": self.cpu, "device": self.device, "cpu-model": self.cpu_model}

    @property
    def models(self) -> list[str]:
        """The CPU models of which it is known what they have."""
        return sorted(self.tables.knowledge.guests.cpu_models)

    def number(self, clause: Clause) -> int:
        """Return the place of a clause in the policy."""
        of_cpu = clause.kind in {ClauseKind.CPU, ClauseKind.CPU_LACKS}
        for word in clause.any_of:
            if of_cpu and word not in self.cpu:
                self.cpu[word] = self._cpu_word(word)
            elif clause.kind is ClauseKind.DEVICE and word not in self.device:
                self.device[word] = self._device_word(word)
        if not of_cpu and clause.kind is not ClauseKind.DEVICE:
            self.traits.update(clause.any_of)
        return self._place(clause.kind.value, clause.any_of)

    def _place(self, kind: str, words: tuple[str, ...]) -> int:
        return self.clauses.setdefault((kind, words), len(self.clauses))

    def parts(self, builds: Builds, arch: str) -> tuple[int, ...]:
        """Return the clauses of which each speaks of devices or CPU models that not every build has.

        A feature that a build lacks it refuses by itself: such a guest does not start there.
        """
        if builds not in self._parts:
            name = f"parts of {len(self._parts)}"
            knowledge = self.tables.knowledge
            lacked, unsure = [], []
            for device in sorted(self.tables.devices):
                start = GuestStart(baseline=NOTHING, devices=(device,))
                if absent_parts(start, arch, builds, knowledge):
                    lacked.append(device)
                elif not are_common(start, arch, builds, knowledge):
                    unsure.append(device)
            self.device[name] = DeviceMeaning(yes=lacked, maybe=unsure, option="")
            self.cpu_model[name] = [
                model
                for model in self.models
                if absent_parts(
                    GuestStart(baseline=NOTHING, cpu=GuestCpu(model=model)), arch, builds, knowledge
                )
            ]
            kinds = ("device", "cpu-model")
            self._parts[builds] = tuple(self._place(kind, (name,)) for kind in kinds)
        return self._parts[builds]

    def _device_word(self, word: str) -> DeviceMeaning:
        pattern, _, option = word.partition(",")
        words = self.tables.knowledge.guests
        found: dict[Truth, list[str]] = {truth: [] for truth in Truth}
        for device in sorted(self.tables.devices):
            found[devices_match((pattern,), (device,), words)].append(device)
        return DeviceMeaning(yes=found[Truth.YES], maybe=found[Truth.UNKNOWN], option=option)

    def _cpu_word(self, word: str) -> CpuMeaning:
        words = self.tables.knowledge.guests
        made = CpuMeaning(test="feature", has=[], maybe=[], of_host=False, known=[], models={})
        if word.startswith((NAMED, MODEL)) or word == FOLLOWS_HOST:
            made["test"] = {NAMED: "named", MODEL: "model"}.get(
                f"{word.partition(':')[0]}:", "follows"
            )
        elif word.startswith(BEYOND):
            made["test"] = "beyond"
            known = words.common | words.features_of(word.removeprefix(BEYOND))
            made["known"] = sorted(known | words.not_of_host | words.not_of_kernel)
            beyond = {name: sorted(words.cpu_models[name].features - known) for name in self.models}
            made["models"] = {name: features for name, features in beyond.items() if features}
        else:
            made["of_host"] = word not in words.unmigratable | words.not_of_host
            for model in self.models:
                told = words.cpu_models.has(model, word, "")
                if told is not Truth.NO:
                    made["has" if told is Truth.YES else "maybe"].append(model)
        return made

    def features(self) -> tuple[str, ...]:
        """Return the plain CPU features that clauses ask about."""
        return tuple(sorted(word for word, row in self.cpu.items() if row["test"] == "feature"))


def host_features(profile: HostProfile, asked: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the CPU features of some that guests never get on a host, and those they surely get."""
    lacks = {name.removeprefix("cpu.") for name in profile.lacked_cpu_features}
    gives = {name.removeprefix("cpu.") for name in profile.capabilities.present}
    wanted = sorted(asked)
    return [one for one in wanted if one in lacks], [one for one in wanted if one in gives]
