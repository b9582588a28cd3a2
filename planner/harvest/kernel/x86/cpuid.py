"""CPUID bits that KVM offers, by leaf, index, register and bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from planner.domain.errors import Location, Problem
from planner.harvest.kernel.bits import constant
from planner.harvest.kernel.c.c_text import CFile
from planner.harvest.kernel.c.c_tree import Node, Statement
from planner.harvest.kernel.constants import Constants
from planner.harvest.kernel.logic import Formula
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.vendors import MODULES, X86, constants_of, joined
from planner.harvest.kernel.words import Words
from planner.harvest.kernel.x86.cpuid_machine import CHANGES, FEATURE, MASKS, CpuidMachine, Place

ENTRY = {"intel": "vmx_set_cpu_caps", "amd": "svm_set_cpu_caps"}
DUMPS = ("__do_cpuid_func", "__do_cpuid_ent")
FIRST_LEAVES = (0x0, 0x80000000, 0xC0000000)


@dataclass(slots=True)
class Cpuid:
    """What was read: the formula of each place, and what no rule took."""

    places: dict[Place, Formula]
    problems: list[Problem] = field(default_factory=list)


def read_cpuid(tree: KernelTree, words: Words, watched: frozenset[Place]) -> Cpuid:
    """Read both vendors' modules; `watched` are the places that have a name."""
    read: dict[str, dict[Place, Formula]] = {}
    machines = []
    for vendor in MODULES:
        machine = CpuidMachine(tree, constants_of(tree, vendor), words, vendor)
        machine.watched = watched
        machines.append(machine)
        read[vendor] = _read_vendor(machine, watched)
    problems = [one for machine in machines for one in machine.told()]
    problems += _unvisited(tree, machines)
    return Cpuid(joined(read, watched), list(dict.fromkeys(problems)))


def _read_vendor(machine: CpuidMachine, watched: frozenset[Place]) -> dict[Place, Formula]:
    if machine.function(ENTRY[machine.vendor]):
        machine.run(ENTRY[machine.vendor])
    elif machine.function("cpuid_mask") is None:
        machine.problem(0, f"neither `{ENTRY[machine.vendor]}` nor `cpuid_mask` is there")
    dump = next((name for name in DUMPS if machine.function(name)), "")
    if not dump:
        machine.problem(0, f"none of the functions {', '.join(DUMPS)} is there")
        return dict.fromkeys(watched, False)
    for leaf in sorted({place[0] for place in watched}):
        machine.answer(dump, leaf)
    limits = _limits(machine, dump)
    found = {}
    for place in watched:
        leaf, index, register, bit = place
        values = machine.registers.get((leaf, index, register), constant(0)).values
        inside = any(first <= leaf <= last for first, last in limits)
        found[place] = values[bit] if inside else False
    return found


def _limits(machine: CpuidMachine, dump: str) -> list[tuple[int, int]]:
    """Return the ranges of leaves that KVM answers; the paravirtual ones are always there."""
    found = machine.function(dump)
    limits = [(0x40000000, 0x4FFFFFFF)]
    if found is None:
        return limits
    for one in _walk(machine.statements(*found)):
        labels = {machine.constants.of(node) for node in one.expressions if one.kind == "case"}
        for first in labels & set(FIRST_LEAVES):
            numbers = [n for n in _numbers(one.body, machine.constants) if n >= (first or 0)]
            if not numbers:
                machine.file = found[0].path
                machine.problem(one.line, f"no highest leaf after {first:#x}")
            limits += [(first or 0, max(numbers, default=0))]
    return limits


def _numbers(statements: Sequence[Statement], constants: Constants) -> list[int]:
    """Return the numbers that `min` compares with."""
    found = []
    for one in _walk(statements):
        for node in one.expressions:
            for part in _nodes(node):
                if part.kind == "call" and part.text in {"min", "min_t", "max"}:
                    found += [n for inner in _nodes(part) if (n := constants.of(inner)) is not None]
    return found


def _walk(statements: Sequence[Statement]) -> Iterator[Statement]:
    for one in statements:
        yield one
        yield from _walk(one.body)
        yield from _walk(one.otherwise)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _nodes(part)


def _unvisited(tree: KernelTree, machines: Sequence[CpuidMachine]) -> list[Problem]:
    """Tell each line that changes KVM's words and was not executed."""
    visited = {place for machine in machines for place in machine.visited}
    cleared = machines[0].words.table["cleared_by_hardware"]
    assert isinstance(cleared, list)
    problems = []
    for path in tree.paths(X86 + "kvm/"):
        mentioned = any(name in tree.text(path) for name in (*CHANGES, *MASKS))
        file = tree.file(path) if mentioned and path.endswith(".c") else None
        if file is None:
            continue
        for name in (*CHANGES, *MASKS):
            for line in file.lines_of(name):
                known = name == "kvm_cpu_cap_clear" and _cleared(file, line) in cleared
                if (path, line) not in visited and not known and not _defines(file, name, line):
                    place = Location(file=path, line=line)
                    problems.append(Problem(location=place, what=f"`{name}` was not reached"))
    return problems


def _cleared(file: CFile, line: int) -> str:
    """Return the feature that a call on a line names."""
    names = [FEATURE.fullmatch(token.text) for token in file.tokens if token.line == line]
    return next((found[1] for found in names if found), "")


def _defines(file: CFile, name: str, line: int) -> bool:
    found = file.function(name)
    return found is not None and found.line == line
