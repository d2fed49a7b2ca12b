// SPDX-License-Identifier: Apache-2.0
// Raw system calls where glibc's wrapper is missing, caches something, or its header contradicts the kernel's.
#define _GNU_SOURCE
#include "wrappers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define RESULT(call) do { __auto_type r_ = (call); return r_ < 0 ? -errno : r_; } while (0)

int chull_openat2(int dirfd, const char *path, uint64_t flags, uint32_t mode, uint64_t resolve)
{
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    RESULT(syscall(SYS_openat2, dirfd, path, &how, sizeof how));
}
int chull_close(int fd) { RESULT(close(fd)); }
int64_t chull_read(int fd, void *buffer, size_t count) { RESULT(read(fd, buffer, count)); }
int64_t chull_write(int fd, const void *buffer, size_t count) { RESULT(write(fd, buffer, count)); }
int chull_mkdirat(int dirfd, const char *path, uint32_t mode) { RESULT(mkdirat(dirfd, path, mode)); }
int chull_unlinkat(int dirfd, const char *path, int flags) { RESULT(unlinkat(dirfd, path, flags)); }
int chull_renameat2(int olddir, const char *oldpath, int newdir, const char *newpath, uint32_t flags)
{
    RESULT(syscall(SYS_renameat2, olddir, oldpath, newdir, newpath, flags));
}
int chull_symlinkat(const char *target, int dirfd, const char *path) { RESULT(symlinkat(target, dirfd, path)); }
int64_t chull_readlinkat(int dirfd, const char *path, char *buffer, size_t size)
{
    RESULT(readlinkat(dirfd, path, buffer, size));
}
int chull_mknodat(int dirfd, const char *path, uint32_t mode, uint32_t major, uint32_t minor)
{
    RESULT(mknodat(dirfd, path, mode, makedev(major, minor)));
}
int chull_fchownat(int dirfd, const char *path, uint32_t uid, uint32_t gid, int flags)
{
    RESULT(fchownat(dirfd, path, uid, gid, flags));
}
int chull_fchmodat(int dirfd, const char *path, uint32_t mode) { RESULT(fchmodat(dirfd, path, mode, 0)); }
int chull_fchmod(int fd, uint32_t mode) { RESULT(fchmod(fd, mode)); }
int64_t chull_sendfile(int to, int from, size_t count) { RESULT(sendfile(to, from, NULL, count)); }
int chull_utimensat(int dirfd, const char *path, int64_t seconds, uint32_t nanoseconds, int flags)
{
    struct timespec time = {seconds, nanoseconds}, times[2] = {time, time};
    RESULT(syscall(SYS_utimensat, dirfd, path, times, flags));
}
int64_t chull_getdents64(int fd, void *buffer, size_t count) { RESULT(syscall(SYS_getdents64, fd, buffer, count)); }
int chull_flock(int fd, int exclusive, int wait)
{
    RESULT(flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)));
}
int chull_unlock(int fd) { RESULT(flock(fd, LOCK_UN)); }
int chull_dup3(int from, int to, int cloexec) { RESULT(dup3(from, to, cloexec ? O_CLOEXEC : 0)); }
int chull_dup_above(int fd, int lowest) { RESULT(fcntl(fd, F_DUPFD_CLOEXEC, lowest)); }
int chull_fcntl(int fd, int command, int64_t argument) { RESULT(fcntl(fd, command, argument)); }
int chull_pipe2(int fds[2], int flags) { RESULT(pipe2(fds, flags)); }
int chull_memfd_create(const char *name) { RESULT(syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */)); }
int64_t chull_lseek(int fd, int64_t offset) { RESULT(lseek(fd, offset, SEEK_SET)); }
int chull_fchdir(int fd) { RESULT(fchdir(fd)); }
int chull_chdir(const char *path) { RESULT(chdir(path)); }
// The raw call: glibc's wrapper hides the "(unreachable)" prefix that tells of a directory outside the root.
int64_t chull_getcwd(char *buffer, size_t size) { RESULT(syscall(SYS_getcwd, buffer, size)); }
uint32_t chull_umask(uint32_t mask) { return umask(mask); }
int chull_close_range(uint32_t first, uint32_t last, uint32_t flags)
{
    RESULT(syscall(SYS_close_range, first, last, flags));
}

