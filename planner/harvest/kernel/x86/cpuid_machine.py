"""KVM's tables of CPUID words, and the function that answers a leaf, executed with formulas."""

from __future__ import annotations

import re
from collections.abc import Sequence

from planner.harvest.kernel.bits import Bits, constant, hardware, when
from planner.harvest.kernel.c.c_tree import Node, Statement
from planner.harvest.kernel.constants import Constants
from planner.harvest.kernel.evaluation import Flow
from planner.harvest.kernel.logic import Formula, both, negation
from planner.harvest.kernel.machine import Interpreter
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.vendors import code_of
from planner.harvest.kernel.words import Words
from planner.harvest.kernel.x86.cpuid_words import word_table

REGISTERS = ("eax", "ebx", "ecx", "edx")
FEATURE = re.compile(r"(?:KVM_)?X86_FEATURE_(\w+)")
CHANGES = ("kvm_cpu_cap_set", "kvm_cpu_cap_clear", "kvm_cpu_cap_check_and_set")
MASKS = (
    "kvm_cpu_cap_mask",
    "kvm_cpu_cap_init",
    "kvm_cpu_cap_init_scattered",
    "kvm_cpu_cap_init_kvm_defined",
)

Place = tuple[int, int, str, int]
"""Leaf, index, register and bit."""


