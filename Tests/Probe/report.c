// SPDX-License-Identifier: Apache-2.0
// What the process sees of itself. Each section is a function; `report` alone says all of them, `report NAME...` those.
#include "probe.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;
extern char **own_argv;

static void number(const char *key, int64_t value) {
    json_key(key);
    json_number(value);
}

static void ids_section(void) {
    uid_t r, e, s;
    gid_t gr, ge, gs, groups[1024];
    getresuid(&r, &e, &s);
    getresgid(&gr, &ge, &gs);
    int count = getgroups(1024, groups);
    mode_t mask = umask(0);
    umask(mask);
    json_open('{');
    number("uid", r), number("euid", e), number("suid", s), number("gid", gr), number("egid", ge), number("sgid", gs);
    json_key("groups");
    json_open('[');
    for (int i = 0; i < count; i++) json_number(groups[i]);
    json_close(']');
    json_key("umask");
    json_octal(mask);
    json_close('}');
}

static void process_section(void) {
    int death = 0;
    prctl(PR_GET_PDEATHSIG, &death);
    cpu_set_t cpus;
    json_open('{');
    number("pid", getpid()), number("ppid", getppid()), number("pgid", getpgrp()), number("sid", getsid(0));
    number("parentDeathSignal", death), number("dumpable", prctl(PR_GET_DUMPABLE));
    number("childSubreaper", (prctl(PR_GET_CHILD_SUBREAPER, &death), death));
    number("schedulingPolicy", sched_getscheduler(0)), number("nice", getpriority(PRIO_PROCESS, 0));
    number("ioPriority", syscall(SYS_ioprio_get, 1, 0));
    number("cpus", sched_getaffinity(0, sizeof cpus, &cpus) ? -1 : CPU_COUNT(&cpus));
    json_close('}');
}

static void scheduler_section(void) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } a = {.size = sizeof a};
    if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0)) return json_null();
    json_open('{');
    number("policy", a.policy), number("flags", (int64_t)a.flags), number("nice", a.nice);
    number("priority", a.priority), number("runtime", (int64_t)a.runtime);
    number("deadline", (int64_t)a.deadline), number("period", (int64_t)a.period);
    json_close('}');
}

static void capabilities_section(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct d[2] = {0};
    syscall(SYS_capget, &header, d);
    uint64_t bounding = 0, ambient = 0;
    for (unsigned c = 0; c < 64; c++) {
        if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1) bounding |= 1ull << c;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, c, 0, 0) == 1) ambient |= 1ull << c;
    }
    json_open('{');
    json_key("inheritable"), json_hex((uint64_t)d[1].inheritable << 32 | d[0].inheritable);
    json_key("permitted"), json_hex((uint64_t)d[1].permitted << 32 | d[0].permitted);
    json_key("effective"), json_hex((uint64_t)d[1].effective << 32 | d[0].effective);
    json_key("bounding"), json_hex(bounding);
    json_key("ambient"), json_hex(ambient);
    number("secureBits", prctl(PR_GET_SECUREBITS));
    json_close('}');
}

static void security_section(void) {
    json_open('{');
    number("noNewPrivileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    number("seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    char *filters = read_proc("self/status", NULL), *at = filters ? strstr(filters, "Seccomp_filters:") : NULL;
    number("seccompFilters", at ? atoi(at + 16) : -1);
    free(filters);
    char *label = read_proc("self/attr/current", NULL);
    if (label) label[strcspn(label, "\n")] = 0;
    json_key("label"), json_string(label);
    free(label);
    json_close('}');
}

static void rlimits_section(void) {
    static const char *names[] = {
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS",
        "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING",
        "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME"};
    json_open('{');
    for (int i = 0; i < 16; i++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)i, &limit)) continue;
        json_key(names[i]);
        json_open('{');
        json_key("soft"), json_unsigned(limit.rlim_cur);
        json_key("hard"), json_unsigned(limit.rlim_max);
        json_close('}');
    }
    json_close('}');
}

