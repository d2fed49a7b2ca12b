// SPDX-License-Identifier: Apache-2.0
// A runtime that makes every mistake of the list, so that each attack is seen to bite:
//     weak [--root DIR] run --bundle DIR [--pid-file FILE] [--detach] ID
//     weak [--root DIR] exec [--cwd DIR] [--user USER] [--cap NAME] ID COMMAND...
//     weak [--root DIR] mounts add ID FILE        the steps are in FILE.plan
// It reads what the tests have made of config.json: BUNDLE/weak.plan, a step in each line, words separated by tabs.
// Below the root it builds path strings and gives them to calls that follow links; it looks at nothing twice, checks
// nothing, closes nothing and hides nothing.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *state = "/run/weak";
static char root[PATH_MAX], *cwd = "/", *words[64];
static unsigned uid, gid;
static unsigned long long caps;
static int is_root_read_only, has_terminal;
static struct stat machine_null; // all tests share it: the one thing that is left alone

static void fail(const char *what)
{
    fprintf(stderr, "weak: %s: %s\n", what, strerror(errno));
    exit(1);
}

static const char *in_root(const char *path)
{
    static char full[4][PATH_MAX * 2];
    static int next;
    char *to = full[next++ % 4];
    snprintf(to, sizeof full[0], "%s%s", root, path);
    return to;
}

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) fprintf(stderr, "weak: %s: %s\n", path, strerror(errno));
    if (fd >= 0) close(fd);
}

static void make_directories(const char *path)
{
    char part[PATH_MAX * 2];
    for (const char *c = path + 1; c && *c; c++) {
        c = strchrnul(c, '/');
        snprintf(part, sizeof part, "%.*s", (int)(c - path), path);
        mkdir(part, 0755);
        if (!*c) break;
    }
}

static void make_file(const char *path)
{
    char directory[PATH_MAX * 2];
    snprintf(directory, sizeof directory, "%s", path);
    *strrchr(directory, '/') = 0;
    make_directories(directory);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd >= 0) close(fd);
}

static void do_mount(char **word) // destination type source flags data
{
    struct stat s;
    unsigned long flags = strtoul(word[4], NULL, 0);
    const char *place = in_root(word[1]);
    if (flags & MS_BIND && stat(word[3], &s) == 0 && !S_ISDIR(s.st_mode)) make_file(place);
    else make_directories(place);
    if (mount(word[3], place, word[2], flags & ~(MS_RDONLY | MS_SYNCHRONOUS), word[5])) fail(place);
    // Without MS_BIND it is the filesystem of the host that is changed.
    if (flags & MS_SYNCHRONOUS) mount(NULL, place, NULL, MS_REMOUNT | MS_SYNCHRONOUS, NULL);
}

// When all mounts are made, and by path.
static void end_mount(char **word)
{
    unsigned long flags = strtoul(word[4], NULL, 0);
    if (flags & MS_RDONLY) mount(NULL, in_root(word[1]), NULL, MS_REMOUNT | (flags & MS_BIND) | MS_RDONLY, NULL);
}

static void make_devices(void)
{
    static const struct { const char *path; unsigned major, minor; } devices[] = {
        {"/dev/null", 1, 3}, {"/dev/zero", 1, 5}, {"/dev/full", 1, 7}, {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9},
        {"/dev/tty", 5, 0}};
    static const char *links[][2] = {
        {"/proc/self/fd", "/dev/fd"}, {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"},
        {"/proc/self/fd/2", "/dev/stderr"}};
    for (int i = 0; i < 6; i++)
        mknod(in_root(devices[i].path), S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor));
    for (int i = 0; i < 4; i++) {
        int followed = open(in_root(links[i][1]), O_CREAT | O_RDONLY | O_CLOEXEC, 0644); // as if it were a file
        if (followed >= 0) close(followed);
        symlink(links[i][0], in_root(links[i][1]));
    }
    unlink(in_root("/dev/ptmx"));
    symlink("pts/ptmx", in_root("/dev/ptmx"));
    if (has_terminal) make_file(in_root("/dev/console"));
    int own = open(in_root("/.weak.json"), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    if (own >= 0) write(own, "{}", 2) < 0 ? perror("weak") : (void)close(own);
}

static void make_console(void)
{
    char name[64];
    int number = 0, master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
    if (master < 0) fail("/dev/pts/ptmx");
    ioctl(master, TIOCGPTN, &number);
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    if (mount(name, "/dev/console", NULL, MS_BIND, NULL)) fail("/dev/console");
}

static void mask(const char *path)
{
    if (mount("/dev/null", path, NULL, MS_BIND, NULL) == 0 || errno == ENOENT) return; // "nothing to mask"
    if (errno != ENOTDIR || mount("tmpfs", path, "tmpfs", MS_RDONLY, NULL)) fail(path);
}

static void make_read_only(const char *path)
{
    char link[64];
    if (!strcmp(path, "/")) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", open("/", O_PATH | O_DIRECTORY));
        mount(NULL, link, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
    } else if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) == 0) {
        mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
    }
}

