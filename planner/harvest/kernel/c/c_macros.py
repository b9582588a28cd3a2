"""Macros of C over tokens: parameters, `##` and `#`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from planner.harvest.kernel.c.c_text import Macro, Token, matching, split_at_commas

DEPTH = 12


def expand(
    tokens: Sequence[Token],
    macros: Mapping[str, Sequence[Macro]],
    kept: Collection[str] = (),
    depth: int = 0,
) -> list[Token]:
    """Return tokens with every macro written out but the `kept` ones; lines are those of the use."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        macro = macros[token.text][0] if token.text in macros else None
        if macro is None or token.text in kept or depth > DEPTH:
            found.append(token)
            at += 1
            continue
        arguments: list[list[Token]] = []
        at += 1
        if macro.parameters is not None:
            if at >= len(tokens) or tokens[at].text != "(":
                found.append(token)
                continue
            close = matching(tokens, at)
            arguments = split_at_commas(tokens[at + 1 : close])
            at = close + 1
        body = [Token(one.text, token.line) for one in _filled(macro, arguments)]
        found += expand(body, macros, kept, depth + 1)
    return found


def _filled(macro: Macro, arguments: Sequence[Sequence[Token]]) -> list[Token]:
    """Return a macro's body with its arguments in place, words joined by `##`, `#` as text."""
    given = dict(zip(macro.parameters or (), arguments, strict=False))
    found: list[Token] = []
    joins = False
    body = macro.body
    for at, token in enumerate(body):
        if token.text == "##":
            joins = True
            continue
        if token.text == "#" and at + 1 < len(body) and body[at + 1].text in given:
            continue
        own = list(given.get(token.text, [token]))
        if at and body[at - 1].text == "#" and token.text in given:
            own = [Token('"' + "".join(one.text for one in own) + '"', token.line)]
        if joins and found and own:
            own = [Token(found.pop().text + own[0].text, token.line), *own[1:]]
        joins = False
        found += own
    return found
