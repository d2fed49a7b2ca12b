// SPDX-License-Identifier: Apache-2.0

#include "carchive.h"

#include <errno.h>
#include <unistd.h>

int64_t carchive_read_at(int fd, void *buffer, size_t room, uint64_t offset)
{
    size_t done = 0;
    while (done < room) {
        ssize_t count = pread(fd, (char *)buffer + done, room - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (int64_t)done;
}

void carchive_close(int fd)
{
    close(fd);
}
