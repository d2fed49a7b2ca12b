// SPDX-License-Identifier: Apache-2.0
// Nothing to call: linking this target is what protects the executable. See seal.c.
#ifndef CHULL_SEAL_H
#define CHULL_SEAL_H
/// The program's arguments as execve(2) left them on the stack; they stay there.
__attribute__((visibility("hidden"))) extern int hull_argc;
__attribute__((visibility("hidden"))) extern char **hull_argv;
#endif
