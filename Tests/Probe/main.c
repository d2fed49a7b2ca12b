// SPDX-License-Identifier: Apache-2.0
// probe [--proc DIR] ACTION [WORD...] [, ACTION [WORD...]]...    one line of JSON for each action; no action: report
#include "probe.h"
#include <stdlib.h>
#include <string.h>

char **own_argv;

static int usage(const char *problem, const char *word) {
    fprintf(stderr, "probe: %s: %s\n", problem, word);
    for (const struct action *a = actions; a->name; a++) fprintf(stderr, "  %s %s\n", a->name, a->usage);
    return 64;
}

int main(int argc, char **argv) {
    own_argv = argv;
    int at = 1;
    if (argc > 2 && !strcmp(argv[1], "--proc")) proc_directory = argv[2], at = 3;
    if (at == argc) report(0, NULL), json_end();
    while (at < argc) {
        const struct action *a = actions;
        while (a->name && strcmp(a->name, argv[at])) a++;
        if (!a->name) return usage("no such action", argv[at]);
        int last = ++at;
        while (last < argc && strcmp(argv[last], ",")) last++;
        if (last - at < a->words) return usage("too few words for", a->name);
        a->run(last - at, argv + at);
        json_end();
        at = last + 1;
    }
    return 0;
}