int chull_statx(int dirfd, const char *path, int flags, struct chull_status *status)
{
    struct statx s;
    if (statx(dirfd, path, flags, STATX_BASIC_STATS | STATX_MNT_ID, &s) < 0) return -errno;
    *status = (struct chull_status){
        .mode = s.stx_mode, .uid = s.stx_uid, .gid = s.stx_gid, .nlink = s.stx_nlink,
        .rdev_major = s.stx_rdev_major, .rdev_minor = s.stx_rdev_minor,
        .dev_major = s.stx_dev_major, .dev_minor = s.stx_dev_minor,
        .inode = s.stx_ino, .size = s.stx_size, .attributes = s.stx_attributes, .mount = s.stx_mnt_id,
        .modified = s.stx_mtime.tv_sec, .modified_nanoseconds = s.stx_mtime.tv_nsec,
    };
    return 0;
}
int chull_fsetxattr(int fd, const char *name, const void *value, size_t size)
{
    RESULT(fsetxattr(fd, name, value, size, 0));
}
int chull_fstatfs(int fd, int64_t *type, uint64_t *flags)
{
    struct statfs s;
    if (fstatfs(fd, &s) < 0) return -errno;
    *type = s.f_type;
    *flags = s.f_flags;
    return 0;
}

int chull_open_tree(int dirfd, const char *path, uint32_t flags) { RESULT(syscall(SYS_open_tree, dirfd, path, flags)); }
int chull_move_mount(int from, const char *from_path, int to, const char *to_path, uint32_t flags)
{
    RESULT(syscall(SYS_move_mount, from, from_path, to, to_path, flags));
}
int chull_mount_setattr(int dirfd, const char *path, uint32_t flags, uint64_t set, uint64_t clear,
                        uint64_t propagation, int userns)
{
    struct mount_attr attr = {
        .attr_set = set, .attr_clr = clear, .propagation = propagation, .userns_fd = userns < 0 ? 0 : userns};
    RESULT(syscall(SYS_mount_setattr, dirfd, path, flags, &attr, sizeof attr));
}
int chull_fsopen(const char *type, uint32_t flags) { RESULT(syscall(SYS_fsopen, type, flags)); }
int chull_fspick(int dirfd, const char *path, uint32_t flags) { RESULT(syscall(SYS_fspick, dirfd, path, flags)); }
int chull_fsconfig(int fd, uint32_t command, const char *key, const void *value, int aux)
{
    RESULT(syscall(SYS_fsconfig, fd, command, key, value, aux));
}
int chull_fsmount(int fd, uint32_t flags, uint32_t attributes)
{
    RESULT(syscall(SYS_fsmount, fd, flags, attributes));
}
int chull_pivot_root(const char *new_root, const char *put_old)
{
    RESULT(syscall(SYS_pivot_root, new_root, put_old));
}
int chull_chroot(const char *path) { RESULT(chroot(path)); }
int chull_umount2(const char *path, int flags) { RESULT(syscall(SYS_umount2, path, flags)); }

int chull_setns(int fd, int type) { RESULT(syscall(SYS_setns, fd, type)); }
int chull_unshare(int flags) { RESULT(syscall(SYS_unshare, flags)); }
int chull_nstype(int fd) { RESULT(ioctl(fd, NS_GET_NSTYPE)); }
int chull_pidfd_open(int pid) { RESULT(syscall(SYS_pidfd_open, pid, 0)); }
int chull_pidfd_send_signal(int pidfd, int signal)
{
    RESULT(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}
int chull_kill(int pid, int signal) { RESULT(kill(pid, signal)); }
int chull_tgkill(int pid, int thread, int signal) { RESULT(syscall(SYS_tgkill, pid, thread, signal)); }
int chull_waitid(int is_pidfd, int id, int nohang, int *code, int *status)
{
    siginfo_t info = {0};
    int r;
    do r = waitid(is_pidfd ? P_PIDFD : P_PID, id, &info, WEXITED | (nohang ? WNOHANG : 0));
    while (r < 0 && errno == EINTR);
    if (r < 0) return -errno;
    *code = info.si_code;
    *status = info.si_status;
    return info.si_pid != 0;
}
_Noreturn void chull_exit(int code) { _exit(code); }
int chull_getpid(void) { return syscall(SYS_getpid); }
int chull_getppid(void) { return syscall(SYS_getppid); }
int chull_setsid(void) { RESULT(setsid()); }
int chull_setpgid(void) { RESULT(setpgid(0, 0)); }
int chull_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d) { RESULT(prctl(option, a, b, c, d)); }
int chull_execve(const char *path, char *const argv[], char *const envp[]) { RESULT(execve(path, argv, envp)); }
int chull_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
    RESULT(syscall(SYS_execveat, dirfd, path, argv, envp, flags));
}
char **chull_environ(void) { return environ; }
char *chull_getenv(const char *name) { return getenv(name); }

