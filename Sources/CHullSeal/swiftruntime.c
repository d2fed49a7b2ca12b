// SPDX-License-Identifier: Apache-2.0
// What the Swift runtime would do before `main`, and hull does not want: a static executable takes these names from
// here, and the linker leaves the runtime's own objects out of it.
#ifdef HULL_STATIC
#include "CHullSeal.h"

// The runtime looks for its arguments on the stack, whose place it reads out of /proc/self/maps: seven system calls,
// and a command line that is empty, so that hull would print its help and succeed, where that cannot be opened.
char **_swift_stdlib_getUnsafeArgvArgc(int *count);
char **_swift_stdlib_getUnsafeArgvArgc(int *count)
{
    *count = hull_argc;
    return hull_argv;
}

// The settings of the backtraces that a crash would print: all zero, as they are where backtraces are switched off, and
// larger than any version of the structure. With the runtime's own come a search for a program `swift-backtrace`, in a
// place that the environment may name, to be run at a crash: twelve system calls, 64 KiB, and a program of the caller's
// choice beside a container's.
extern const char _swift_backtraceSettings[4096];
const char _swift_backtraceSettings[4096] = {0};

// Wanted by the object that each Swift executable begins with, only so that the backtraces are linked.
int _swift_backtrace_isThunkFunction(const char *name);
int _swift_backtrace_isThunkFunction(const char *name)
{
    (void)name;
    return 0;
}
#endif
