// SPDX-License-Identifier: Apache-2.0
// Wrappers of calls that make, copy and remove trees of files: as in wrappers.h, each returns the call's value or
// -errno.
#ifndef CHULL_TREES_H
#define CHULL_TREES_H

#include <stddef.h>
#include <stdint.h>

int chull_linkat(int olddir, const char *oldpath, int newdir, const char *newpath);
int chull_ftruncate(int fd, uint64_t size);
int64_t chull_pwrite(int fd, const void *buffer, size_t count, uint64_t offset);
// Content from one file to another, shared where the filesystem can: copy_file_range(2).
int64_t chull_copy_range(int from, uint64_t from_offset, int to, uint64_t to_offset, size_t count);
// The next place with data, or the next hole: lseek(2) with SEEK_DATA, SEEK_HOLE.
int64_t chull_seek_data(int fd, uint64_t offset);
int64_t chull_seek_hole(int fd, uint64_t offset);
int chull_syncfs(int fd);
int chull_fsync(int fd);
// Of a path whose last name is not followed.
int chull_lsetxattr(const char *path, const char *name, const void *value, size_t size);
int64_t chull_lgetxattr(const char *path, const char *name, void *value, size_t size);
int64_t chull_llistxattr(const char *path, char *list, size_t size);
int64_t chull_fgetxattr(int fd, const char *name, void *value, size_t size);
int64_t chull_flistxattr(int fd, char *list, size_t size);

#endif