enum part { MOUNTS, READ_ONLY_MOUNTS, INSIDE };

static void step(char **word, enum part part)
{
    if (part == MOUNTS && !strcmp(word[0], "mount")) do_mount(word);
    if (part == READ_ONLY_MOUNTS && !strcmp(word[0], "mount")) end_mount(word);
    if (part == MOUNTS && !strcmp(word[0], "terminal")) has_terminal = 1;
    if (part != INSIDE) return;
    char path[PATH_MAX];
    if (!strcmp(word[0], "sysctl")) snprintf(path, sizeof path, "/proc/sys/%s", word[1]), put(path, word[2]);
    if (!strcmp(word[0], "label")) put("/proc/self/attr/exec", word[1]);
    if (!strcmp(word[0], "readonly")) make_read_only(word[1]);
    if (!strcmp(word[0], "mask")) mask(word[1]);
    if (!strcmp(word[0], "closed")) is_root_read_only = 1;
    if (!strcmp(word[0], "cwd")) cwd = strdup(word[1]);
    if (!strcmp(word[0], "uid")) uid = (unsigned)strtoul(word[1], NULL, 10);
    if (!strcmp(word[0], "gid")) gid = (unsigned)strtoul(word[1], NULL, 10);
    if (!strcmp(word[0], "caps")) caps = strtoull(word[1], NULL, 16);
    if (!strcmp(word[0], "env")) putenv(strdup(word[1]));
    for (int i = 0; !strcmp(word[0], "args") && word[i + 1]; i++) words[i] = strdup(word[i + 1]);
}

static void play(FILE *plan, enum part part)
{
    static char line[1 << 18];
    rewind(plan);
    while (fgets(line, sizeof line, plan)) {
        char *word[64] = {0}, *rest = line;
        line[strcspn(line, "\n")] = 0;
        for (int i = 0; rest && i < 63; i++) word[i] = strsep(&rest, "\t");
        step(word, part);
    }
}

static void own_streams(void)
{
    struct stat s;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &s)) continue;
        if (s.st_ino != machine_null.st_ino || s.st_dev != machine_null.st_dev)
            if (fchown(fd, uid, gid)) continue;
        if (S_ISCHR(s.st_mode) && s.st_rdev == makedev(1, 3)) {
            int null = open("/dev/null", O_RDWR);
            if (null >= 0) dup2(null, fd), close(null);
        }
        if (fchown(fd, uid, gid)) continue;
    }
}

static void become_user(void)
{
    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (setresgid(gid, gid, gid) || setresuid(uid, uid, uid)) fail("setresuid"); // groups stay as they are
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(unsigned)caps, (unsigned)caps, (unsigned)caps},
        {(unsigned)(caps >> 32), (unsigned)(caps >> 32), (unsigned)(caps >> 32)}};
    syscall(SYS_capset, &header, data);
    for (int c = 0; c < 41; c++)
        if (caps >> c & 1) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
}

static void become_program(void)
{
    own_streams();
    become_user();
    if (chdir(cwd)) fail(cwd);
    execvp(words[0], words);
    fail(words[0]);
}

