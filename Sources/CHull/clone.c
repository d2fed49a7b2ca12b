// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "wrappers.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// clone3(2) like fork(2): the child goes on with a copy of everything. glibc keeps the thread's id in its thread
// descriptor; CLONE_CHILD_SETTID with that very address (prctl PR_GET_TID_ADDRESS) lets the kernel keep it right.
int chull_clone(uint64_t flags, int *pidfd, int cgroup)
{
    uint64_t tid_address = 0;
    prctl(PR_GET_TID_ADDRESS, &tid_address);
    struct clone_args args = {
        .flags = flags | (pidfd ? CLONE_PIDFD : 0) | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0) |
                 (tid_address ? CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID : 0),
        .pidfd = (uintptr_t)pidfd,
        .child_tid = tid_address,
        // A sibling ends with the signal that its parent's parent chose: clone(2), CLONE_PARENT.
        .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
        .cgroup = cgroup >= 0 ? cgroup : 0,
    };
    long r = syscall(SYS_clone3, &args, sizeof args);
    return r < 0 ? -errno : (int)r;
}
