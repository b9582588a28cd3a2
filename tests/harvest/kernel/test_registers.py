"""The registers of a vCPU on arm64 as the source of KVM lists them: what comes out, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.domain.errors import PlannerError
from planner.harvest.kernel.c.c_macros import expand
from planner.harvest.kernel.c.c_text import CFile, text_of
from planner.harvest.kernel.harvest import harvest_kernel
from planner.harvest.kernel.logic import given
from planner.harvest.kernel.registers import read_registers
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.words import words

KVM, ASM = "arch/arm64/kvm/", "arch/arm64/include/asm/"
SYS_REGS = """
#define ID_DESC(name) SYS_DESC(SYS_##name), .access = access_id_reg, .get_user = get_id_reg
#define ID_SANITISED(name) { ID_DESC(name), .visibility = id_visibility, .val = 0, }
#define ID_UNALLOCATED(crm, op2) { .name = #crm, \\
    Op0(3), Op1(0), CRn(0), CRm(crm), Op2(op2), .get_user = get_id_reg, }
#define TRAPPED(n) { SYS_DESC(SYS_TRAPPED##n##_EL1), undef_access }
static unsigned int id_visibility(const struct kvm_vcpu *vcpu) { return REG_RAZ; }
static unsigned int sve_visibility(const struct kvm_vcpu *vcpu)
{
    if (vcpu_has_sve(vcpu))
        return 0;
    return REG_HIDDEN;
}
static unsigned int hidden_visibility(const struct kvm_vcpu *vcpu) { return REG_HIDDEN; }
static unsigned int both_visibility(const struct kvm_vcpu *vcpu) { return sve_visibility(vcpu); }
static const struct sys_reg_desc sys_reg_descs[] = {
    { SYS_DESC(SYS_SCTLR_EL1), access_vm_reg, reset_val, SCTLR_EL1, 0x00C50078 },
    { SYS_DESC(SYS_OSLAR_EL1), trap_oslar_el1 },
    ID_SANITISED(ID_AA64PFR0_EL1),
    ID_UNALLOCATED(4, 3),
    TRAPPED(7),
    { SYS_DESC(SYS_ZCR_EL1), NULL, reset_val, ZCR_EL1, 0, .visibility = sve_visibility },
    { SYS_DESC(SYS_NEW_EL1), NULL, reset_val, NEW_EL1, 0, .visibility = both_visibility },
    { SYS_DESC(SYS_GONE_EL1), NULL, reset_val, GONE_EL1, 0, .visibility = hidden_visibility },
    { SYS_DESC(SYS_NOTHING_EL1), NULL, reset_val, 0, 0 },
};
static struct sys_reg_desc invariant_sys_regs[] = { { SYS_DESC(SYS_MIDR_EL1), NULL, get_midr } };
static int walk_one_sys_reg(void)
{
    if (!(rd->reg || rd->get_user))
        return 0;
    if (sysreg_hidden(vcpu, rd))
        return 0;
}
int kvm_arm_copy_sys_reg_indices(void)
{
    for (i = 0; i < ARRAY_SIZE(invariant_sys_regs); i++) put_user(1);
    return write_demux_regids(uindices);
}
"""
TREE = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 8\nSUBLEVEL = 0\n",
    KVM + "sys_regs.c": SYS_REGS,
    KVM + "sys_regs.h": """
struct sys_reg_desc { const char *name; u8 Op0; u8 Op2;
    bool (*access)(void); u64 (*reset)(void); int reg; u64 val;
    int (*get_user)(void); int (*set_user)(void); unsigned int (*visibility)(void); };
#define SYS_DESC(reg) .name = #reg, Op0(sys_reg_Op0(reg))
""",
    KVM + "hypercalls.c": """
static const u64 kvm_arm_fw_reg_ids[] = { KVM_REG_ARM_PSCI_VERSION, KVM_REG_ARM_STD_BMAP };
""",
    KVM + "guest.c": """
static const u64 timer_reg_list[] = { KVM_REG_ARM_TIMER_CTL };
static int copy_timer_indices(void) { put_user(timer_reg_list[i], uindices); }
int kvm_arm_copy_reg_indices(void) { return copy_sve_reg_indices(vcpu, uindices); }
""",
    ASM + "sysreg.h": """
#define sys_reg(op0, op1, crn, crm, op2) \\
    (((op0) << 19) | ((op1) << 16) | ((crn) << 12) | ((crm) << 8) | ((op2) << 5))
