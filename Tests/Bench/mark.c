// SPDX-License-Identifier: Apache-2.0
// The program at whose first instruction Tests/Bench/count.c writes down what it counted. It is linked to an address
// of its own, without a library.
void _start(void)
{
    __asm__ volatile("syscall" : : "a"(60), "D"(0));
    __builtin_unreachable();
}
