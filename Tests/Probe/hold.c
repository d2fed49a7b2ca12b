// SPDX-License-Identifier: Apache-2.0
// Holds what is hard to save, and says again and again whether it still has it.
#include "probe.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGES 512
#define PAGE 4096

static struct {
    char directory[64];
    int client, server, datagrams, nameless;
    unsigned char *memory;
} held;

static const char *place(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", held.directory, name);
    return path;
}

static int tcp_open(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(7)};
    struct timeval limit = {.tv_sec = 20};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&to, sizeof to) < 0 || listen(listener, 1) < 0) return -1;
    held.client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(held.client, (struct sockaddr *)&to, sizeof to) < 0) return -1;
    held.server = accept(listener, NULL, NULL);
    if (held.server < 0) return -1;
    close(listener);
    return setsockopt(held.server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

static int tcp_check(void) {
    char byte = 'x';
    if (send(held.client, &byte, 1, MSG_NOSIGNAL) != 1) return -1;
    ssize_t n = recv(held.server, &byte, 1, 0);
    if (n == 0) errno = EPIPE;
    return n == 1 ? 0 : -1;
}

static int unix_open(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%.90s/log", held.directory);
    held.datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
    return connect(held.datagrams, (struct sockaddr *)&to, sizeof to);
}

static int unix_check(void) { return send(held.datagrams, "held", 4, MSG_DONTWAIT) == 4 || errno == EAGAIN ? 0 : -1; }

static int lock_open(void) {
    int fd = open(place("lock"), O_RDWR | O_CREAT, 0644);
    return fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
}

static int link_open(void) {
    char one[128];
    snprintf(one, sizeof one, "%s", place("one"));
    held.nameless = open(one, O_RDWR | O_CREAT, 0644);
    if (held.nameless < 0 || write(held.nameless, "kept", 4) != 4) return -1;
    return link(one, place("two")) < 0 ? -1 : unlink(one);
}

static int link_check(void) {
    char text[4];
    struct stat s;
    if (pread(held.nameless, text, 4, 0) != 4 || fstat(held.nameless, &s) < 0) return -1;
    errno = EBADF;
    return memcmp(text, "kept", 4) || s.st_nlink != 1 ? -1 : 0;
}

static unsigned char content(size_t at) { return (unsigned char)(at * 7 + at / PAGE + 1); }

static int memory_open(void) {
    held.memory = malloc(PAGES * PAGE);
    if (!held.memory) return -1;
    for (size_t at = 0; at < PAGES * PAGE; at++) held.memory[at] = content(at);
    return 0;
}

static int memory_check(void) { // and writes each page anew when DIR/dirty is there
    bool dirty = access(place("dirty"), F_OK) == 0;
    for (size_t at = 0; at < PAGES * PAGE; at++) {
        if (held.memory[at] != content(at)) return errno = EIO, -1;
        if (dirty) ((volatile unsigned char *)held.memory)[at] = content(at);
    }
    return 0;
}

static int nothing(void) { return 0; }

static const struct kind {
    const char *name;
    int (*open)(void), (*check)(void);
} kinds[] = {
    {"tcp", tcp_open, tcp_check}, {"unix", unix_open, unix_check}, {"lock", lock_open, nothing},
    {"link", link_open, link_check}, {"memory", memory_open, memory_check},
};

static const struct kind *kind_of(const char *name) {
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (!strcmp(kinds[k].name, name)) return &kinds[k];
    exit(64);
}

int hold_action(int count, char **w) {
    snprintf(held.directory, sizeof held.directory, "%s", w[0]);
    char now[128];
    snprintf(now, sizeof now, "%s", place("now.new"));
    for (int i = 1; i < count; i++)
        if (kind_of(w[i])->open() < 0) return result(-1), count;
    for (int round = 1;; round++) {
        FILE *file = fopen(now, "w");
        if (!file) return result(-1), count;
        fprintf(file, "{\"round\":%d", round);
        for (int i = 1; i < count; i++)
            fprintf(file, ",\"%s\":\"%s\"", w[i], kind_of(w[i])->check() < 0 ? strerrorname_np(errno) : "held");
        fprintf(file, "}\n");
        fclose(file);
        if (rename(now, place("now")) < 0) return result(-1), count;
        usleep(50000);
    }
}
