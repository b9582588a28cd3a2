"""Expressions of C with formulas instead of values: what each bit needs, what a condition needs."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from planner.domain.errors import Location, Problem
from planner.harvest.kernel.bits import Bits, constant, hardware, opaque, when
from planner.harvest.kernel.c.c_text import CFile, Function, split_at_commas
from planner.harvest.kernel.c.c_tree import Node, number_of
from planner.harvest.kernel.constants import BINARY, Constants
from planner.harvest.kernel.logic import Formula, atom, both, either, negation
from planner.harvest.kernel.words import Words

HOOK = re.compile(
    r"(?:static_call(?:_cond)?|kvm_x86_call)\((?:kvm_x86_)?(\w+)\)|kvm_x86_ops\.(?:\w+\.)?(\w+)"
)
WARNINGS = frozenset({"WARN_ON", "WARN_ON_ONCE", "unlikely", "likely", "KVM_BUG_ON", "!!"})
COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})


@dataclass(slots=True)
class Flow:
    """Where execution may be: on the path, and what left it."""

    path: Formula
    broke: Formula = False
    returned: Formula = False
    result: Bits = field(default_factory=lambda: constant(0))


class Evaluator(ABC):
    """Says what expressions need, over functions of some files; what it cannot say is a problem."""

    def __init__(
        self, files: Sequence[CFile], constants: Constants, words: Words, vendor: str
    ) -> None:
        """Work over files of one vendor's module and the common code."""
        self.files = list(files)
        self.constants = constants
        self.words = words
        self.vendor = vendor
        self.variables: dict[str, Bits] = {}
        self.problems: dict[tuple[str, int, str], None] = {}
        self.file = ""

    # -- problems -------------------------------------------------------------------------------
    def problem(self, line: int, what: str) -> None:
        """Keep something that no rule consumes."""
        self.problems[self.file, line, what] = None

    def told(self) -> list[Problem]:
        """Return the problems."""
        return [
            Problem(location=Location(file=file, line=line), what=what)
            for file, line, what in self.problems
        ]

    # -- functions ------------------------------------------------------------------------------
    @abstractmethod
    def run_function(self, file: CFile, function: Function, path: Formula) -> Flow:
        """Execute a function on a path and return where it may end, with its value."""

    @abstractmethod
    def assign(self, node: Node, flow: Flow) -> Bits:
        """Execute an assignment and return the value."""

    def function(self, name: str) -> tuple[CFile, Function] | None:
        """Return a function of the files."""
        for file in self.files:
            found = file.function(name)
            if found is not None:
                return file, found
        return None

    # -- values ---------------------------------------------------------------------------------
    def number(self, node: Node, flow: Flow) -> int | None:
        """Return an expression's number if it is constant here."""
        value = self.constants.of(node)
        if value is None and node.kind == "name" and node.text in self.variables:
            return self.variables[node.text].number()
        return value

    def bits(self, node: Node, flow: Flow) -> Bits:
        """Return an expression's bits."""
        known = self.known_bits(node, flow)
        if known is not None:
            return known
        if node.kind == "choice":
            return self.chosen(node, flow)
        if node.kind == "assign":
            return self.assign(node, flow)
        if (node.kind, node.text) == ("unary", "!") or node.text in {"&&", "||", *COMPARISONS}:
            return when(self.truth(node, flow), constant(1), constant(0))
        computed = self.computed(node, flow)
        return self.other_bits(node, flow) if computed is None else computed

    def chosen(self, node: Node, flow: Flow) -> Bits:
        """Return the bits of `condition ? yes : no`."""
        condition, yes, no = node.parts
        needed = self.truth(condition, flow)
        if isinstance(needed, bool):
            return self.bits(yes if needed else no, flow)
        return when(needed, self.bits(yes, flow), self.bits(no, flow))

    def computed(self, node: Node, flow: Flow) -> Bits | None:
        """Return the bits of `~`, `|`, `&` and shifts by a constant."""
        if node.kind == "unary" and node.text == "~":
            return ~self.bits(node.parts[0], flow)
        if node.kind == "binary" and node.text in {"|", "&"}:
            left, right = (self.bits(part, flow) for part in node.parts)
            return left | right if node.text == "|" else left & right
        places = self.number(node.parts[1], flow) if node.text in {"<<", ">>"} else None
        if places is None:
            return None
        return self.bits(node.parts[0], flow).shifted(places if node.text == ">>" else -places)

    def known_bits(self, node: Node, flow: Flow) -> Bits | None:
        """Return the bits of constants, variables and words of the vocabulary."""
        if node.kind in {"name", "member", "index"} and node.text in self.variables:
            return self.variables[node.text]
        if node.kind == "number":
            return constant(number_of(node) or 0)
        meaning = self.words.value(str(node))
        if meaning is not None:
            return {"zero": constant(0), "all": constant((1 << 64) - 1)}.get(
                meaning, hardware(str(node)) if meaning == "hardware" else opaque(str(node))
            )
        value = self.constants.of(node)
        return None if value is None else constant(value)

    def other_bits(self, node: Node, flow: Flow) -> Bits:
        """Return the bits of what no rule above takes: true or false, a function's, or opaque."""
        formula = self.words.condition(str(node), self.vendor)
        if formula is not None:
            return when(formula, constant(1), constant(0))
        if node.kind == "call":
            found = self.hook(node) or self.function(node.text)
            if found is not None:
                return self.inline(found, node, flow)
        return opaque(str(node))

    def inline(self, found: tuple[CFile, Function], node: Node, flow: Flow) -> Bits:
        """Return a function's value for the arguments of a call."""
        given = [self.bits(part, flow) for part in node.parts]
        kept, self.variables = self.variables, dict(self.variables)
        self.variables |= dict(zip(_parameters(found[1]), given, strict=False))
        result = self.run_function(*found, True).result
        self.variables = kept
        return result

    def hook(self, node: Node) -> tuple[CFile, Function] | None:
        """Return the vendor's function behind `kvm_x86_ops.NAME()` and its later spellings."""
        found = HOOK.fullmatch(node.text)
        if not found:
            return None
        name = found[1] or found[2]
        for file in self.files:
            for table in ("kvm_x86_ops", "vmx_x86_ops", "svm_x86_ops", "vt_x86_ops", "vmx_x86_ops"):
                tokens = file.initializer(table) or ()
                words = [token.text for token in tokens]
                for at in range(len(words) - 3):
                    if words[at : at + 3] == [".", name, "="]:
                        prefix = self.words.hooks.get(words[at + 3])
                        return self.function(prefix + name if prefix else words[at + 3])
        return None

    def truth(self, node: Node, flow: Flow) -> Formula:
        """Return what a condition needs."""
        joined = self.joined_truth(node, flow)
        if joined is not None:
            return joined
        formula = self.words.condition(str(node), self.vendor)
        if formula is not None:
            return formula
        if node.kind == "call" and node.text == "IS_ENABLED":
            return self._configured(node.parts[0])
        special = None if self.known_bits(node, flow) else self.special_truth(node, flow)
        return self.value_truth(node, flow) if special is None else special

    def joined_truth(self, node: Node, flow: Flow) -> Formula | None:
        """Return what a condition made of others needs: not, and, or, a check around one."""
        if node.kind == "unary" and node.text == "!":
            return negation(self.truth(node.parts[0], flow))
        if node.kind == "binary" and node.text in {"&&", "||"}:
            left = self.truth(node.parts[0], flow)
            if left is (node.text == "||"):
                return left
            right = self.truth(node.parts[1], flow)
            return both(left, right) if node.text == "&&" else either(left, right)
        if node.kind == "call" and node.text in WARNINGS and node.parts:
            return self.truth(node.parts[0], flow)
        return None

    def value_truth(self, node: Node, flow: Flow) -> Formula:
        """Return whether a value is not zero; many bits of the host are one fact."""
        value = self.bits(node, flow)
        if value.opaque:
            self.problem(node.line, f"condition `{node}` is not in words.toml")
        if value.opaque or value.many:
            return atom("hardware", str(node))
        return value.any()

    def special_truth(self, node: Node, flow: Flow) -> Formula | None:
        """Return what a comparison of constants is."""
        if node.kind == "binary" and node.text in COMPARISONS:
            left, right = (self.number(part, flow) for part in node.parts)
            if left is not None and right is not None:
                return bool(BINARY[node.text](left, right))
            self.problem(node.line, f"comparison `{node}` is not in words.toml")
            return atom("hardware", str(node))
        return None

    def _configured(self, node: Node) -> Formula:
        value = self.words.configuration.get(node.text)
        if node.text in self.words.optional:
            return atom("hardware", f"built with {node.text}")
        if value is None:
            self.problem(node.line, f"`{node.text}` is not in words.toml")
            return atom("hardware", node.text)
        return value


def _parameters(function: Function) -> list[str]:
    """Return the names of a function's parameters."""
    parts = split_at_commas(function.parameters)
    names = [[token.text for token in part if token.text.isidentifier()] for part in parts]
    return [words[-1] for words in names if words]
