"""C source as tokens: comments gone, conditionals decided, macros and functions by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from planner.domain.errors import UnreadError, unread

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
TOKEN = re.compile(
    r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[A-Za-z0-9_$]+|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>"
    r"|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|[^\sA-Za-z0-9_]"
)
DIRECTIVE = re.compile(r"\s*#\s*(\w+)(.*)", re.DOTALL)
DEFINE = re.compile(r"\s*(\w+)(\([^)]*\))?(.*)", re.DOTALL)
OPENING, CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Token:
    """A word or sign with its line; `unsure` inside a conditional that nobody can decide."""

    text: str
    line: int
    unsure: str = ""


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro: parameters (None: an object) and body; later definitions of one name follow."""

    name: str
    line: int
    parameters: tuple[str, ...] | None
    body: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function's body without its outer braces."""

    name: str
    file: str
    line: int
    parameters: tuple[Token, ...]
    body: tuple[Token, ...]


@dataclass(slots=True)
class _Conditional:
    """One `#if` that is open: does the branch count, did an earlier one, can it be told."""

    taken: bool
    done: bool
    unsure: str = ""
    optional: str = ""


@dataclass(slots=True)
class CFile:
    """A source file after its conditionals were decided by `configuration`.

    `built_with`: the option of `optional` that decides about a line.
    """

    path: str
    text: str
    configuration: Mapping[str, bool]
    optional: frozenset[str] = frozenset()
    built_with: dict[int, str] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    macros: dict[str, list[Macro]] = field(default_factory=dict)
    _places: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the text once."""
        self._read()
        for index, token in enumerate(self.tokens):
            if token.text[0].isalpha() or token.text[0] == "_":
                self._places.setdefault(token.text, []).append(index)

    def unread(self, line: int, what: str) -> UnreadError:
        """Return the error for something on a line of this file."""
        return unread(self.path, line, what)

    def macro(self, name: str) -> Macro | None:
        """Return the first definition of a macro."""
        return self.macros.get(name, [None])[0]

    def has(self, name: str) -> bool:
        """Return whether a name stands anywhere in the code."""
        return name in self._places

    def places_of(self, name: str) -> Sequence[int]:
        """Return the places among the tokens at which a name stands."""
        return self._places.get(name, ())

    def lines_of(self, name: str) -> list[int]:
        """Return the lines on which a name stands."""
        return [self.tokens[index].line for index in self._places.get(name, [])]

    def function(self, name: str) -> Function | None:
        """Return a function that is defined here."""
        for index in self._places.get(name, ()):
            if index + 1 >= len(self.tokens) or self.tokens[index + 1].text != "(":
                continue
            close = matching(self.tokens, index + 1)
            if close + 1 < len(self.tokens) and self.tokens[close + 1].text == "{":
                end = matching(self.tokens, close + 1)
                body = tuple(self.tokens[close + 2 : end])
                self._sure(body)
                parameters = tuple(self.tokens[index + 2 : close])
                return Function(name, self.path, self.tokens[index].line, parameters, body)
        return None

    def initializer(self, name: str) -> tuple[Token, ...] | None:
        """Return what stands between the braces of `NAME[...] = { ... }`."""
        for index in self._places.get(name, ()):
            at = index + 1
            while at < len(self.tokens) and self.tokens[at].text == "[":
                at = matching(self.tokens, at) + 1
            while at < len(self.tokens) and re.fullmatch(r"__\w+", self.tokens[at].text):
                at += 1
            if [token.text for token in self.tokens[at : at + 2]] == ["=", "{"]:
                end = matching(self.tokens, at + 1)
                body = tuple(self.tokens[at + 2 : end])
                self._sure(body)
                return body
        return None

    def _sure(self, body: Sequence[Token]) -> None:
        for token in body:
            if token.unsure:
                raise self.unread(token.line, f"cannot decide `{token.unsure}`: not in words.toml")

    def _read(self) -> None:
        stack: list[_Conditional] = []
        for line, text in self._logical_lines():
            found = DIRECTIVE.match(text)
            if found:
                self._directive(found[1], found[2], line, stack)
            elif all(one.taken for one in stack):
                unsure = next((one.unsure for one in stack if one.unsure), "")
                option = next((one.optional for one in stack if one.optional), "")
                self.tokens += [
                    Token(one, at, unsure) for one, at in _tokens_with_lines(text, line)
                ]
                if option:
                    self.built_with |= dict.fromkeys(
                        range(line, line + text.count("\n") + 1), option
                    )

    def _logical_lines(self) -> Iterator[tuple[int, str]]:
        """Yield lines without comments, continued ones joined (newlines kept for counting)."""
        text = COMMENT.sub(_without_comment, self.text)
        lines = text.split("\n")
        at = 0
        while at < len(lines):
            start = at
            whole = lines[at]
            while whole.endswith("\\") and at + 1 < len(lines):
                at += 1
                whole = whole[:-1] + "\n" + lines[at]
            yield start + 1, whole
            at += 1

    def _directive(self, word: str, rest: str, line: int, stack: list[_Conditional]) -> None:
        if word in {"if", "ifdef", "ifndef"}:
            value = self._decide(word, rest.strip())
            unsure = f"#{word} {rest.strip()}" if value is None else ""
            taken = value is not False
            named = [name for name in re.findall(r"\w+", rest) if name in self.optional]
            option = named[0] if named and word != "ifndef" else ""
            stack.append(_Conditional(taken, taken and value is True, unsure, option))
        elif word in {"elif", "else"} and stack:
            top = stack[-1]
            value = True if word == "else" else self._decide("if", rest.strip())
            top.taken = not top.done and value is not False
            if value is None:
                top.unsure = f"#elif {rest.strip()}"
            top.done = top.done or (top.taken and value is True)
            top.optional = ""
        elif word == "endif" and stack:
            stack.pop()
        elif word == "define" and all(one.taken for one in stack):
            self._define(rest, line)

    def _define(self, rest: str, line: int) -> None:
        found = DEFINE.match(rest)
        if not found:
            return
        names = None
        body = found[3]
        if found[2] is not None and rest.lstrip()[len(found[1])] == "(":
            names = tuple(one.strip() for one in found[2][1:-1].split(","))
        elif found[2] is not None:
            body = found[2] + body
        tokens = tuple(Token(text, at) for text, at in _tokens_with_lines(body, line))
        self.macros.setdefault(found[1], []).append(Macro(found[1], line, names, tokens))

    def _decide(self, word: str, rest: str) -> bool | None:
        if word != "if":
            value = self._defined(rest.split(maxsplit=1)[0] if rest else "")
            return value if word == "ifdef" or value is None else not value
        words = [text for text, _ in _tokens_with_lines(rest, 0)]
        told = self.configuration.get(" ".join(words))
        return _truth(self, words) if told is None else told

    def _defined(self, name: str) -> bool | None:
        if name in self.configuration:
            return self.configuration[name]
        return None if name.startswith("CONFIG_") else name in self.macros


def matching(tokens: Sequence[Token], at: int) -> int:
    """Return the place of the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(tokens)):
        text = tokens[index].text
        if text in OPENING:
            depth += 1
        elif text in CLOSING:
            depth -= 1
            if depth == 0:
                return index
    return len(tokens) - 1


