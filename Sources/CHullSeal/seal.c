// SPDX-License-Identifier: Apache-2.0
// CVE-2019-5736: a container can open /proc/PID/exe of the process that enters it. So the verbs that enter one run from a
// copy that cannot be written: a detached read-only bind mount of the executable, else a sealed memfd. This happens in a
// constructor, before the Swift runtime has started: execveat then costs 0.2-0.75 ms and nothing is initialised twice.
#define _GNU_SOURCE
#include "CHullSeal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int enters_container(int argc, char **argv)
{
    // Options before the verb may have values; a value that looks like a verb only costs a needless sealing.
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "run") || !strcmp(argv[i], "create") || !strcmp(argv[i], "exec")) return 1;
    return 0;
}

static int is_sealed(int self)
{
    struct statvfs s;
    if (fstatvfs(self, &s) == 0 && s.f_flag & ST_RDONLY) return 1;
    int seals = fcntl(self, F_GET_SEALS);
    return seals >= 0 && (seals & SEALS) == SEALS;
}

static int read_only_bind(void)
{
    int tree = syscall(SYS_open_tree, AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0) return -1;
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof attr) == 0) return tree;
    close(tree);
    return -1;
}

static int sealed_copy(int self)
{
    struct stat s;
    int copy = memfd_create("hull", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (copy < 0) return -1;
    if (fstat(self, &s) == 0) {
        off_t left = s.st_size;
        while (left > 0) {
            ssize_t sent = sendfile(copy, self, NULL, left);
            if (sent <= 0) break;
            left -= sent;
        }
        if (left == 0 && fcntl(copy, F_ADD_SEALS, SEALS) == 0) return copy;
    }
    close(copy);
    return -1;
}

static _Noreturn void refuse(const char *what)
{
    static const char before[] = "hull: cannot protect the runtime's own executable (";
    static const char after[] = ")\n";
    ssize_t r = write(2, before, sizeof before - 1);
    r = write(2, what, strlen(what));
    r = write(2, after, sizeof after - 1);
    (void)r;
    _exit(1);
}

__attribute__((constructor(101))) static void seal(int argc, char **argv, char **envp)
{
    if (argc < 2 || !enters_container(argc, argv)) return;
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (self < 0) refuse("open /proc/self/exe");
    if (is_sealed(self)) {
        close(self);
        return;
    }
    int safe = read_only_bind();
    if (safe < 0) safe = sealed_copy(self);
    if (safe < 0) refuse("open_tree and memfd_create");
    syscall(SYS_execveat, safe, "", argv, envp, AT_EMPTY_PATH);
    refuse("execveat");
}
