// SPDX-License-Identifier: Apache-2.0
// Device filters, BPF_PROG_TYPE_CGROUP_DEVICE: part of wrappers.h.
#define _GNU_SOURCE
#include "wrappers.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESULT(call) do { __auto_type r_ = (call); return r_ < 0 ? -errno : r_; } while (0)

int chull_bpf_load_device(const char *name, const void *instructions, uint32_t count, char *log, uint32_t log_size)
{
    union bpf_attr attr = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insns = (uintptr_t)instructions, .insn_cnt = count,
        .license = (uintptr_t) "GPL", .log_buf = (uintptr_t)log, .log_size = log_size, .log_level = log_size != 0};
    strncpy(attr.prog_name, name, sizeof attr.prog_name - 1);
    RESULT(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr));
}
// BPF_F_ALLOW_MULTI: programs of the cgroups above, and others of this one, keep their say.
int chull_bpf_attach_device(int cgroup, int program)
{
    union bpf_attr attr = {
        .target_fd = cgroup, .attach_bpf_fd = program, .attach_type = BPF_CGROUP_DEVICE,
        .attach_flags = BPF_F_ALLOW_MULTI};
    RESULT(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr));
}
int chull_bpf_replace_device(int cgroup, int former, int program)
{
    union bpf_attr attr = {
        .target_fd = cgroup, .attach_bpf_fd = program, .attach_type = BPF_CGROUP_DEVICE,
        .attach_flags = BPF_F_ALLOW_MULTI | BPF_F_REPLACE, .replace_bpf_fd = former};
    RESULT(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr));
}
int chull_bpf_device_programs(int cgroup, uint32_t *ids, uint32_t room, uint32_t *flags)
{
    union bpf_attr attr = {.query = {
        .target_fd = cgroup, .attach_type = BPF_CGROUP_DEVICE, .prog_ids = (uintptr_t)ids, .prog_cnt = room}};
    if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof attr) < 0) return -errno;
    *flags = attr.query.attach_flags;
    return attr.query.prog_cnt;
}
int chull_bpf_program(uint32_t id)
{
    union bpf_attr attr = {.prog_id = id};
    RESULT(syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof attr));
}
int chull_bpf_program_name(int program, char *name)
{
    struct bpf_prog_info info = {0};
    union bpf_attr attr = {.info = {.bpf_fd = program, .info_len = sizeof info, .info = (uintptr_t)&info}};
    if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) < 0) return -errno;
    memcpy(name, info.name, sizeof info.name);
    return 0;
}
