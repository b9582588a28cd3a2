"""Statements and expressions of C as values, as far as KVM's tables of features use them."""

from __future__ import annotations

from dataclasses import dataclass


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
        return _expression_text(self)


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


def number_of(node: Node) -> int | None:
    """Return the value of a literal."""
    return int(node.text.rstrip("uUlL"), 0) if node.kind == "number" else None


def _expression_text(node: Node) -> str:
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
