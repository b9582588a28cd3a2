"""Conditions by their ids: what each says, what asks for it, and those that every pool is asked."""

from __future__ import annotations

from collections.abc import Iterator

from planner.answers.conditions import clauses_of
from planner.domain.guest import GuestCpu
from planner.domain.host import HostGroup, HostName, PoolName
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.solution import JOINT, Condition
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import BEYOND
from planner.migration.graph import MigrationDomain
from planner.migration.guest_cpu import FOLLOWS_HOST, NAMED
from planner.migration.profiles import PoolMember, Profiler
from planner.solver.candidate import (
    COMMON_PARTS,
    FAULTY_CPUS,
    HARDWARE,
    HARDWARE_OF_A_MODEL,
    condition_of,
)
from planner.solver.closed_form import ClosedForm

TWO = (HostName("one"), HostName("other"))
OF_POOLS = (COMMON_PARTS, HARDWARE, HARDWARE_OF_A_MODEL, FAULTY_CPUS)
"""Conditions that no unit of its own asks for."""


def always(knowledge: KnowledgeBase) -> tuple[tuple[Condition, str], ...]:
    """Return the conditions that two equal hosts ask already, each with what asks for it.

    They are facts about migration, not about a fleet: looked for on the newest build of every line,
    under its newest types.
    """
    form = ClosedForm(knowledge, knowledge.policy)
    found: dict[str, Condition] = {}
    for member in _members(knowledge):
        alone = MigrationDomain(name="", starts=(member,), members=(member,))
        for row in _newest_types(member, knowledge):
            for one in form.asked_of_each(alone, row):
                found.setdefault(one.id, one)
    return tuple((one, _asking(one, knowledge)) for _, one in sorted(found.items()))


def _members(knowledge: KnowledgeBase) -> Iterator[PoolMember]:
    """Yield a pool of two equal hosts for every line of builds, on the newest kernel."""
    profiler = Profiler(knowledge)
    kernel = _newest_kernel(knowledge)
    for line in knowledge.builds.lines:
        group = HostGroup(pool=PoolName(""), kernel=kernel, qemu=line.examples[-1], hosts=TWO)
        yield PoolMember(profile=profiler.profile(group), groups=(group,))


def _newest_kernel(knowledge: KnowledgeBase) -> str:
    """Return the newest example of the lines of kernels that build on no other."""
    texts = [
        text for line in knowledge.kernels.lines if not line.inherits for text in line.examples
    ]
    placed = [(knowledge.kernel_of(text), text) for text in texts]
    return max(placed, key=lambda pair: (pair[0].release, pair[1]))[1]


def _newest_types(member: PoolMember, knowledge: KnowledgeBase) -> Iterator[MachineType]:
    """Yield the newest type of every board and line that a build certainly has."""
    newest: dict[tuple[str, str], MachineType] = {}
    profile = member.profile
    for known in knowledge.machines.types.values():
        row = known.machine_type
        if row.arch != profile.arch:
            continue
        if knowledge.machines.offers(profile.qemu, row.name) is Truth.YES:
            place = (row.board, row.line)
            other = newest.get(place)
            if other is None or row.is_newer_than(other):
                newest[place] = row
    yield from newest.values()


def _asking(condition: Condition, knowledge: KnowledgeBase) -> str:
    """Return the units that ask for a condition, in words."""
    own = {clause.any_of for clause in clauses_of(condition.words)}
    units = [unit for unit in knowledge.units if any(clause.any_of in own for clause in unit.when)]
    return "; ".join(f"{unit.id}: {unit.symptom}" for unit in units)


def explained(name: str, knowledge: KnowledgeBase) -> tuple[Condition, str] | None:
    """Return the condition of an id with what asks for it, None if it is the id of none."""
    for one in OF_POOLS:
        if one.id == name:
            return one, "the hosts or builds of a pool differ, or nobody knows whether they do"
    kind, colon, fact = name.partition(":")
    if kind == "host" and knowledge.host_cpus.fact(fact) is not None:
        text = f"the hosts are equal in {fact}, or guests do not see it"
        return Condition(kind="host", text=text, price="", about=(fact,)), "probes tell it"
    unit = next((one for one in knowledge.units if one.id == fact and one.host_condition), None)
    if kind == "host" and unit is not None:
        text = f"{unit.id}: {unit.host_condition}"
        return Condition(kind="host", text=text, price="", about=(unit.id,)), unit.symptom
    if not colon or kind not in KINDS:
        return None
    words = tuple(word.partition(":")[2] for word in name.split(JOINT))
    if not all(word and _is_known(kind, word, knowledge) for word in words):
        return None
    condition = condition_of(Clause(kind=ClauseKind(kind), any_of=words), knowledge, "")
    return condition, _asking(
        condition, knowledge
    ) or "not every host of a pool gives this to guests"


MODEL = "model:"
KINDS = frozenset(kind.value for kind in ClauseKind)


def _is_known(kind: str, word: str, knowledge: KnowledgeBase) -> bool:
    """Whether some row or inventory has what a condition speaks of."""
    words = knowledge.guests
    plain = word.partition(",")[0].partition("+")[0]
    if any(word in clause.any_of for unit in knowledge.units for clause in unit.when):
        return True
    if kind in CPU_KINDS:
        feature = word.removeprefix(NAMED)
        model = word.removeprefix(MODEL)
        return (
            word == FOLLOWS_HOST
            or word.startswith(BEYOND)
            or (model != word and (model in words.cpu_models or GuestCpu(model=model).follows_host))
            or feature in words.cpu_features | words.model_features
        )
    if kind == ClauseKind.DEVICE.value:
        return plain in words.devices or words.is_read_device(plain)
    return word in words.traits


CPU_KINDS = frozenset({ClauseKind.CPU.value, ClauseKind.CPU_LACKS.value})
