// SPDX-License-Identifier: Apache-2.0
// Umbrella of the shim: the kernel's constants from the kernel's own headers, and the wrappers.
// Of libc only <signal.h> is included, without _GNU_SOURCE: Foundation (in tests) brings its own view of the rest.
#ifndef CHULL_H
#define CHULL_H

#include <asm-generic/ioctls.h>
#include <asm/errno.h>
#include <asm/resource.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/close_range.h>
// glibc's <fcntl.h> has structs of these names with other types; whoever sees both modules (tests with Foundation)
// would not compile.
#define flock chull_kernel_flock
#define flock64 chull_kernel_flock64
#define f_owner_ex chull_kernel_f_owner_ex
#include <linux/fcntl.h>
#undef flock
#undef flock64
#undef f_owner_ex
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include <signal.h>

#include "process.h"
#include "trees.h"
#include "wrappers.h"

#endif
