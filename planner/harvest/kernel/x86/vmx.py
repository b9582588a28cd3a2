"""VMX controls that a nested hypervisor is offered: what KVM puts into its VMX registers."""

from __future__ import annotations

from collections.abc import Mapping

from planner.domain.errors import Problem
from planner.harvest.kernel.bits import WIDTH, Bits, constant, hardware, when
from planner.harvest.kernel.c.c_tree import Node
from planner.harvest.kernel.evaluation import Flow
from planner.harvest.kernel.lists import ListMachine
from planner.harvest.kernel.logic import Formula, atom, both
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.vendors import code_of, constants_of
from planner.harvest.kernel.words import Words

SET_UP = "nested_vmx_setup_ctls_msrs"
VENDOR = "intel"
FIELDS: Mapping[int, tuple[tuple[str, int], ...]] = {
    0x480: (("basic", 0),),
    0x485: (("misc_low", 0), ("misc_high", 32)),
    0x48B: (("secondary_ctls_high", 0),),
    0x48C: (("ept_caps", 0), ("vpid_caps", 32)),
    0x48D: (("pinbased_ctls_high", 0),),
    0x48E: (("procbased_ctls_high", 0),),
    0x48F: (("exit_ctls_high", 0),),
    0x490: (("entry_ctls_high", 0),),
    0x491: (("vmfunc_controls", 0),),
}
"""For each register the variables that it is made of, with the bit that each begins at."""


class VmxMachine(ListMachine):
    """Executes the set-up of the registers for nested guests."""

    def call(self, node: Node, flow: Flow) -> None:
        """Follow `rdmsr(MSR, low, high)`: the host's halves; the rest as usual."""
        if node.text == "rdmsr" and len(node.parts) == 3:
            for half, part in zip(("low", "high"), node.parts[1:], strict=True):
                name = str(part)
                old = self.variables.get(name, constant(0))
                value = hardware(f"{node.parts[0]}.{half}", 32)
                self.variables[name] = when(flow.path, value, old)
        else:
            super().call(node, flow)


def read_vmx(
    tree: KernelTree, words: Words
) -> tuple[dict[tuple[int, int], Formula], list[Problem]]:
    """Return the formula of each bit by register and place."""
    machine = VmxMachine(tree.files(*code_of(VENDOR)), constants_of(tree, VENDOR), words, VENDOR)
    machine.variables = {"ept_caps": hardware("ept_caps", 32), "apicv": hardware("apicv", 1)}
    machine.run(SET_UP)
    nested = words.condition("nested", VENDOR)
    assert nested is not None
    enabled = both(atom("vendor", VENDOR), nested)
    read: dict[tuple[int, int], Formula] = {}
    for register, fields in FIELDS.items():
        for name, first in fields:
            value = machine.variables.get(f"msrs.{name}", constant(0))
            if value.opaque:
                machine.problem(0, f"`{value.opaque}` in msrs.{name} is not in words.toml")
            for place in range(WIDTH - first):
                bit = both(enabled, _bit(value, place))
                if bit is not False:
                    read[register, first + place] = bit
    return read, machine.told()


def _bit(value: Bits, place: int) -> Formula:
    return value.values[place]
