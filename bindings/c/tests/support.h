/* What all test programs need: checks, clients for the emulator, and its commands. */

#ifndef SUPPORT_H
#define SUPPORT_H

#include <hwmigrate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when something does not hold. */
#define CHECK(condition) \
    do { \
        if (!(condition)) fail(__FILE__, __LINE__, #condition); \
    } while (0)

/* Ends the program when a call does not end as it should; tells the error, and frees it otherwise. */
#define EXPECT(wanted, call) expect(__FILE__, __LINE__, #call, (wanted), (call), &error)

void fail(const char *file, int line, const char *what);
void expect(const char *file, int line, const char *call, hwm_result wanted, hwm_result found, hwm_error **error);

/* Whether `part` is in `text`, which may be NULL. */
bool contains(const char *text, const char *part);

/* A setting of the surroundings that must be there. */
const char *setting(const char *name);

/* A configuration that takes everything from the surroundings and repeats quickly. */
hwm_config *quick_config(void);

/* A client with it. */
hwm_client *quick_client(void);

/* The body of a create: everything below `prefix`, from `source` to `destination`. */
hwm_request *copy_request(const char *prefix);

/* The body of a start. */
hwm_request *start_request(void);

/* Waits a while until the task is as it should be. */
hwm_result settle(hwm_client *client, int64_t task, int32_t until, hwm_progress **last);

/* Sends a request to the emulator, past the library, and gives its whole answer. */
void exchange(const char *method, const char *path, const char *body, char *text, size_t size);

/* Sends a command to the emulator, such as POST /_emulator/faults, and checks that it was taken. The answer
   is written into `answer` if that is not NULL. */
void emulator(const char *method, const char *path, const char *body, char *answer, size_t size);

/* Pushes a fault. */
void fault(const char *json);

/* How often the emulator was asked for an operation. */
int calls_of(const char *operation);

/* Milliseconds of a clock that only goes forward. */
int64_t now(void);

/* Pauses this thread. */
void pause_for(int milliseconds);

#endif
