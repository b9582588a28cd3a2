"""Statements and expressions of C, as far as KVM's tables of features use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from planner.harvest.kernel.c_text import Token, matching, text_of
from planner.harvest.kernel.errors import UnreadError, unread

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
JUMPS = frozenset({"break", "continue", "return", "goto"})


@dataclass(frozen=True, slots=True)
class Node:
    """An expression; `text` is the name or operator.

    `kind` is name, number, text, call, member, index, unary, binary, assign, choice or comma.
    """

    kind: str
    text: str
    line: int
    parts: tuple[Node, ...] = ()

    def __str__(self) -> str:
        """Write the expression on one line."""
        return _written(self)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement; a `case` holds the statements up to the next one.

    `kind` is expression, declaration, if, switch, case, loop, block, label, asm or a jump.
    """

    kind: str
    line: int
    expressions: tuple[Node, ...] = ()
    body: tuple[Statement, ...] = ()
    otherwise: tuple[Statement, ...] = ()
    text: str = ""


def parse_statements(file: str, tokens: Sequence[Token]) -> tuple[Statement, ...]:
    """Parse what stands between a function's braces."""
    return _Parser(file, tokens).statements()


def parse_expression(file: str, tokens: Sequence[Token]) -> Node:
    """Parse one expression whole."""
    parser = _Parser(file, tokens)
    node = parser.expression()
    parser.end()
    return node


class _Parser:
    """A recursive-descent reader over tokens."""

    def __init__(self, file: str, tokens: Sequence[Token]) -> None:
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

    # -- statements -----------------------------------------------------------------------------
    def statements(self) -> tuple[Statement, ...]:
        """Take every statement that is left."""
        found = []
        while self.at < len(self.tokens):
            one = self.statement()
            if one is not None:
                found.append(one)
        return tuple(found)

    def statement(self) -> Statement | None:
        """Take one statement, None for an empty one."""
        text, line = self.peek(), self.line
        if self.skip(";"):
            return None
        if text == "{":
            return Statement("block", line, body=self.braces())
        reader = self._reader(text)
        if reader is not None:
            return reader(line)
        if self.peek(1) == ":" and re.fullmatch(r"[A-Za-z_]\w*", text):
            self.at += 2
            return Statement("label", line, text=text)
        return self._simple(line)

    def _reader(self, text: str) -> Callable[[int], Statement] | None:
        """Return what reads a statement that begins with a word of the language."""
        words: dict[str, Callable[[int], Statement]] = {
            "if": self._if,
            "for": self._for,
            "while": self._while,
            "switch": self._switch,
            "do": self._do,
            "case": self._case,
            "default": self._case,
            **dict.fromkeys(JUMPS, self._jump),
        }
        if re.fullmatch(r"\w*(for_each|scoped_guard|guard)\w*", text) and self.peek(1) == "(":
            return self._named_loop
        return words.get(text)

    def braces(self) -> tuple[Statement, ...]:
        """Take statements in braces."""
        return _Parser(self.file, self.inside()).statements()

    def nested(self) -> tuple[Statement, ...]:
        """Take the body of a branch or loop, with braces or without."""
        if self.peek() == "{":
            return self.braces()
        one = self.statement()
        return () if one is None else (one,)

    def bracketed(self) -> Node:
        """Take an expression in brackets."""
        inner = self.inside()
        return parse_expression(self.file, inner)

    def _if(self, line: int) -> Statement:
        self.take("if")
        condition = self.bracketed()
        body = self.nested()
        otherwise = self.nested() if self.skip("else") else ()
        return Statement("if", line, (condition,), body, otherwise)

    def _switch(self, line: int) -> Statement:
        self.take("switch")
        subject = self.bracketed()
        return Statement("switch", line, (subject,), _cases(self.braces()))

    def _case(self, line: int) -> Statement:
        text = self.take().text
        if text == "default":
            self.take(":")
            return Statement("case", line, text="default")
        start = self.at
        while self.peek() not in {":", ""}:
            self.at += 1
        tokens = self.tokens[start : self.at]
        self.take(":")
        ends = next((i for i, one in enumerate(tokens) if one.text == "..."), None)
        if ends is None:
            return Statement("case", line, (parse_expression(self.file, tokens),))
        low = parse_expression(self.file, tokens[:ends])
        return Statement("case", line, (low, parse_expression(self.file, tokens[ends + 1 :])))

    def _for(self, line: int) -> Statement:
        self.take("for")
        header = text_of(self.inside())
        return Statement("loop", line, body=self.nested(), text=header)

    def _while(self, line: int) -> Statement:
        self.take("while")
        header = text_of(self.inside())
        return Statement("loop", line, body=self.nested(), text=header)

    def _do(self, line: int) -> Statement:
        self.take("do")
        body = self.nested()
        self.take("while")
        header = text_of(self.inside())
        return Statement("loop", line, body=body, text=header)

    def _named_loop(self, line: int) -> Statement:
        header = self.take().text + text_of(self.inside())
        return Statement("loop", line, body=self.nested(), text=header)

    def _jump(self, line: int) -> Statement:
        kind = self.take().text
        tokens = self._to_semicolon()
        if kind == "return" and tokens:
            return Statement("return", line, (parse_expression(self.file, tokens),))
        return Statement(kind, line, text=text_of(tokens))

    def _to_semicolon(self) -> list[Token]:
        start = self.at
        while self.at < len(self.tokens) and self.peek() != ";":
            self.at = matching(self.tokens, self.at) + 1 if self.peek() in "([{" else self.at + 1
        tokens = self.tokens[start : self.at]
        self.skip(";")
        return tokens

    def _simple(self, line: int) -> Statement:
        tokens = self._to_semicolon()
        if tokens and tokens[0].text in {"asm", "__asm__", "asm_inline"}:
            return Statement("asm", line)
        if _declares(tokens):
            return Statement(
                "declaration", line, _declared(self.file, tokens), text=text_of(tokens)
            )
        node = parse_expression(self.file, tokens)
        return Statement("expression", line, (node,))

    # -- expressions ----------------------------------------------------------------------------
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
                parts = tuple(_argument(self.file, one) for one in _arguments(self.inside()))
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