static void strings(char **list) {
    json_open('[');
    for (; list && *list; list++) json_string(*list);
    json_close(']');
}

static void env_section(void) { strings(environ); }
static void argv_section(void) { strings(own_argv); }

static void cwd_section(void) {
    char path[4096];
    // The system call itself: libc refuses an answer that does not start with "/" ("(unreachable)" means an escape).
    json_string(syscall(SYS_getcwd, path, sizeof path) < 0 ? NULL : path);
}

static void names_section(void) {
    struct utsname u;
    uname(&u);
    json_open('{');
    json_key("hostname"), json_string(u.nodename);
    json_key("domainname"), json_string(u.domainname);
    json_key("release"), json_string(u.release);
    json_close('}');
}

static void namespaces_section(void) {
    static const char *kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
    json_open('{');
    for (int i = 0; i < 8; i++) {
        char path[4096], link[64] = "";
        snprintf(path, sizeof path, "%s/self/ns/%s", proc_directory, kinds[i]);
        json_key(kinds[i]), json_string(readlink(path, link, sizeof link - 1) < 0 ? NULL : link);
    }
    json_close('}');
}

static void unescape(char *text) { // mountinfo writes space, tab, newline and backslash as \ooo
    char *to = text;
    for (; *text; text++) {
        if (*text == '\\' && text[1] && text[2] && text[3]) {
            *to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
            text += 3;
        } else *to++ = *text;
    }
    *to = 0;
}

static void mount_line(char *line) {
    static const char *fields[] = {"id", "parent", "device", "root", "mountpoint", "options"};
    static const char *last[] = {"fstype", "source", "superOptions"};
    char *word = strtok(line, " ");
    json_open('{');
    for (int i = 0; i < 6 && word; i++, word = strtok(NULL, " ")) {
        unescape(word);
        json_key(fields[i]);
        if (i < 2) json_number(atoll(word));
        else json_string(word);
    }
    json_key("propagation");
    json_open('[');
    for (; word && strcmp(word, "-"); word = strtok(NULL, " ")) json_string(word);
    json_close(']');
    for (int i = 0; i < 3 && (word = strtok(NULL, " ")); i++) {
        unescape(word);
        json_key(last[i]), json_string(word);
    }
    json_close('}');
}

static void mounts_section(void) {
    char *text = read_proc("self/mountinfo", NULL), *rest = text, *line;
    if (!text) return json_null();
    json_open('[');
    while ((line = strsep(&rest, "\n")) && *line) mount_line(line);
    json_close(']');
    free(text);
}

static void fds_section(void) {
    json_open('[');
    for (int fd = 0; fd < 4096; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0) continue;
        char path[4096], target[4096] = "";
        struct stat s;
        fstat(fd, &s);
        snprintf(path, sizeof path, "%s/self/fd/%d", proc_directory, fd);
        json_open('{');
        number("fd", fd), number("flags", fcntl(fd, F_GETFL));
        json_key("closeOnExec"), json_bool(flags & FD_CLOEXEC);
        json_key("target"), json_string(readlink(path, target, sizeof target - 1) < 0 ? NULL : target);
        number("uid", s.st_uid), number("gid", s.st_gid);
        json_close('}');
    }
    json_close(']');
}

static const char *kind(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symlink";
    case S_IFCHR: return "c";
    case S_IFBLK: return "b";
    case S_IFIFO: return "p";
    default: return "socket";
    }
}

void stat_object(const char *name, const char *path, const struct stat *s) {
    char target[4096] = "";
    json_open('{');
    json_key("ok"), json_bool(true);
    json_key("name"), json_string(name);
    json_key("type"), json_string(kind(s->st_mode));
    json_key("mode"), json_octal(s->st_mode & 07777);
    number("uid", s->st_uid), number("gid", s->st_gid), number("size", s->st_size);
    number("device", (int64_t)s->st_dev), number("inode", (int64_t)s->st_ino);
    if (S_ISCHR(s->st_mode) || S_ISBLK(s->st_mode)) {
        number("major", major(s->st_rdev)), number("minor", minor(s->st_rdev));
    }
    if (S_ISLNK(s->st_mode) && readlink(path, target, sizeof target - 1) >= 0) json_key("target"), json_string(target);
    json_close('}');
}

