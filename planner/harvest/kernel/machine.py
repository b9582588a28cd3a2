"""C executed with formulas instead of values: statements, and functions as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence

from planner.harvest.kernel.bits import Bits, constant, when
from planner.harvest.kernel.c.c_statements import parse_statements
from planner.harvest.kernel.c.c_text import CFile, Function
from planner.harvest.kernel.c.c_tree import Node, Statement
from planner.harvest.kernel.constants import Constants
from planner.harvest.kernel.evaluation import Evaluator, Flow
from planner.harvest.kernel.logic import Formula, atom, both, either, negation
from planner.harvest.kernel.words import Words

WIDTHS = {"u8": 8, "u16": 16, "u32": 32, "__u32": 32, "int": 32, "unsigned": 32}
DEEPEST = 12


class Interpreter(Evaluator):
    """Executes functions of some files; everything that it cannot is a problem."""

    def __init__(
        self, files: Sequence[CFile], constants: Constants, words: Words, vendor: str
    ) -> None:
        """Work over files of one vendor's module and the common code."""
        super().__init__(files, constants, words, vendor)
        self.widths: dict[str, int] = {}
        self.visited: set[tuple[str, int]] = set()
        self.depth = 0
        self._parsed: dict[tuple[str, str], tuple[Statement, ...]] = {}

    # -- functions ------------------------------------------------------------------------------
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
