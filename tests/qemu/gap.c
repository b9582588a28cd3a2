/*
 * An older kernel under an unchanged one: preloaded, it hides what KVM and the tap driver answer, and
 * tells what state a vCPU has when it first runs. For tests only.
 *
 *   GAP_HIDE_MSRS=0x34,0x3b        not listed, and refused when read or written
 *   GAP_HIDE_EXTENSIONS=157        KVM_CHECK_EXTENSION answers 0
 *   GAP_HIDE_CPUID=0x7:0:ebx:5     bit gone from KVM_GET_SUPPORTED_CPUID
 *   GAP_HIDE_OFFLOADS=0x60         TUNSETOFFLOAD with one of these bits is EINVAL
 *   GAP_SET_MSRS=0x34=7            written when a vCPU first runs, unless hidden
 *   GAP_READ_MSRS=0x34,0x3b        written to GAP_RECORD when a vCPU first runs, hidden or not, and
 *                                  its CPUID
 *
 * No symbol newer than glibc 2.2 is used, so that one file serves builds with any C library.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TUNSETOFFLOAD 0x400454d0U
#define MOST 32

static int real(int fd, unsigned long request, void *argument)
{
    return (int)syscall(SYS_ioctl, fd, request, argument);
}

/* Read numbers between separators; returns how many. */
static int numbers(const char *name, uint64_t *found, int most)
{
    const char *text = getenv(name);
    int count = 0;

    while (text && *text && count < most) {
        char *end;

        found[count++] = strtoull(text, &end, 0);
        text = *end ? end + 1 : end;
    }
    return count;
}

static int hidden(const char *name, uint64_t number)
{
    uint64_t found[MOST];
    int count = numbers(name, found, MOST);

    while (count--) {
        if (found[count] == number) {
            return 1;
        }
    }
    return 0;
}

static int list(int fd, unsigned long request, struct kvm_msr_list *answer)
{
    int result = real(fd, request, answer);
    uint32_t kept = 0;

    if (result < 0) {
        return result;
    }
    for (uint32_t i = 0; i < answer->nmsrs; i++) {
        if (!hidden("GAP_HIDE_MSRS", answer->indices[i])) {
            answer->indices[kept++] = answer->indices[i];
        }
    }
    answer->nmsrs = kept;
    return result;
}

static uint32_t *register_of(struct kvm_cpuid_entry2 *entry, const char *name)
{
    switch (name[1]) {
    case 'a': return &entry->eax;
    case 'b': return &entry->ebx;
    case 'c': return &entry->ecx;
    default: return &entry->edx;
    }
}

static int supported(int fd, unsigned long request, struct kvm_cpuid2 *answer)
{
    int result = real(fd, request, answer);
    const char *text = getenv("GAP_HIDE_CPUID");

    while (result >= 0 && text && *text) {
        char *end;
        uint32_t leaf = strtoul(text, &end, 0);
        uint32_t index = strtoul(end + 1, &end, 0);
        const char *name = end + 1;
        uint32_t bit = strtoul(name + 4, &end, 0);

        for (uint32_t i = 0; i < answer->nent; i++) {
            struct kvm_cpuid_entry2 *entry = &answer->entries[i];

            if (entry->function == leaf && entry->index == index) {
                *register_of(entry, name) &= ~(1u << bit);
            }
        }
        text = *end ? end + 1 : end;
    }
    return result;
}

/* Hand over the MSRs before the first hidden one; like KVM, return how many were taken. */
static int msrs(int fd, unsigned long request, struct kvm_msrs *block)
{
    uint32_t whole = block->nmsrs;
    uint32_t open = 0;
    int result;

    while (open < whole && !hidden("GAP_HIDE_MSRS", block->entries[open].index)) {
        open++;
    }
    if (open == 0 && whole) {
        return 0;
    }
    block->nmsrs = open;
    result = real(fd, request, block);
    block->nmsrs = whole;
    return result;
}

static char cpuid_text[16384];
static int cpuid_length;