uint32_t chull_geteuid(void) { return geteuid(); }
uint32_t chull_getegid(void) { return getegid(); }
// Raw calls: glibc's would signal every thread of a pool that does not exist here.
int chull_setresuid(uint32_t uid) { RESULT(syscall(SYS_setresuid, uid, uid, uid)); }
int chull_setresgid(uint32_t gid) { RESULT(syscall(SYS_setresgid, gid, gid, gid)); }
int chull_setgroups(size_t count, const uint32_t *groups) { RESULT(syscall(SYS_setgroups, count, groups)); }
int chull_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {effective >> 32, permitted >> 32, inheritable >> 32}};
    RESULT(syscall(SYS_capset, &header, data));
}
int chull_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return -errno;
    *effective = data[0].effective | (uint64_t)data[1].effective << 32;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    *inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return 0;
}
int chull_prlimit(int pid, int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit64 limit = {soft, hard};
    RESULT(syscall(SYS_prlimit64, pid, resource, &limit, NULL));
}
int chull_getrlimit(int resource, uint64_t *soft, uint64_t *hard)
{
    struct rlimit64 limit;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &limit) < 0) return -errno;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}
int chull_sethostname(const char *name, size_t length) { RESULT(sethostname(name, length)); }
int chull_setdomainname(const char *name, size_t length) { RESULT(setdomainname(name, length)); }
int chull_join_session_keyring(const char *name) { RESULT(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name)); }

int chull_seqpacket_pair(int fds[2]) { RESULT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)); }
int chull_unix_socket(int seqpacket)
{
    RESULT(socket(AF_UNIX, (seqpacket ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0));
}
static int address(const char *path, struct sockaddr_un *to)
{
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to->sun_path) return -ENAMETOOLONG;
    strcpy(to->sun_path, path);
    return 0;
}
int chull_unix_bind(int fd, const char *path)
{
    struct sockaddr_un to;
    int r = address(path, &to);
    if (r < 0) return r;
    RESULT(bind(fd, (struct sockaddr *)&to, sizeof to));
}
int chull_unix_connect(int fd, const char *path)
{
    struct sockaddr_un to;
    int r = address(path, &to);
    if (r < 0) return r;
    RESULT(connect(fd, (struct sockaddr *)&to, sizeof to));
}
int chull_listen(int fd) { RESULT(listen(fd, 1)); }
int chull_accept(int fd) { RESULT(accept4(fd, NULL, NULL, SOCK_CLOEXEC)); }

int64_t chull_send(int fd, const void *buffer, size_t count, const int *fds, size_t fd_count)
{
    union { char bytes[CMSG_SPACE(sizeof(int) * 8)]; struct cmsghdr align; } control = {0};
    struct iovec part = {(void *)buffer, count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count > 8) return -EINVAL;
    if (fd_count) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * fd_count);
    }
    RESULT(sendmsg(fd, &message, MSG_NOSIGNAL));
}
int64_t chull_receive(int fd, void *buffer, size_t count, int *received_fd)
{
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = {0};
    struct iovec part = {buffer, count};
    struct msghdr message = {
        // CMSG_LEN: the padding of CMSG_SPACE would have room for a second descriptor, which nobody would close.
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_LEN(sizeof(int))};
    ssize_t r = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (r < 0) return -errno;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (received_fd) *received_fd = -1;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && received_fd)
        memcpy(received_fd, CMSG_DATA(header), sizeof(int));
    return r;
}
// The size of the next message, which stays; 0 at the end.
int64_t chull_pending(int fd) { RESULT(recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC)); }
int chull_poll(const int *fds, size_t count, int timeout, int changes)
{
    struct pollfd polled[8];
    if (count > 8) return -EINVAL;
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = fds[i], .events = changes >> i & 1 ? POLLPRI : POLLIN};
    int r = poll(polled, count, timeout), ready = 0;
    if (r < 0) return -errno;
    for (size_t i = 0; i < count; i++) ready |= (polled[i].revents != 0) << i;
    return ready;
}
int chull_wait_writable(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    RESULT(poll(&polled, 1, -1));
}
int chull_signalfd_all(uint64_t *old)
{
    uint64_t all = ~0ull;
    if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, old, 8) < 0) return -errno;
    RESULT(syscall(SYS_signalfd4, -1, &all, 8, SFD_CLOEXEC | SFD_NONBLOCK));
}
int chull_sigmask(uint64_t mask) { RESULT(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8)); }
// An ignored signal stays ignored across execve(2): a container must not inherit its caller's choices.
int chull_signal_default(int signal)
{
    struct { void (*handler)(int); unsigned long flags; void (*restorer)(void); uint64_t mask; } old, new = {0};
    if (syscall(SYS_rt_sigaction, signal, NULL, &old, 8) < 0) return -errno;
    if (old.handler != SIG_IGN) return 0;
    RESULT(syscall(SYS_rt_sigaction, signal, &new, NULL, 8));
}
int chull_signalfd_read(int fd)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) < 0) return -errno;
    return info.ssi_signo;
}
int chull_route_socket(void)
{
    int on = 1, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    // Both only add to what an error says.
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    return fd;
}
int chull_interface_up(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    // A kernel without IPv4: any socket family reaches the same ioctl.
    if (fd < 0) fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int r = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
    close(fd);
    return r;
}
