"""The reader of kernel sources: what it gives, and that it is loud about what it does not know."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from planner.domain.errors import PlannerError
from planner.harvest.kernel.backends import read_tun, read_vhost
from planner.harvest.kernel.harvest import harvest_kernel
from planner.harvest.kernel.inventory import KernelInventory, read_inventory
from planner.harvest.kernel.lists import (
    extension_numbers,
    read_arch_capabilities,
    read_extensions,
    read_msrs,
)
from planner.harvest.kernel.logic import Given, atom, both, either, given, negation
from planner.harvest.kernel.names import Names, read_names
from planner.harvest.kernel.table import (
    HarvestedKernels,
    News,
    Release,
    extend,
    order_of,
    read_tables,
    refuse_losses,
    texts_of,
)
from planner.harvest.kernel.tree import KernelTree, read_tree
from planner.harvest.kernel.words import words
from planner.harvest.kernel.x86.cpuid import Cpuid, read_cpuid
from planner.harvest.kernel.x86.vmx import read_vmx
from planner.knowledge.files.folder import shipped_data
from tests.qemu.fetch import FetchError
from tests.qemu.kernel_source import fetch_source

ROOT = Path(__file__).resolve().parents[3]
KVM = "arch/x86/kvm/"
ASM = "arch/x86/include/asm/"
UAPI = "include/uapi/linux/"

# A made-up kernel: as little of each file as the reader looks at.
HEADERS = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 8\nSUBLEVEL = 1\nEXTRAVERSION =\n",
    ASM + "cpufeatures.h": """
#define NCAPINTS 4
#define X86_FEATURE_XMM2 (0*32+26)
#define X86_FEATURE_X2APIC (1*32+21)
#define X86_FEATURE_VMX (1*32+ 5)
#define X86_FEATURE_PKU (2*32+ 3)
#define X86_FEATURE_OSPKE (2*32+ 4)
#define X86_FEATURE_SVM (3*32+ 2)
""",
    ASM + "cpufeature.h": """
enum cpuid_leafs { CPUID_1_EDX = 0, CPUID_1_ECX, CPUID_7_ECX, CPUID_8000_0001_ECX };
""",
    KVM + "reverse_cpuid.h": """
static const struct cpuid_reg reverse_cpuid[] = {
	[CPUID_1_EDX] = { 1, 0, CPUID_EDX},
	[CPUID_1_ECX] = { 1, 0, CPUID_ECX},
	[CPUID_7_ECX] = { 7, 0, CPUID_ECX},
	[CPUID_8000_0001_ECX] = {0x80000001, 0, CPUID_ECX},
};
""",
}
CPUID_C = """
void kvm_set_cpu_caps(void)
{
	kvm_cpu_cap_mask(CPUID_1_EDX, F(XMM2));
	kvm_cpu_cap_mask(CPUID_1_ECX, F(X2APIC) | 0 /* VMX */);
	kvm_cpu_cap_set(X86_FEATURE_X2APIC);
	kvm_cpu_cap_mask(CPUID_7_ECX, F(PKU) | 0 /*OSPKE*/);
	if (!tdp_enabled || !boot_cpu_has(X86_FEATURE_OSPKE))
		kvm_cpu_cap_clear(X86_FEATURE_PKU);
	kvm_cpu_cap_mask(CPUID_8000_0001_ECX, 0);
}