def number_of(node: Node) -> int | None:
    """Return the value of a literal."""
    return int(node.text.rstrip("uUlL"), 0) if node.kind == "number" else None


def _arguments(tokens: list[Token]) -> list[list[Token]]:
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


def _declares(tokens: list[Token]) -> bool:
    words = [token.text for token in tokens[:4]]
    if not words:
        return False
    if words[0] in TYPES or words[0] in {"DECLARE_BITMAP", "__maybe_unused"}:
        return True
    named = re.compile(r"[A-Za-z_]\w*")
    return (
        len(words) > 2
        and all(named.fullmatch(word) for word in words[:2])
        and words[2] in {"=", "[", ","}
    ) or (len(words) == 2 and all(named.fullmatch(word) for word in words))


def _declared(file: str, tokens: list[Token]) -> tuple[Node, ...]:
    """Return `NAME = VALUE` for each initialised name of a declaration."""
    found = []
    for part in _arguments(tokens):
        equals = next((i for i, one in enumerate(part) if one.text == "="), None)
        names = [one for one in part[:equals] if re.fullmatch(r"[A-Za-z_]\w*", one.text)]
        if equals is None or not names:
            continue
        name = _declared_name(part[:equals])
        value = parse_expression(file, part[equals + 1 :])
        target = Node("name", name.text, name.line)
        found.append(Node("assign", "=", name.line, (target, value)))
    return tuple(found)


def _declared_name(tokens: list[Token]) -> Token:
    flat = []
    for token in tokens:
        if token.text == "[":
            break
        if re.fullmatch(r"[A-Za-z_]\w*", token.text) and not token.text.startswith("__"):
            flat.append(token)
    return flat[-1]


def _flat(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Yield statements; a block that a case opens and another case stands in is taken apart."""
    for one in statements:
        if one.kind == "block" and any(inner.kind == "case" for inner in one.body):
            yield from _flat(one.body)
        else:
            yield one


def _cases(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Put the statements between two cases into the first of them."""
    found: list[Statement] = []
    body: list[Statement] = []
    for one in (*_flat(statements), Statement("case", 0, text="end")):
        if one.kind != "case":
            body.append(one)
            continue
        if found:
            last = found.pop()
            found.append(
                Statement("case", last.line, last.expressions, tuple(body), text=last.text)
            )
        body = []
        if one.text != "end":
            found.append(one)
    return tuple(found)


def _written(node: Node) -> str:
    parts = [str(part) for part in node.parts]
    if node.kind in {"binary", "unary"} and not node.text.startswith("post"):
        parts = [
            f"({text})" if part.kind in {"binary", "choice", "assign"} else text
            for part, text in zip(node.parts, parts, strict=True)
        ]
    first, second, third = (*parts, "", "", "")[:3]
    forms = {
        "call": f"{node.text}({', '.join(parts)})",
        "index": f"{node.text}[{first}]",
        "unary": f"{node.text}{first}",
        "binary": f"{first} {node.text} {second}",
        "assign": f"{first} {node.text} {second}",
        "comma": f"{first}, {second}",
        "choice": f"{first} ? {second} : {third}",
    }
    if node.kind == "unary" and node.text.startswith("post"):
        return f"{first}{node.text[4:]}"
    return forms.get(node.kind, node.text)