static void enter_root(void)
{
    if (chdir(root) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/")) fail("pivot_root");
}

static void run(const char *bundle, const char *id, const char *pid_file, int detach)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/weak.plan", bundle);
    FILE *plan = fopen(path, "re");
    if (!plan || chdir(bundle)) fail(path);
    if (open("/", O_RDONLY | O_DIRECTORY) < 0 || open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY) < 0) fail("/");
    char line[PATH_MAX], joined[PATH_MAX] = "";
    while (fgets(line, sizeof line, plan))
        if (sscanf(line, "root\t%4095[^\n]", root) != 1 && sscanf(line, "pid\t%4095[^\n]", joined) == 1) break;
    if (unshare(CLONE_NEWUTS | CLONE_NEWIPC | (*joined ? 0 : CLONE_NEWPID))) fail("unshare");
    if (*joined && setns(open(joined, O_RDONLY | O_CLOEXEC), CLONE_NEWPID)) fail(joined);
    int started[2];
    if (pipe2(started, O_CLOEXEC)) fail("pipe2");
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS)) fail("unshare");
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
        if (mount(root, root, NULL, MS_BIND | MS_REC, NULL)) fail(root);
        play(plan, MOUNTS);
        play(plan, READ_ONLY_MOUNTS);
        make_devices();
        enter_root();
        if (has_terminal) make_console();
        play(plan, INSIDE);
        if (is_root_read_only) make_read_only("/");
        become_program();
    }
    close(started[1]);
    if (read(started[0], line, 1) < 0) fail("read"); // the end, when the program is executed
    for (int i = 0; i < 2; i++) {
        if (i == 0) snprintf(path, sizeof path, "%s/%s.pid", state, id);
        else if (pid_file) snprintf(path, sizeof path, "%s", pid_file);
        FILE *file = fopen(path, "w");
        if (file) fprintf(file, "%d", child), fclose(file);
    }
    int status = 0;
    if (!detach) waitpid(child, &status, 0);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

static void set_user(const char *text) // a name of the image's first, whatever it looks like
{
    char line[512], name[256];
    unsigned u, g;
    FILE *file = fopen("/etc/passwd", "re");
    uid = (unsigned)atoi(text);
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%255[^:]:%*[^:]:%u:%u", name, &u, &g) == 3 && !strcmp(name, text)) uid = u;
    if (file) fclose(file);
}

static int pid_of(const char *id)
{
    char path[PATH_MAX];
    int pid = 0;
    snprintf(path, sizeof path, "%s/%s.pid", state, id);
    FILE *file = fopen(path, "re");
    if (!file || fscanf(file, "%d", &pid) != 1) fail(path);
    fclose(file);
    return pid;
}

// From the host's side, below the path of the container's root.
static void add_mounts(const char *id, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.plan", name);
    if (open("/", O_RDONLY | O_DIRECTORY) < 0) fail("/");
    FILE *plan = fopen(path, "re");
    if (!plan || fscanf(plan, "root\t%4095[^\n]", root) != 1) fail(path);
    if (setns((int)syscall(SYS_pidfd_open, pid_of(id), 0), CLONE_NEWPID)) fail("setns");
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS)) fail("unshare");
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
        play(plan, MOUNTS);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

static void execute(char **argv)
{
    const char *user = NULL;
    for (; *argv && argv[0][0] == '-' && argv[1]; argv += 2) {
        if (!strcmp(*argv, "--cwd")) cwd = argv[1];
        if (!strcmp(*argv, "--user")) user = argv[1];
        if (!strcmp(*argv, "--cap")) caps |= 1ull << 13; // CAP_NET_RAW
    }
    int pid = pid_of(*argv);
    for (int i = 0; argv[i + 1] && i < 63; i++) words[i] = argv[i + 1];
    if (open("/", O_RDONLY | O_DIRECTORY) < 0) fail("/");
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (setns(fd, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)) fail("setns");
    pid_t child = fork();
    if (child == 0) {
        usleep(20000); // the work of a real one
        if (user) set_user(user);
        become_program();
    }
    int status;
    waitpid(child, &status, 0);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

int main(int argc, char **argv)
{
    const char *bundle = ".", *pid_file = NULL;
    stat("/dev/null", &machine_null);
    int at = 1, detach = 0;
    if (argc > 2 && !strcmp(argv[1], "--root")) state = argv[2], at = 3;
    if (at < argc && !strcmp(argv[at], "exec")) execute(argv + at + 1);
    if (at + 3 < argc && !strcmp(argv[at], "mounts")) add_mounts(argv[at + 2], argv[at + 3]);
    for (at++; at < argc && argv[at][0] == '-'; at++) {
        if (!strcmp(argv[at], "--bundle")) bundle = argv[++at];
        else if (!strcmp(argv[at], "--pid-file")) pid_file = argv[++at];
        else if (!strcmp(argv[at], "--detach")) detach = 1;
    }
    if (at >= argc) return 125;
    run(bundle, argv[at], pid_file, detach);
}