def split_at_commas(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split at commas outside brackets; an empty end is dropped."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def text_of(tokens: Sequence[Token]) -> str:
    """Return tokens as one readable line."""
    text = " ".join(token.text for token in tokens)
    return re.sub(r"(?<=[(\[!~.]) | (?=[()\[\],;.])| ?-> ?", lambda m: m[0].strip(), text)


def _without_comment(found: re.Match[str]) -> str:
    text = found[0]
    return "\n" * text.count("\n") + " " if text.startswith("/") else text


def _tokens_with_lines(text: str, line: int) -> Iterator[tuple[str, int]]:
    for found in TOKEN.finditer(text):
        yield found[0], line + text.count("\n", 0, found.start())


def _truth(file: CFile, words: list[str]) -> bool | None:
    """Decide an `#if`: `defined`, `IS_ENABLED`, numbers, `!`, `&&`, `||`; else None."""
    value, rest = _either(file, words)
    return value if not rest else None


def _either(file: CFile, words: list[str]) -> tuple[bool | None, list[str]]:
    value, rest = _both(file, words)
    while rest[:1] == ["||"]:
        other, rest = _both(file, rest[1:])
        value = True if True in {value, other} else None if None in {value, other} else False
    return value, rest


def _both(file: CFile, words: list[str]) -> tuple[bool | None, list[str]]:
    value, rest = _one(file, words)
    while rest[:1] == ["&&"]:
        other, rest = _one(file, rest[1:])
        value = False if False in {value, other} else None if None in {value, other} else True
    return value, rest


def _one(file: CFile, words: list[str]) -> tuple[bool | None, list[str]]:
    if not words:
        return None, words
    head, rest = words[0], words[1:]
    if head == "!":
        value, rest = _one(file, rest)
        return None if value is None else not value, rest
    if head == "(":
        value, rest = _either(file, rest)
        return value, rest[1:]
    if head in {"defined", "IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE", "IS_MODULE"}:
        inner = [word for word in rest[:3] if word not in "()"]
        name = inner[0] if inner else ""
        return file._defined(name), rest[3:] if rest[:1] == ["("] else rest[1:]
    return (bool(int(head)) if head.isdigit() else None), rest
