"""CPU features that a kernel takes from CPUs with a fault, whatever CPUID says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.domain.errors import Location, Problem
from planner.harvest.kernel.c.c_text import CFile, Token, matching
from planner.harvest.kernel.logic import Formula, atom, either
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.words import Words

PLACES = ("arch/x86/kernel/cpu/", "arch/x86/mm/init.c")
CLEARING = frozenset({"clear_cpu_cap", "setup_clear_cpu_cap"})
FEATURE = "X86_FEATURE_"
MICROCODE = re.compile(r"\w*microcode\w*")
"""Words of a function that leaves CPUs alone whose microcode mends the fault."""


@dataclass(frozen=True, slots=True)
class Erratum:
    """What `words.toml` says of a call that clears a feature: its name here, or why it is none.

    `after` is a word that stands before the call.
    """

    name: str
    feature: re.Pattern[str]
    function: re.Pattern[str]
    after: str

    def fits(self, call: Call) -> bool:
        """Whether a call clears this feature for this reason."""
        named = self.feature.fullmatch(call.feature) and self.function.fullmatch(call.function)
        return bool(named) and (not self.after or self.after in call.before)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that clears a feature, and the words of its function before it."""

    function: str
    feature: str
    line: int
    before: frozenset[str]

    @property
    def is_mended(self) -> bool:
        """Whether CPUs with newer microcode keep the feature."""
        return any(MICROCODE.fullmatch(one) for one in self.before)


def read_errata(tree: KernelTree, words: Words) -> tuple[dict[str, Formula], list[Problem]]:
    """Return which faults of CPUs cost them a feature, each as `cleared.NAME`."""
    rows = tuple(_errata(words))
    found: dict[str, Formula] = {row.name: False for row in rows if row.name}
    problems: list[Problem] = []
    for place in PLACES:
        for path in tree.paths(place):
            file = tree.file(path)
            for call in _calls(file) if file is not None else ():
                row = next((row for row in rows if row.fits(call)), None)
                if row is None:
                    what = f"`{call.function}` clears `{call.feature}`: not in words.toml"
                    place_of_call = Location(file=path, line=call.line)
                    problems.append(Problem(location=place_of_call, what=what))
                elif row.name:
                    certain = atom("hardware", "older microcode") if call.is_mended else True
                    found[row.name] = either(found[row.name], certain)
    return found, problems


def _errata(words: Words) -> Iterator[Erratum]:
    rows = words.table["erratum"]
    assert isinstance(rows, list)
    for row in rows:
        feature, function = re.compile(row.get("feature", r".*")), re.compile(row["function"])
        yield Erratum(row.get("name", ""), feature, function, row.get("after", ""))


def _calls(file: CFile) -> Iterator[Call]:
    """Yield the calls of a file that clear features."""
    for name, body in _functions(file):
        for at, token in enumerate(body):
            if token.text not in CLEARING or at + 1 >= len(body) or body[at + 1].text != "(":
                continue
            inside = body[at + 2 : matching(body, at + 1)]
            before = frozenset(one.text for one in body[:at])
            yield Call(name, _feature(inside), token.line, before)


def _feature(inside: Sequence[Token]) -> str:
    """Return the feature of a call, else its last argument as it is written."""
    named = next((one.text for one in inside if one.text.startswith(FEATURE)), "")
    if named:
        return named.removeprefix(FEATURE)
    commas = [at for at, one in enumerate(inside) if one.text == ","]
    return "".join(one.text for one in inside[commas[-1] + 1 if commas else 0 :])


def _functions(file: CFile) -> Iterator[tuple[str, Sequence[Token]]]:
    """Yield the functions that a file defines, in order, with what is between their braces."""
    tokens, at = file.tokens, 0
    while at < len(tokens):
        text = tokens[at].text
        if text == "(":
            close = matching(tokens, at)
            opens = close + 1 < len(tokens) and tokens[close + 1].text == "{"
            if opens and at and re.fullmatch(r"\w+", tokens[at - 1].text):
                end = matching(tokens, close + 1)
                yield tokens[at - 1].text, tokens[close + 2 : end]
                at = end
            else:
                at = close
        elif text == "{":
            at = matching(tokens, at)
        at += 1
