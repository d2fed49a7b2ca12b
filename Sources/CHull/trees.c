// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "trees.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RESULT(call) do { __auto_type r_ = (call); return r_ < 0 ? -errno : r_; } while (0)

int chull_linkat(int olddir, const char *oldpath, int newdir, const char *newpath)
{
    RESULT(linkat(olddir, oldpath, newdir, newpath, 0));
}
int chull_ftruncate(int fd, uint64_t size) { RESULT(ftruncate(fd, (off_t)size)); }
int64_t chull_pwrite(int fd, const void *buffer, size_t count, uint64_t offset)
{
    RESULT(pwrite(fd, buffer, count, (off_t)offset));
}
int64_t chull_copy_range(int from, uint64_t from_offset, int to, uint64_t to_offset, size_t count)
{
    off_t in = (off_t)from_offset, out = (off_t)to_offset;
    RESULT(copy_file_range(from, &in, to, &out, count, 0));
}
int64_t chull_seek_data(int fd, uint64_t offset) { RESULT(lseek(fd, (off_t)offset, SEEK_DATA)); }
int64_t chull_seek_hole(int fd, uint64_t offset) { RESULT(lseek(fd, (off_t)offset, SEEK_HOLE)); }
int chull_syncfs(int fd) { RESULT(syncfs(fd)); }
int chull_fsync(int fd) { RESULT(fsync(fd)); }
int chull_lsetxattr(const char *path, const char *name, const void *value, size_t size)
{
    RESULT(lsetxattr(path, name, value, size, 0));
}
int64_t chull_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    RESULT(lgetxattr(path, name, value, size));
}
int64_t chull_llistxattr(const char *path, char *list, size_t size) { RESULT(llistxattr(path, list, size)); }
int64_t chull_fgetxattr(int fd, const char *name, void *value, size_t size)
{
    RESULT(fgetxattr(fd, name, value, size));
}
int64_t chull_flistxattr(int fd, char *list, size_t size) { RESULT(flistxattr(fd, list, size)); }