class CpuidMachine(Interpreter):
    """Executes KVM's tables of CPUID words and the function that answers a leaf."""

    def __init__(self, tree: KernelTree, constants: Constants, words: Words, vendor: str) -> None:
        """Work on a tree for one vendor's module."""
        super().__init__(tree.files(*code_of(vendor)), constants, words, vendor)
        self.words_of_cpuid = word_table(tree, constants, self)
        self.caps: dict[int, Bits] = {}
        self.leaf = 0
        self.index = 0
        self.registers: dict[tuple[int, int, str], Bits] = {}
        self.watched: frozenset[Place] = frozenset()

    # -- names ----------------------------------------------------------------------------------
    def feature(self, name: str, line: int) -> tuple[int, int] | None:
        """Return word and bit of a feature by its name without prefix."""
        value = self.constants.value(f"KVM_X86_FEATURE_{name}")
        if value is None:
            value = self.constants.value(f"X86_FEATURE_{name}")
        if value is None:
            self.problem(line, f"feature `{name}` is not in cpufeatures.h or reverse_cpuid.h")
            return None
        return value // 32, value % 32

    def named(self, node: Node) -> tuple[int, int] | None:
        """Return word and bit of `X86_FEATURE_NAME`."""
        found = FEATURE.fullmatch(node.text)
        if not found:
            self.problem(node.line, f"`{node}` is no feature")
            return None
        return self.feature(found[1], node.line)

    def cap(self, word: int, bit: int) -> Formula:
        """Return what a bit of KVM's own words needs now."""
        return self.caps.get(word, constant(0)).values[bit]

    # -- calls ----------------------------------------------------------------------------------
    def call(self, node: Node, flow: Flow) -> None:
        """Execute KVM's own functions about its words; the rest as usual."""
        if node.text in CHANGES:
            self.change(node, flow)
        elif node.text in MASKS:
            self.mask(node, flow)
        elif node.text == "memcpy" and str(node.parts[0]) in {"&kvm_cpu_caps", "kvm_cpu_caps"}:
            self.caps = {word: hardware(f"cpu.{word}", 32) for word in self.words_of_cpuid}
        elif node.text == "memset" and str(node.parts[0]) == "kvm_cpu_caps":
            self.caps = {}
        elif node.text == "cpuid_entry_override":
            self.override(node, flow)
        elif node.text == "cpuid_mask":
            self.host_mask(node, flow)
        elif node.text == "do_cpuid_7_mask":
            self.each_index(node, flow)
        elif hook := self.hook(node):
            self.run_function(*hook, flow.path)
        else:
            super().call(node, flow)

    def change(self, node: Node, flow: Flow) -> None:
        """Set or clear a bit of KVM's words."""
        place = self.named(node.parts[0])
        if place is None:
            return
        word, bit = place
        old = self.cap(word, bit)
        if node.text == "kvm_cpu_cap_clear":
            new = both(old, negation(flow.path))
        else:
            here = flow.path
            if node.text == "kvm_cpu_cap_check_and_set":
                here = both(here, hardware(f"cpu.{word}", 32).values[bit])
            new = when(here, constant(1), _lone(old)).values[0]
        self.put(word, bit, new)

    def put(self, word: int, bit: int, value: Formula) -> None:
        """Replace one bit of KVM's words."""
        values = list(self.caps.get(word, constant(0)).values)
        values[bit] = value
        self.caps[word] = Bits(tuple(values))

    def mask(self, node: Node, flow: Flow) -> None:
        """Fill a word of KVM's with the features of its list; every term is consumed or told."""
        word = self.constants.of(node.parts[0])
        if word is None or word not in self.words_of_cpuid:
            self.problem(node.line, f"word `{node.parts[0]}` has no row in reverse_cpuid")
            return
        features, emulated = constant(0), constant(0)
        for term in _terms(node.parts[1:]):
            meaning = self.words.macros.get(term.text) if term.kind == "call" else None
            bits = self.term(term, word, meaning, flow)
            if meaning == "yes":
                emulated = emulated | bits
            elif meaning != "none":
                features = features | bits
        new = (features & hardware(f"cpu.{word}", 32)) | emulated
        self.caps[word] = when(flow.path, new, self.caps.get(word, constant(0)))

    def term(self, term: Node, word: int, meaning: str | None, flow: Flow) -> Bits:
        """Return the bit of one term of a list."""
        if meaning is None:
            bits = self.bits(term, flow)
            if bits.opaque:
                self.problem(term.line, f"`{term}` in a list of features is not in words.toml")
            return bits
        place = self.feature(term.parts[0].text, term.line)
        if place is None:
            return constant(0)
        if place[0] != word and not self._aliased(word, place[0]):
            self.problem(term.line, f"`{term}` belongs to another CPUID word")
        return constant(1 << place[1])

    def _aliased(self, word: int, other: int) -> bool:
        """Return whether a word repeats bits of another: 0x80000001 EDX those of 1 EDX."""
        names = self.words.table["aliased_words"]
        assert isinstance(names, dict)
        return any(
            self.constants.value(name) == word and self.constants.value(names[name]) == other
            for name in names
        )

    # -- the answer of one leaf -----------------------------------------------------------------
    def place_of(self, node: Node) -> tuple[int, int, str] | None:
        """Return the register that `entry->eax` and the like mean here."""
        base, _, name = node.text.rpartition(".")
        if node.kind == "member" and name in REGISTERS and base.startswith("entry"):
            return self.leaf, self.index, name
        return None

    def register(self, key: tuple[int, int, str]) -> Bits:
        """Return a register's bits; at first they are the host's."""
        if key not in self.registers:
            self.registers[key] = constant(0) if key[1] > 0 else _host(key)
        return self.registers[key]

    def begin(self, index: int, flow: Flow) -> None:
        """Begin the answer of another index: on this path its registers are the host's."""
        self.index = index
        for name in REGISTERS:
            key = (self.leaf, index, name)
            self.registers[key] = when(flow.path, _host(key), self.register(key))

    def known_bits(self, node: Node, flow: Flow) -> Bits | None:
        """Return registers, features and KVM's words; the rest as usual."""
        key = self.place_of(node)
        if key is not None:
            return self.register(key)
        if node.kind == "call" and len(node.parts) == 1:
            one = node.parts[0]
            if node.text in self.words.macros:
                place = self.feature(one.text, node.line)
                return constant(0) if place is None else constant(1 << place[1])
            if node.text in {"bit", "feature_bit", "__feature_bit"}:
                found = FEATURE.fullmatch(one.text)
                place = self.feature(found[1] if found else one.text, node.line)
                return constant(0) if place is None else constant(1 << place[1])
            if node.text in {"kvm_cpu_cap_has", "kvm_cpu_cap_get"}:
                place = self.named(one)
                return constant(0) if place is None else _lone(self.cap(*place))
        return super().known_bits(node, flow)

    def assign(self, node: Node, flow: Flow) -> Bits:
        """Assign to a register of the answer, or as usual."""
        target, source = node.parts
        if target.text in {"entry.flags", "entry.index", "entry.function"}:
            return constant(0)
        if target.text == "entry" and source.kind == "call":
            self.next_entry(source, flow)
            return constant(1)
        key = self.place_of(target)
        if key is None:
            return super().assign(node, flow)
        value = self.assign(source, flow) if source.kind == "assign" else self.bits(source, flow)
        old = self.register(key)
        new = self.joined(node.text, old, value)
        if new is None or (value.opaque and self._matters(key, node.text, value)):
            self.problem(node.line, f"assignment `{node}` to CPUID {key[0]:#x} is not understood")
            return value
        self.registers[key] = when(flow.path, new, old)
        return self.registers[key]

    def _matters(self, key: tuple[int, int, str], sign: str, value: Bits) -> bool:
        """Return whether bits that nobody can tell end on a place that has a name."""
        idle = {"|=": False, "&=": True}.get(sign)
        return any(
            value.values[place[3]] is not idle and not isinstance(value.values[place[3]], bool)
            for place in self.watched
            if place[:3] == key
        )

    def next_entry(self, call: Node, flow: Flow) -> None:
        """Follow `entry = do_host_cpuid(array, function, INDEX)`."""
        number = self.constants.of(call.parts[-1])
        self.begin(-1 if number is None else number, flow)

    def branch(self, one: Statement, flow: Flow) -> None:
        """Follow `if (index == 1)`: the answer's index is one in it and any other after `else`."""
        condition = one.expressions[0]
        number = self._asked_index(condition, flow)
        if number is None:
            super().branch(one, flow)
            return
        before, path = self.index, flow.path
        if number:
            self.begin(number, flow)
        self.index = number
        self.execute(one.body, flow)
        self.index = -1
        flow.path = path
        self.execute(one.otherwise, flow)
        self.index, flow.path = before, path

    def _asked_index(self, condition: Node, flow: Flow) -> int | None:
        if condition.kind != "binary" or condition.text != "==":
            return None
        left, right = condition.parts
        if left.text not in {"idx", "index", "i"} or self.number(left, flow) is not None:
            return None
        return self.constants.of(right)

    def override(self, node: Node, flow: Flow) -> None:
        """Put one of KVM's words into its register."""
        word = self.constants.of(node.parts[1])
        row = self.words_of_cpuid.get(-1 if word is None else word)
        if word is None or row is None or (row.leaf, row.index) != (self.leaf, self.index):
            where = f"CPUID {self.leaf:#x} index {self.index}"
            self.problem(node.line, f"`{node}` does not belong to {where}")
            return
        key = (row.leaf, row.index, row.register)
        self.registers[key] = when(flow.path, self.caps.get(word, constant(0)), self.register(key))

    def host_mask(self, node: Node, flow: Flow) -> None:
        """Cut a register to what the kernel knows of the host."""
        key = self.place_of(node.parts[0].parts[0]) if node.parts[0].parts else None
        word = self.constants.of(node.parts[1])
        if key is None or word is None:
            self.problem(node.line, f"`{node}` is not understood")
            return
        new = self.register(key) & hardware(f"cpu.{word}", 32)
        self.registers[key] = when(flow.path, new, self.register(key))

    def each_index(self, node: Node, flow: Flow) -> None:
        """Run the helper that fills an indexed leaf for each index that it knows."""
        found = self.function(node.text)
        if found is None:
            self.problem(node.line, f"no function `{node.text}`")
            return
        before = self.index
        for index in range(4):
            if index:
                self.begin(index, flow)
            self.index = index
            self.variables["index"] = constant(index)
            self.run_function(*found, flow.path)
        self.variables.pop("index")
        self.index = before

    def answer(self, dump: str, leaf: int) -> None:
        """Execute the function that answers one leaf."""
        self.leaf, self.index = leaf, 0
        self.variables = {"function": constant(leaf), "func": constant(leaf)}
        for name in REGISTERS:
            self.register((leaf, 0, name))
        self.run(dump)


def _host(key: tuple[int, int, str]) -> Bits:
    leaf, index, name = key
    return hardware(f"host.{leaf:#x}.{index}.{name}", 32)


def _lone(value: Formula) -> Bits:
    return Bits((value, *constant(0).values[1:]))


def _terms(nodes: Sequence[Node]) -> list[Node]:
    """Return the terms of lists joined by `|` or commas; a bare 0 says nothing."""
    found: list[Node] = []
    for node in nodes:
        if node.kind in {"binary", "comma"} and node.text in {"|", ","}:
            found += _terms(node.parts)
        elif node.kind != "number" or node.text != "0":
            found.append(node)
    return found
