// SPDX-License-Identifier: Apache-2.0
// What the tests need of the kernel that Swift cannot call: clone3 into a cgroup, a subreaper, descriptors over
// sockets.
#ifndef CSUPPORT_H
#define CSUPPORT_H

#include <stddef.h>
#include <sys/types.h>

struct support_spawn {
    const char *path;
    char *const *argv;
    char *const *envp;
    const char *cwd;
    // stdio first (0, 1, 2), then what the child sees as 3, 4, ...
    const int *descriptors;
    int descriptor_count;
    // A directory of a cgroup2 tree, or -1.
    int cgroup;
};

// Makes this process the subreaper and starts the thread that collects every child. Idempotent.
int support_begin(void);
// The pid of the new process, or -errno.
pid_t support_start(const struct support_spawn *what);
// 1: ended, *status as from waitpid; 0: still alive after the time.
int support_await(pid_t pid, int milliseconds, int *status);
// Listens on a new stream socket at path (at most 107 bytes): the descriptor, or -errno.
int support_listen(const char *path);
// A connection that does not wait for its turn.
int support_connect(const char *path);
// Accepts one connection and one message: bytes read, or -errno (-ETIMEDOUT). *descriptor is -1 when none came.
ssize_t support_receive(int listener, int milliseconds, char *bytes, size_t size, int *descriptor, int *count);
// Accepts one connection and reads it to its end: all bytes, and in *parts each part that had descriptors as 1, each
// without as 0, in decimal digits. *descriptor is the first one.
ssize_t support_receive_all(int listener, int milliseconds, char *bytes, size_t size, int *descriptor, int *parts);
// Answers questions of a system call filter with an errno, or lets the call happen for 0; until no process has the
// filter any more. The number of questions, or -errno.
int support_answer(int filter, int error);
// Exchanges two names in one step.
int support_exchange(const char *one, const char *other);
int support_window(int terminal, unsigned short *rows, unsigned short *columns);
int support_pseudoterminal(int *master, int *slave);
// Attaches a program to a cgroup's directory that denies to open one device, with a name and BPF_F_* flags: 0 or
// -errno.
int support_deny_device(const char *cgroup, const char *name, unsigned major, unsigned minor, unsigned flags);
// The names of the device programs of the cgroup itself, each with a newline; or detaches them all. The number of
// programs, or -errno.
int support_device_programs(const char *cgroup, char *names, size_t size);
int support_detach_devices(const char *cgroup);
// Mounts a filesystem that answers nothing, so that who looks into it waits uninterruptibly; how many questions came;
// and its end, with an error for all who wait.
int support_hang(const char *directory);
int support_hung(void);
int support_release(const char *directory);

#endif
