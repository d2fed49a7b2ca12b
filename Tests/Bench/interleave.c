// SPDX-License-Identifier: Apache-2.0
// Times whole processes, the cases taking turns, so that what disturbs the machine disturbs all of them alike.
//   interleave ROUNDS WARM-UP-ROUNDS GAP-MS ERRORS < cases
// A case is one line: a label, a tab, and steps between " ;; ". A step is words between spaces, run in turn:
//   NAME=VALUE ... PROGRAM WORD...   a process, waited for
//   @wait                            wait until no process of this case is left (its orphans become ours)
//   @untimed STEP                    a step that prepares or clears away: it must not fail, and has no time
//   @in DIRECTORY PROGRAM WORD...    a process that begins there
//   @parallel N PROGRAM WORD...      N processes at once, waited for; %d in a word is the number of each
// One line of JSON for each case: samples in ms, peak resident KiB of each step, failed steps. Stderr goes to ERRORS.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_cases = 64, most_steps = 8, most_words = 48 };

struct step {
    char *environment[most_words], *words[most_words], *directory;
    int parallel, untimed; // parallel 0: one process
    long peak;
};

struct one_case {
    char *label;
    struct step steps[most_steps];
    int count, failed;
    double *samples;
};

static int null_fd, error_fd;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void parse_step(struct step *step, char *text) {
    int words = 0, variables = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
        if (words == 0 && !strcmp(word, "@parallel")) step->parallel = atoi(strtok_r(NULL, " \n", &rest));
        else if (words == 0 && !strcmp(word, "@untimed")) step->untimed = 1;
        else if (words == 0 && !strcmp(word, "@in")) step->directory = strtok_r(NULL, " \n", &rest);
        else if (words == 0 && word[0] != '/' && strchr(word, '=') && variables < most_words - 2)
            step->environment[variables++] = word;
        else if (words < most_words - 1) step->words[words++] = word;
    }
    step->environment[variables] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
}

static int parse_cases(struct one_case *cases, int rounds) {
    char *line = NULL;
    size_t room = 0;
    int count = 0;
    for (; count < most_cases && getline(&line, &room, stdin) > 0; line = NULL, room = 0) {
        char *steps = strchr(line, '\t');
        if (!steps) continue;
        *steps++ = 0;
        struct one_case *c = &cases[count++];
        c->label = line;
        c->samples = calloc((size_t)rounds, sizeof *c->samples);
        while (steps && c->count < most_steps) {
            char *next = strstr(steps, " ;; ");
            if (next) *next = 0, next += 4;
            parse_step(&c->steps[c->count++], steps);
            steps = next;
        }
    }
    return count;
}

static pid_t start(const struct step *step, int number) {
    pid_t pid = vfork();
    if (pid) return pid;
    char *words[most_words] = {0}, numbered[most_words][64];
    for (int i = 0; step->words[i]; i++) {
        char *at = strstr(step->words[i], "%d");
        words[i] = step->words[i];
        if (at) snprintf(numbered[i], 64, "%.*s%d", (int)(at - words[i]), words[i], number), words[i] = numbered[i];
    }
    dup2(null_fd, 0), dup2(null_fd, 1), dup2(error_fd, 2);
    if (step->directory && chdir(step->directory)) _exit(127);
    execve(words[0], words, (char **)step->environment);
    _exit(127);
}

static int reap(struct step *step, pid_t pid) { // 1 if it failed
    struct rusage use;
    int status = 0;
    if (wait4(pid, &status, 0, &use) < 0) return 1;
    if (step && use.ru_maxrss > step->peak) step->peak = use.ru_maxrss;
    return status != 0;
}

static int run_step(struct step *step) {
    int failed = 0, many = step->parallel ? step->parallel : 1;
    if (!strcmp(step->words[0], "@wait")) {
        while (wait(NULL) > 0) {}
        return 0;
    }
    pid_t *pids = calloc((size_t)many, sizeof *pids);
    for (int i = 0; i < many; i++) pids[i] = start(step, i);
    for (int i = 0; i < many; i++) failed |= reap(step, pids[i]);
    free(pids);
    return failed;
}

static void report(const struct one_case *c, int rounds) {
    printf("{\"label\":\"%s\",\"failed\":%d,\"peaks\":[", c->label, c->failed);
    for (int s = 0; s < c->count; s++) printf("%s%ld", s ? "," : "", c->steps[s].peak);
    printf("],\"samples\":[");
    for (int r = 0; r < rounds; r++) printf("%s%.4f", r ? "," : "", c->samples[r]);
    printf("]}\n");
}

int main(int argc, char **argv) {
    static struct one_case cases[most_cases];
    if (argc != 5) return fputs("interleave ROUNDS WARM-UP-ROUNDS GAP-MS ERRORS < cases\n", stderr), 64;
    int rounds = atoi(argv[1]), warm = atoi(argv[2]), gap = atoi(argv[3]);
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    error_fd = open(argv[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int count = parse_cases(cases, rounds);
    for (int r = -warm; r < rounds; r++) {
        for (int i = 0; i < count; i++) {
            struct one_case *c = &cases[(i + r + warm) % count]; // each is first as often as the others
            double taken = 0;
            int failed = 0;
            for (int s = 0; s < c->count; s++) {
                double before = now();
                failed |= run_step(&c->steps[s]);
                if (!c->steps[s].untimed) taken += now() - before;
            }
            if (r >= 0) c->samples[r] = taken;
            c->failed += failed;
            if (gap) usleep((useconds_t)gap * 1000);
        }
    }
    for (int i = 0; i < count; i++) report(&cases[i], rounds);
    return 0;
}
