"""Registers of a vCPU on arm64, as `KVM_GET_REG_LIST` tells them: what travels in the stream.

System registers are named as Arm writes encodings without a name, `kvm.reg.s3_0_c0_c7_4`, for names
come and go while the encoding is what travels. Registers of KVM's own firmware have their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from planner.domain.errors import Location, Problem, UnreadError
from planner.harvest.kernel.c.c_expressions import parse_expression
from planner.harvest.kernel.c.c_macros import expand
from planner.harvest.kernel.c.c_text import CFile, Token, split_at_commas, text_of
from planner.harvest.kernel.constants import Constants
from planner.harvest.kernel.logic import Formula, atom
from planner.harvest.kernel.tree import KernelTree

KVM = "arch/arm64/kvm/"
TABLE, INVARIANT = "sys_reg_descs", "invariant_sys_regs"
WALK, COPY = "walk_one_sys_reg", "kvm_arm_copy_sys_reg_indices"
COPY_ALL, COPY_FIRMWARE = "kvm_arm_copy_reg_indices", "kvm_arm_copy_fw_reg_indices"
FIRMWARE_LIST, TIMERS = "kvm_arm_fw_reg_ids", "copy_timer_indices"
TIMER_LIST = "timer_reg_list"
WHOLE = {
    "copy_sve_reg_indices": ("sve", atom("hardware", "SVE")),
    "write_demux_regids": ("ccsidr", True),
}
"""Groups that a function of their own lists, but for the core, which every kernel lists."""
FIELDS = ("access", "reset", "reg", "val", "get_user", "__get_user", "set_user", "visibility")
NOTHING = frozenset({"0", "NULL", ""})
ENCODING = ("Op0", "Op1", "CRn", "CRm", "Op2")
SHIFTS = {"Op0": (19, 3), "Op1": (16, 7), "CRn": (12, 15), "CRm": (8, 15), "Op2": (5, 7)}
KEPT = frozenset({"SYS_DESC", "AA32", *ENCODING})
SYSREG = re.compile(r"^Sysreg\s+(\w+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", re.M)
HIDDEN = "REG_HIDDEN"
RULE = re.compile(r"if ?\(!\(rd->reg \|\| rd->(__)?get_user\)\) return 0;")

Read = tuple[dict[str, Formula], list[Problem]]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One row of KVM's table of system registers: its place, empty if no header tells it, and fields."""

    line: int
    encoding: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def sets(self, *names: str) -> bool:
        """Whether one of the fields is set to something."""
        return any(self.fields.get(name, "") not in NOTHING for name in names)


def read_registers(tree: KernelTree) -> Read:
    """Return who has which register of a vCPU, by the planner's names; and what no rule took."""
    file, header = tree.file(KVM + "sys_regs.c"), tree.file(KVM + "sys_regs.h")
    if file is None or header is None:
        return {}, [_problem(KVM + "sys_regs.c", 1, "the file or its header is missing")]
    reader = _Reader(tree, file, header)
    found = reader.listed(TABLE)
    if _has_call(file, COPY, INVARIANT):
        found |= dict.fromkeys(reader.listed_names(INVARIANT), True)
    found |= reader.firmware() | reader.timers() | reader.groups()
    return {f"kvm.reg.{name}": formula for name, formula in found.items()}, reader.problems


