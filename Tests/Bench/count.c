// SPDX-License-Identifier: Apache-2.0
// A plugin of QEMU's code generator: counts the instructions and the system calls that a static program executes in the
// emulated machine, in all processes together, whatever else runs there.
//   -plugin count.so,program=PROGRAM,mark=ADDRESS,report=FILE[,blocks=on]
// A block counts if it lies where the program's text lies and has its bytes. Each time the instruction at the address
// `mark` is executed, FILE gets a line with what was counted since the last time: instructions, system calls. With
// `blocks` a line for each block follows: its address, its instructions, how often it was executed.
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

// The part of QEMU's plugin interface, version 1, that is used here. Debian has no header of it.
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *, uint64_t);
void qemu_plugin_register_vcpu_insn_exec_cb(
    struct qemu_plugin_insn *, void (*)(unsigned, void *), enum qemu_plugin_cb_flags, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern int qemu_plugin_version, qemu_plugin_install(qemu_plugin_id_t, const void *, int, char **);

int qemu_plugin_version = 1;

struct block { uint64_t at, instructions, calls, times, before; };

static const char *file;
static uint64_t text_start, text_end, text_offset, mark;
static void *blocks; // of tsearch
static FILE *report;
static int say_blocks;

static void read_program(const char *path)
{
    struct stat program;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &program)) err(1, "%s", path);
    file = mmap(NULL, program.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    const Elf64_Ehdr *header = (const void *)file;
    const Elf64_Phdr *segments = (const void *)(file + header->e_phoff);
    if (header->e_type != ET_EXEC) errx(1, "%s is no static executable", path);
    for (int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD || !(segments[i].p_flags & PF_X)) continue;
        if (text_end) errx(1, "%s has its text in several places", path);
        text_start = segments[i].p_vaddr, text_end = text_start + segments[i].p_filesz;
        text_offset = segments[i].p_offset;
    }
}

static int compare(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->instructions > y->instructions) - (x->instructions < y->instructions);
}

static uint64_t counted, called;

static void add(const void *node, VISIT visit, int depth)
{
    (void)depth;
    if (visit != postorder && visit != leaf) return;
    struct block *block = *(struct block *const *)node;
    uint64_t times = block->times - block->before;
    counted += times * block->instructions, called += times * block->calls;
    if (times && say_blocks)
        fprintf(report, "block %lx %lu %lu\n", block->at, block->instructions, times);
    block->before = block->times;
}

static void marked(unsigned processor, void *unused)
{
    (void)processor, (void)unused;
    counted = called = 0;
    twalk(blocks, add);
    fprintf(report, "%lu %lu\n", counted, called);
    fflush(report);
}

static int is_the_programs(const struct qemu_plugin_insn *insn)
{
    uint64_t at = qemu_plugin_insn_vaddr(insn), size = qemu_plugin_insn_size(insn);
    return at >= text_start && at + size <= text_end
           && !memcmp(qemu_plugin_insn_data(insn), file + text_offset + (at - text_start), size);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    struct block block = {.at = qemu_plugin_tb_vaddr(tb), .instructions = qemu_plugin_tb_n_insns(tb)};
    for (size_t i = 0; i < block.instructions; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        if (qemu_plugin_insn_vaddr(insn) == mark)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, QEMU_PLUGIN_CB_NO_REGS, NULL);
        if (!is_the_programs(insn)) return;
        block.calls += qemu_plugin_insn_size(insn) == 2 && !memcmp(qemu_plugin_insn_data(insn), "\x0f\x05", 2);
    }
    struct block *kept = malloc(sizeof *kept);
    *kept = block;
    struct block **found = tsearch(kept, &blocks, compare);
    if (!found) err(1, "tsearch");
    if (*found != kept) free(kept);
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &(*found)->times, 1);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) return 1;
        *value++ = 0;
        if (!strcmp(argv[i], "program")) read_program(value);
        if (!strcmp(argv[i], "mark")) mark = strtoull(value, NULL, 16);
        if (!strcmp(argv[i], "report") && !(report = fopen(value, "we"))) err(1, "%s", value);
        if (!strcmp(argv[i], "blocks")) say_blocks = 1;
    }
    if (!text_end || !mark || !report) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
