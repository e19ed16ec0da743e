/* What both benchmark clients do alike: read the orders, repeat the call, report.
 *
 * A client is started as PROGRAM URL WORKLOAD COUNT and ends with one JSON line on standard output. The
 * workloads are `sequential` (read one task), `list` (read a page of 100 tasks) and `one` (one call, cold). */

#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>

/* The made-up project of the benchmark's server, the task of its single answer, and the size of its page. */
#define PROJECT "0215ef11e49d4743be23dd97a1561e91"
#define TASK 200477729979132LL
#define PAGE 100
#define TOKEN_LENGTH 1500

/* One call that checks its answer; ends the program when that is wrong. */
typedef void (*call)(void *state);

/* A token as long as real ones are. */
const char *token(void);

/* Ends the program. */
void give_up(const char *why);

/* Repeats `show` or `list` as ordered and prints what it cost. */
int drive(int count, char **words, call show, call list, void *state);

#endif
