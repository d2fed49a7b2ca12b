// SPDX-License-Identifier: Apache-2.0
// A filesystem that answers nothing: who asks it something waits uninterruptibly.
#define _GNU_SOURCE
#include "CSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static atomic_int taken;

static void *take(void *argument)
{
    static _Alignas(8) char bytes[1 << 17];
    int device = (int)(intptr_t)argument;
    for (;;) {
        ssize_t length = read(device, bytes, sizeof bytes);
        if (length < 0 && (errno == EINTR || errno == ENOENT))
            continue;
        if (length < (ssize_t)sizeof(struct fuse_in_header))
            break;
        struct fuse_in_header *question = (void *)bytes;
        if (question->opcode != FUSE_INIT) {
            atomic_fetch_add(&taken, question->opcode != FUSE_INTERRUPT);
            continue;
        }
        struct { struct fuse_out_header header; struct fuse_init_out init; } answer = {
            .header = {.len = sizeof answer, .unique = question->unique},
            .init = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096}};
        if (write(device, &answer, sizeof answer) < 0)
            break;
    }
    close(device);
    return NULL;
}

int support_hang(const char *directory)
{
    char options[100];
    int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0)
        return -errno;
    snprintf(options, sizeof options, "fd=%d,rootmode=40755,user_id=0,group_id=0", device);
    pthread_t thread;
    if (mount("hang", directory, "fuse", MS_NOSUID | MS_NODEV, options) < 0 ||
        pthread_create(&thread, NULL, take, (void *)(intptr_t)device) != 0) {
        close(device);
        return -EIO;
    }
    pthread_detach(thread);
    return 0;
}

int support_hung(void) { return atomic_load(&taken); }

int support_release(const char *directory) { return umount2(directory, MNT_FORCE | MNT_DETACH) < 0 ? -errno : 0; }