class _Reader:
    """Reads one tree; `problems` collects what is not understood."""

    def __init__(self, tree: KernelTree, file: CFile, header: CFile) -> None:
        self.tree, self.file, self.header = tree, file, header
        self.problems: list[Problem] = []
        self.macros = {**header.macros, **file.macros}
        names = ("arch/arm64/include/asm/sysreg.h", "arch/arm64/include/uapi/asm/kvm.h")
        known = {f"SYS_{row[0]}": _number(row[1:]) for row in self._table_registers()}
        self.numbers = Constants(tree.files(*names), known)
        self.order = self._order()

    def _table_registers(self) -> Iterator[tuple[str, ...]]:
        """Yield the registers of the table that newer kernels make their header of."""
        yield from SYSREG.findall(self.tree.text("arch/arm64/tools/sysreg"))

    def _order(self) -> tuple[str, ...]:
        """Return the order of the fields of a descriptor, as its structure has them."""
        text = text_of(self.header.tokens)
        found = re.search(r"struct sys_reg_desc \{(.*?)\}\s*;", text)
        words = re.findall(r"\w+", found[1]) if found else []
        order = tuple(dict.fromkeys(word for word in words if word in FIELDS))
        if len(order) < 5:
            self.problems.append(_problem(self.header.path, 1, "no structure of descriptors"))
        return order

    # -- the table of system registers
    def listed(self, table: str) -> dict[str, Formula]:
        """Return the registers of a table that are saved or asked for, by encoding."""
        self._check_rule()
        found: dict[str, Formula] = {}
        for one in self.descriptors(table):
            if not one.sets("reg", "get_user", "__get_user"):
                continue
            shown = self.shown(one)
            if shown is not False and self._is_placed(one):
                found[one.encoding] = shown
        return found

    def _is_placed(self, one: Descriptor) -> bool:
        """Whether the headers tell a register's encoding; told if not."""
        if not one.encoding:
            what = f"a listed register ({one.text}) has no encoding that the headers tell"
            self.problems.append(_problem(self.file.path, one.line, what))
        return bool(one.encoding)

    def listed_names(self, table: str) -> list[str]:
        """Return every register of a table, by encoding."""
        return [one.encoding for one in self.descriptors(table) if self._is_placed(one)]

    def descriptors(self, table: str) -> Iterator[Descriptor]:
        """Yield the rows of a table, its macros expanded."""
        rows = self.file.initializer(table)
        if rows is None:
            self.problems.append(_problem(self.file.path, 1, f"no table `{table}`"))
            return
        for part in split_at_commas(expand(rows, self.macros, KEPT)):
            if part[0].text != "{" or part[-1].text != "}":
                self._tell(part[0], f"`{text_of(part[:6])}` in {table} is no descriptor")
                continue
            yield self._descriptor(part)

    def _descriptor(self, part: Sequence[Token]) -> Descriptor:
        """Return a row of the table out of what stands between its commas, braces included."""
        fields: dict[str, str] = {}
        place: dict[str, int] = {}
        at = 0
        for cells in split_at_commas(part[1:-1]):
            head = cells[0].text
            if head == "SYS_DESC":
                place |= self._place_of(cells[2:-1])
            elif head in ENCODING:
                place[head] = self._value(cells[2:-1])
            elif head == "." and len(cells) > 3 and cells[2].text == "=":
                fields[cells[1].text] = text_of(cells[3:])
            elif head != "AA32" and at < len(self.order):
                fields[self.order[at]] = text_of(cells)
                at += 1
            elif head != "AA32":
                self._tell(cells[0], f"`{text_of(cells)}` is one field too many")
        known = set(place) == set(ENCODING) and min(place.values()) >= 0
        return Descriptor(part[0].line, _name(place) if known else "", text_of(part[1:6]), fields)

    def _place_of(self, tokens: Sequence[Token]) -> dict[str, int]:
        number = self._value(tokens)
        if number < 0:
            return dict.fromkeys(ENCODING, -1)
        return {key: number >> shift & mask for key, (shift, mask) in SHIFTS.items()}

    def _value(self, tokens: Sequence[Token]) -> int:
        """Return an expression's number, -1 if it is none that the headers tell."""
        try:
            number = self.numbers.of(parse_expression(self.file.path, list(tokens)))
        except UnreadError:
            return -1
        return -1 if number is None else number

    def shown(self, one: Descriptor) -> Formula:
        """Return whether a register is shown to who asks for the list."""
        name = one.fields.get("visibility", "")
        if name in NOTHING or not self.hides:
            return True
        seen = self._hides(name, frozenset())
        if seen is None:
            where = _problem(self.file.path, one.line, f"no function `{name}`")
            self.problems.append(where)
            return atom("hardware", name)
        return atom("hardware", name) if seen == "maybe" else seen == "never"

    def _hides(self, name: str, above: frozenset[str]) -> str | None:
        """Return whether a function hides registers always, never or maybe; None: no such function."""
        function = self.file.function(name)
        if function is None or name in above:
            return None if function is None else "never"
        words = [token.text for token in function.body]
        if words == ["return", HIDDEN, ";"]:
            return "always"
        inner = (word for word in words if word.endswith("_visibility"))
        kinds = {self._hides(word, above | {name}) for word in inner}
        return "maybe" if HIDDEN in words or kinds - {"never"} else "never"

    @property
    def hides(self) -> bool:
        """Whether the walk over the table leaves hidden registers out."""
        function = self.file.function(WALK)
        return function is not None and any("hidden" in token.text for token in function.body)

    def _check_rule(self) -> None:
        """Tell a walk that asks other questions than this reader."""
        function = self.file.function(WALK)
        text = text_of(function.body) if function else ""
        if not RULE.search(text):
            line = function.line if function else 1
            self.problems.append(_problem(self.file.path, line, f"`{WALK}` asks something new"))

    # -- what is listed beside it
    def firmware(self) -> dict[str, Formula]:
        """Return the registers of KVM's firmware interface."""
        files = self.tree.files(
            KVM + "hypercalls.c", KVM + "psci.c", "virt/kvm/arm/psci.c", "virt/kvm/arm/hypercalls.c"
        )
        for file in files:
            tokens = file.initializer(FIRMWARE_LIST)
            function = file.function(COPY_FIRMWARE)
            body = tokens or (function.body if function else ())
            names = [one.text for one in body if one.text.startswith("KVM_REG_ARM_")]
            if names:
                return {name.removeprefix("KVM_REG_ARM_").lower(): True for name in names}
        self.problems.append(_problem(KVM + "hypercalls.c", 1, "no list of firmware registers"))
        return {}

    def timers(self) -> dict[str, Formula]:
        """Return the timer registers where a list or a function of their own tells them."""
        file = self.tree.file(KVM + "guest.c")
        function = file.function(TIMERS) if file else None
        listed = file.initializer(TIMER_LIST) if file and function else None
        found: dict[str, Formula] = {}
        for token in listed or (function.body if function else ()):
            if re.match(r"KVM_REG_ARM_P?TIMER_", token.text):
                macro = self.numbers.macro(token.text)
                cells = split_at_commas(macro[1].body[2:-1]) if macro else []
                values = [self._value(cell) for cell in cells]
                if len(values) != len(ENCODING) or min(values) < 0:
                    self._tell(token, f"`{token.text}` has no encoding that the headers tell")
                else:
                    found[_name(dict(zip(ENCODING, values, strict=True)))] = True
        return found

    def groups(self) -> dict[str, Formula]:
        """Return the groups that are listed by a function of their own."""
        found: dict[str, Formula] = {}
        for name, (group, formula) in WHOLE.items():
            for file in self.tree.files(KVM + "guest.c", KVM + "sys_regs.c"):
                if any(_has_call(file, where, name) for where in (COPY_ALL, COPY)):
                    found[group] = formula
        return found

    def _tell(self, token: Token, what: str) -> None:
        self.problems.append(_problem(self.file.path, token.line, what))


def _has_call(file: CFile, function: str, word: str) -> bool:
    """Whether a function of a file mentions a word."""
    found = file.function(function)
    return found is not None and any(token.text == word for token in found.body)


def _number(cells: Sequence[str]) -> int:
    """Return an encoding as the number that the kernel's headers make of it."""
    values = zip(SHIFTS.values(), map(int, cells), strict=True)
    return sum(value << shift for (shift, _), value in values)


def _name(place: Mapping[str, int]) -> str:
    """Return an encoding as Arm writes it: `s3_0_c0_c7_4`."""
    return "s{Op0}_{Op1}_c{CRn}_c{CRm}_{Op2}".format(**place)


def _problem(file: str, line: int, what: str) -> Problem:
    return Problem(location=Location(file=file, line=line), what=what)
