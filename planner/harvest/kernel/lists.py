"""MSRs that KVM saves, emulates and tells features by; bits of IA32_ARCH_CAPABILITIES; KVM_CAP_*."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from planner.domain.errors import Location, Problem, UnreadError
from planner.harvest.kernel.bits import Bits, constant, hardware, when
from planner.harvest.kernel.c.c_expressions import parse_expression
from planner.harvest.kernel.c.c_text import CFile, Token, split_at_commas
from planner.harvest.kernel.c.c_tree import Node
from planner.harvest.kernel.constants import Constants
from planner.harvest.kernel.evaluation import Flow
from planner.harvest.kernel.logic import Formula, atom, either
from planner.harvest.kernel.machine import Interpreter
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.vendors import MODULES, X86, code_of, constants_of, joined
from planner.harvest.kernel.words import Words

SAVED = ("msrs_to_save", "msrs_to_save_all", "msrs_to_save_base", "msrs_to_save_pmu")
EMULATED = ("emulated_msrs", "emulated_msrs_all")
TELLING = ("msr_based_features", "msr_based_features_all", "msr_based_features_all_except_vmx")
LISTS = (*SAVED, *EMULATED, *TELLING)
LISTED = re.compile(r"\w*(msrs_to_save|emulated_msrs|msr_based_features)\w*")
FIRST_VMX, LAST_VMX = "KVM_FIRST_EMULATED_VMX_MSR", "KVM_LAST_EMULATED_VMX_MSR"
CAPABILITIES = "kvm_get_arch_capabilities"
EXTENSIONS = "kvm_vm_ioctl_check_extension"
GENERIC = "kvm_vm_ioctl_check_extension_generic"

Read = tuple[dict[str, Formula], list[Problem]]


class ListMachine(Interpreter):
    """Executes functions that answer about one number."""

    def known_bits(self, node: Node, flow: Flow) -> Bits | None:
        """Return the bits of a name in capitals that no header tells as not zero."""
        if node.kind == "call" and node.text in {"kvm_cpu_cap_has", "kvm_cpu_cap_get"}:
            return hardware(str(node), 1)
        known = super().known_bits(node, flow)
        if known is None and node.kind == "name" and re.fullmatch(r"[A-Z][A-Z0-9_]+", node.text):
            return constant(1)
        return known

    def call(self, node: Node, flow: Flow) -> None:
        """Follow `rdmsrl(MSR, variable)`: the host's bits; the rest as usual."""
        if node.text in {"rdmsrl", "rdmsrq", "rdmsrl_safe", "rdmsrq_safe"}:
            target = str(node.parts[1]).removeprefix("&")
            old = self.variables.get(target, constant(0))
            self.variables[target] = when(flow.path, hardware(f"msr.{node.parts[0]}"), old)
        else:
            super().call(node, flow)


def _machine(tree: KernelTree, words: Words, vendor: str) -> ListMachine:
    files = tree.files(*code_of(vendor), "virt/kvm/kvm_main.c")
    return ListMachine(files, constants_of(tree, vendor), words, vendor)


def read_arch_capabilities(tree: KernelTree, words: Words, bits: Iterable[int]) -> Read:
    """Return the formula of each bit of IA32_ARCH_CAPABILITIES that a guest can be given."""
    read: dict[str, dict[str, Formula]] = {}
    problems: list[Problem] = []
    names = [str(bit) for bit in bits]
    for vendor in MODULES:
        machine = _machine(tree, words, vendor)
        result = machine.run(CAPABILITIES).result
        read[vendor] = {name: result.values[int(name)] for name in names}
        problems += machine.told()
    return joined(read, names), problems


def read_extensions(tree: KernelTree, words: Words, numbers: dict[str, int]) -> Read:
    """Return the formula of each capability by name; `numbers` are the kernel's own."""
    read: dict[str, dict[str, Formula]] = {}
    problems: list[Problem] = []
    for vendor in MODULES:
        machine = _machine(tree, words, vendor)
        machine.variables = {"kvm": constant(0)}
        start = dict(machine.variables)
        read[vendor] = {}
        for name, number in numbers.items():
            machine.variables = {**start, "arg": constant(number), "ext": constant(number)}
            result = machine.run(GENERIC).result
            read[vendor][name] = atom("hardware", name) if result.many else result.any()
        problems += machine.told()
    return joined(read, numbers), problems


