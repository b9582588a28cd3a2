"""C files of a tree, their macros, and initializers as entries by member name."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from planner.harvest.kernel.c.c_macros import expand
from planner.harvest.kernel.c.c_text import CFile, Macro, Token, matching, split_at_commas

TYPE_NAME = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+((?:TYPE|\w+_NAME)\w*)[ \t]+([^\n]+)$", re.MULTILINE
)
CONSTANT = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(\(?[ \t]*[\w \t+*/<>()-]+?)[ \t]*(?:/[*/].*)?$",
    re.MULTILINE,
)
WORDS = ("VMStateDescription", "vmstate_register", "vmsd", "TypeInfo")
"""A file or a function without any of them tells nothing of what is sent."""
BODY = re.compile(r"^\{\n.*?^\}", re.MULTILINE | re.DOTALL)
ARITHMETIC = re.compile(r"[\d\sxXa-fA-F()+*/<>-]+")
SUMS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
DEPTH = 8
MOST_FILES = 6000
"""Files that are remembered: releases share most of theirs."""

Tokens = Sequence[Token]


@lru_cache(maxsize=MOST_FILES)
def _parsed(path: str, text: str) -> CFile:
    return CFile(path, BODY.sub(_of_interest, text), {})


def _of_interest(found: re.Match[str]) -> str:
    """Return a function's body, emptied if it does not speak of descriptions."""
    text = found[0]
    return text if any(word in text for word in WORDS) else "{" + "\n" * text.count("\n") + "}"


@dataclass(frozen=True)
class Code:
    """The C files of a tree that speak of descriptions or of device types."""

    texts: Mapping[str, str]

    @cached_property
    def files(self) -> tuple[CFile, ...]:
        """Every file that has a description, registers one, or defines device types."""
        return tuple(
            _parsed(path, text)
            for path, text in sorted(self.texts.items())
            if any(word in text for word in WORDS)
        )

    @cached_property
    def macros(self) -> dict[str, list[Macro]]:
        """The macros of all headers that stand for fields."""
        found: dict[str, list[Macro]] = {}
        for path, text in sorted(self.texts.items()):
            if path.endswith(".h") and " VMSTATE_" in text:
                for name, rows in _parsed(path, text).macros.items():
                    if name.startswith("VMSTATE_"):
                        found.setdefault(name, []).extend(rows)
        return found

    @cached_property
    def _texts_of_names(self) -> dict[str, str]:
        return {
            name: value.strip()
            for text in self.texts.values()
            for name, value in TYPE_NAME.findall(text)
        }

    @cached_property
    def _constants(self) -> dict[str, str]:
        """The constants that have one value in all of the tree."""
        found: dict[str, set[str]] = {}
        for text in self.texts.values():
            if "define" in text:
                for name, value in CONSTANT.findall(text):
                    found.setdefault(name, set()).add(value.strip())
        return {name: values.pop() for name, values in found.items() if len(values) == 1}

    def string(self, tokens: Tokens, file: CFile, depth: int = 0) -> str | None:
        """Return the text that literals and names of texts make, None if it cannot be told."""
        parts = []
        for token in tokens:
            if token.text in "()":
                continue
            if token.text.startswith('"'):
                parts.append(token.text[1:-1])
                continue
            inner = self._named_text(token.text, file, depth)
            if inner is None:
                return None
            parts.append(inner)
        return "".join(parts) if parts else None

    def _named_text(self, name: str, file: CFile, depth: int) -> str | None:
        macro = file.macro(name)
        if depth > DEPTH:
            return None
        if macro is not None and macro.parameters is None:
            return self.string(macro.body, file, depth + 1)
        value = self._texts_of_names.get(name)
        body = CFile("", value or "", {}).tokens
        return self.string(body, file, depth + 1) if value else None

    def number(self, tokens: Tokens, file: CFile) -> int | None:
        """Return the value of a constant expression, None if it cannot be told."""
        text = self._substituted(" ".join(token.text for token in tokens), file, 0)
        plain = re.sub(r"(?<=\d)[uUlL]+\b", "", text)
        if not ARITHMETIC.fullmatch(plain):
            return None
        return _arithmetic(plain)

    def _substituted(self, text: str, file: CFile, depth: int) -> str:
        def value(found: re.Match[str]) -> str:
            """Return what a name stands for, the name itself if nothing tells."""
            name = found[0]
            macro = file.macro(name)
            if macro is not None and macro.parameters is None:
                inner = " ".join(token.text for token in macro.body)
            else:
                inner = self._constants.get(name, "")
            return f"({self._substituted(inner, file, depth + 1)})" if inner else name

        return text if depth > DEPTH else re.sub(r"\b[A-Za-z_]\w*\b", value, text)

    def expanded(self, tokens: Tokens, file: CFile) -> list[Token]:
        """Return tokens with the macros of fields written out."""
        own = {name: rows for name, rows in file.macros.items() if rows[0].parameters is not None}
        return expand(tokens, {**own, **self.macros})


def _arithmetic(text: str) -> int | None:
    """Return the value of a sum of whole numbers."""
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ZeroDivisionError, KeyError):
        return None


def _value(node: ast.expr) -> int:
    """Return the value of an expression; raises KeyError for what is no sum of whole numbers."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.BinOp):
        return SUMS[type(node.op)](_value(node.left), _value(node.right))
    raise KeyError(type(node))


def members(body: Tokens) -> Mapping[str, Tokens]:
    """Return the members `.name = ...` of an initializer's body."""
    found: dict[str, Tokens] = {}
    for part in split_at_commas(body):
        if len(part) > 2 and part[0].text == "." and part[2].text == "=":
            found[part[1].text] = part[3:]
    return found


def braces(tokens: Tokens) -> Tokens | None:
    """Return what stands between the first braces, None if there are none."""
    for at, token in enumerate(tokens):
        if token.text == "{":
            return tokens[at + 1 : matching(tokens, at)]
    return None


def initializers(file: CFile, kind: str) -> Iterator[tuple[str, int, Tokens]]:
    """Yield name, line and body of every `KIND NAME = {...}`; of an array each element."""
    tokens = file.tokens
    for at in file.places_of(kind):
        name, rest = tokens[at + 1 : at + 2], at + 2
        if not name or not re.fullmatch(r"[A-Za-z_]\w*", name[0].text):
            continue
        is_array = rest < len(tokens) and tokens[rest].text == "["
        if is_array:
            rest = matching(tokens, rest) + 1
        if [token.text for token in tokens[rest : rest + 2]] != ["=", "{"]:
            continue
        body = tokens[rest + 2 : matching(tokens, rest + 1)]
        for part in split_at_commas(body) if is_array else [body]:
            inner = braces(part) if is_array else part
            if inner is not None:
                yield name[0].text, name[0].line, inner


def function(file: CFile, name: str) -> Tokens:
    """Return the body of a function that a file defines, empty if it does not."""
    tokens = file.tokens
    for at in file.places_of(name):
        if at + 1 < len(tokens) and tokens[at + 1].text == "(":
            close = matching(tokens, at + 1)
            if close + 1 < len(tokens) and tokens[close + 1].text == "{":
                return tokens[close + 2 : matching(tokens, close + 1)]
    return ()
