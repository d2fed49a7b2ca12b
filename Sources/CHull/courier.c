// SPDX-License-Identifier: Apache-2.0
// How the descriptor of a filter's notifications leaves the process that loads the filter. From then on every call of
// that process may be denied, or be a question to an agent that nobody has told yet. So a second thread, which the
// filter does not bind, stands ready before: it shares the descriptors, sends the new one to the runtime, and waits
// until the runtime has passed it on. The process itself waits without a call, on memory. execve(2) ends the thread.
#define _GNU_SOURCE
#include "wrappers.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

// Both threads have the same errno, since the second one gets no thread-local memory of its own: it makes only calls
// that do not fail while the first one is busy.
static struct {
    int socket;
    _Atomic int filter; // -1 before there is one
    _Atomic int answer; // 1 before there is one; 0 or -errno
} courier;

static _Alignas(16) unsigned char stack[16384];

static int carry(void *unused)
{
    (void)unused;
    int filter;
    while ((filter = atomic_load(&courier.filter)) < 0) sched_yield();
    const char listener = CHULL_MESSAGE_LISTENER;
    int64_t r = chull_send(courier.socket, &listener, 1, &filter, 1);
    char word;
    if (r >= 0) r = chull_receive(courier.socket, &word, 1, NULL);
    // The end of the socket: without the runtime there is nobody to create a container for.
    atomic_store(&courier.answer, r > 0 ? 0 : r < 0 ? (int)r : -EPIPE);
    return 0;
}

int chull_courier_start(int socket)
{
    courier.socket = socket;
    atomic_store(&courier.filter, -1);
    atomic_store(&courier.answer, 1);
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    return clone(carry, stack + sizeof stack, flags, NULL) < 0 ? -errno : 0;
}

int chull_courier_deliver(int filter)
{
    int answer;
    atomic_store(&courier.filter, filter);
    while ((answer = atomic_load(&courier.answer)) > 0)
#if defined(__x86_64__)
        __builtin_ia32_pause();
#else
        atomic_signal_fence(memory_order_seq_cst);
#endif
    return answer;
}
