// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define RESULT(call) do { __auto_type r_ = (call); return r_ < 0 ? -errno : r_; } while (0)

int chull_sched_setattr(int pid, const struct chull_scheduler *attributes)
{
    RESULT(syscall(SYS_sched_setattr, pid, attributes, 0));
}
int chull_sched_setaffinity(int pid, size_t size, const uint64_t *mask)
{
    RESULT(syscall(SYS_sched_setaffinity, pid, size, mask));
}
int chull_ioprio_set_group(int group, int priority)
{
    RESULT(syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, group, priority));
}
int chull_personality(uint32_t domain) { RESULT(syscall(SYS_personality, domain)); }
int chull_set_mempolicy(int mode, const uint64_t *nodes, size_t bits)
{
    // The kernel reads one bit less than it is told: set_mempolicy(2), BUGS.
    RESULT(syscall(SYS_set_mempolicy, mode, bits ? nodes : NULL, bits ? bits + 1 : 0));
}
// The group first: without the user's capabilities it could not be changed any more.
void chull_set_file_ids(uint32_t uid, uint32_t gid)
{
    syscall(SYS_setfsgid, gid);
    syscall(SYS_setfsuid, uid);
}
int chull_may_access(int fd, int mode) { RESULT(syscall(SYS_faccessat2, fd, "", mode, AT_EMPTY_PATH | AT_EACCESS)); }

int chull_datagram_socket(void) { RESULT(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }
int chull_datagram_connect(int fd, const char *address)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(address);
    if (length >= sizeof to.sun_path) return -ENAMETOOLONG;
    memcpy(to.sun_path, address, length);
    // A name without a path has no terminating NUL: every byte counts.
    int abstract = address[0] == '@';
    if (abstract) to.sun_path[0] = 0;
    RESULT(connect(fd, (struct sockaddr *)&to, offsetof(struct sockaddr_un, sun_path) + length + !abstract));
}

// Present from the start, so that it is counted for the caller and not in the cgroup of a child that writes there.
int chull_share_memory(size_t size, void **memory)
{
    *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return *memory == MAP_FAILED ? -errno : 0;
}
