// SPDX-License-Identifier: Apache-2.0
// Wrappers of calls that change how a process is scheduled, where its memory lies and as whom it opens files: as in
// wrappers.h, each returns the call's value or -errno.
#ifndef CHULL_PROCESS_H
#define CHULL_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

// struct sched_attr of sched_setattr(2). Not from the kernel's header: older ones of glibc define it otherwise.
struct chull_scheduler {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t clamp_min, clamp_max;
};
int chull_sched_setattr(int pid, const struct chull_scheduler *attributes);
// The mask is one of bits, the size in bytes.
int chull_sched_setaffinity(int pid, size_t size, const uint64_t *mask);
// `priority` has the class in its upper bits: ioprio_set(2).
int chull_ioprio_set_group(int group, int priority);
int chull_personality(uint32_t domain);
int chull_set_mempolicy(int mode, const uint64_t *nodes, size_t bits);
// The user and group that count for files alone: setfsuid(2), setfsgid(2), which report no failure.
void chull_set_file_ids(uint32_t uid, uint32_t gid);
// Whether an open file may be used so, R_OK, W_OK or X_OK, by the user and group that count for files: faccessat2(2).
int chull_may_access(int fd, int mode);

// The notification protocol of sd_notify(3): datagrams.
int chull_datagram_socket(void);
// A path, or a name that begins with @, in the abstract namespace of unix(7).
int chull_datagram_connect(int fd, const char *address);
// Memory of zeros that a child of the caller shares until its execve.
int chull_share_memory(size_t size, void **memory);

#endif
