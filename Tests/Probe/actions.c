// SPDX-License-Identifier: Apache-2.0
// What the process tries. Each action answers {"ok":true,...} or {"ok":false,"errno":N,"name":"E..."}.
#include "probe.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

void stat_object(const char *name, const char *path, const struct stat *s);
void tty_section(void);

static int64_t integer(const char *text) { return strtoll(text, NULL, 0); }
static unsigned mode_of(const char *text) { return (unsigned)strtoul(text, NULL, 8); }

static void content(const char *text, size_t length) {
    json_open('{');
    json_key("ok"), json_bool(true);
    json_key("content"), json_bytes(text, length);
    json_close('}');
}

static int read_action(int count, char **w) {
    (void)count;
    size_t length;
    char *text = read_whole(w[0], &length);
    if (text) content(text, length);
    else result(-1);
    free(text);
    return 1;
}

static int put(const char *path, const char *text, int flags) {
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
    if (fd < 0) return -1;
    ssize_t n = write(fd, text, strlen(text));
    int saved = errno;
    int closed = close(fd);
    if (n < 0) errno = saved;
    return n < 0 || closed < 0 ? -1 : 0;
}

static int write_action(int c, char **w) { return (void)c, result(put(w[0], w[1], O_CREAT | O_TRUNC)), 2; }
static int set_action(int c, char **w) { return (void)c, result(put(w[0], w[1], 0)), 2; }
static int mkdir_action(int c, char **w) { return (void)c, result(mkdir(w[0], 0755)), 1; }
static int unlink_action(int c, char **w) { return (void)c, result(unlink(w[0])), 1; }
static int rmdir_action(int c, char **w) { return (void)c, result(rmdir(w[0])), 1; }
static int symlink_action(int c, char **w) { return (void)c, result(symlink(w[0], w[1])), 2; }
static int rename_action(int c, char **w) { return (void)c, result(rename(w[0], w[1])), 2; }
static int chmod_action(int c, char **w) { return (void)c, result(chmod(w[0], mode_of(w[1]))), 2; }
static int chdir_action(int c, char **w) { return (void)c, result(chdir(w[0])), 1; }
static int chroot_action(int c, char **w) { return (void)c, result(chroot(w[0])), 1; }
static int setuid_action(int c, char **w) { return (void)c, result(setuid((uid_t)integer(w[0]))), 1; }
static int setgid_action(int c, char **w) { return (void)c, result(setgid((gid_t)integer(w[0]))), 1; }
static int umount_action(int c, char **w) { return (void)c, result(umount2(w[0], MNT_DETACH)), 1; }
static int sethostname_action(int c, char **w) { return (void)c, result(sethostname(w[0], strlen(w[0]))), 1; }

static int chown_action(int c, char **w) {
    return (void)c, result(lchown(w[0], (uid_t)integer(w[1]), (gid_t)integer(w[2]))), 3;
}

static int mount_action(int c, char **w) { // source target type flags data
    (void)c;
    result(mount(w[0], w[1], w[2], (unsigned long)integer(w[3]), w[4]));
    return 5;
}

static int open_action(int c, char **w) { // r, w, rw, c(reate), d(irectory), p(ath), n(ofollow), in any order
    (void)c;
    bool r = strchr(w[1], 'r'), wr = strchr(w[1], 'w');
    int flags = O_CLOEXEC | O_NONBLOCK | (r && wr ? O_RDWR : wr ? O_WRONLY : O_RDONLY);
    if (strchr(w[1], 'c')) flags |= O_CREAT;
    if (strchr(w[1], 'd')) flags |= O_DIRECTORY;
    if (strchr(w[1], 'p')) flags |= O_PATH;
    if (strchr(w[1], 'n')) flags |= O_NOFOLLOW;
    int fd = open(w[0], flags, 0644);
    result(fd);
    if (fd >= 0) close(fd);
    return 2;
}

static int mknod_action(int c, char **w) { // path c|b|p major minor
    (void)c;
    mode_t type = w[1][0] == 'c' ? S_IFCHR : w[1][0] == 'b' ? S_IFBLK : S_IFIFO;
    result(mknod(w[0], type | 0666, makedev((unsigned)integer(w[2]), (unsigned)integer(w[3]))));
    return 4;
}

static int stat_action(int c, char **w) {
    (void)c;
    struct stat s;
    if (lstat(w[0], &s)) result(-1);
    else stat_object(w[0], w[0], &s);
    return 1;
}

static int statfs_action(int c, char **w) {
    (void)c;
    struct statfs s;
    if (statfs(w[0], &s)) return result(-1), 1;
    json_open('{');
    json_key("ok"), json_bool(true);
    json_key("type"), json_hex((uint64_t)s.f_type);
    json_key("flags"), json_number(s.f_flags);
    json_key("bytes"), json_number((int64_t)s.f_blocks * s.f_bsize);
    json_key("inodes"), json_number((int64_t)s.f_files);
    json_close('}');
    return 1;
}

