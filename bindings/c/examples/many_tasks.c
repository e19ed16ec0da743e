/* Starts one task for each prefix, and lets a single thread wait for all of them.
 *
 *     many_tasks SOURCE_BUCKET DESTINATION_BUCKET PREFIX...
 *
 * The waits share their requests: a thousand tasks cost ten requests a round. Settings as in create_and_wait.c. */

#include <hwmigrate.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct waiting {
    hwm_fleet *fleet;
    size_t done;
    size_t failed;
    hwm_result result;
};

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static void complain(hwm_error *error) {
    if (error != NULL) fprintf(stderr, "error: %s\n", hwm_error_message(error));
    hwm_error_free(error);
}

static void *wait_for_all(void *argument) {
    struct waiting *waiting = argument;
    for (;;) {
        hwm_error *error = NULL;
        hwm_event *event = NULL;
        waiting->result = hwm_fleet_next(waiting->fleet, &event, &error);
        if (waiting->result != HWM_OK) {
            complain(error);
            break; /* HWM_END: all have ended */
        }
        if (hwm_event_is_end(event)) {
            hwm_progress *last = NULL;
            if (hwm_event_result(event, &last, &error) == HWM_OK) {
                printf("%s\n", hwm_progress_text(last));
                waiting->done++;
            } else {
                fprintf(stderr, "task %s: %s\n", hwm_event_id(event),
                        error != NULL ? hwm_error_message(error) : "paused");
                hwm_error_free(error);
                waiting->failed++;
            }
            hwm_progress_free(last);
        }
        hwm_event_free(event);
    }
    return NULL;
}

static hwm_result create(hwm_client *client, char **words, const char *prefix, int64_t *task) {
    const char *region = setting("HWMIGRATE_REGION");
    const char *source_ak = setting("SOURCE_AK"), *source_sk = setting("SOURCE_SK");
    const char *target_ak = setting("DESTINATION_AK"), *target_sk = setting("DESTINATION_SK");
    hwm_request *request = NULL;
    hwm_error *error = NULL;
    hwm_result result = hwm_request_new(&request, &error);
    if (result == HWM_OK) {
        hwm_request_set_source(request, "HuaweiCloud", region, words[1], source_ak, strlen(source_ak), source_sk,
                               strlen(source_sk));
        hwm_request_set_destination(request, region, words[2], target_ak, strlen(target_ak), target_sk,
                                    strlen(target_sk));
        hwm_request_set_text(request, "/task_type", "prefix");
        hwm_request_set_text(request, "/src_node/object_key/-", prefix);
        hwm_request_add_bandwidth(request, "08:00", "17:59", 50 * 1024 * 1024);
        result = hwm_task_create_once(client, request, NULL, task, NULL, &error);
    }
    complain(error);
    hwm_request_free(request);
    return result;
}

int main(int count, char **words) {
    hwm_error *error = NULL;
    hwm_client *client = NULL;
    struct waiting waiting = {NULL, 0, 0, HWM_OK};
    pthread_t thread;
    size_t created = 0;
    int64_t *tasks;
    int word;
    hwm_result result;

    if (count < 4) {
        fprintf(stderr, "usage: many_tasks SOURCE_BUCKET DESTINATION_BUCKET PREFIX...\n");
        return HWM_INVALID;
    }
    tasks = calloc((size_t)count, sizeof *tasks);
    if (tasks == NULL) return EXIT_FAILURE;

    result = hwm_client_new(NULL, &client, &error);
    for (word = 3; result == HWM_OK && word < count; word++) {
        result = create(client, words, words[word], &tasks[created]);
        if (result == HWM_OK) created++;
    }
    if (created > 0 && hwm_task_wait_all(client, tasks, created, &waiting.fleet, &error) == HWM_OK) {
        hwm_fleet_set_deadline(waiting.fleet, 24 * 3600 * INT64_C(1000));
        hwm_fleet_set_poll(waiting.fleet, 100, 5000);
        if (pthread_create(&thread, NULL, wait_for_all, &waiting) == 0) {
            /* This thread is free for other things, also with the same client. */
            pthread_join(thread, NULL);
        }
        printf("%zu done, %zu failed\n", waiting.done, waiting.failed);
    }
    complain(error);
    hwm_fleet_free(waiting.fleet);
    hwm_client_free(client);
    free(tasks);
    if (result == HWM_OK && waiting.result != HWM_END) result = waiting.result;
    return result != HWM_OK ? (int)result : waiting.failed > 0 ? (int)HWM_JOB_FAILED : 0;
}
