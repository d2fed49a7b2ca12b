// SPDX-License-Identifier: Apache-2.0
// From the first privilege drop to execve. C, not Swift: once the container's filter is on, an allocation may be
// answered by SIGSYS, and nothing here allocates. Each step is done or the process is dead: nothing is retried, nothing
// optional.
#define _GNU_SOURCE
#include "wrappers.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// The parent reads {step, errno}. Where the filter denies the write, the exit code still tells the step.
static _Noreturn void fail(const struct chull_last_mile *mile, int32_t step, int32_t error)
{
    int32_t report[2] = {step, error};
    ssize_t written = write(mile->report, report, sizeof report);
    (void)written;
    _exit(200 + step);
}

static void install_filter(const struct chull_last_mile *mile)
{
    if (!mile->filter_count) return;
    struct sock_fprog program = {(unsigned short)mile->filter_count, (struct sock_filter *)mile->filter};
    int failed = mile->notifies ? chull_courier_start(mile->report) : 0;
    if (failed < 0) fail(mile, CHULL_STEP_LISTENER, -failed);
    long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, mile->filter_flags, &program);
    if (r < 0) fail(mile, CHULL_STEP_FILTER, errno);
    if (mile->notifies) failed = chull_courier_deliver((int)r);
    if (failed < 0) fail(mile, CHULL_STEP_LISTENER, -failed);
}

static void drop_bounding(const struct chull_last_mile *mile)
{
    for (uint32_t cap = 0; cap <= mile->last_capability; cap++)
        if (!(mile->bounding >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            fail(mile, CHULL_STEP_BOUNDING, errno);
}

static void change_user(const struct chull_last_mile *mile)
{
    if (mile->set_groups) {
        int r = chull_setgroups(mile->group_count, mile->groups);
        if (r < 0) fail(mile, CHULL_STEP_GROUPS, -r);
    }
    if (!mile->change_user) return;
    // Permitted capabilities survive the change of uid, to be cut down to the wanted set right after it.
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) fail(mile, CHULL_STEP_KEEP_CAPS, errno);
    int r = chull_setresgid(mile->gid);
    if (r < 0) fail(mile, CHULL_STEP_GID, -r);
    r = chull_setresuid(mile->uid);
    if (r < 0) fail(mile, CHULL_STEP_UID, -r);
    if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) fail(mile, CHULL_STEP_KEEP_CAPS, errno);
}

static void set_capabilities(const struct chull_last_mile *mile)
{
    int r = chull_capset(mile->effective, mile->permitted, mile->inheritable);
    if (r < 0) fail(mile, CHULL_STEP_CAPABILITIES, -r);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (uint32_t cap = 0; cap <= mile->last_capability; cap++)
        if (mile->ambient >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
            fail(mile, CHULL_STEP_AMBIENT, errno);
}

// The directory may be reachable for the container's user only (a home of mode 0700 below root-squashed NFS). It must
// lie inside the root (CVE-2024-21626); the raw getcwd says "(unreachable)" else.
static void enter_directory(const struct chull_last_mile *mile)
{
    char path[4096];
    if (chdir(mile->cwd) < 0) fail(mile, CHULL_STEP_CWD, errno);
    if (syscall(SYS_getcwd, path, sizeof path) < 0) fail(mile, CHULL_STEP_CWD, errno);
    if (path[0] != '/') fail(mile, CHULL_STEP_CWD, ENOENT);
}

_Noreturn void chull_run_last_mile(const struct chull_last_mile *mile)
{
    // Without no_new_privs only CAP_SYS_ADMIN may install a filter, so it comes first; with it, last.
    if (!mile->no_new_privileges) install_filter(mile);
    if (mile->set_capabilities) drop_bounding(mile);
    change_user(mile);
    if (mile->chdir_after) enter_directory(mile);
    if (mile->set_capabilities) set_capabilities(mile);
    if (mile->no_new_privileges) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail(mile, CHULL_STEP_NO_NEW_PRIVILEGES, errno);
        install_filter(mile);
    }
    execve(mile->path, mile->argv, mile->envp);
    fail(mile, CHULL_STEP_EXECVE, errno);
}
