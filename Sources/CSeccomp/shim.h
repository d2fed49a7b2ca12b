// SPDX-License-Identifier: Apache-2.0
#ifndef HULL_CSECCOMP_SHIM_H
#define HULL_CSECCOMP_SHIM_H

#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

/// The name of a system call, with its NUL, into `name`; its length, or -1 where the number has none. The library gives
/// memory that must be freed, and nothing of Swift here may call free(3).
static inline int seccomp_copy_name(uint32_t architecture, int number, char *name, size_t capacity)
{
    char *found = seccomp_syscall_resolve_num_arch(architecture, number);
    if (!found)
        return -1;
    size_t length = strlen(found);
    int result = length < capacity ? (int)length : -1;
    if (result >= 0)
        memcpy(name, found, length + 1);
    free(found);
    return result;
}

#endif