static inline int __do_cpuid_func(struct kvm_cpuid_array *array, u32 function)
{
	struct kvm_cpuid_entry2 *entry;
	entry = do_host_cpuid(array, function, 0);
	switch (function) {
	case 0:
		entry->eax = min(entry->eax, 0x1fU);
		break;
	case 1:
		cpuid_entry_override(entry, CPUID_1_EDX);
		cpuid_entry_override(entry, CPUID_1_ECX);
		break;
	case 6: /* Thermal management */
		entry->eax = 0x4; /* allow ARAT */
		entry->ebx = 0;
		break;
	case 7:
		cpuid_entry_override(entry, CPUID_7_ECX);
		break;
	case 0x80000000:
		entry->eax = min(entry->eax, 0x8000001f);
		break;
	case 0x80000001:
		cpuid_entry_override(entry, CPUID_8000_0001_ECX);
		break;
	case 0xC0000000:
		entry->eax = min(entry->eax, 0xC0000004);
		break;
	default:
		entry->eax = entry->ebx = entry->ecx = entry->edx = 0;
		break;
	}
	return 0;
}
"""
VMX_C = """
static __init void vmx_set_cpu_caps(void)
{
	kvm_set_cpu_caps();
	if (nested)
		kvm_cpu_cap_set(X86_FEATURE_VMX);
}
static bool vmx_has_emulated_msr(struct kvm *kvm, u32 index)
{
	switch (index) {
	case 0x49e:
		return nested;
	default:
		return true;
	}
}
static struct kvm_x86_ops vmx_x86_ops __initdata = { .has_emulated_msr = vmx_has_emulated_msr, };
"""
SVM_C = """
static __init void svm_set_cpu_caps(void)
{
	kvm_set_cpu_caps();
	if (nested)
		kvm_cpu_cap_set(X86_FEATURE_SVM);
}
static bool svm_has_emulated_msr(struct kvm *kvm, u32 index)
{
	return true;
}
static struct kvm_x86_ops svm_x86_ops __initdata = { .has_emulated_msr = svm_has_emulated_msr, };
"""
X86_C = """
#define KVM_SUPPORTED_ARCH_CAP (ARCH_CAP_RDCL_NO | ARCH_CAP_BHI_NO)
static u64 kvm_get_arch_capabilities(void)
{
	u64 data = kvm_host.arch_capabilities & KVM_SUPPORTED_ARCH_CAP;
	data |= ARCH_CAP_PSCHANGE_MC_NO;
	return data;
}
static const u32 msrs_to_save_base[] = { MSR_STAR, };
static const u32 emulated_msrs_all[] = { MSR_IA32_SMI_COUNT, 0x49e, };
static const u32 msr_based_features_all_except_vmx[] = { MSR_IA32_ARCH_CAPABILITIES, };
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	int r = 0;
	switch (ext) {
	case KVM_CAP_IRQCHIP:
#ifdef CONFIG_KVM_XEN
	case KVM_CAP_XEN_HVM:
#endif
		r = 1;
		break;
	case KVM_CAP_XCRS:
		r = boot_cpu_has(X86_FEATURE_XSAVE);
		break;
	case KVM_CAP_PMU_CAPABILITY:
		r = enable_pmu ? 1 : 0;
		break;
	}
	return r;
}
"""
REST = {
    ASM + "msr-index.h": """
#define MSR_STAR 0xc0000081
#define MSR_IA32_SMI_COUNT 0x34
#define MSR_IA32_ARCH_CAPABILITIES 0x10a
#define ARCH_CAP_RDCL_NO BIT(0)
#define ARCH_CAP_PSCHANGE_MC_NO BIT(6)
#define ARCH_CAP_BHI_NO BIT(20)
""",
    UAPI + "kvm.h": """
#define KVM_CAP_IRQCHIP 0
#define KVM_CAP_XEN_HVM 38
#define KVM_CAP_XCRS 56
#define KVM_CAP_PMU_CAPABILITY 212
#define KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP 225
#define KVM_CAP_CHECK_EXTENSION_VM 105
""",
    KVM + "Kconfig": "config KVM_X86\n\tdef_tristate KVM\n\tselect HAVE_KVM_IRQCHIP\n",
    "virt/kvm/Kconfig": """
config HAVE_KVM_IRQCHIP
	bool

config NEED_KVM_DIRTY_RING_WITH_BITMAP
	bool
""",
    "virt/kvm/kvm_main.c": """
