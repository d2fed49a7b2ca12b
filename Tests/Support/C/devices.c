// SPDX-License-Identifier: Apache-2.0
// Programs that somebody else attaches to a container's cgroup.
#define _GNU_SOURCE
#include "CSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attr) { return syscall(SYS_bpf, command, attr, sizeof *attr); }

int support_deny_device(const char *cgroup, const char *name, unsigned major, unsigned minor, unsigned flags)
{
    struct bpf_insn code[] = {
        {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = 4},
        {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 3, .src_reg = 1, .off = 8},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1},
        {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 4, .src_reg = 1, .off = 0},
        {.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 2, .off = 4, .imm = major},
        {.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 3, .off = 3, .imm = minor},
        {.code = BPF_JMP | BPF_JSET | BPF_K, .dst_reg = 4, .off = 1, .imm = 6 << 16},
        {.code = BPF_JMP | BPF_EXIT},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insns = (uintptr_t)code, .insn_cnt = sizeof code / sizeof *code,
        .license = (uintptr_t) "GPL"};
    strncpy(load.prog_name, name, sizeof load.prog_name - 1);
    int program = bpf(BPF_PROG_LOAD, &load), directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    union bpf_attr attach = {
        .target_fd = directory, .attach_bpf_fd = program, .attach_type = BPF_CGROUP_DEVICE, .attach_flags = flags};
    int result = program < 0 || directory < 0 || bpf(BPF_PROG_ATTACH, &attach) < 0 ? -errno : 0;
    close(program), close(directory);
    return result;
}

// Calls back with each program of the cgroup; the number of them, or -errno.
static int each(const char *cgroup, void (*visit)(int directory, int program, void *argument), void *argument)
{
    uint32_t ids[64];
    int directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    union bpf_attr query = {.query = {
        .target_fd = directory, .attach_type = BPF_CGROUP_DEVICE, .prog_ids = (uintptr_t)ids, .prog_cnt = 64}};
    if (directory < 0 || bpf(BPF_PROG_QUERY, &query) < 0)
        return -errno;
    for (uint32_t i = 0; i < query.query.prog_cnt; i++) {
        union bpf_attr get = {.prog_id = ids[i]};
        int program = bpf(BPF_PROG_GET_FD_BY_ID, &get);
        visit(directory, program, argument);
        close(program);
    }
    close(directory);
    return query.query.prog_cnt;
}

static void add_name(int directory, int program, void *names)
{
    struct bpf_prog_info info = {0};
    union bpf_attr ask = {.info = {.bpf_fd = program, .info_len = sizeof info, .info = (uintptr_t)&info}};
    (void)directory;
    bpf(BPF_OBJ_GET_INFO_BY_FD, &ask);
    strcat(strcat(names, info.name), "\n");
}

int support_device_programs(const char *cgroup, char *names, size_t size)
{
    if (size < 64 * (BPF_OBJ_NAME_LEN + 1) + 1)
        return -ENOSPC;
    *names = 0;
    return each(cgroup, add_name, names);
}

static void detach(int directory, int program, void *unused)
{
    union bpf_attr attr = {.target_fd = directory, .attach_bpf_fd = program, .attach_type = BPF_CGROUP_DEVICE};
    (void)unused;
    bpf(BPF_PROG_DETACH, &attr);
}

int support_detach_devices(const char *cgroup) { return each(cgroup, detach, NULL); }
