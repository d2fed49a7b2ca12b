// SPDX-License-Identifier: Apache-2.0
// One wrapper per kernel call that HullKernel uses. Each returns the call's value or -errno, so that Swift never reads
// errno: a release or free between the call and the read could change it.
#ifndef CHULL_WRAPPERS_H
#define CHULL_WRAPPERS_H

#include <stddef.h>
#include <stdint.h>

// Files ---------------------------------------------------------------------------------------------------------------
int chull_openat2(int dirfd, const char *path, uint64_t flags, uint32_t mode, uint64_t resolve);
int chull_close(int fd);
int64_t chull_read(int fd, void *buffer, size_t count);
int64_t chull_write(int fd, const void *buffer, size_t count);
int chull_mkdirat(int dirfd, const char *path, uint32_t mode);
int chull_unlinkat(int dirfd, const char *path, int flags);
int chull_renameat2(int olddir, const char *oldpath, int newdir, const char *newpath, uint32_t flags);
int chull_symlinkat(const char *target, int dirfd, const char *path);
int64_t chull_readlinkat(int dirfd, const char *path, char *buffer, size_t size);
int chull_mknodat(int dirfd, const char *path, uint32_t mode, uint32_t major, uint32_t minor);
int chull_fchownat(int dirfd, const char *path, uint32_t uid, uint32_t gid, int flags);
int chull_fchmodat(int dirfd, const char *path, uint32_t mode);
int chull_fchmod(int fd, uint32_t mode);
// Copies bytes from one file to another at their positions: sendfile(2). 0 at the end.
int64_t chull_sendfile(int to, int from, size_t count);
int chull_utimensat(int dirfd, const char *path, int64_t seconds, uint32_t nanoseconds, int flags);
int64_t chull_getdents64(int fd, void *buffer, size_t count);
int chull_flock(int fd, int exclusive, int wait);
int chull_unlock(int fd);
int chull_dup3(int from, int to, int cloexec);
int chull_dup_above(int fd, int lowest);
int chull_fcntl(int fd, int command, int64_t argument);
int chull_pipe2(int fds[2], int flags);
int chull_memfd_create(const char *name);
int64_t chull_lseek(int fd, int64_t offset);
int chull_fchdir(int fd);
int chull_chdir(const char *path);
int64_t chull_getcwd(char *buffer, size_t size);
uint32_t chull_umask(uint32_t mask);
int chull_close_range(uint32_t first, uint32_t last, uint32_t flags);

// What statx(2) says; `attributes` is stx_attributes, `mount` is stx_mnt_id.
struct chull_status {
    uint32_t mode, uid, gid, nlink;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t inode, size, attributes, mount;
    int64_t modified;
    uint32_t modified_nanoseconds;
};
int chull_statx(int dirfd, const char *path, int flags, struct chull_status *status);
int chull_fsetxattr(int fd, const char *name, const void *value, size_t size);
int chull_fstatfs(int fd, int64_t *type, uint64_t *flags);

// Mounts --------------------------------------------------------------------------------------------------------------
int chull_open_tree(int dirfd, const char *path, uint32_t flags);
int chull_move_mount(int from, const char *from_path, int to, const char *to_path, uint32_t flags);
int chull_mount_setattr(int dirfd, const char *path, uint32_t flags, uint64_t set, uint64_t clear,
                        uint64_t propagation, int userns);
int chull_fsopen(const char *type, uint32_t flags);
int chull_fspick(int dirfd, const char *path, uint32_t flags);
int chull_fsconfig(int fd, uint32_t command, const char *key, const void *value, int aux);
int chull_fsmount(int fd, uint32_t flags, uint32_t attributes);
int chull_pivot_root(const char *new_root, const char *put_old);
int chull_chroot(const char *path);
int chull_umount2(const char *path, int flags);

// Namespaces and processes --------------------------------------------------------------------------------------------
// clone3(2) without CLONE_VM: 0 in the child, the pid in the parent. `pidfd` is written in the parent only.
int chull_clone(uint64_t flags, int *pidfd, int cgroup);
int chull_setns(int fd, int type);
int chull_unshare(int flags);
int chull_nstype(int fd);
int chull_pidfd_open(int pid);
int chull_pidfd_send_signal(int pidfd, int signal);
int chull_kill(int pid, int signal);
int chull_tgkill(int pid, int thread, int signal);
// waitid(2) on a pidfd, or on a pid where `is_pidfd` is 0. Returns 0 when there is nothing yet (with nohang), else 1
// and the code (CLD_EXITED...) and status.
int chull_waitid(int is_pidfd, int id, int nohang, int *code, int *status);
_Noreturn void chull_exit(int code);
int chull_getpid(void);
int chull_getppid(void);
int chull_setsid(void);
// A process group of its own for the calling process.
int chull_setpgid(void);
int chull_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
int chull_execve(const char *path, char *const argv[], char *const envp[]);
int chull_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
char **chull_environ(void);
char *chull_getenv(const char *name);

// Credentials and limits ----------------------------------------------------------------------------------------------
uint32_t chull_geteuid(void);
uint32_t chull_getegid(void);
int chull_setresuid(uint32_t uid);
int chull_setresgid(uint32_t gid);
int chull_setgroups(size_t count, const uint32_t *groups);
int chull_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int chull_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
int chull_prlimit(int pid, int resource, uint64_t soft, uint64_t hard);
int chull_getrlimit(int resource, uint64_t *soft, uint64_t *hard);
int chull_sethostname(const char *name, size_t length);
int chull_setdomainname(const char *name, size_t length);
int chull_join_session_keyring(const char *name);

