"""The line on which each value of a TOML or JSON text stands; the one home of tree-sitter."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping

import tree_sitter_json
import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from planner.documents.complaints import Way

TABLES = ("table", "table_array_element")
HOLDERS = ("object", "inline_table", "array")
LONGEST = 4_000_000
"""In a longer text no line is looked up: its tree would take more than the answer is worth."""


def toml_lines(text: str) -> Mapping[Way, int]:
    """Return the line of each value of a TOML text, by the way to it."""
    return dict(_of_toml(text.encode())) if len(text) <= LONGEST else {}


def json_lines(text: str) -> Mapping[Way, int]:
    """Return the line of each value of a JSON text, by the way to it."""
    return dict(_of_json(text.encode())) if len(text) <= LONGEST else {}


def _of_toml(data: bytes) -> Iterator[tuple[Way, int]]:
    last: dict[Way, int] = {}
    for node in _root(tree_sitter_toml.language(), data).named_children:
        if node.type == "pair":
            yield from _within([((), node)])
        elif node.type in TABLES:
            header, *pairs = _parts(node)
            way = _header(_keys(header), last, several=node.type == "table_array_element")
            yield way, _line(node)
            if way[-1] == 0:
                yield way[:-1], _line(node)
            yield from _within([(way, pair) for pair in pairs])


def _of_json(data: bytes) -> Iterator[tuple[Way, int]]:
    root = _root(tree_sitter_json.language(), data)
    yield from _within([((), node) for node in root.named_children])


def _root(language: object, data: bytes) -> Node:
    return Parser(Language(language)).parse(data).root_node


def _within(nodes: list[tuple[Way, Node]]) -> Iterator[tuple[Way, int]]:
    """Yield what values and pairs hold, on all levels."""
    while nodes:
        way, node = nodes.pop()
        if node.type == "pair":
            key, value = _parts(node)
            for word in _keys(key):
                way = (*way, word)
                yield way, _line(node)
            nodes.append((way, value))
        elif node.type == "array":
            for place, one in enumerate(_parts(node)):
                yield (*way, place), _line(one)
                nodes.append(((*way, place), one))
        elif node.type in HOLDERS:
            nodes += [(way, one) for one in _parts(node)]


def _parts(node: Node) -> list[Node]:
    return [part for part in node.named_children if part.type != "comment"]


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1


def _keys(node: Node) -> tuple[str, ...]:
    """Return the words of a key, which is dotted, quoted or bare."""
    if node.type == "dotted_key":
        return tuple(word for part in _parts(node) for word in _keys(part))
    text = (node.text or b"").decode()
    if node.type == "string":
        return (str(json.loads(text)),)
    return tuple(tomllib.loads(f"{text} = 1")) if node.type == "quoted_key" else (text,)


def _header(keys: tuple[str, ...], last: dict[Way, int], *, several: bool) -> Way:
    """Return the way to the table that a header opens; `last` are the last places of lists."""
    way: Way = ()
    for key in keys[:-1]:
        way = (*way, key)
        way = (*way, last[way]) if way in last else way
    way = (*way, keys[-1])
    if several:
        last[way] = last.get(way, -1) + 1
        return (*way, last[way])
    return way