static int kvm_vm_ioctl_check_extension_generic(struct kvm *kvm, long arg)
{
	switch (arg) {
	case KVM_CAP_CHECK_EXTENSION_VM:
		return 1;
#ifdef CONFIG_NEED_KVM_DIRTY_RING_WITH_BITMAP
	case KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP:
		return 1;
#endif
	}
	return kvm_vm_ioctl_check_extension(kvm, arg);
}
""",
}
KERNEL = {
    **HEADERS,
    **REST,
    KVM + "cpuid.c": CPUID_C,
    KVM + "vmx/vmx.c": VMX_C,
    KVM + "svm/svm.c": SVM_C,
    KVM + "x86.c": X86_C,
}
SSE2, X2APIC, VMX = (1, 0, "edx", 26), (1, 0, "ecx", 21), (1, 0, "ecx", 5)
PKU, ARAT, SVM = (7, 0, "ecx", 3), (6, 0, "eax", 2), (0x80000001, 0, "ecx", 2)
PLACES = frozenset({SSE2, X2APIC, VMX, PKU, ARAT, SVM})


def tree_of() -> KernelTree:
    """Return the made-up kernel."""
    return tree_with({})


def tree_with(changes: dict[str, str | None]) -> KernelTree:
    """Return the made-up kernel with some files changed; None takes a file out."""
    texts = {path: text for path, text in {**KERNEL, **changes}.items() if text is not None}
    vocabulary = words()
    return KernelTree(texts, vocabulary.configuration, vocabulary.optional)


def cpuid_of(old: str = "", new: str = "", path: str = "cpuid.c") -> Cpuid:
    text = KERNEL[KVM + path]
    assert old in text
    return read_cpuid(tree_with({KVM + path: text.replace(old, new)}), words(), PLACES)


def told(problems: object) -> str:
    assert isinstance(problems, list)
    return "\n".join(map(str, problems))


def test_bits_of_a_kernel_with_their_conditions() -> None:
    read = cpuid_of()
    assert told(read.problems) == ""
    assert {place: given(formula) for place, formula in read.places.items()} == {
        SSE2: Given("hardware"),
        X2APIC: Given("yes"),
        VMX: Given("param", "kvm_intel.nested"),
        PKU: Given("hardware"),
        ARAT: Given("yes"),
        SVM: Given("param", "kvm_amd.nested"),
    }


def test_older_masks_and_vendor_hooks() -> None:
    """The form up to 5.6: constants, `cpuid_mask`, a variable added to a register, hooks."""
    old = """
static inline int __do_cpuid_func(struct kvm_cpuid_entry2 *entry, u32 function)
{
	unsigned f_pku = tdp_enabled ? F(PKU) : 0;
	const u32 kvm_cpuid_1_edx_x86_features = F(XMM2) | 0 /* HTT */;
	switch (function) {
	case 0:
		entry->eax = min(entry->eax, (u32)0xd);
		break;
	case 1:
		entry->edx &= kvm_cpuid_1_edx_x86_features;
		cpuid_mask(&entry->edx, CPUID_1_EDX);
		entry->ecx = 0;
		entry->ecx |= F(X2APIC);
		break;
	case 7:
		entry->ecx = 0;
		entry->ecx |= f_pku;
		break;
	case 0x80000000:
		entry->eax = min(entry->eax, 0x8000001f);
		break;
	case 0x80000001:
		entry->ecx = 0;
		break;
	case 0xC0000000:
		entry->eax = min(entry->eax, 0xC0000004);
		break;
	default:
		entry->eax = entry->ebx = entry->ecx = entry->edx = 0;
		break;
	}
	kvm_x86_ops->set_supported_cpuid(function, entry);
	return 0;
}
static void cpuid_mask(u32 *word, int wordnum)
{
	*word &= boot_cpu_data.x86_capability[wordnum];
}
"""
    vmx = """
static void vmx_set_supported_cpuid(u32 func, struct kvm_cpuid_entry2 *entry)
{
	if (func == 1 && nested)
		entry->ecx |= bit(X86_FEATURE_VMX);
}
static struct kvm_x86_ops vmx_x86_ops = { .set_supported_cpuid = vmx_set_supported_cpuid, };
"""
    svm = """
