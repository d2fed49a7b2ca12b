// SPDX-License-Identifier: Apache-2.0
// call NUMBER [ARG...]: makes one system call with numeric (or, with a leading =, string) arguments and prints
// "RESULT ERRNO". Static, so that it runs in any root.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **words)
{
    long a[7] = {0};
    for (int i = 1; i < count && i < 8; i++)
        a[i - 1] = words[i][0] == '=' ? (long)(words[i] + 1) : (long)strtoull(words[i], NULL, 0);
    errno = 0;
    long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
    printf("%ld %d\n", result, result == -1 ? errno : 0);
    return 0;
}
