// SPDX-License-Identifier: Apache-2.0
// Runs a command and strikes one process of it at one of its system calls:
//     strike REPORT WHO N kill|ERRNO COMMAND...
// WHO is 0 for the command itself, K for the K-th process that it makes; of such a one only calls before its execve
// count. At the entry of the N-th call (from 1; 0: never) the process is killed, or the call is not made and answers
// ERRNO; only close(2) is made all the same, as the kernel does when it answers an error. REPORT gets one line: how
// many calls were seen, the number of the call that was struck (-1: none), "end"; if N is 0 a second one has the
// numbers of all calls. The exit status is the command's; 128 plus the signal if it was killed.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    int who, error, numbers[8192];
    long at, calls, struck;
    pid_t first, victim, met[256];
    int met_count, pending, over;
} run = {.struck = -1};

// The number of a process in the order in which they came to be.
static void meet(pid_t pid)
{
    for (int i = 0; i < run.met_count; i++)
        if (run.met[i] == pid) return;
    if (run.met_count == 256) return;
    if (run.met_count == run.who) run.victim = pid;
    run.met[run.met_count++] = pid;
}

// A call whose number is -1 is not made: the answer is put in at its end.
static void fail_call(pid_t pid)
{
#ifdef __x86_64__
    if (run.struck != SYS_close) ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L);
    run.pending = 1;
#endif
}

static void answer(pid_t pid)
{
#ifdef __x86_64__
    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), -(long)run.error);
#endif
    run.pending = 0;
    run.over = 1;
}

static void at_call(pid_t pid)
{
    struct __ptrace_syscall_info info;
    if (pid != run.victim || ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && run.pending) answer(pid);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
    if (run.calls < 8192) run.numbers[run.calls] = (int)info.entry.nr;
    if (++run.calls != run.at) return;
    run.struck = (long)info.entry.nr;
    if (run.error) fail_call(pid);
    else kill(pid, SIGKILL);
}

// Gives the signal that the process is to have.
static int at_stop(pid_t pid, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    unsigned long message = 0;
    switch (event) {
    case PTRACE_EVENT_CLONE:
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
        if (ptrace(PTRACE_GETEVENTMSG, pid, 0, &message) == 0) meet((pid_t)message);
        return 0;
    case PTRACE_EVENT_EXEC:
        if (pid == run.victim && run.who > 0) run.over = 1;
        return 0;
    case PTRACE_EVENT_STOP:
        meet(pid);
        return 0;
    }
    // The first process of a pid namespace that faults is ended by the kernel, but not while it is traced.
    if (pid == run.victim && run.struck >= 0 && (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL)) {
        kill(pid, SIGKILL);
        return 0;
    }
    if (signal != (SIGTRAP | 0x80)) return signal;
    at_call(pid);
    return 0;
}

// Until the command ends; what it leaves behind runs on by itself when this process is gone.
static int follow(void)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) return 125;
        if (!WIFSTOPPED(status)) {
            if (pid == run.first) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = at_stop(pid, status);
        ptrace(pid == run.victim && !run.over ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, (long)signal);
    }
}

static void report(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) exit(125);
    fprintf(file, "%ld %ld end\n", run.calls, run.struck);
    for (long i = 0; run.at == 0 && i < run.calls && i < 8192; i++) fprintf(file, "%d ", run.numbers[i]);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: strike REPORT WHO N kill|ERRNO COMMAND...\n");
        return 125;
    }
    run.who = atoi(argv[2]);
    run.at = atol(argv[3]);
    run.error = strcmp(argv[4], "kill") ? atoi(argv[4]) : 0;
    run.first = fork();
    if (run.first == 0) {
        raise(SIGSTOP);
        execv(argv[5], argv + 5);
        _exit(127);
    }
    int status;
    waitpid(run.first, &status, WUNTRACED);
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
    // The command's processes are followed only where one of them is the victim: the others run at their own pace.
    options |= run.who ? PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK : PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, run.first, 0, options) != 0) {
        perror("strike: ptrace");
        kill(run.first, SIGKILL);
        return 125;
    }
    meet(run.first);
    kill(run.first, SIGCONT);
    status = follow();
    report(argv[1]);
    return status;
}
