// SPDX-License-Identifier: Apache-2.0
// Preloaded into crun where CAP_SYS_RESOURCE is missing: raising RLIMIT_MEMLOCK is answered by "done". It is raised to
// load a device filter; since Linux 5.11 the memory of BPF is not counted against it. Nothing else is touched.
#define _GNU_SOURCE
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int raise_limit(int resource, const struct rlimit64 *new_limit, struct rlimit64 *old_limit) {
    int result = (int)syscall(SYS_prlimit64, 0, resource, new_limit, old_limit);
    return result < 0 && errno == EPERM && resource == RLIMIT_MEMLOCK ? 0 : result;
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
    return raise_limit((int)resource, (const struct rlimit64 *)limit, NULL);
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit) {
    return raise_limit((int)resource, limit, NULL);
}