def read_msrs(
    tree: KernelTree, words: Words
) -> tuple[dict[tuple[str, int], Formula], list[Problem]]:
    """Return the formula of each listed MSR, by list (`index`, `feature`) and number."""
    problems: list[Problem] = []
    saved: dict[int, None] = {}
    emulated: dict[int, None] = {}
    telling: dict[int, None] = {}
    constants = constants_of(tree, "intel")
    for file in tree.files(X86 + "kvm/x86.c", X86 + "kvm/msrs.c"):
        problems += _unknown_lists(file)
        for names, found in ((SAVED, saved), (EMULATED, emulated), (TELLING, telling)):
            for name in names:
                rows = file.initializer(name) or ()
                for part in split_at_commas(rows):
                    number = _number(file, part, constants)
                    if number is None:
                        text = " ".join(token.text for token in part)
                        what = f"`{text}` in {name} is no number that the headers tell"
                        place = Location(file=file.path, line=part[0].line)
                        problems.append(Problem(location=place, what=what))
                    else:
                        found[number] = None
    for kind, found in (("saved", saved), ("emulated", emulated), ("feature", telling)):
        if not found:
            place = Location(file=X86 + "kvm/x86.c")
            problems.append(Problem(location=place, what=f"no list of {kind} MSRs was found"))
    telling |= _vmx_range(tree, constants)
    read: dict[tuple[str, int], Formula] = {}
    read |= {("feature", number): atom("hardware", f"msr.{number:#x}") for number in telling}
    read |= {("index", number): atom("hardware", f"msr.{number:#x}") for number in saved}
    answers, told = _emulated(tree, words, emulated)
    for number, formula in answers.items():
        key = ("index", number)
        read[key] = either(read.get(key, False), formula)
    return read, problems + told


def _emulated(
    tree: KernelTree, words: Words, numbers: Iterable[int]
) -> tuple[dict[int, Formula], list[Problem]]:
    """Return what each vendor's `has_emulated_msr` says."""
    read: dict[str, dict[int, Formula]] = {}
    problems: list[Problem] = []
    listed = list(numbers)
    for vendor in MODULES:
        machine = _machine(tree, words, vendor)
        hook = machine.hook(Node("call", "kvm_x86_ops.has_emulated_msr", 0))
        if hook is None:
            machine.problem(0, "no hook `has_emulated_msr` in kvm_x86_ops")
        read[vendor] = {}
        for number in listed if hook else ():
            machine.variables = {"kvm": constant(0)}
            machine.variables |= dict.fromkeys(("index", "msr_index", "msr"), constant(number))
            read[vendor][number] = machine.run_function(*hook, True).result.any() if hook else False
        problems += machine.told()
    return joined(read, listed), problems


def _number(file: CFile, part: Sequence[Token], constants: Constants) -> int | None:
    try:
        return constants.of(parse_expression(file.path, part))
    except UnreadError:
        return None


def _vmx_range(tree: KernelTree, constants: Constants) -> dict[int, None]:
    """Return the VMX registers where a loop and no list tells them."""
    first, last = constants.value(FIRST_VMX), constants.value(LAST_VMX)
    for file in tree.files(X86 + "kvm/x86.c", X86 + "kvm/msrs.c"):
        if file.has(FIRST_VMX) and first is not None and last is not None:
            return dict.fromkeys(range(first, last + 1))
    return {}


def _unknown_lists(file: CFile) -> list[Problem]:
    """Tell lists of MSRs under names that no rule reads."""
    problems = []
    for name in {token.text for token in file.tokens if LISTED.fullmatch(token.text)}:
        if name not in LISTS and file.initializer(name):
            place = Location(file=file.path, line=file.lines_of(name)[0])
            problems.append(Problem(location=place, what=f"list `{name}` is not read"))
    return problems


def extension_numbers(tree: KernelTree) -> dict[str, int]:
    """Return the kernel's own capability names with their numbers."""
    file = tree.file("include/uapi/linux/kvm.h")
    if file is None:
        return {}
    constants = Constants([file])
    names = [name for name in file.macros if re.fullmatch(r"KVM_CAP_[A-Z0-9_]+", name)]
    return {name: number for name in names if (number := constants.value(name)) is not None}
