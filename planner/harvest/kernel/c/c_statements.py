"""Statements of C out of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from planner.harvest.kernel.c.c_expressions import (
    TYPES,
    ExpressionReader,
    arguments,
    parse_expression,
)
from planner.harvest.kernel.c.c_text import Token, matching, text_of
from planner.harvest.kernel.c.c_tree import Node, Statement

JUMPS = frozenset({"break", "continue", "return", "goto"})


def parse_statements(file: str, tokens: Sequence[Token]) -> tuple[Statement, ...]:
    """Parse what stands between a function's braces; raises `UnreadError` at what is no statement."""
    return _StatementReader(file, tokens).statements()


class _StatementReader(ExpressionReader):
    """Reads statements, and the expressions in them."""

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
        return _StatementReader(self.file, self.inside()).statements()

    def nested(self) -> tuple[Statement, ...]:
        """Take the body of a branch or loop, with braces or without."""
        if self.peek() == "{":
            return self.braces()
        one = self.statement()
        return () if one is None else (one,)

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
    for part in arguments(tokens):
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