static int xattr_action(int c, char **w) {
    (void)c;
    char value[65536];
    ssize_t n = lgetxattr(w[0], w[1], value, sizeof value);
    if (n < 0) result(-1);
    else content(value, (size_t)n);
    return 2;
}

static int list_action(int c, char **w) {
    (void)c;
    struct dirent **list;
    int count = scandir(w[0], &list, NULL, alphasort);
    if (count < 0) return result(-1), 1;
    json_open('{');
    json_key("ok"), json_bool(true);
    json_key("names");
    json_open('[');
    for (int i = 0; i < count; i++) {
        if (strcmp(list[i]->d_name, ".") && strcmp(list[i]->d_name, "..")) json_string(list[i]->d_name);
        free(list[i]);
    }
    free(list);
    json_close(']');
    json_close('}');
    return 1;
}

// name and number of every system call of the compiler's own architecture; scripts/probe writes the list
static const struct { const char *name; long number; } calls[] = {
#include "syscalls.inc"
};

static long call_number(const char *name) {
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!strcmp(calls[i].name, name)) return calls[i].number;
    return integer(name);
}

static long call_32(long nr, const long *a) {
#ifdef __x86_64__
    long answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(nr), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                     : "memory", "r8", "r9", "r10", "r11");
    if (answer >= 0 || answer < -4095) return answer;
    errno = (int)-answer;
#else
    (void)nr, (void)a;
    errno = ENOSYS;
#endif
    return -1;
}

// In a child, for a filter may kill: then {"ok":false,"signal":31}. Arguments: numbers, or texts after "=".
static int try_call(int count, char **w, bool compatible) {
    long a[6] = {0};
    for (int i = 1; i < count && i < 7; i++) a[i - 1] = w[i][0] == '=' ? (long)(w[i] + 1) : integer(w[i]);
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) return result(-1), count;
    if (child == 0) {
        pid_t self = getpid();
        long nr = call_number(w[0]);
        long answer = compatible ? call_32(nr, a) : syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (getpid() != self) _exit(0); // a call such as fork returns twice: only the first one speaks
        result(answer);
        fflush(stdout);
        syscall(SYS_exit_group, 0);
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status)) {
        json_open('{');
        json_key("ok"), json_bool(false);
        json_key("signal"), json_number(WTERMSIG(status));
        json_close('}');
    }
    return count;
}

static int syscall_action(int count, char **w) { return try_call(count, w, false); }
static int syscall32_action(int count, char **w) { return try_call(count, w, true); }

static int exit_action(int c, char **w) {
    (void)c;
    exit((int)integer(w[0]));
}

static int kill_self_action(int c, char **w) {
    (void)c;
    signal((int)integer(w[0]), SIG_DFL);
    result(kill(getpid(), (int)integer(w[0]))); // pid 1 of its namespace survives, and says so
    return 1;
}

static int kill_action(int c, char **w) { return (void)c, result(kill((pid_t)integer(w[0]), (int)integer(w[1]))), 2; }

static int sleep_action(int c, char **w) {
    (void)c;
    double seconds = atof(w[0]);
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    result(nanosleep(&t, NULL));
    return 1;
}

static int spin_action(int c, char **w) {
    (void)c;
    struct timespec t, start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do clock_gettime(CLOCK_MONOTONIC, &t);
    while ((double)(t.tv_sec - start.tv_sec) + (double)(t.tv_nsec - start.tv_nsec) / 1e9 < atof(w[0]));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    result(t.tv_sec * 1000 + t.tv_nsec / 1000000); // milliseconds of processor time that it got
    return 1;
}

static int alloc_action(int c, char **w) { // and touch every page
    (void)c;
    size_t size = (size_t)integer(w[0]);
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return result(-1), 1;
    for (size_t i = 0; i < size; i += 4096) memory[i] = 1;
    result((int64_t)size);
    return 1;
}

static int hugetlb_action(int c, char **w) { // reserve, or touch too
    (void)c;
    size_t size = (size_t)integer(w[0]);
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (memory == MAP_FAILED) return result(-1), 2;
    if (!strcmp(w[1], "touch")) for (size_t i = 0; i < size; i += 2 << 20) memory[i] = 1;
    result((int64_t)size);
    return 2;
}

static int direct_action(int c, char **w) { // milliseconds for COUNT blocks of SIZE, past the cache
    (void)c;
    size_t size = (size_t)integer(w[2]);
    struct timespec start, end;
    void *block;
    int fd = open(w[0], O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0644);
    if (fd < 0 || posix_memalign(&block, 4096, size)) return result(-1), 3;
    memset(block, 1, size);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int64_t i = 0; i < integer(w[1]); i++)
        if (write(fd, block, size) < 0) return result(-1), 3;
    clock_gettime(CLOCK_MONOTONIC, &end);
    result((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000);
    close(fd);
    return 3;
}