// Sockets, polling, signals -------------------------------------------------------------------------------------------
int chull_seqpacket_pair(int fds[2]);
int chull_unix_socket(int seqpacket);
// The address is a path: relative ones are resolved against the working directory.
int chull_unix_bind(int fd, const char *path);
int chull_unix_connect(int fd, const char *path);
int chull_listen(int fd);
int chull_accept(int fd);
int64_t chull_send(int fd, const void *buffer, size_t count, const int *fds, size_t fd_count);
int64_t chull_receive(int fd, void *buffer, size_t count, int *received_fd);
// poll(2) for reading on up to 8 descriptors; timeout in milliseconds, -1 for none. Returns a bit mask of the ready
// ones.
int64_t chull_pending(int fd);
// Bit i of `changes`: fds[i] is a file of a kernel filesystem, and a change of what it says is waited for.
int chull_poll(const int *fds, size_t count, int timeout, int changes);
// Waits until a write(2) gets through, or fails at once.
int chull_wait_writable(int fd);
// Blocks all signals and gives a descriptor that reads them; `old` keeps the former mask.
int chull_signalfd_all(uint64_t *old);
int chull_sigmask(uint64_t mask);
// An ignored signal gets its default action.
int chull_signal_default(int signal);
// The next signal of a signalfd, or -EAGAIN.
int chull_signalfd_read(int fd);
int chull_interface_up(const char *name);
// A socket of rtnetlink(7) of the current network namespace, whose errors come with the kernel's words.
int chull_route_socket(void);

// Terminals -----------------------------------------------------------------------------------------------------------
int chull_pty_unlock(int master);
int chull_pty_peer(int master, int flags);
int chull_pty_number(int master);
int chull_set_controlling_terminal(int fd);
int chull_set_window_size(int fd, uint16_t rows, uint16_t columns);
int chull_get_window_size(int fd, uint16_t *rows, uint16_t *columns);
int chull_isatty(int fd);
// Puts a terminal into raw mode, keeping its former settings (60 bytes suffice: struct termios); restores them.
int chull_terminal_raw(int fd, void *saved, size_t size);
int chull_terminal_restore(int fd, const void *saved);
// No carriage return is added to the container's newlines: what it writes is what the reader gets.
int chull_terminal_no_onlcr(int fd);

// BPF, seccomp, time --------------------------------------------------------------------------------------------------
int chull_bpf_load_device(const char *name, const void *instructions, uint32_t count, char *log, uint32_t log_size);
int chull_bpf_attach_device(int cgroup, int program);
// One program takes the place of another in one step.
int chull_bpf_replace_device(int cgroup, int former, int program);
// How many device programs are attached to the cgroup itself, their ids, and BPF_F_* they were attached with.
int chull_bpf_device_programs(int cgroup, uint32_t *ids, uint32_t room, uint32_t *flags);
int chull_bpf_program(uint32_t id);
// The name needs BPF_OBJ_NAME_LEN bytes, 16.
int chull_bpf_program_name(int program, char *name);
int chull_seccomp_action_available(uint32_t action);
// Waits without end: 1 a call waits for an answer, 2 `other` can be read, 4 nobody has the filter any more; or a sum.
int chull_seccomp_wait(int filter, int other);
// What struct seccomp_notif says; `thread` counts in the pid namespace of the reader.
struct chull_held_call {
    uint64_t id;
    int32_t thread;
    uint32_t number, audit;
    uint64_t arguments[6];
};
int chull_seccomp_receive(int filter, struct chull_held_call *call);
int chull_seccomp_refuse(int filter, uint64_t id, int error);
int64_t chull_clock_realtime(int64_t *nanoseconds);
int64_t chull_clock_monotonic_ns(void);
// Major and minor number of the running kernel.
int chull_kernel_version(uint32_t *major, uint32_t *minor);

// The last mile: from the first privilege drop to execve, over memory prepared before. See lastmile.c.
struct chull_last_mile {
    uint64_t bounding, permitted, effective, inheritable, ambient;
    const uint32_t *groups;
    size_t group_count;
    const void *filter;
    const char *path;
    const char *cwd;
    char *const *argv;
    char *const *envp;
    uint32_t uid, gid, last_capability;
    uint32_t filter_count, filter_flags;
    int set_groups, change_user, set_capabilities, no_new_privileges, chdir_after, notifies;
    int report, listener;
};
// The steps of the last mile, as reported on failure: {step, errno} as two int32 on `report`.
enum chull_last_mile_step {
    CHULL_STEP_FILTER = 1, CHULL_STEP_BOUNDING, CHULL_STEP_KEEP_CAPS, CHULL_STEP_GROUPS, CHULL_STEP_GID,
    CHULL_STEP_UID, CHULL_STEP_CAPABILITIES, CHULL_STEP_AMBIENT, CHULL_STEP_NO_NEW_PRIVILEGES, CHULL_STEP_CWD,
    CHULL_STEP_LISTENER, CHULL_STEP_EXECVE
};
_Noreturn void chull_run_last_mile(const struct chull_last_mile *mile);

// The word beside which the descriptor of a filter's notifications comes.
#define CHULL_MESSAGE_LISTENER 'L'
// A second thread that will send that descriptor on a socket; 0 or -errno. Then: sends it, and waits for an answer.
int chull_courier_start(int socket);
int chull_courier_deliver(int filter);

#endif
