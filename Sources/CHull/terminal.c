// SPDX-License-Identifier: Apache-2.0
// Terminals, seccomp and time: the rest of wrappers.h.
#define _GNU_SOURCE
#include "wrappers.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define RESULT(call) do { __auto_type r_ = (call); return r_ < 0 ? -errno : r_; } while (0)

int chull_pty_unlock(int master) { RESULT(ioctl(master, TIOCSPTLCK, &(int){0})); }
int chull_pty_peer(int master, int flags) { RESULT(ioctl(master, TIOCGPTPEER, flags)); }
int chull_pty_number(int master)
{
    int number;
    if (ioctl(master, TIOCGPTN, &number) < 0) return -errno;
    return number;
}
int chull_set_controlling_terminal(int fd) { RESULT(ioctl(fd, TIOCSCTTY, 0)); }
int chull_set_window_size(int fd, uint16_t rows, uint16_t columns)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    RESULT(ioctl(fd, TIOCSWINSZ, &size));
}
int chull_get_window_size(int fd, uint16_t *rows, uint16_t *columns)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) return -errno;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}
int chull_isatty(int fd) { return isatty(fd); }
int chull_terminal_raw(int fd, void *saved, size_t size)
{
    struct termios settings;
    if (size < sizeof settings) return -EINVAL;
    if (tcgetattr(fd, &settings) < 0) return -errno;
    memcpy(saved, &settings, sizeof settings);
    cfmakeraw(&settings);
    // The container's terminal adds no carriage returns, so this one still must.
    settings.c_oflag |= OPOST;
    RESULT(tcsetattr(fd, TCSANOW, &settings));
}
int chull_terminal_restore(int fd, const void *saved)
{
    struct termios settings;
    memcpy(&settings, saved, sizeof settings);
    RESULT(tcsetattr(fd, TCSANOW, &settings));
}
int chull_terminal_no_onlcr(int fd)
{
    struct termios settings;
    if (tcgetattr(fd, &settings) < 0) return -errno;
    settings.c_oflag &= ~(tcflag_t)ONLCR;
    RESULT(tcsetattr(fd, TCSANOW, &settings));
}

int chull_seccomp_action_available(uint32_t action)
{
    RESULT(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
}
int chull_seccomp_wait(int filter, int other)
{
    struct pollfd fds[2] = {{.fd = filter, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    int r = poll(fds, 2, -1);
    if (r < 0) return -errno;
    int gone = fds[0].revents & (POLLHUP | POLLERR | POLLNVAL);
    return (fds[0].revents & POLLIN ? 1 : 0) | (fds[1].revents ? 2 : 0) | (gone ? 4 : 0);
}
// Newer kernels may write more than the header's structures have, and want them empty.
union notification {
    struct seccomp_notif question;
    struct seccomp_notif_resp answer;
    char room[1024];
};
int chull_seccomp_receive(int filter, struct chull_held_call *call)
{
    union notification held;
    memset(&held, 0, sizeof held);
    if (ioctl(filter, SECCOMP_IOCTL_NOTIF_RECV, &held) < 0) return -errno;
    call->id = held.question.id;
    call->thread = (int32_t)held.question.pid;
    call->number = (uint32_t)held.question.data.nr;
    call->audit = held.question.data.arch;
    for (int i = 0; i < 6; i++) call->arguments[i] = held.question.data.args[i];
    return 0;
}
int chull_seccomp_refuse(int filter, uint64_t id, int error)
{
    union notification held;
    memset(&held, 0, sizeof held);
    held.answer.id = id;
    held.answer.error = -error;
    RESULT(ioctl(filter, SECCOMP_IOCTL_NOTIF_SEND, &held));
}
int64_t chull_clock_realtime(int64_t *nanoseconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *nanoseconds = now.tv_nsec;
    return now.tv_sec;
}
int64_t chull_clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}
int chull_kernel_version(uint32_t *major, uint32_t *minor)
{
    struct utsname name;
    if (uname(&name) < 0) return -errno;
    char *end;
    *major = strtoul(name.release, &end, 10);
    *minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    return 0;
}
