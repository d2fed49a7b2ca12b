// SPDX-License-Identifier: Apache-2.0
// CVE-2019-5736: a container can open /proc/PID/exe of the process that enters it. So the verbs that enter one run from
// a copy that cannot be written: a detached read-only bind mount of the executable, else a sealed memfd.
//
// This is the very first code of the program, before libc: the linker makes `hull_start` its entry point
// (Package.swift), and it goes on to libc's own. The image that only seals itself thus pays for nothing else: libc's
// start alone asks the processor 43 times what it can do, which in a virtual machine takes 0.4 ms and two thirds of a
// millisecond with the pages that it touches, of 6 for a whole `run`. The price is that nothing of libc may be called
// here: no errno, no strcmp.
#include "CHullSeal.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#ifndef F_GET_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define F_SEAL_SEAL 1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#define F_SEAL_WRITE 8
#endif
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH of linux/fcntl.h, which cannot stand beside fcntl.h */
#define CLONE_TREE 1      /* OPEN_TREE_CLONE */

// The stack as execve(2) leaves it: argc, argv, NULL, envp. Saved: the register that libc's entry takes a function in.
#if defined __x86_64__
__asm__(".text\n.globl hull_start\n.hidden hull_start\n.type hull_start, @function\nhull_start:\n"
        "    xorl %ebp, %ebp\n    movq %rdx, %rbx\n    movq %rsp, %rdi\n    call hull_seal\n"
        "    movq %rbx, %rdx\n    jmp _start\n.size hull_start, . - hull_start\n");

static long call(long number, long a, long b, long c, long d, long e)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "+a"(number)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return number;
}
#elif defined __aarch64__
__asm__(".text\n.globl hull_start\n.hidden hull_start\n.type hull_start, %function\nhull_start:\n"
        "    mov x19, x0\n    mov x0, sp\n    bl hull_seal\n"
        "    mov x0, x19\n    b _start\n.size hull_start, . - hull_start\n");

static long call(long number, long a, long b, long c, long d, long e)
{
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}
#else
#error "the entry point is not written for this processor"
#endif

int hull_argc;
char **hull_argv;

static int is(const char *word, const char *other)
{
    while (*word && *word == *other) word++, other++;
    return *word == *other;
}

static int enters_container(long argc, char **argv)
{
    // Options before the verb may have values; a value that looks like a verb only costs a needless sealing.
    for (long i = 1; i < argc; i++)
        if (is(argv[i], "run") || is(argv[i], "create") || is(argv[i], "exec")
            || is(argv[i], "mounts"))
            return 1;
    return 0;
}

static int is_sealed(int self)
{
    struct statfs s;
    if (call(__NR_fstatfs, self, (long)&s, 0, 0, 0) == 0 && s.f_flags & ST_RDONLY) return 1;
    long seals = call(__NR_fcntl, self, F_GET_SEALS, 0, 0, 0);
    return seals >= 0 && (seals & SEALS) == SEALS;
}

static long read_only_bind(void)
{
    long tree = call(__NR_open_tree, AT_FDCWD, (long)"/proc/self/exe", CLONE_TREE | O_CLOEXEC, 0, 0);
    if (tree < 0) return -1;
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    if (call(__NR_mount_setattr, tree, (long)"", EMPTY_PATH, (long)&attr, sizeof attr) == 0) return tree;
    call(__NR_close, tree, 0, 0, 0, 0);
    return -1;
}

// The copy, or -errno.
static long sealed_copy(int self)
{
    long copy = call(__NR_memfd_create, (long)"hull", MFD_CLOEXEC | MFD_ALLOW_SEALING, 0, 0, 0);
    if (copy < 0) return copy;
    long sent, sealed = 0;
    do sent = call(__NR_sendfile, copy, self, 0, 1 << 30, 0);
    while (sent > 0);
    if (sent == 0) sealed = call(__NR_fcntl, copy, F_ADD_SEALS, SEALS, 0, 0);
    if (sent == 0 && sealed == 0) return copy;
    call(__NR_close, copy, 0, 0, 0, 0);
    return sent < 0 ? sent : sealed;
}

// Without libc's words for errors the number must do: errno(3) has them.
static _Noreturn void refuse(const char *sentence, long size, long error)
{
    char end[] = ": errno 000)\n";
    for (long place = 10, rest = error; place > 7; place--, rest /= 10) end[place] = (char)('0' + rest % 10);
    call(__NR_write, 2, (long)sentence, size, 0, 0);
    call(__NR_write, 2, (long)end, sizeof end - 1, 0, 0);
    for (;;) call(__NR_exit_group, 1, 0, 0, 0, 0);
}
#define REFUSE(what, error) \
    refuse("hull: cannot protect the runtime's own executable (" what, \
           sizeof "hull: cannot protect the runtime's own executable (" what - 1, error)

// Called by hull_start alone; visible for its sake.
__attribute__((visibility("hidden"), used)) void hull_seal(long *stack)
{
    long argc = *stack;
    char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
    hull_argc = (int)argc, hull_argv = argv;
    if (argc < 2 || !enters_container(argc, argv)) return;
    int self = call(__NR_openat, AT_FDCWD, (long)"/proc/self/exe", O_RDONLY | O_CLOEXEC, 0, 0);
    if (self < 0) REFUSE("open /proc/self/exe", -self);
    if (is_sealed(self)) {
        call(__NR_close, self, 0, 0, 0, 0);
        return;
    }
    long safe = read_only_bind();
    if (safe < 0) safe = sealed_copy(self);
    if (safe < 0) REFUSE("open_tree and memfd_create", -safe);
    REFUSE("execveat", -call(__NR_execveat, safe, (long)"", (long)argv, (long)envp, EMPTY_PATH));
}
