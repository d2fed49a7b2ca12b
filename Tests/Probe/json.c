// SPDX-License-Identifier: Apache-2.0
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *proc_directory = "/proc";
static bool comma; // whether the next value follows another in the same object or array

static void separate(void) {
    if (comma) putchar(',');
    comma = true;
}

void json_open(char bracket) {
    separate();
    putchar(bracket);
    comma = false;
}

void json_close(char bracket) {
    putchar(bracket);
    comma = true;
}

void json_bytes(const char *text, size_t length) {
    separate();
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') printf("\\%c", c);
        else if (c < 0x20 || c > 0x7e) printf("\\u%04x", c);
        else putchar(c);
    }
    putchar('"');
}

void json_key(const char *key) {
    json_string(key);
    putchar(':');
    comma = false;
}

void json_string(const char *text) {
    if (text) json_bytes(text, strlen(text));
    else json_null();
}

void json_number(int64_t number) {
    separate();
    printf("%" PRId64, number);
}

void json_unsigned(uint64_t number) {
    separate();
    printf("%" PRIu64, number);
}

void json_bool(bool value) {
    separate();
    fputs(value ? "true" : "false", stdout);
}

void json_null(void) {
    separate();
    fputs("null", stdout);
}

void json_octal(unsigned mode) {
    separate();
    printf("\"%04o\"", mode);
}

void json_hex(uint64_t number) {
    separate();
    printf("\"%016" PRIx64 "\"", number);
}

void json_end(void) {
    putchar('\n');
    fflush(stdout);
    comma = false;
}

char *read_whole(const char *path, size_t *length) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    size_t used = 0, room = 4096;
    char *text = malloc(room);
    for (ssize_t n; text;) {
        n = read(fd, text + used, room - used - 1);
        if (n < 0) {
            int saved = errno;
            free(text);
            text = NULL;
            errno = saved;
        }
        if (n <= 0) break;
        used += (size_t)n;
        if (room - used < 2) text = realloc(text, room *= 2);
    }
    int saved = errno;
    close(fd);
    errno = saved;
    if (text) text[used] = 0;
    if (length) *length = used;
    return text;
}

char *read_proc(const char *name, size_t *length) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", proc_directory, name);
    return read_whole(path, length);
}

void result(int64_t value) {
    int saved = errno;
    json_open('{');
    json_key("ok");
    json_bool(value >= 0);
    if (value >= 0) {
        json_key("result");
        json_number(value);
    } else {
        json_key("errno");
        json_number(saved);
        json_key("name");
        json_string(strerrorname_np(saved));
    }
    json_close('}');
}
