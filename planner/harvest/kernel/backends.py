"""What a tap and vhost offer: offload flags, interface flags, ioctls, feature bits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from planner.domain.errors import Location, Problem, UnreadError
from planner.harvest.kernel.c.c_expressions import parse_expression
from planner.harvest.kernel.c.c_text import CFile, Token, split_at_commas
from planner.harvest.kernel.constants import Constants
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.words import Words

TUN = ("drivers/net/tun.c", "drivers/net/tun_vnet.h", "drivers/net/tun_vnet.c")
TUN_HEADER = "include/uapi/linux/if_tun.h"
VIRTIO_HEADERS = tuple(
    f"include/uapi/linux/{name}.h"
    for name in (
        "virtio_config",
        "virtio_ring",
        "virtio_net",
        "virtio_vsock",
        "vhost",
        "vhost_types",
    )
)
ASKED = {
    ("drivers/vhost/net.c", "VHOST_NET_FEATURES", "vhost_net_bits", "vhost_net_features"): (
        "VHOST_GET_FEATURES bit {}"
    ),
    ("drivers/vhost/net.c", "VHOST_NET_BACKEND_FEATURES", "", ""): (
        "VHOST_GET_BACKEND_FEATURES bit {}"
    ),
    ("drivers/vhost/vsock.c", "VHOST_VSOCK_FEATURES", "vhost_vsock_bits", ""): (
        "VHOST_GET_FEATURES bit {} of vhost-vsock"
    ),
}
"""For each answer: file, mask, list of bits, list of words; and the question of the catalogue."""

WORD = 64

Answers = tuple[set[str], list[Problem]]


def read_tun(tree: KernelTree, words: Words) -> Answers:
    """Return the questions of the catalogue that a tap answers with yes."""
    found: set[str] = set()
    problems: list[Problem] = []
    files = tree.files(*TUN)
    header = tree.file(TUN_HEADER)
    if header is None or not files:
        return found, [_missing(TUN_HEADER if files else TUN[0])]
    constants = Constants([header])
    offload = next((one for file in files if (one := file.function("set_offload"))), None)
    for token in offload.body if offload else ():
        if token.text.startswith("TUN_F_"):
            value = constants.value(token.text)
            if value is None:
                problems.append(_problem(files[0], token.line, f"`{token.text}` has no number"))
            else:
                found.add(f"TUNSETOFFLOAD bit {value.bit_length() - 1}")
    if offload is None:
        problems.append(_problem(files[0], 1, "no function `set_offload`"))
    flags = [token for file in files for token in _flags(file)]
    if not flags:
        problems.append(_problem(files[0], 1, "no list TUN_FEATURES of interface flags"))
    found |= {f"TUNGETFEATURES {token.text}" for token in flags}
    for file in files:
        problems += _ioctls(file, words, found)
    return found, problems


def _flags(file: CFile) -> list[Token]:
    """Return the interface flags that `TUNGETFEATURES` answers."""
    tokens: list[Token] = []
    macro = file.macro("TUN_FEATURES")
    if macro is not None:
        tokens += macro.body
    for at, token in enumerate(file.tokens):
        if token.text == "TUN_FEATURES" and file.tokens[at - 1].text in {"|", "="}:
            start = next(i for i in range(at, 0, -1) if file.tokens[i].text in {";", "{", "="})
            tokens += file.tokens[start:at]
    return [token for token in tokens if token.text.startswith("IFF_")]


def _ioctls(file: CFile, words: Words, found: set[str]) -> list[Problem]:
    """Add the ioctls that have a case; one that the vocabulary does not know is told."""
    known = words.table["tun_ioctls"]
    assert isinstance(known, list)
    problems = []
    for before, token in zip(file.tokens, file.tokens[1:], strict=False):
        if before.text == "case" and re.fullmatch(r"TUN[A-Z]+", token.text):
            found.add(f"ioctl {token.text}")
            if token.text not in known:
                problems.append(_problem(file, token.line, f"ioctl `{token.text}` is not known"))
    return problems


def read_vhost(tree: KernelTree) -> Answers:
    """Return the questions of the catalogue that vhost answers with yes."""
    found: set[str] = set()
    problems: list[Problem] = []
    for (path, mask, listed, worded), question in ASKED.items():
        file = tree.file(path)
        if file is None:
            problems.append(_missing(path))
            continue
        names = ("drivers/vhost/vhost.h", *VIRTIO_HEADERS)
        constants = Constants([file, *tree.files(*names)])
        rows = file.initializer(listed) if listed else None
        masks = file.initializer(worded) if worded else None
        if rows:
            bits = _listed_bits(file, rows, constants, problems)
        elif masks:
            bits = _word_bits(file, masks, constants, problems)
        else:
            value = constants.value(mask)
            if value is None:
                problems.append(_problem(file, 1, f"`{mask}` is no number that the headers tell"))
            bits = [bit for bit in range(64) if (value or 0) >> bit & 1]
        found |= {_ioctl_question(question, bit) for bit in bits}
    return found, problems


def _ioctl_question(question: str, bit: int) -> str:
    """Return the question about a bit; those beyond the first word are asked by another call."""
    beyond = bit >= WORD and question.startswith("VHOST_GET_FEATURES bit")
    return (
        question.replace("FEATURES", "FEATURES_ARRAY").format(bit)
        if beyond
        else question.format(bit)
    )


def _listed_bits(
    file: CFile, rows: Sequence[Token], constants: Constants, problems: list[Problem]
) -> list[int]:
    """Return the numbers of a list of bits; a macro in it stands for a list of its own."""
    bits = []
    for part in split_at_commas(rows):
        macro = constants.macro(part[0].text) if len(part) == 1 else None
        inner = split_at_commas(macro[1].body) if macro else []
        for one in inner if len(inner) > 1 else [part]:
            number = _number(file, one, constants)
            if number is None:
                what = f"`{one[0].text}` in a list of feature bits is no number"
                problems.append(_problem(file, one[0].line, what))
            else:
                bits.append(number)
    return bits


def _word_bits(
    file: CFile, rows: Sequence[Token], constants: Constants, problems: list[Problem]
) -> list[int]:
    """Return the numbers of the bits in a list of 64-bit words."""
    bits = []
    for place, part in enumerate(split_at_commas(rows)):
        value = _number(file, part, constants)
        if value is None:
            what = "a word of feature bits is no number that the headers tell"
            problems.append(_problem(file, part[0].line, what))
        bits += [place * 64 + bit for bit in range(64) if (value or 0) >> bit & 1]
    return bits


def _number(file: CFile, tokens: Sequence[Token], constants: Constants) -> int | None:
    try:
        return constants.of(parse_expression(file.path, tokens))
    except UnreadError:
        return None


def unnamed(found: Iterable[str], known: Iterable[str], words: Words) -> list[Problem]:
    """Tell answers for which the catalogue has no row and the vocabulary no word."""
    silent = words.table["silent_answers"]
    assert isinstance(silent, list)
    place = Location(file="data/capabilities.toml")
    return [
        Problem(location=place, what=f"no row asks `{question}`")
        for question in sorted(set(found) - set(known))
        if not any(re.fullmatch(pattern, question) for pattern in silent)
    ]


def _problem(file: CFile, line: int, what: str) -> Problem:
    return Problem(location=Location(file=file.path, line=line), what=what)


def _missing(path: str) -> Problem:
    return Problem(location=Location(file=path), what="the file is missing")
