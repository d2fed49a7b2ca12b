// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// One thread waits for every child, ours and the orphans that a runtime leaves to us, so that no container stays a
// zombie and the exit status of a detached one can be asked for.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static struct { pid_t pid; int status; } *ended;
static size_t ended_count, ended_room;

static void record(pid_t pid, int status)
{
    if (ended_count == ended_room) {
        ended_room = ended_room ? 2 * ended_room : 256;
        ended = realloc(ended, ended_room * sizeof *ended);
        if (ended == NULL)
            abort();
    }
    ended[ended_count].pid = pid;
    ended[ended_count].status = status;
    ended_count++;
}

static void forget(pid_t pid)
{
    for (size_t i = 0; i < ended_count; i++)
        if (ended[i].pid == pid)
            ended[i--] = ended[--ended_count];
}

static void *collect(void *unused)
{
    (void)unused;
    for (;;) {
        siginfo_t info = {0};
        // The record is made under the lock and before the zombie goes, so a reused pid cannot meet an old record.
        if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
            usleep(1000);
            continue;
        }
        pthread_mutex_lock(&lock);
        int status;
        pid_t pid = waitpid(info.si_pid, &status, WNOHANG | __WALL);
        if (pid > 0) {
            forget(pid);
            record(pid, status);
            pthread_cond_broadcast(&changed);
        }
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static int begun;

static void begin(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_t thread;
    begun = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : -errno;
    if (pthread_create(&thread, NULL, collect, NULL) == 0)
        pthread_detach(thread);
    else
        begun = -EAGAIN;
}

int support_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    return begun;
}

static pid_t clone_into(int cgroup)
{
    struct clone_args args = {.exit_signal = SIGCHLD};
    if (cgroup < 0)
        return (pid_t)syscall(SYS_clone3, &args, sizeof args);
    args.flags = CLONE_INTO_CGROUP;
    args.cgroup = (unsigned)cgroup;
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

// Between clone and execve of a process with threads: raw calls only.
static void become(const struct support_spawn *what, const sigset_t *none)
{
    int *moved = what->descriptor_count ? alloca(sizeof(int) * (size_t)what->descriptor_count) : NULL;
    for (int i = 0; i < what->descriptor_count; i++)
        if ((moved[i] = fcntl(what->descriptors[i], F_DUPFD, what->descriptor_count + 8)) < 0)
            _exit(126);
    for (int i = 0; i < what->descriptor_count; i++)
        if (dup2(moved[i], i) < 0)
            _exit(126);
    if (syscall(SYS_close_range, what->descriptor_count, ~0U, 0) != 0)
        _exit(126);
    // By the raw call: the C library keeps two of the signals to itself.
    struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } standard = {0};
    for (int number = 1; number <= 64; number++)
        syscall(SYS_rt_sigaction, number, &standard, NULL, 8);
    sigprocmask(SIG_SETMASK, none, NULL);
    // A session of its own: a signal for the whole group of the tests is none for the runtime, and no terminal is
    // inherited.
    setsid();
    if (what->cwd != NULL && chdir(what->cwd) != 0)
        _exit(126);
    execve(what->path, what->argv, what->envp);
    _exit(127);
}

pid_t support_start(const struct support_spawn *what)
{
    sigset_t all, before, none;
    sigfillset(&all);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&lock);
    pid_t pid = clone_into(what->cgroup);
    int problem = errno;
    if (pid == 0)
        become(what, &none);
    if (pid > 0)
        forget(pid);
    pthread_mutex_unlock(&lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid > 0 ? pid : -problem;
}

int support_await(pid_t pid, int milliseconds, int *status)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&lock);
    for (;;) {
        for (size_t i = 0; i < ended_count; i++)
            if (ended[i].pid == pid) {
                *status = ended[i].status;
                pthread_mutex_unlock(&lock);
                return 1;
            }
        if (pthread_cond_timedwait(&changed, &lock, &until) == ETIMEDOUT)
            break;
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int support_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -errno;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 4) == 0)
        return listener;
    int problem = errno;
    close(listener);
    return -problem;
}

int support_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0)
        return -errno;
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    int problem = errno;
    close(connection);
    return -problem;
}

ssize_t support_receive(int listener, int milliseconds, char *bytes, size_t size, int *descriptor, int *count)
{
    *descriptor = -1;
    *count = 0;
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    if (poll(&ready, 1, milliseconds) != 1)
        return -ETIMEDOUT;
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0)
        return -errno;
    union { char room[CMSG_SPACE(16 * sizeof(int))]; struct cmsghdr align; } control;
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ready.fd = connection;
    ssize_t length = poll(&ready, 1, milliseconds) == 1 ? recvmsg(connection, &message, MSG_CMSG_CLOEXEC) : -ETIMEDOUT;
    if (length >= 0)
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c))
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
                *count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
                memcpy(descriptor, CMSG_DATA(c), sizeof(int));
            }
    close(connection);
    return length;
}

ssize_t support_receive_all(int listener, int milliseconds, char *bytes, size_t size, int *descriptor, int *parts)
{
    *descriptor = -1;
    *parts = 0;
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    if (poll(&ready, 1, milliseconds) != 1)
        return -ETIMEDOUT;
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0)
        return -errno;
    ssize_t length = 0;
    for (;;) {
        union { char room[CMSG_SPACE(16 * sizeof(int))]; struct cmsghdr align; } control;
        struct iovec part = {.iov_base = bytes + length, .iov_len = size - length};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
        ready.fd = connection;
        ssize_t some = poll(&ready, 1, milliseconds) == 1 ? recvmsg(connection, &message, MSG_CMSG_CLOEXEC) : 0;
        if (some <= 0)
            break;
        length += some;
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        *parts = *parts * 10 + (c != NULL);
        if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && *descriptor < 0)
            memcpy(descriptor, CMSG_DATA(c), sizeof(int));
    }
    close(connection);
    return length;
}

int support_answer(int filter, int error)
{
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
        return -errno;
    char *question = malloc(sizes.seccomp_notif), *answer = malloc(sizes.seccomp_notif_resp);
    int count = 0;
    for (;;) {
        struct pollfd ready = {.fd = filter, .events = POLLIN};
        if (poll(&ready, 1, -1) < 0 && errno == EINTR)
            continue;
        if (!(ready.revents & POLLIN))
            break;
        memset(question, 0, sizes.seccomp_notif);
        memset(answer, 0, sizes.seccomp_notif_resp);
        if (ioctl(filter, SECCOMP_IOCTL_NOTIF_RECV, question) < 0)
            continue;
        struct seccomp_notif_resp *said = (void *)answer;
        said->id = ((struct seccomp_notif *)question)->id;
        said->error = -error;
        said->flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        ioctl(filter, SECCOMP_IOCTL_NOTIF_SEND, answer);
        count++;
    }
    free(question), free(answer);
    return count;
}

int support_window(int terminal, unsigned short *rows, unsigned short *columns)
{
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0)
        return -errno;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int support_pseudoterminal(int *master, int *slave)
{
    return openpty(master, slave, NULL, NULL, NULL) == 0 ? 0 : -errno;
}

int support_exchange(const char *one, const char *other)
{
    return syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2 /* RENAME_EXCHANGE */) < 0 ? -errno : 0;
}