static int fork_action(int c, char **w) { // how many of N children could be made, all alive at once
    (void)c;
    int64_t wanted = integer(w[0]), made = 0;
    fflush(stdout);
    pid_t *children = calloc((size_t)wanted, sizeof *children);
    for (; children && made < wanted; made++) {
        children[made] = fork();
        if (children[made] == 0) {
            pause();
            _exit(0);
        }
        if (children[made] < 0) break;
    }
    int saved = made < wanted ? errno : 0;
    json_open('{');
    json_key("ok"), json_bool(made == wanted);
    json_key("made"), json_number(made);
    json_key("errno"), json_number(saved);
    json_close('}');
    for (int64_t i = 0; i < made; i++) kill(children[i], SIGKILL), waitpid(children[i], NULL, 0);
    free(children);
    return 1;
}

static int orphan_action(int c, char **w) { // leaves a process behind that sleeps
    (void)c;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(0), close(1), close(2);
        sleep((unsigned)integer(w[0]));
        _exit(0);
    }
    result(child);
    return 1;
}

static int signal_wait_action(int c, char **w) { // exit status: 100 + the signal's number
    (void)c, (void)w;
    sigset_t all;
    int number = 0;
    sigfillset(&all);
    sigdelset(&all, SIGCHLD);
    sigprocmask(SIG_BLOCK, &all, NULL);
    puts("READY");
    fflush(stdout);
    sigwait(&all, &number);
    exit(100 + number);
}

static int tty_action(int c, char **w) { return (void)c, (void)w, tty_section(), 0; }

static int echo_action(int c, char **w) {
    (void)c, (void)w;
    char block[4096];
    for (ssize_t n; (n = read(0, block, sizeof block)) > 0;) fwrite(block, 1, (size_t)n, stdout), fflush(stdout);
    return 0;
}

static int say_action(int c, char **w) { return (void)c, json_string(w[0]), 1; }

static int exec_action(int count, char **w) { // the words up to the comma
    w[count] = NULL;
    execvp(w[0], w);
    result(-1);
    return count;
}

static int notify_action(int count, char **w) {
    (void)count;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    strncpy(to.sun_path, path ? path : "", sizeof to.sun_path - 1);
    result(sendto(fd, w[0], strlen(w[0]), 0, (struct sockaddr *)&to, sizeof to));
    close(fd);
    return 1;
}

const struct action actions[] = {
    {"report", 0, report, "[SECTION...]"},
    {"read", 1, read_action, "PATH"},
    {"write", 2, write_action, "PATH TEXT"},
    {"set", 2, set_action, "PATH TEXT (the file must be there)"},
    {"mkdir", 1, mkdir_action, "PATH"},
    {"unlink", 1, unlink_action, "PATH"},
    {"rmdir", 1, rmdir_action, "PATH"},
    {"symlink", 2, symlink_action, "TARGET PATH"},
    {"rename", 2, rename_action, "FROM TO"},
    {"chmod", 2, chmod_action, "PATH MODE"},
    {"chown", 3, chown_action, "PATH UID GID"},
    {"chdir", 1, chdir_action, "PATH"},
    {"chroot", 1, chroot_action, "PATH"},
    {"setuid", 1, setuid_action, "UID"},
    {"setgid", 1, setgid_action, "GID"},
    {"mount", 5, mount_action, "SOURCE TARGET TYPE FLAGS DATA"},
    {"umount", 1, umount_action, "PATH"},
    {"sethostname", 1, sethostname_action, "NAME"},
    {"open", 2, open_action, "PATH FLAGS (of rwcdpn)"},
    {"mknod", 4, mknod_action, "PATH c|b|p MAJOR MINOR"},
    {"stat", 1, stat_action, "PATH"},
    {"statfs", 1, statfs_action, "PATH"},
    {"xattr", 2, xattr_action, "PATH NAME"},
    {"list", 1, list_action, "PATH"},
    {"syscall", 1, syscall_action, "NAME [ARGUMENT...]"},
    {"syscall32", 1, syscall32_action, "NUMBER [ARGUMENT...]"},
    {"exit", 1, exit_action, "STATUS"},
    {"kill-self", 1, kill_self_action, "SIGNAL"},
    {"kill", 2, kill_action, "PID SIGNAL"},
    {"sleep", 1, sleep_action, "SECONDS"},
    {"spin", 1, spin_action, "SECONDS"},
    {"alloc", 1, alloc_action, "BYTES"},
    {"hugetlb", 2, hugetlb_action, "BYTES reserve|touch"},
    {"direct", 3, direct_action, "FILE COUNT SIZE"},
    {"fork", 1, fork_action, "COUNT"},
    {"orphan", 1, orphan_action, "SECONDS"},
    {"signal-wait", 0, signal_wait_action, ""},
    {"tty", 0, tty_action, ""},
    {"echo", 0, echo_action, ""},
    {"say", 1, say_action, "TEXT"},
    {"notify", 1, notify_action, "TEXT (to $NOTIFY_SOCKET)"},
    {"hold", 1, hold_action, "DIR [tcp|unix|lock|link|memory]..."},
    {"exec", 1, exec_action, "PROGRAM [ARGUMENT...]"},
    {0}};
