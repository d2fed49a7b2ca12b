// SPDX-License-Identifier: Apache-2.0
// touched PROGRAM [ARGUMENT ...]
// Runs a static program and prints the names of its functions in the order in which they are first called, also in the
// children that still run the same program. Each function begins with a breakpoint that is taken away when it is met: that
// follows clone3 into namespaces, where no profiler and no emulator does.
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

struct function { unsigned long start; const char *name; int seen; };
static struct function *functions;
static size_t count;
static unsigned char *text, *patched;
static unsigned long text_start, text_size;
static struct stat program;

static int by_start(const void *a, const void *b)
{
    unsigned long x = ((const struct function *)a)->start, y = ((const struct function *)b)->start;
    return (x > y) - (x < y);
}

static void read_program(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &program)) err(1, "%s", path);
    char *file = mmap(NULL, program.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    Elf64_Ehdr *header = (void *)file;
    Elf64_Shdr *sections = (void *)(file + header->e_shoff);
    const char *names = file + sections[header->e_shstrndx].sh_offset;
    for (int i = 0; i < header->e_shnum; i++) {
        if (strcmp(names + sections[i].sh_name, ".text") == 0) {
            text_start = sections[i].sh_addr;
            text_size = sections[i].sh_size;
            text = (unsigned char *)file + sections[i].sh_offset;
        }
    }
    if (!text || header->e_type != ET_EXEC) errx(1, "%s is no static executable", path);
    patched = malloc(text_size);
    memcpy(patched, text, text_size);
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB) continue;
        Elf64_Sym *symbols = (void *)(file + sections[i].sh_offset);
        size_t all = sections[i].sh_size / sizeof *symbols;
        functions = calloc(all, sizeof *functions);
        for (size_t s = 0; s < all; s++) {
            int type = ELF64_ST_TYPE(symbols[s].st_info);
            if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbols[s].st_value - text_start >= text_size) continue;
            patched[symbols[s].st_value - text_start] = 0xcc;
            functions[count++] =
                (struct function){symbols[s].st_value, file + sections[sections[i].sh_link].sh_offset + symbols[s].st_name, 0};
        }
    }
    if (!count) errx(1, "%s has no symbols", path);
    qsort(functions, count, sizeof *functions, by_start);
}

static void poke(pid_t pid, const void *bytes, size_t size, unsigned long at)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || pwrite(fd, bytes, size, at) != (ssize_t)size) err(1, "%s", path);
    close(fd);
}

// After an exec: all breakpoints in the program's own image, none in another's.
static void enter_image(pid_t pid)
{
    char path[64];
    struct stat image;
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    int same = stat(path, &image) == 0 && image.st_dev == program.st_dev && image.st_ino == program.st_ino;
    if (same) poke(pid, patched, text_size, text_start);
}

// False where the trap is not one of ours.
static int meet(pid_t pid)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, pid, NULL, &registers);
    struct function key = {registers.rip - 1, NULL, 0};
    struct function *found = bsearch(&key, functions, count, sizeof key, by_start);
    if (!found) return 0;
    if (!found->seen) puts(found->name);
    found->seen = 1;
    poke(pid, text + (key.start - text_start), 1, key.start);
    registers.rip = key.start;
    ptrace(PTRACE_SETREGS, pid, NULL, &registers);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2) errx(1, "touched PROGRAM [ARGUMENT ...]");
    read_program(argv[1]);
    pid_t first = fork();
    if (first == 0) {
        dup2(2, 1);
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execv(argv[1], argv + 1);
        err(127, "%s", argv[1]);
    }
    int status, code = 1;
    waitpid(first, &status, 0);
    ptrace(PTRACE_SETOPTIONS, first, NULL,
           PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK);
    ptrace(PTRACE_CONT, first, NULL, NULL);
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (pid == first) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int sig = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_EXEC) enter_image(pid);
        // The stop of a new child, and every stop of ours, is no signal to deliver.
        if (event || sig == SIGSTOP || (sig == SIGTRAP && meet(pid))) sig = 0;
        ptrace(PTRACE_CONT, pid, NULL, sig);
    }
    return code;
}
