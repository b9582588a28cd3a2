"""C executed with formulas instead of values: what each bit of a variable needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from planner.domain.errors import Location, Problem
from planner.harvest.kernel.bits import Bits, constant, hardware, opaque, when
from planner.harvest.kernel.c_text import CFile, Function, split_at_commas
from planner.harvest.kernel.c_tree import Node, Statement, number_of, parse_statements
from planner.harvest.kernel.constants import BINARY, Constants
from planner.harvest.kernel.logic import Formula, atom, both, either, negation
from planner.harvest.kernel.words import Words

HOOK = re.compile(
    r"(?:static_call(?:_cond)?|kvm_x86_call)\((?:kvm_x86_)?(\w+)\)|kvm_x86_ops\.(?:\w+\.)?(\w+)"
)
WARNINGS = frozenset({"WARN_ON", "WARN_ON_ONCE", "unlikely", "likely", "KVM_BUG_ON", "!!"})
WIDTHS = {"u8": 8, "u16": 16, "u32": 32, "__u32": 32, "int": 32, "unsigned": 32}
COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})
DEEPEST = 12


@dataclass(slots=True)
class Flow:
    """Where execution may be: on the path, and what left it."""

    path: Formula
    broke: Formula = False
    returned: Formula = False
    result: Bits = field(default_factory=lambda: constant(0))


class Interpreter:
    """Executes functions of some files; everything that it cannot is a problem."""

    def __init__(
        self, files: Sequence[CFile], constants: Constants, words: Words, vendor: str
    ) -> None:
        """Work over files of one vendor's module and the common code."""
        self.files = list(files)
        self.constants = constants
        self.words = words
        self.vendor = vendor
        self.variables: dict[str, Bits] = {}
        self.widths: dict[str, int] = {}
        self.problems: dict[tuple[str, int, str], None] = {}
        self.visited: set[tuple[str, int]] = set()
        self.depth = 0
        self.file = ""
        self._parsed: dict[tuple[str, str], tuple[Statement, ...]] = {}

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
    def function(self, name: str) -> tuple[CFile, Function] | None:
        """Return a function of the files."""
        for file in self.files:
            found = file.function(name)
            if found is not None:
                return file, found
        return None

    def statements(self, file: CFile, function: Function) -> tuple[Statement, ...]:
        """Return a function's statements, parsed once."""
        key = (file.path, function.name)
        if key not in self._parsed:
            self._parsed[key] = parse_statements(file.path, function.body)
        return self._parsed[key]

    def run(self, name: str, path: Formula = True) -> Flow:
        """Execute a function of the files."""
        found = self.function(name)
        if found is None:
            self.problem(0, f"no function `{name}` in the files that were read")
            return Flow(path)
        return self.run_function(*found, path)

    def run_function(self, file: CFile, function: Function, path: Formula) -> Flow:
        """Execute a function; `return` ends it for the paths that reach it."""
        before, self.file = self.file, file.path
        self.depth += 1
        flow = Flow(path)
        if self.depth > DEEPEST:
            self.problem(function.line, f"`{function.name}` calls too deep")
        else:
            self.execute(self.statements(file, function), flow)
        self.depth -= 1
        self.file = before
        flow.path = either(flow.path, flow.returned)
        return flow

    # -- statements -----------------------------------------------------------------------------
    def execute(self, statements: Sequence[Statement], flow: Flow) -> None:
        """Execute statements on a path that each may narrow."""
        for one in statements:
            if flow.path is False:
                self.skip(one)
            else:
                self.step(one, flow)

    def skip(self, one: Statement) -> None:
        """Note statements that no path reaches."""
        self.visited.add((self.file, one.line))
        for inner in (*one.body, *one.otherwise):
            self.skip(inner)

    def step(self, one: Statement, flow: Flow) -> None:
        """Execute one statement."""
        self.visited.add((self.file, one.line))
        built = self.built(one.line)
        if built is not True:
            self.guarded(one, flow, built)
            return
        self.plain_step(one, flow)

    def built(self, line: int) -> Formula:
        """Return what the build must have for a line to be there."""
        option = next(
            (file.built_with.get(line, "") for file in self.files if file.path == self.file), ""
        )
        return atom("hardware", f"built with {option}") if option else True

    def guarded(self, one: Statement, flow: Flow, built: Formula) -> None:
        """Execute a statement that only some builds have."""
        path = flow.path
        flow.path = both(path, built)
        self.plain_step(one, flow)
        flow.path = either(flow.path, both(path, negation(built)))

    def plain_step(self, one: Statement, flow: Flow) -> None:
        """Execute one statement."""
        match one.kind:
            case "expression":
                self.do(one.expressions[0], flow)
            case "declaration":
                self.declare(one, flow)
            case "block":
                self.execute(one.body, flow)
            case "if":
                self.branch(one, flow)
            case "switch":
                self.switch(one, flow)
            case "loop":
                self.loop(one, flow)
            case "break":
                flow.broke = either(flow.broke, flow.path)
                flow.path = False
            case "return":
                self.leave(one, flow)
            case "case":
                self.problem(one.line, "a case stands outside its switch")
            case "continue" | "goto":
                flow.path = False
            case _:
                pass

    def leave(self, one: Statement, flow: Flow) -> None:
        """Return, with a value if there is one."""
        if one.expressions:
            value = self.bits(one.expressions[0], flow)
            flow.result = when(flow.path, value, flow.result)
        flow.returned = either(flow.returned, flow.path)
        flow.path = False

    def branch(self, one: Statement, flow: Flow) -> None:
        """Execute an `if` with its `else`."""
        condition = self.truth(one.expressions[0], flow)
        path = flow.path
        flow.path = both(path, condition)
        self.execute(one.body, flow)
        after = flow.path
        flow.path = both(path, negation(condition))
        self.execute(one.otherwise, flow)
        flow.path = either(after, flow.path)

    def switch(self, one: Statement, flow: Flow) -> None:
        """Execute a `switch`; the case of a constant subject alone if it is one."""
        subject = self.number(one.expressions[0], flow)
        path, outer = flow.path, flow.broke
        flow.broke = False
        through: Formula = False
        matched: Formula = False
        here: Formula
        for case in one.body:
            if subject is None:
                label = ",".join(map(str, case.expressions)) or "default"
                here = atom("hardware", f"{one.expressions[0]} is {label}")
            else:
                chosen = self._is_case(case, subject) or (case.text == "default" and not matched)
                here = both(chosen, self.built(case.line))
            matched = either(matched, here)
            flow.path = both(path, either(here, through))
            self.execute(case.body, flow)
            through = flow.path
        missed = path if subject is None or matched is False else False
        flow.path = either(either(flow.broke, flow.path), missed)
        flow.broke = outer

    def _is_case(self, case: Statement, subject: int) -> bool:
        values = [self.constants.of(node) for node in case.expressions]
        for node, value in zip(case.expressions, values, strict=True):
            if value is None:
                self.problem(case.line, f"case `{node}` is no number that the headers tell")
        if len(values) == 2 and None not in values:
            return (values[0] or 0) <= subject <= (values[1] or 0)
        return subject in values

    def loop(self, one: Statement, flow: Flow) -> None:
        """Execute a loop's body once: formulas do not count."""
        outer = flow.broke
        path = flow.path
        flow.broke = False
        self.execute(one.body, flow)
        flow.path, flow.broke = path, outer

    def declare(self, one: Statement, flow: Flow) -> None:
        """Give a declared variable its first value."""
        words = re.findall(r"\w+", one.text)
        width = next((WIDTHS[word] for word in words[:3] if word in WIDTHS), 64)
        self.widths |= dict.fromkeys(words, width)
        for node in one.expressions:
            value = self.bits(node.parts[1], flow)
            self.variables[node.parts[0].text] = value.first(width)

    def do(self, node: Node, flow: Flow) -> None:
        """Execute an expression for its effect."""
        if node.kind == "comma":
            for part in node.parts:
                self.do(part, flow)
        elif node.kind == "assign":
            self.assign(node, flow)
        elif node.kind == "call":
            self.call(node, flow)
        elif node.kind == "unary" and node.text in {"++", "--", "post++", "post--"}:
            pass
        else:
            self.problem(node.line, f"statement `{node}` is not understood")

    def call(self, node: Node, flow: Flow) -> None:
        """Execute a call for its effect: a known one, one that means nothing, or a function."""
        if node.text in self.words.calls:
            return
        found = self.function(node.text)
        if found is None:
            self.problem(node.line, f"call `{node}` is not understood")
            return
        flow.path = self.run_function(*found, flow.path).path

    def assign(self, node: Node, flow: Flow) -> Bits:
        """Execute an assignment and return the value."""
        target, source = node.parts
        inner = source.kind == "assign"
        value = self.assign(source, flow) if inner else self.bits(source, flow)
        name = target.text
        old = self.variables.get(name, constant(0))
        new = self.joined(node.text, old, value)
        if new is None:
            self.problem(node.line, f"assignment `{node}` is not understood")
            return value
        new = new.first(self.widths.get(name, 64))
        self.variables[name] = when(flow.path, new, old)
        return self.variables[name]

    @staticmethod
    def joined(sign: str, old: Bits, value: Bits) -> Bits | None:
        """Return what an assignment leaves."""
        match sign:
            case "=":
                return value
            case "|=":
                return old | value
            case "&=":
                return old & value
            case _:
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