#define SYS_ZCR_EL1 sys_reg(3, 0, 1, 2, 0)
#define SYS_NEW_EL1 sys_reg(3, 0, 2, 0, 3)
#define SYS_GONE_EL1 sys_reg(3, 0, 2, 0, 4)
#define SYS_MIDR_EL1 sys_reg(3, 0, 0, 0, 0)
""",
    "arch/arm64/include/uapi/asm/kvm.h": """
#define KVM_REG_ARM_TIMER_CTL ARM64_SYS_REG(3, 3, 14, 3, 1)
""",
    "arch/arm64/tools/sysreg": """
Sysreg  SCTLR_EL1  3  0  1  0  0
Sysreg  ID_AA64PFR0_EL1  3 0 0 4 0
""",
}


def read(**changes: str) -> tuple[dict[str, str], str]:
    """Read the made-up kernel with words of files replaced; returns who has what, and what is told."""
    texts = dict(TREE)
    for pair in changes.values():
        old, new = pair.split(" -> ")
        path = next(path for path, text in texts.items() if old in text)
        texts[path] = texts[path].replace(old, new)
    found, problems = read_registers(KernelTree(texts, words().configuration))
    return {name: given(one).given for name, one in found.items()}, "\n".join(map(str, problems))


def test_who_has_which_register() -> None:
    found, problems = read()
    assert problems == ""
    assert found == {
        "kvm.reg.s3_0_c1_c0_0": "yes",
        "kvm.reg.s3_0_c0_c4_0": "yes",  # shown as zero to some, but shown
        "kvm.reg.s3_0_c0_c4_3": "yes",  # without a name yet
        "kvm.reg.s3_0_c1_c2_0": "hardware",
        "kvm.reg.s3_0_c2_c0_3": "hardware",
        "kvm.reg.s3_0_c0_c0_0": "yes",
        "kvm.reg.psci_version": "yes",
        "kvm.reg.std_bmap": "yes",
        "kvm.reg.s3_3_c14_c3_1": "yes",
        "kvm.reg.sve": "hardware",
        "kvm.reg.ccsidr": "yes",
    }


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("rd->reg || rd->get_user -> rd->reg || rd->saved", "asks something new"),
        (".visibility = both_visibility -> .visibility = new_visibility", "`new_visibility`"),
        ("SYS_ZCR_EL1), NULL -> SYS_QCR_EL1), NULL", "SYS_QCR_EL1"),
        ("TRAPPED(7), -> STRANGE(7),", "`STRANGE"),
        ("0x00C50078 -> 0x00C50078, a, b, c, d", "one field too many"),
        ("sys_reg_descs[] = -> other_descs[] =", "no table `sys_reg_descs`"),
        ("kvm_arm_fw_reg_ids[] = -> other_ids[] =", "no list of firmware registers"),
        ("ARM64_SYS_REG(3, 3, -> ARM64_SYS_REG(x, 3,", "KVM_REG_ARM_TIMER_CTL"),
    ],
)
def test_what_is_not_understood_is_told(change: str, what: str) -> None:
    _, problems = read(change=change)
    assert what in problems


def test_a_register_that_nobody_lists_needs_no_place() -> None:
    """Instructions stand in the table, too; they are trapped and never listed."""
    found, problems = read(change="SYS_DESC(SYS_OSLAR_EL1) -> SYS_DESC(SYS_DC_ISW)")
    assert problems == "" and len(found) == 11


def test_kernels_that_hide_nothing_ignore_who_may_see() -> None:
    found, _ = read(change="    if (sysreg_hidden(vcpu, rd))\n        return 0;\n -> ")
    assert found["kvm.reg.s3_0_c1_c2_0"] == found["kvm.reg.s3_0_c2_c0_4"] == "yes"


def test_macros_join_words_and_keep_what_is_kept() -> None:
    text = "#define A(x) B_##x(x), C\n#define C 7\n#define K(y) y\nint a = { A(q), K(1) };\n"
    file = CFile("f", text, {})
    tokens = [token for token in file.tokens if token.line == 4]
    assert text_of(expand(tokens, file.macros, {"K"})) == "int a = { B_q(q), 7, K(1) };"


def test_parts_of_two_architectures_are_two_readings(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="different architectures"):
        harvest_kernel(tmp_path, tmp_path, parts=("cpuid", "arm64-regs"))
    with pytest.raises(PlannerError, match="no part arm64"):
        harvest_kernel(tmp_path, tmp_path, parts=("arm64",))
