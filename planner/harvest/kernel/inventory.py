"""One kernel as a whole: what it gives, by the planner's names, and which parts were read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from planner.domain.errors import Location, Problem, UnreadError
from planner.harvest.kernel.backends import read_tun, read_vhost, unnamed
from planner.harvest.kernel.lists import (
    extension_numbers,
    read_arch_capabilities,
    read_extensions,
    read_msrs,
)
from planner.harvest.kernel.logic import Formula, Given, both, given
from planner.harvest.kernel.names import Names
from planner.harvest.kernel.registers import read_registers
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.words import Words
from planner.harvest.kernel.x86.cpuid import read_cpuid
from planner.harvest.kernel.x86.errata import read_errata
from planner.harvest.kernel.x86.vmx import FIELDS, read_vmx

ARCH_CAPABILITIES = 0x10A
X86_PARTS = ("cpuid", "vmx", "msrs", "caps", "tun", "vhost", "errata")
ARM64_PARTS = ("arm64-regs",)
PARTS = {"x86_64": X86_PARTS, "aarch64": ARM64_PARTS}
"""What can be read of a tree, by the architecture that it is about."""
Fact = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelInventory:
    """What was read: `facts` by part and name (`no` included), and what no rule took."""

    arch: str
    version: str
    parts: tuple[str, ...]
    facts: Mapping[Fact, Given]
    problems: tuple[Problem, ...]


def read_inventory(
    tree: KernelTree, names: Names, words: Words, *, arch: str, parts: Sequence[str]
) -> KernelInventory:
    """Read the parts of a kernel; what is not understood is in `problems`."""
    facts: dict[Fact, Given] = {}
    problems: list[Problem] = list(_missing_files(tree, words, parts))
    for part in parts:
        try:
            formulas, told = _READERS[part](tree, names, words)
        except UnreadError as error:
            problems += error.problems
            continue
        facts |= {(part, name): given(formula) for name, formula in formulas.items()}
        problems += told
    problems += _anchors(facts, words, parts)
    return KernelInventory(
        arch=arch,
        version=tree.version,
        parts=tuple(parts),
        facts=facts,
        problems=tuple(dict.fromkeys(problems)),
    )


Reading = tuple[dict[str, Formula], list[Problem]]


def _cpuid(tree: KernelTree, names: Names, words: Words) -> Reading:
    read = read_cpuid(tree, words, frozenset(names.cpuid))
    formulas: dict[str, Formula] = {}
    for place, formula in read.places.items():
        name = names.cpuid[place]
        formulas[name] = both(formulas.get(name, True), formula)
    bits = {bit: texts for (msr, bit), texts in names.msr_bits.items() if msr == ARCH_CAPABILITIES}
    more, problems = read_arch_capabilities(tree, words, bits)
    formulas |= {name: more[str(bit)] for bit, texts in bits.items() for name in texts}
    return formulas, read.problems + problems


def _vmx(tree: KernelTree, names: Names, words: Words) -> Reading:
    read, problems = read_vmx(tree, words)
    formulas = {
        name: read.get(place, False)
        for place, texts in names.msr_bits.items()
        if place[0] in FIELDS
        for name in texts
        if name not in _inverted(words)
    }
    return formulas, problems


def _inverted(words: Words) -> list[str]:
    listed = words.table["inverted_vmx"]
    assert isinstance(listed, list)
    return listed


def _msrs(tree: KernelTree, names: Names, words: Words) -> Reading:
    read, problems = read_msrs(tree, words)
    return {names.msr(key): formula for key, formula in read.items()}, problems


def _caps(tree: KernelTree, names: Names, words: Words) -> Reading:
    del names
    read, problems = read_extensions(tree, words, extension_numbers(tree))
    lower = {name.removeprefix("KVM_CAP_").lower(): one for name, one in read.items()}
    return {f"kvm.cap.{name}": formula for name, formula in lower.items()}, problems


def _tun(tree: KernelTree, names: Names, words: Words) -> Reading:
    return _answers(*read_tun(tree, words), names, words, "TUN|ioctl TUN")


def _vhost(tree: KernelTree, names: Names, words: Words) -> Reading:
    return _answers(*read_vhost(tree), names, words, "VHOST_GET_")


def _answers(
    read: set[str], problems: list[Problem], names: Names, words: Words, start: str
) -> Reading:
    """Return what the catalogue asks of a driver, yes or no."""
    asked = {text: name for text, name in names.questions.items() if re.match(start, text)}
    answers: dict[str, Formula] = {name: text in read for text, name in asked.items()}
    for text, name in asked.items():
        several = re.fullmatch(r"TUNSETOFFLOAD bits (\d+) and (\d+)", text)
        if several:
            answers[name] = all(f"TUNSETOFFLOAD bit {bit}" in read for bit in several.groups())
    return answers, problems + unnamed(read, names.questions, words)


def _cpu_errata(tree: KernelTree, names: Names, words: Words) -> Reading:
    del names
    return read_errata(tree, words)


def _registers(tree: KernelTree, names: Names, words: Words) -> Reading:
    del names, words
    return read_registers(tree)


_READERS: Mapping[str, Callable[[KernelTree, Names, Words], Reading]] = {
    "cpuid": _cpuid,
    "vmx": _vmx,
    "msrs": _msrs,
    "caps": _caps,
    "tun": _tun,
    "vhost": _vhost,
    "errata": _cpu_errata,
    "arm64-regs": _registers,
}


def _missing_files(tree: KernelTree, words: Words, parts: Sequence[str]) -> list[Problem]:
    """Tell files that a release of this version must have."""
    rows = words.table["required"]
    assert isinstance(rows, list)
    version = numbers_of(tree.version)
    problems = []
    for row in rows:
        inside = numbers_of(row.get("since", "0")) <= version
        if row.get("until"):
            inside = inside and version < numbers_of(row["until"])
        if row["part"] in parts and inside and not any(path in tree for path in row["any_of"]):
            what = f"missing, and {tree.version or 'a kernel'} must have it for part {row['part']}"
            problems.append(Problem(location=Location(file=row["any_of"][0]), what=what))
    return problems


def _anchors(facts: Mapping[Fact, Given], words: Words, parts: Sequence[str]) -> list[Problem]:
    """Tell names that every kernel gives and that did not come out."""
    table = words.table["anchors"]
    assert isinstance(table, dict)
    problems = []
    for part in parts:
        for name in table.get(part, ()):
            if facts.get((part, name), Given("no")).given == "no":
                what = f"{name} did not come out, which every kernel gives"
                problems.append(Problem(location=Location(file=f"part {part}"), what=what))
    return problems


def numbers_of(version: str) -> tuple[int, ...]:
    """Return a version's numbers."""
    return tuple(int(one) for one in re.findall(r"\d+", version))