static void svm_set_supported_cpuid(u32 func, struct kvm_cpuid_entry2 *entry)
{
	switch (func) {
	case 0x80000001:
		if (nested)
			entry->ecx |= (1 << 2);
		break;
	}
}
static struct kvm_x86_ops svm_x86_ops = { .set_supported_cpuid = svm_set_supported_cpuid, };
"""
    changes: dict[str, str | None] = {
        KVM + "cpuid.c": old,
        KVM + "vmx/vmx.c": vmx,
        KVM + "svm/svm.c": svm,
    }
    read = read_cpuid(tree_with(changes), words(), PLACES)
    assert told(read.problems) == ""
    assert {place: given(formula).given for place, formula in read.places.items()} == {
        SSE2: "hardware",
        X2APIC: "yes",
        VMX: "param",
        PKU: "hardware",
        ARAT: "no",
        SVM: "param",
    }


def test_silent_fault_a_mask_under_another_name() -> None:
    read = cpuid_of("entry->eax = 0x4; /* allow ARAT */", "entry->eax &= NEW_NAME_OF_A_MASK;")
    assert "arch/x86/kvm/cpuid.c:26: assignment `entry.eax &= NEW_NAME_OF_A_MASK`" in told(
        read.problems
    )


def test_silent_fault_a_variable_added_to_a_register() -> None:
    """A known one gives its bit (see the older form), an unknown one is told."""
    read = cpuid_of("entry->eax = 0x4; /* allow ARAT */", "entry->eax |= f_arat;")
    assert "cpuid.c:26: assignment `entry.eax |= f_arat`" in told(read.problems)


def test_silent_fault_a_number_put_into_a_register() -> None:
    assert given(cpuid_of().places[ARAT]) == Given("yes")
    assert given(cpuid_of("entry->eax = 0x4;", "entry->eax = 0;").places[ARAT]) == Given("no")


def test_silent_fault_a_vendors_file_is_missing() -> None:
    read = read_cpuid(tree_with({KVM + "svm/svm.c": None}), words(), PLACES)
    assert "svm_set_cpu_caps" in told(read.problems)
    inventory = read_inventory(
        tree_with({KVM + "svm/svm.c": None}), no_names(), words(), arch="x86_64", parts=["cpuid"]
    )
    assert "arch/x86/kvm/svm/svm.c: missing, and 6.8.1 must have it" in told(
        list(inventory.problems)
    )


def test_silent_fault_a_list_that_moved() -> None:
    moved = X86_C.replace("msrs_to_save_base[]", "msrs_to_save_of_today[]")
    _, problems = read_msrs(tree_with({KVM + "x86.c": moved}), words())
    assert "x86.c:9: list `msrs_to_save_of_today` is not read" in told(problems)
    _, problems = read_msrs(
        tree_with({KVM + "x86.c": X86_C.replace("emulated_msrs_all", "others")}), words()
    )
    assert "no list of emulated MSRs was found" in told(problems)
    _, problems = read_msrs(tree_with({KVM + "x86.c": "", KVM + "msrs.c": X86_C}), words())
    assert told(problems) == ""


def test_silent_fault_a_capability_in_the_common_code() -> None:
    read, problems = read_extensions(tree_of(), words(), extension_numbers(tree_of()))
    assert told(problems) == ""
    assert {name: given(one) for name, one in read.items()} == {
        "KVM_CAP_IRQCHIP": Given("yes"),
        "KVM_CAP_XEN_HVM": Given("hardware"),  # some builds have the option, some not
        "KVM_CAP_XCRS": Given("hardware"),
        "KVM_CAP_PMU_CAPABILITY": Given("param", "kvm.enable_pmu"),
        "KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP": Given("no"),  # x86 never selects the option
        "KVM_CAP_CHECK_EXTENSION_VM": Given("yes"),
    }


def test_silent_fault_an_option_that_nobody_can_decide() -> None:
    main = REST["virt/kvm/kvm_main.c"].replace("NEED_KVM_DIRTY_RING_WITH_BITMAP", "KVM_NOVELTY")
    tree = tree_with({"virt/kvm/kvm_main.c": main})
    inventory = read_inventory(tree, no_names(), words(), arch="x86_64", parts=["caps"])
    assert "kvm_main.c:8: cannot decide `#ifdef CONFIG_KVM_NOVELTY`" in told(
        list(inventory.problems)
    )
    selected = KERNEL[KVM + "Kconfig"] + "\tselect NEED_KVM_DIRTY_RING_WITH_BITMAP\n"
    read, _ = read_extensions(
        tree_with({KVM + "Kconfig": selected.replace("def_tristate KVM", "def_bool y")}),
        words(),
        extension_numbers(tree_of()),
    )
    assert given(read["KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP"]) == Given("yes")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("F(XMM2)", "NEW_F(XMM2)", "cpuid.c:4: `NEW_F(XMM2)` in a list of features"),
        ("F(XMM2)", "F(NOVELTY)", "cpuid.c:4: feature `NOVELTY` is not in cpufeatures.h"),
        ("F(XMM2)", "F(X2APIC)", "cpuid.c:4: `F(X2APIC)` belongs to another CPUID word"),
        (
            "if (!tdp_enabled ||",
            "if (!new_switch ||",
            "condition `new_switch` is not in words.toml",
        ),
        ("kvm_cpu_cap_set(X", "kvm_cpu_cap_new(X", "call `kvm_cpu_cap_new(X86_FEATURE_X2APIC)`"),
        (
            "override(entry, CPUID_7_ECX)",
            "override(entry, CPUID_1_ECX)",
            "does not belong to CPUID 0x7",
        ),
        ("min(entry->eax, 0x1fU)", "highest()", "no highest leaf after 0x0"),
    ],
)
def test_what_no_rule_knows_is_told(old: str, new: str, what: str) -> None:
    assert what in told(cpuid_of(old, new).problems)


def test_a_change_of_features_that_is_not_reached_is_told() -> None:
    more = SVM_C + "\nvoid later(void)\n{\n\tkvm_cpu_cap_clear(X86_FEATURE_PKU);\n}\n"
    read = read_cpuid(tree_with({KVM + "svm/svm.c": more}), words(), PLACES)
    assert "svm.c:16: `kvm_cpu_cap_clear` was not reached" in told(read.problems)


def test_a_leaf_above_the_highest_that_kvm_answers_is_not_given() -> None:
    read = cpuid_of("min(entry->eax, 0x8000001f)", "min(entry->eax, 0x80000000)")
    assert given(read.places[SVM]) == Given("no")


def test_registers_by_their_lists() -> None:
    read, problems = read_msrs(tree_of(), words())
    assert told(problems) == ""
    assert {key: given(one) for key, one in read.items()} == {
        ("index", 0xC0000081): Given("hardware"),
        ("index", 0x34): Given("yes"),
        ("index", 0x49E): Given("hardware"),
        ("feature", 0x10A): Given("hardware"),
    }


def test_bits_of_arch_capabilities_with_and_without_a_mask() -> None:
    read, problems = read_arch_capabilities(tree_of(), words(), range(24))
    assert told(problems) == ""
    given_bits = {name: given(one).given for name, one in read.items() if one is not False}
    assert given_bits == {"0": "hardware", "6": "yes", "20": "hardware"}
    unmasked = X86_C.replace(" & KVM_SUPPORTED_ARCH_CAP", "")
    read, _ = read_arch_capabilities(tree_with({KVM + "x86.c": unmasked}), words(), range(24))
    assert given(read["13"]) == Given("hardware")


NESTED_C = """
void nested_vmx_setup_ctls_msrs(struct vmcs_config *vmcs_conf, u32 ept_caps)
{
	struct nested_vmx_msrs *msrs = &vmcs_conf->nested;
	msrs->entry_ctls_high = vmcs_conf->vmentry_ctrl;
	msrs->entry_ctls_high &= VM_ENTRY_IA32E_MODE;
	msrs->secondary_ctls_high = 0;
	if (enable_ept)
		msrs->secondary_ctls_high |= SECONDARY_EXEC_ENABLE_EPT;
	if (enable_sgx)
		msrs->secondary_ctls_high |= SECONDARY_EXEC_ENCLS_EXITING;
	rdmsr(MSR_IA32_VMX_MISC, msrs->misc_low, msrs->misc_high);
	msrs->misc_low &= 0x20;
}
"""
VMX_H = """
#define VM_ENTRY_IA32E_MODE 0x200
#define SECONDARY_EXEC_ENABLE_EPT 2
#define SECONDARY_EXEC_ENCLS_EXITING 0x8000
"""


def test_controls_for_a_nested_hypervisor() -> None:
    changes: dict[str, str | None] = {KVM + "vmx/nested.c": NESTED_C, ASM + "vmx.h": VMX_H}
    read, problems = read_vmx(tree_with(changes), words())
    assert told(problems) == ""
    assert {place: given(one).condition for place, one in read.items()} == {
        (0x490, 9): "kvm_intel.nested",
        (0x48B, 1): "kvm_intel.nested",
        (0x48B, 15): "kvm_intel.nested+kvm_intel.sgx",
        (0x485, 5): "kvm_intel.nested",
    } | {(0x485, 32 + place): "kvm_intel.nested" for place in range(32)}
    novel = NESTED_C.replace("VM_ENTRY_IA32E_MODE", "novelty")
    _, problems = read_vmx(tree_with({**changes, KVM + "vmx/nested.c": novel}), words())
    assert "`novelty` in msrs.entry_ctls_high is not in words.toml" in told(problems)


TUN_C = """
#define TUN_FEATURES (IFF_NO_PI | IFF_MULTI_QUEUE)
static int set_offload(struct tun_struct *tun, unsigned long arg)
{
	if (arg & TUN_F_CSUM) {
		arg &= ~TUN_F_CSUM;
		if (arg & (TUN_F_TSO4|TUN_F_TSO6))
			arg &= ~(TUN_F_TSO4|TUN_F_TSO6);
	}
	return arg ? -EINVAL : 0;
}
static long tun_chr_ioctl(unsigned int cmd)
{
	switch (cmd) {
	case TUNGETFEATURES:
		return put_user(IFF_TUN | IFF_NO_CARRIER | TUN_FEATURES, argp);
	case TUNSETCARRIER:
		return 0;
	}
}
"""
IF_TUN = "#define TUN_F_CSUM 1\n#define TUN_F_TSO4 2\n#define TUN_F_TSO6 4\n#define TUN_F_UFO 16\n"


def test_a_tap_by_its_source() -> None:
    texts: dict[str, str | None] = {"drivers/net/tun.c": TUN_C, UAPI + "if_tun.h": IF_TUN}
    found, problems = read_tun(tree_with(texts), words())
    assert told(problems) == ""
    assert {"TUNSETOFFLOAD bit 0", "TUNSETOFFLOAD bit 2", "ioctl TUNSETCARRIER"} <= found
    assert {"TUNGETFEATURES IFF_NO_CARRIER", "TUNGETFEATURES IFF_MULTI_QUEUE"} <= found
    assert "TUNSETOFFLOAD bit 4" not in found
    novel = TUN_C.replace("TUNSETCARRIER", "TUNSETNOVELTY")
    _, problems = read_tun(tree_with({**texts, "drivers/net/tun.c": novel}), words())
    assert "tun.c:17: ioctl `TUNSETNOVELTY` is not known" in told(problems)


@pytest.mark.parametrize(
    "net",
    [
        "enum { VHOST_NET_FEATURES = (1ULL << VIRTIO_F_VERSION_1) | (1ULL << 15) };",
        "static const int vhost_net_bits[] = { VIRTIO_F_VERSION_1, 15 };",
        "static const u64 vhost_net_features[2] = { (1ULL << 32) | BIT(15), VIRTIO_BIT(65) };",
    ],
)
def test_features_of_vhost_in_each_form(net: str) -> None:
    backend = "\nenum { VHOST_NET_BACKEND_FEATURES = (1ULL << 1) };\n"
    texts: dict[str, str | None] = {
        "drivers/vhost/net.c": net + backend,
        "drivers/vhost/vsock.c": "enum { VHOST_VSOCK_FEATURES = (1ULL << 1) };\n",
        UAPI + "virtio_config.h": "#define VIRTIO_F_VERSION_1 32\n",
    }
    found, problems = read_vhost(tree_with(texts))
    assert told(problems) == ""
    asked = {"VHOST_GET_FEATURES bit 32", "VHOST_GET_FEATURES bit 15"}
    assert asked | {"VHOST_GET_BACKEND_FEATURES bit 1"} <= found
    assert ("VHOST_GET_FEATURES_ARRAY bit 65" in found) == ("VIRTIO_BIT" in net)
    _, problems = read_vhost(tree_with({**texts, "drivers/vhost/net.c": backend}))
    assert "`VHOST_NET_FEATURES` is no number" in told(problems)


def test_formulas_name_what_cannot_be_missing() -> None:
    one, other = atom("param", "kvm.one"), atom("hardware", "other")
    intel = atom("vendor", "intel")
    assert given(both(one, other)) == Given("param", "kvm.one")
    assert given(either(one, other)) == Given("hardware")
    assert given(both(intel, other)) == Given("vendor", "intel")
    assert given(both(negation(intel), other)) == Given("vendor", "amd")
    assert given(either(other, negation(other))) == Given("yes")
    assert given(both(one, negation(one))) == Given("no")


# -- tables ---------------------------------------------------------------------------------------


def no_names() -> Names:
    return Names({}, {}, {}, {})


def release(text: str, line: str = "el9") -> Release:
    return Release(line=line, release=text, arch="x86_64", source="made up", parts=("cpuid",))


def reading(**facts: str) -> KernelInventory:
    return KernelInventory(
        arch="x86_64",
        version="5.14.0",
        parts=("cpuid",),
        facts={("cpuid", f"cpu.{name}"): Given(one) for name, one in facts.items()},
        problems=(),
    )


def test_a_loss_is_refused_unless_accepted_by_name() -> None:
    tables = HarvestedKernels()
    assert extend(tables, release("5.14.0-70.el9"), reading(a="yes", b="hardware")).against == ""
    news = extend(tables, release("5.14.0-162.el9"), reading(a="yes", b="no", c="yes"))
    assert (news.gained, news.lost) == (("cpu.c",), ("cpu.b",))
    with pytest.raises(PlannerError, match=r"cpu\.b: given by 5\.14\.0-70\.el9"):
        refuse_losses(news, ())
    refuse_losses(news, ("cpu.b",))
    with pytest.raises(PlannerError, match="no such loss"):
        refuse_losses(news, ("cpu.b", "cpu.z"))


def test_a_release_before_all_others_is_compared_backwards() -> None:
    tables = HarvestedKernels()
    extend(tables, release("5.14.0-162.el9"), reading(a="yes", b="no"))
    news = extend(tables, release("5.14.0-70.el9"), reading(a="yes", b="yes"))
    assert news.lost == ("cpu.b",)


def test_tables_are_intervals_over_what_was_read_and_read_back_alike(tmp_path: Path) -> None:
    tables = HarvestedKernels()
    for text, facts in {
        "5.14.0-570.12.1.el9_6": reading(a="yes", b="hardware"),
        "5.14.0-70.13.1.el9_0": reading(a="yes", b="no"),
        "5.14.0-427.13.1.el9_4": reading(a="yes", b="hardware"),
    }.items():
        extend(tables, release(text), facts)
    texts = texts_of(tables)
    assert "x86_64,cpu.a,yes,,5.14.0-70.13.1.el9_0..5.14.0-570.12.1.el9_6" in texts["el9.csv"]
    assert "x86_64,cpu.b,hardware,,5.14.0-427.13.1.el9_4..5.14.0-570.12.1.el9_6" in texts["el9.csv"]
    assert "x86_64,cpuid,cpu.b,el9 5.14.0-427.13.1.el9_4" in texts["vocabulary.csv"]
    folder = tmp_path / "harvested/kernels"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert texts_of(read_tables(tmp_path)) == texts


def test_releases_stand_in_the_order_of_their_numbers() -> None:
    listed = [
        "4.18.0-240.el8.x86_64",
        "4.18.0-240.15.1.el8_3.x86_64",
        "4.18.0-553.el8_10.x86_64",
        "4.18.0-553.5.1.el8_10.x86_64",
        "5.17.0-rc5",
        "5.17.0",
        "6.1.9",
        "6.1.10",
        "6.12.9+deb13-amd64",
        "6.12.107+deb13-amd64",
    ]
    assert sorted(dict.fromkeys(listed[5:] + listed[:5]), key=order_of) == listed


def test_the_shipped_tables_are_what_the_command_writes() -> None:
    tables = read_tables(shipped_data())
    if not tables.releases:
        pytest.skip("NOT TESTED: no kernel was harvested yet")
    for name, text in texts_of(tables).items():
        shipped = (shipped_data() / "harvested/kernels" / name).read_text(encoding="utf-8")
        assert shipped == text, name


def test_every_feature_has_one_name_at_its_place() -> None:
    names = read_names(shipped_data())
    assert names.cpuid[1, 0, "edx", 26] == "cpu.sse2"
    twice = [name for name in names.cpuid.values() if list(names.cpuid.values()).count(name) > 1]
    assert set(twice) == {"cpu.kvmclock"}  # two clocks under one name


KNOWN_SOURCE = {"6.1.176-1": "6.1.0-50-amd64"}
"""Versions of Debian's package that the shipped tables have, by the release that it builds."""


