#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

const char *token(void) {
    static char text[TOKEN_LENGTH + 1];
    memset(text, 'M', TOKEN_LENGTH);
    return text;
}

void give_up(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static long long nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (long long)time.tv_sec * 1000000000LL + time.tv_nsec;
}

int drive(int count, char **words, call show, call list, void *state) {
    const char *workload = count == 4 ? words[2] : "";
    long long calls = count == 4 ? atoll(words[3]) : 0, number, cpu = 0, wall = 0;
    struct rusage usage;
    if (strcmp(workload, "one") == 0) {
        show(state);
    } else if (strcmp(workload, "sequential") == 0 || strcmp(workload, "list") == 0) {
        call repeated = *workload == 's' ? show : list;
        for (number = 0; number < 32; number++) repeated(state);
        cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
        wall = nanoseconds(CLOCK_MONOTONIC);
        for (number = 0; number < calls; number++) repeated(state);
        cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        wall = nanoseconds(CLOCK_MONOTONIC) - wall;
    } else {
        give_up("start with URL sequential|list|one COUNT");
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"cpu_ns\":%lld,\"wall_ns\":%lld,\"process_cpu_ns\":%lld,\"peak_kib\":%ld}\n", cpu, wall,
           nanoseconds(CLOCK_PROCESS_CPUTIME_ID), usage.ru_maxrss);
    return 0;
}
