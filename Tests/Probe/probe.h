// SPDX-License-Identifier: Apache-2.0
// The probe: a static program that says, as JSON, what it sees and what it may do inside a container.
#ifndef PROBE_H
#define PROBE_H
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// --- JSON on stdout. Each byte of a string is one character (\u0080...\u00ff above ASCII), so nothing is lost.
void json_open(char bracket);                  // { or [
void json_close(char bracket);                 // } or ]
void json_key(const char *key);                // inside an object
void json_string(const char *text);            // NULL becomes null
void json_bytes(const char *text, size_t length);
void json_number(int64_t number);
void json_unsigned(uint64_t number);
void json_bool(bool value);
void json_null(void);
void json_octal(unsigned mode);                // a string, four digits or more
void json_hex(uint64_t number);                // a string, sixteen digits
void json_end(void);                           // newline, flush

// --- Files. The directory of procfs is /proc unless --proc says another; it may be missing.
extern const char *proc_directory;
char *read_whole(const char *path, size_t *length);   // NULL with errno; the caller frees; a NUL follows the bytes
char *read_proc(const char *name, size_t *length);

// --- What the words of the command line do. Each takes its arguments and returns how many it used.
int report(int count, char **words);
int hold_action(int count, char **words);
struct action {
    const char *name;
    int words;      // it takes at least so many
    int (*run)(int count, char **words);
    const char *usage;
};
extern const struct action actions[];
void result(int64_t value);                    // {"ok":…,"result":…} or {"ok":false,"errno":…,"name":…}
#endif
