"""Expressions of C out of tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence

from planner.domain.errors import UnreadError, unread
from planner.harvest.kernel.c.c_text import Token, matching, text_of
from planner.harvest.kernel.c.c_tree import Node

TYPES = frozenset(
    """void bool char short int long unsigned signed const static volatile struct union enum
    u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 size_t gpa_t gfn_t
    uint8_t uint16_t uint32_t uint64_t __user __percpu auto""".split()  # noqa: SIM905
)
ASSIGNMENTS = frozenset({"=", "|=", "&=", "+=", "-=", "<<=", ">>=", "^=", "*=", "/=", "%="})
BINARY = {
    "||": 1,
    "&&": 2,
    "|": 3,
    "^": 4,
    "&": 5,
    "==": 6,
    "!=": 6,
    "<": 7,
    ">": 7,
    "<=": 7,
    ">=": 7,
    "<<": 8,
    ">>": 8,
    "+": 9,
    "-": 9,
    "*": 10,
    "/": 10,
    "%": 10,
}


def parse_expression(file: str, tokens: Sequence[Token]) -> Node:
    """Parse one expression whole; raises `UnreadError` if something is left over."""
    parser = ExpressionReader(file, tokens)
    node = parser.expression()
    parser.end()
    return node


class ExpressionReader:
    """A recursive-descent reader over tokens, as far as expressions go."""

    def __init__(self, file: str, tokens: Sequence[Token]) -> None:
        """Read `tokens`, which are of `file`, from the first on."""
        self.file = file
        self.tokens = list(tokens)
        self.at = 0

    # -- tokens ---------------------------------------------------------------------------------
    def peek(self, ahead: int = 0) -> str:
        """Return the text of the next token, or of one further on; empty at the end."""
        place = self.at + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    @property
    def line(self) -> int:
        """The line of the next token."""
        if not self.tokens:
            return 0
        return self.tokens[min(self.at, len(self.tokens) - 1)].line

    def take(self, text: str = "") -> Token:
        """Take the next token; raises `UnreadError` if it is not `text`."""
        if self.at >= len(self.tokens) or (text and self.peek() != text):
            raise self.wrong(f"expected `{text}`")
        self.at += 1
        return self.tokens[self.at - 1]

    def skip(self, text: str) -> bool:
        """Take the next token if it is `text`."""
        if self.peek() == text:
            self.at += 1
            return True
        return False

    def inside(self) -> list[Token]:
        """Take a bracketed group and return what is inside."""
        close = matching(self.tokens, self.at)
        inner = self.tokens[self.at + 1 : close]
        self.at = close + 1
        return inner

    def end(self) -> None:
        """Raise `UnreadError` if something is left over."""
        if self.at < len(self.tokens):
            raise self.wrong("left over")

    def wrong(self, why: str) -> UnreadError:
        """Return the error that names the place and why it cannot be parsed."""
        near = text_of(self.tokens[max(0, self.at - 6) : self.at + 6])
        return unread(self.file, self.line, f"cannot parse near `{near}` ({why})")

    # -- expressions ----------------------------------------------------------------------------
    def bracketed(self) -> Node:
        """Take an expression in brackets."""
        inner = self.inside()
        return parse_expression(self.file, inner)

    def expression(self) -> Node:
        """Take an expression, commas included."""
        node = self.assignment()
        while self.peek() == ",":
            line = self.take().line
            node = Node("comma", ",", line, (node, self.assignment()))
        return node

    def assignment(self) -> Node:
        """Take an assignment, or what may stand there."""
        node = self.choice()
        if self.peek() in ASSIGNMENTS:
            sign = self.take()
            return Node("assign", sign.text, sign.line, (node, self.assignment()))
        return node

    def choice(self) -> Node:
        """Take a conditional expression, or what may stand there."""
        node = self.binary(0)
        if self.peek() != "?":
            return node
        line = self.take("?").line
        if self.skip(":"):
            return Node("choice", "?", line, (node, node, self.choice()))
        yes = self.expression()
        self.take(":")
        return Node("choice", "?", line, (node, yes, self.choice()))

    def binary(self, least: int) -> Node:
        """Take operators that bind more strongly than `least`."""
        node = self.unary()
        while BINARY.get(self.peek(), 0) > least:
            sign = self.take()
            right = self.binary(BINARY[sign.text])
            node = Node("binary", sign.text, sign.line, (node, right))
        return node

    def unary(self) -> Node:
        """Take an operand with the signs before it."""
        text, line = self.peek(), self.line
        if text in {"!", "~", "-", "+", "*", "&", "++", "--"}:
            self.take()
            return Node("unary", text, line, (self.unary(),))
        if text in {"sizeof", "typeof", "__typeof__"} and self.peek(1) == "(":
            self.take()
            inner = self.inside()
            return Node("name", f"{text}({text_of(inner)})", line)
        if text == "(" and self._is_cast():
            self.inside()
            return self.unary()
        return self.postfix()

    def _is_cast(self) -> bool:
        close = matching(self.tokens, self.at)
        inner = [token.text for token in self.tokens[self.at + 1 : close]]
        if not inner or not set(inner) & TYPES or self.peek(1) == "{":
            return False
        return all(re.fullmatch(r"[A-Za-z_]\w*|\*", word) for word in inner)

    def postfix(self) -> Node:
        """Take an operand with its calls, members and indices."""
        node = self.primary()
        while True:
            text, line = self.peek(), self.line
            if text == "(":
                parts = tuple(_argument(self.file, one) for one in arguments(self.inside()))
                node = Node("call", str(node), line, parts)
            elif text == "[":
                node = Node("index", str(node), line, (self.bracketed(),))
            elif text in {".", "->"}:
                self.take()
                node = Node("member", f"{node}.{self.take().text}", line, (node,))
            elif text in {"++", "--"}:
                self.take()
                node = Node("unary", f"post{text}", line, (node,))
            else:
                return node

    def primary(self) -> Node:
        """Take a name, a number, a text or a bracketed expression."""
        token = self.take()
        if token.text == "(":
            self.at -= 1
            inner = self.inside()
            if inner and inner[0].text == "{":
                return Node("block", text_of(inner), token.line)
            return parse_expression(self.file, inner)
        if token.text == "{":
            self.at -= 1
            return Node("braces", text_of(self.inside()), token.line)
        if token.text[0] in "\"'":
            while self.peek()[:1] == '"':
                self.take()
            return Node("text", token.text, token.line)
        if re.fullmatch(r"0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*", token.text):
            return Node("number", token.text, token.line)
        if re.fullmatch(r"\w+", token.text):
            return Node("name", token.text, token.line)
        self.at -= 1
        raise self.wrong("no expression")


def arguments(tokens: list[Token]) -> list[list[Token]]:
    """Split tokens at the commas outside brackets; empty parts are dropped."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in "([{") - (token.text in ")]}")
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _argument(file: str, tokens: list[Token]) -> Node:
    """Parse an argument; a type's name stays text."""
    words = [token.text for token in tokens]
    if set(words) & TYPES and all(re.fullmatch(r"[A-Za-z_]\w*|\*", word) for word in words):
        return Node("name", " ".join(words), tokens[0].line)
    return parse_expression(file, tokens)
