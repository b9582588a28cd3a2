"""Names in headers as numbers: macros with and without parameters, and enumerations."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from planner.domain.errors import UnreadError
from planner.harvest.kernel.c.c_expressions import parse_expression
from planner.harvest.kernel.c.c_text import CFile, Macro, Token, matching, split_at_commas
from planner.harvest.kernel.c.c_tree import Node, number_of

SHIFTS = {"BIT": 1, "BIT_ULL": 1, "_BITUL": 1, "_BITULL": 1, "BIT64": 1, "_AC": 0, "_UL": 0}


class Constants:
    """What the names of some files are as numbers."""

    def __init__(self, files: Sequence[CFile], known: Mapping[str, int] | None = None) -> None:
        """Read the enumerations; macros are looked up as they are asked for."""
        self._files = list(files)
        self._known: dict[str, int | None] = dict(known or {})
        self._calls: dict[str, int | None] = {}
        self._macros: dict[str, tuple[CFile, Macro] | None] = {}
        self._entries: dict[str, tuple[CFile, str, int, list[Token]]] = {}
        for file in files:
            self._read_enumerations(file)

    def value(self, name: str) -> int | None:
        """Return a name's number; None if it is not a constant of these files."""
        if name not in self._known:
            self._known[name] = None  # a name that needs itself is no number
            self._known[name] = self._look_up(name)
        return self._known[name]

    def macro(self, name: str) -> tuple[CFile, Macro] | None:
        """Return a macro and the file that defines it."""
        if name not in self._macros:
            found = ((file, file.macro(name)) for file in self._files)
            self._macros[name] = next(((file, one) for file, one in found if one), None)
        return self._macros[name]

    def of(self, node: Node) -> int | None:
        """Return an expression's number; None if a part is no constant."""
        if node.kind == "number":
            return number_of(node)
        if node.kind == "name":
            return self.value(node.text)
        if node.kind == "call":
            text = str(node)
            if text not in self._calls:
                self._calls[text] = self._call(node)
            return self._calls[text]
        if node.kind == "comma":
            return None
        parts = [self.of(part) for part in node.parts]
        if not parts or any(part is None for part in parts):
            return None
        return _computed(node, [part for part in parts if part is not None])

    def _call(self, node: Node) -> int | None:
        values = [self.of(part) for part in node.parts]
        if node.text in SHIFTS and values and values[0] is not None:
            return 1 << values[0] if SHIFTS[node.text] else values[0]
        if node.text == "VIRTIO_BIT" and values and values[0] is not None:
            return 1 << (values[0] % 64)  # inside its word
        if node.text in {"GENMASK", "GENMASK_ULL"} and None not in values and len(values) == 2:
            high, low = (value or 0 for value in values)
            return (1 << (high + 1)) - (1 << low)
        found = self.macro(node.text)
        if found is None or found[1].parameters is None:
            return None
        return self._expanded(found[0], found[1], node)

    def _expanded(self, file: CFile, macro: Macro, node: Node) -> int | None:
        """Return a macro with parameters as a number, arguments as they are written."""
        given = dict(zip(macro.parameters or (), (str(part) for part in node.parts), strict=False))
        text = " ".join(given.get(token.text, token.text) for token in macro.body)
        text = re.sub(r"\s*##\s*", "", text)
        inner = CFile(file.path, text, {})
        try:
            return self.of(parse_expression(file.path, inner.tokens)) if inner.tokens else None
        except UnreadError:
            return None

    def _look_up(self, name: str) -> int | None:
        if name in self._entries:
            file, before, extra, tokens = self._entries[name]
            if tokens:
                return self._parsed(file, tokens)
            base = self.value(before) if before else -1
            return None if base is None else base + extra
        found = self.macro(name)
        if found is None or found[1].parameters is not None or not found[1].body:
            return None
        return self._parsed(found[0], found[1].body)

    def _parsed(self, file: CFile, tokens: Sequence[Token]) -> int | None:
        try:
            return self.of(parse_expression(file.path, tokens))
        except UnreadError:
            return None

    def _read_enumerations(self, file: CFile) -> None:
        for index, token in enumerate(file.tokens):
            if token.text != "enum":
                continue
            at = index + 1
            if at < len(file.tokens) and re.fullmatch(r"\w+", file.tokens[at].text):
                at += 1
            if at >= len(file.tokens) or file.tokens[at].text != "{":
                continue
            before = ""
            for part in split_at_commas(file.tokens[at + 1 : matching(file.tokens, at)]):
                value = part[2:] if len(part) > 2 and part[1].text == "=" else []
                self._entries.setdefault(part[0].text, (file, before, 1, value))
                before = part[0].text


BINARY: Mapping[str, Callable[[int, int], int]] = {
    "|": operator.or_,
    "&": operator.and_,
    "^": operator.xor,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def _computed(node: Node, values: list[int]) -> int | None:
    if node.kind == "unary":
        one = values[0]
        return {"-": -one, "~": ~one, "+": one, "!": int(not one)}.get(node.text)
    if node.kind == "choice":
        return values[1] if values[0] else values[2]
    if node.kind != "binary" or node.text not in BINARY:
        return None
    return int(BINARY[node.text](*values))