def test_a_real_kernel_reads_as_the_shipped_tables_say() -> None:
    """Some 140 MB once, half a minute: the whole way from a package of a registry to the rows."""
    try:
        version, tarball = fetch_source()
    except FetchError as error:
        pytest.skip(f"NOT TESTED: {error}")
    known = KNOWN_SOURCE.get(version, "")
    source = f"Debian linux-source {version}"
    found = harvest_kernel(
        tarball, shipped_data(), line="debian", release=known or "6.1.0-999-amd64", source=source
    )
    assert found.facts > 500
    assert found.news.lost == ()
    if known:
        assert not found.texts, "the shipped tables say something else"


# -- the command ----------------------------------------------------------------------------------


def test_a_tarball_reads_like_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "linux-6.8.1"
    for path, text in KERNEL.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    tarball = tmp_path / "linux.tar.gz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(folder, arcname="linux-6.8.1")
    vocabulary = words()
    for place in (folder, tarball):
        tree = read_tree(place, vocabulary.configuration, vocabulary.optional)
        assert tree.version == "6.8.1"
        read = read_cpuid(tree, vocabulary, PLACES)
        assert told(read.problems) == ""
        assert given(read.places[VMX]) == Given("param", "kvm_intel.nested")


def test_a_reading_without_what_every_kernel_gives_is_refused(tmp_path: Path) -> None:
    for path, text in KERNEL.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    with pytest.raises(PlannerError, match="did not come out, which every kernel gives"):
        harvest_kernel(tmp_path, shipped_data(), parts=["cpuid"])
    done = subprocess.run(
        [sys.executable, "-m", "planner", "harvest", "kernel", str(tmp_path), "--part", "cpuid"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 3
    assert "did not come out" in done.stderr


def test_a_folder_without_a_kernel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="missing"):
        harvest_kernel(tmp_path, shipped_data(), release="6.8")
    with pytest.raises(PlannerError, match="neither a folder nor a tarball"):
        harvest_kernel(tmp_path / "none", shipped_data())
    assert News(against="", gained=(), lost=(), changed=()).lost == ()