static char *hex(char *at, uint64_t number)
{
    char digits[16];
    int count = 0;

    do {
        digits[count++] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number);
    *at++ = '0';
    *at++ = 'x';
    while (count) {
        *at++ = digits[--count];
    }
    return at;
}

/* Keep the CPUID of vCPU 0 as text, one leaf a line. */
static void keep_cpuid(const struct kvm_cpuid2 *table)
{
    char *at = cpuid_text;

    for (uint32_t i = 0; i < table->nent && at < cpuid_text + sizeof cpuid_text - 128; i++) {
        const struct kvm_cpuid_entry2 *e = &table->entries[i];
        const uint32_t cells[] = { e->function, e->index, e->eax, e->ebx, e->ecx, e->edx };

        memcpy(at, "cpuid", 5);
        at += 5;
        for (int j = 0; j < 6; j++) {
            *at++ = ' ';
            at = hex(at, cells[j]);
        }
        *at++ = '\n';
    }
    cpuid_length = at - cpuid_text;
}

static uint64_t value_of(int vcpu, uint32_t index, int *readable)
{
    char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)] = { 0 };
    struct kvm_msrs *block = (struct kvm_msrs *)room;

    block->nmsrs = 1;
    block->entries[0].index = index;
    *readable = real(vcpu, KVM_GET_MSRS, block) == 1;
    return block->entries[0].data;
}

static int write_value(int vcpu, uint32_t index, uint64_t value)
{
    char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)] = { 0 };
    struct kvm_msrs *block = (struct kvm_msrs *)room;

    block->nmsrs = 1;
    block->entries[0].index = index;
    block->entries[0].data = value;
    return !hidden("GAP_HIDE_MSRS", index) && real(vcpu, KVM_SET_MSRS, block) == 1;
}

static void first_run(int vcpu)
{
    static int done;
    uint64_t found[MOST];
    const char *path = getenv("GAP_RECORD");
    char text[4096];
    char *at = text;
    int count;
    int file;

    if (__sync_lock_test_and_set(&done, 1)) {
        return;
    }
    count = numbers("GAP_SET_MSRS", found, MOST);
    for (int i = 0; i + 1 < count; i += 2) {
        write_value(vcpu, found[i], found[i + 1]);
    }
    if (!path) {
        return;
    }
    count = numbers("GAP_READ_MSRS", found, MOST);
    for (int i = 0; i < count; i++) {
        int readable;
        uint64_t value = value_of(vcpu, found[i], &readable);

        memcpy(at, "msr ", 4);
        at = hex(at + 4, found[i]);
        *at++ = ' ';
        if (readable) {
            at = hex(at, value);
        } else {
            *at++ = '-';
        }
        *at++ = '\n';
    }
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, cpuid_text, cpuid_length) != cpuid_length
        || write(file, text, at - text) != at - text || write(file, "end\n", 4) != 4) {
        abort();
    }
    close(file);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    void *argument;
    uint64_t bits[1];

    va_start(rest, request);
    argument = va_arg(rest, void *);
    va_end(rest);
    switch ((uint32_t)request) { /* QEMU passes an int, which may come sign-extended */
    case KVM_GET_MSR_INDEX_LIST:
    case KVM_GET_MSR_FEATURE_INDEX_LIST:
        return list(fd, request, argument);
    case KVM_GET_SUPPORTED_CPUID:
        return supported(fd, request, argument);
    case KVM_SET_CPUID2:
        keep_cpuid(argument);
        break;
    case KVM_GET_MSRS:
    case KVM_SET_MSRS:
        return msrs(fd, request, argument);
    case KVM_RUN:
        first_run(fd);
        break;
    case KVM_CHECK_EXTENSION:
        if (hidden("GAP_HIDE_EXTENSIONS", (uintptr_t)argument)) {
            return 0;
        }
        break;
    case TUNSETOFFLOAD:
        if (numbers("GAP_HIDE_OFFLOADS", bits, 1) && (bits[0] & (uintptr_t)argument)) {
            errno = EINVAL;
            return -1;
        }
        break;
    }
    return real(fd, request, argument);
}