static void dev_section(void) {
    struct dirent **list;
    int count = scandir("/dev", &list, NULL, alphasort);
    if (count < 0) return json_null();
    json_open('[');
    for (int i = 0; i < count; i++) {
        char path[300];
        struct stat s;
        snprintf(path, sizeof path, "/dev/%s", list[i]->d_name);
        if (list[i]->d_name[0] != '.' && !lstat(path, &s)) stat_object(list[i]->d_name, path, &s);
        free(list[i]);
    }
    free(list);
    json_close(']');
}

static void proc_text(const char *name) {
    char *text = read_proc(name, NULL);
    if (text && *text) text[strlen(text) - 1] = 0; // the last newline
    json_string(text);
    free(text);
}

static void id_map(const char *name) {
    char *text = read_proc(name, NULL), *rest = text, *line;
    if (!text) return json_null();
    json_open('[');
    while ((line = strsep(&rest, "\n")) && *line) {
        json_open('[');
        for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) json_number(atoll(word));
        json_close(']');
    }
    json_close(']');
    free(text);
}

static void maps_section(void) {
    json_open('{');
    json_key("uid"), id_map("self/uid_map");
    json_key("gid"), id_map("self/gid_map");
    json_key("setgroups"), proc_text("self/setgroups");
    json_close('}');
}

static void oom_section(void) { proc_text("self/oom_score_adj"); }
static void cgroup_section(void) { proc_text("self/cgroup"); }
static void time_section(void) { proc_text("self/timens_offsets"); }

void tty_section(void) {
    struct winsize size = {0};
    struct termios mode = {0};
    json_open('{');
    json_key("isatty");
    json_open('[');
    for (int fd = 0; fd < 3; fd++) json_bool(isatty(fd));
    json_close(']');
    if (!ioctl(0, TIOCGWINSZ, &size)) number("rows", size.ws_row), number("columns", size.ws_col);
    if (!tcgetattr(0, &mode)) json_key("onlcr"), json_bool(mode.c_oflag & ONLCR);
    json_key("name"), json_string(ttyname(0));
    int controlling = open("/dev/tty", O_RDWR | O_CLOEXEC);
    json_key("controlling"), json_bool(controlling >= 0);
    close(controlling);
    json_close('}');
}

static void interfaces_section(void) {
    struct if_nameindex *list = if_nameindex();
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    json_open('[');
    for (struct if_nameindex *i = list; i && i->if_index; i++) {
        struct ifreq request = {0};
        strncpy(request.ifr_name, i->if_name, IFNAMSIZ - 1);
        ioctl(fd, SIOCGIFFLAGS, &request);
        json_open('{');
        json_key("name"), json_string(i->if_name);
        json_key("up"), json_bool(request.ifr_flags & IFF_UP);
        json_close('}');
    }
    json_close(']');
    close(fd);
    if_freenameindex(list);
}

static const struct { const char *name; void (*say)(void); } sections[] = {
    {"process", process_section}, {"scheduler", scheduler_section}, {"ids", ids_section},
    {"capabilities", capabilities_section},
    {"security", security_section}, {"rlimits", rlimits_section}, {"env", env_section}, {"argv", argv_section},
    {"cwd", cwd_section}, {"names", names_section}, {"namespaces", namespaces_section}, {"mounts", mounts_section},
    {"fds", fds_section}, {"dev", dev_section}, {"oomScoreAdj", oom_section}, {"cgroup", cgroup_section},
    {"maps", maps_section}, {"timeOffsets", time_section}, {"tty", tty_section}, {"interfaces", interfaces_section}};

int report(int count, char **words) {
    json_open('{');
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        bool wanted = count == 0;
        for (int w = 0; w < count; w++) wanted |= !strcmp(words[w], sections[i].name);
        if (wanted) json_key(sections[i].name), sections[i].say();
    }
    json_close('}');
    return count;
}
