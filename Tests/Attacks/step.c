// SPDX-License-Identifier: Apache-2.0
// The stepper: follows a command and all its processes, and stops each of them at the entry of chosen system calls.
//     step [-o LOG] [-c CALL,...] [-e PROGRAM]... [-i] [-n N] [-b] [-x A B] [-r COMMAND] [-w PATH] [-m FILE] COMMAND...
//   -c  the calls to stop at; all that this file knows without it
//   -e  a process that has executed this file is the container's program: it is not looked at any more
//   -i  counts only processes in another mount namespace than the stepper's
//   -n  acts at the N-th stop only (0: never); without it at each
//   -x  the action: exchanges two names; -b exchanges them back when the call has returned
//   -r  the action: a shell command, with the process in STEP_PID, while everything waits for it
//   -w  says "seen" in the log when a mount below PATH is in the mount table of the process that stops
//   -m  after each call that changes mounts, adds the mount table of the process to a file
// The log has a line for each stop, separated by tabs: number, process, inside or outside, call, five arguments, its
// paths. The last line is "end" and the number of stops. The exit status is the command's.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

// The calls that it knows, and which arguments are paths.
static const struct call {
    const char *name;
    long number;
    int paths[2];
} calls[] = {
#define CALL(name, a, b) {#name, SYS_##name, {a, b}}
#ifdef SYS_open
    CALL(open, 0, -1), CALL(mknod, 0, -1), CALL(mkdir, 0, -1), CALL(symlink, 1, -1), CALL(chown, 0, -1),
    CALL(lchown, 0, -1), CALL(chmod, 0, -1), CALL(unlink, 0, -1), CALL(rename, 0, 1), CALL(readlink, 0, -1),
    CALL(stat, 0, -1), CALL(lstat, 0, -1), CALL(access, 0, -1),
#endif
    CALL(openat, 1, -1), CALL(openat2, 1, -1), CALL(mount, 0, 1), CALL(umount2, 0, -1), CALL(move_mount, 1, 3),
    CALL(open_tree, 1, -1), CALL(fsopen, 0, -1), CALL(fsconfig, 2, -1), CALL(fsmount, -1, -1),
    CALL(mount_setattr, 1, -1), CALL(pivot_root, 0, 1), CALL(chroot, 0, -1), CALL(mknodat, 1, -1),
    CALL(mkdirat, 1, -1), CALL(symlinkat, 2, -1), CALL(fchownat, 1, -1), CALL(fchmodat, 1, -1),
    CALL(unlinkat, 1, -1), CALL(renameat2, 1, 3), CALL(readlinkat, 1, -1), CALL(newfstatat, 1, -1),
    CALL(statx, 1, -1), CALL(faccessat, 1, -1), CALL(chdir, 0, -1), CALL(fchdir, -1, -1), CALL(setns, -1, -1),
    CALL(fchown, -1, -1), CALL(fchmod, -1, -1), CALL(execve, 0, -1), CALL(execveat, 1, -1),
    CALL(pidfd_open, -1, -1), CALL(close_range, -1, -1), CALL(clone3, -1, -1),
};
#define CALLS (int)(sizeof calls / sizeof *calls)

static struct {
    FILE *log;
    const char *wanted, *programs[8], *names[2], *command, *watched, *table;
    int program_count, inside_only, back, chosen[CALLS];
    long at, stops;
} run = {.at = -1};

static struct process {
    pid_t pid;
    int number, over, restore;
    const struct call *call;
} processes[4096];
static int process_count;

static struct process *met(pid_t pid)
{
    for (int i = process_count; i-- > 0;)
        if (processes[i].pid == pid) return &processes[i];
    if (process_count == 4096) process_count = 1;
    processes[process_count] = (struct process){.pid = pid, .number = process_count};
    return &processes[process_count++];
}

static int same_file(const char *a, const char *b)
{
    struct stat s, t;
    return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

static int is_inside(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    return !same_file(path, "/proc/self/ns/mnt");
}

static void text_of(pid_t pid, unsigned long address, char *to, size_t size)
{
    // A page at a time: what follows the text may not be there.
    size_t length = 0;
    while (length < size - 1) {
        size_t part = 4096 - (address + length) % 4096;
        if (part > size - 1 - length) part = size - 1 - length;
        struct iovec here = {to + length, part}, there = {(void *)(address + length), part};
        if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)part) break;
        length += part;
        if (memchr(to, 0, length)) break;
    }
    to[length] = 0;
    for (char *c = to; *c; c++)
        if (*c == '\t' || *c == '\n') *c = '?';
}

// A mount below the watched path counts where it lies on the directory of the host: the same words may name a place
// in the container's root. So the path is followed from the process's root and from the stepper's.
static void look_at_mounts(pid_t pid)
{
    char path[64], line[8192], point[4096], inside[8192], outside[8192];
    struct stat s;
    snprintf(inside, sizeof inside, "/proc/%d/root%s/..", pid, run.watched);
    snprintf(outside, sizeof outside, "%s/..", run.watched);
    if (!same_file(inside, outside)) return;
    snprintf(path, sizeof path, "/proc/%d/mountinfo", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%*s %*s %*s %*s %4095s", point) != 1) continue;
        snprintf(inside, sizeof inside, "/proc/%d/root%s", pid, point);
        if (strncmp(point, run.watched, strlen(run.watched)) || stat(inside, &s) || same_file(inside, point)) continue;
        fprintf(run.log, "seen\t%s", line);
    }
    if (file) fclose(file);
}

static void copy_table(pid_t pid)
{
    char path[64], text[65536];
    snprintf(path, sizeof path, "/proc/%d/mountinfo", pid);
    FILE *from = fopen(path, "r"), *to = fopen(run.table, "a");
    size_t n = from ? fread(text, 1, sizeof text, from) : 0;
    if (to) fwrite(text, 1, n, to), fputs("\n", to), fclose(to);
    if (from) fclose(from);
}

static void exchange(void)
{
    syscall(SYS_renameat2, AT_FDCWD, run.names[0], AT_FDCWD, run.names[1], 2 /* RENAME_EXCHANGE */);
}

static void act(struct process *process)
{
    if (run.names[0]) {
        exchange();
        process->restore = run.back;
    }
    if (!run.command) return;
    pid_t child = fork();
    if (child == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", process->pid);
        setenv("STEP_PID", number, 1);
        execl("/bin/sh", "sh", "-c", run.command, NULL);
        _exit(127);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
}

static void say(struct process *process, const struct __ptrace_syscall_info *info, int inside)
{
    fprintf(run.log, "%ld\t%d\t%s\t%s", run.stops, process->number, inside ? "inside" : "outside", process->call->name);
    for (int i = 0; i < 5; i++) fprintf(run.log, "\t%llx", (unsigned long long)info->seccomp.args[i]);
    for (int i = 0; i < 2; i++) {
        static char text[4096];
        if (process->call->paths[i] < 0) continue;
        text_of(process->pid, info->seccomp.args[process->call->paths[i]], text, sizeof text);
        fprintf(run.log, "\t%s", text);
    }
    fprintf(run.log, "\n");
}

// At the entry of a chosen call. Gives whether its return is of interest.
static int at_call(struct process *process)
{
    struct __ptrace_syscall_info info = {0};
    if (process->over || ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof info, &info) <= 0) return 0;
    process->call = NULL;
    for (int i = 0; i < CALLS; i++)
        if (run.chosen[i] && calls[i].number == (long)info.seccomp.nr) process->call = &calls[i];
    int inside = is_inside(process->pid);
    if (!process->call || (run.inside_only && !inside)) return 0;
    run.stops++;
    say(process, &info, inside);
    if (run.watched && inside) look_at_mounts(process->pid);
    if (run.at < 0 || run.stops == run.at) act(process);
    return process->restore || (run.table && strstr("mount move_mount mount_setattr", process->call->name));
}

static void at_return(struct process *process)
{
    if (process->restore) exchange();
    process->restore = 0;
    if (run.table && is_inside(process->pid)) copy_table(process->pid);
}

static void at_exec(struct process *process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", process->pid);
    for (int i = 0; i < run.program_count; i++) process->over |= same_file(path, run.programs[i]);
}

static int follow(pid_t first)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) return 125;
        if (!WIFSTOPPED(status)) {
            if (pid == first) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            met(pid)->pid = 0;
            continue;
        }
        struct process *process = met(pid);
        int signal = WSTOPSIG(status), event = status >> 16, wait_for_return = 0;
        if (event == PTRACE_EVENT_SECCOMP) wait_for_return = at_call(process);
        else if (event == PTRACE_EVENT_EXEC) at_exec(process);
        else if (signal == (SIGTRAP | 0x80)) at_return(process);
        if (event || signal == (SIGTRAP | 0x80)) signal = 0;
        ptrace(wait_for_return ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, (long)signal);
    }
}

// The kernel stops at the chosen calls alone: the others are made at full speed.
static void install_filter(void)
{
    struct sock_filter program[CALLS * 2 + 4];
    unsigned short n = 0;
    program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < CALLS; i++) {
        if (!run.chosen[i]) continue;
        program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0, 1);
        program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {n, program};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0) return;
    perror("step: seccomp");
    _exit(125);
}

static int is_listed(const char *name, const char *list)
{
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == 0)) return 1;
    return 0;
}

static char **options(int argc, char **argv)
{
    run.log = stderr;
    int c;
    while ((c = getopt(argc, argv, "+o:c:e:in:x:br:w:m:")) > 0) {
        switch (c) {
        case 'o': run.log = fopen(optarg, "we"); break;
        case 'c': run.wanted = optarg; break;
        case 'e': if (run.program_count < 8) run.programs[run.program_count++] = optarg; break;
        case 'i': run.inside_only = 1; break;
        case 'n': run.at = atol(optarg); break;
        case 'x': run.names[0] = optarg; run.names[1] = argv[optind++]; break;
        case 'b': run.back = 1; break;
        case 'r': run.command = optarg; break;
        case 'w': run.watched = optarg; break;
        case 'm': run.table = optarg; break;
        default: exit(125);
        }
    }
    if (!run.log || optind >= argc) exit(125);
    for (int i = 0; i < CALLS; i++) run.chosen[i] = !run.wanted || is_listed(calls[i].name, run.wanted);
    return argv + optind;
}

int main(int argc, char **argv)
{
    char **command = options(argc, argv);
    pid_t first = fork();
    if (first == 0) {
        raise(SIGSTOP);
        install_filter();
        execv(command[0], command);
        _exit(127);
    }
    int status;
    waitpid(first, &status, WUNTRACED);
    long wanted = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                  PTRACE_O_TRACEVFORK | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, first, 0, wanted) != 0) {
        perror("step: ptrace");
        kill(first, SIGKILL);
        return 125;
    }
    met(first);
    kill(first, SIGCONT);
    status = follow(first);
    fprintf(run.log, "end\t%ld\n", run.stops);
    fclose(run.log);
    return status;
}
