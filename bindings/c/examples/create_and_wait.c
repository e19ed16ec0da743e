/* Copies what begins with a prefix from one bucket to another, and follows it to the end.
 *
 *     create_and_wait SOURCE_BUCKET DESTINATION_BUCKET PREFIX
 *
 * Who we are comes from the environment or a profile, the keys of the buckets from SOURCE_AK, SOURCE_SK,
 * DESTINATION_AK and DESTINATION_SK. Ctrl-C ends the waiting; the task goes on. */

#include <hwmigrate.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static hwm_cancel *interrupted;

static void on_interrupt(int number) {
    (void)number;
    hwm_cancel_now(interrupted); /* stores a flag, so it may be called here */
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static bool show(void *user_data, const hwm_progress *progress) {
    (void)user_data;
    printf("%s\n", hwm_progress_text(progress));
    return true;
}

static hwm_result prepare(hwm_request *request, char **words) {
    const char *region = setting("HWMIGRATE_REGION");
    const char *keys[4];
    keys[0] = setting("SOURCE_AK");
    keys[1] = setting("SOURCE_SK");
    keys[2] = setting("DESTINATION_AK");
    keys[3] = setting("DESTINATION_SK");
    hwm_request_set_source(request, "HuaweiCloud", region, words[1], keys[0], strlen(keys[0]), keys[1],
                           strlen(keys[1]));
    hwm_request_set_destination(request, region, words[2], keys[2], strlen(keys[2]), keys[3], strlen(keys[3]));
    hwm_request_set_text(request, "/task_type", "prefix");
    /* The first setter that fails is remembered: the create below would say so. */
    return hwm_request_set_text(request, "/src_node/object_key/-", words[3]);
}

int main(int count, char **words) {
    hwm_error *error = NULL;
    hwm_client *client = NULL, *limited = NULL;
    hwm_request *request = NULL;
    hwm_wait *wait = NULL;
    hwm_progress *last = NULL;
    int64_t task = 0;
    bool adopted = false;
    hwm_result result;

    if (count != 4) {
        fprintf(stderr, "usage: create_and_wait SOURCE_BUCKET DESTINATION_BUCKET PREFIX\n");
        return HWM_INVALID;
    }
    result = hwm_cancel_new(&interrupted, &error);
    if (result != HWM_OK) goto end;
    signal(SIGINT, on_interrupt);

    result = hwm_client_new(NULL, &client, &error);
    if (result != HWM_OK) goto end;
    result = hwm_client_limited(client, 0, interrupted, &limited, &error);
    if (result != HWM_OK) goto end;

    result = hwm_request_new(&request, &error);
    if (result != HWM_OK) goto end;
    prepare(request, words);
    result = hwm_task_create_once(limited, request, NULL, &task, &adopted, &error);
    if (result != HWM_OK) goto end;
    printf("task %lld%s\n", (long long)task, adopted ? ", found again after a lost reply" : "");

    result = hwm_task_wait(limited, task, &wait, &error);
    if (result != HWM_OK) goto end;
    hwm_wait_set_deadline(wait, 6 * 3600 * INT64_C(1000));
    hwm_wait_set_poll(wait, 100, 5000);
    hwm_wait_set_progress(wait, show, NULL, NULL);
    result = hwm_wait_run(wait, &last, &error);
    if (result == HWM_OK) {
        printf("done: %lld objects, %lld skipped\n", (long long)hwm_progress_objects_done(last),
               (long long)hwm_progress_objects_skipped(last));
    } else if (result == HWM_PAUSED) {
        printf("somebody paused it\n");
    }

end:
    if (error != NULL) {
        const char *advice = hwm_error_advice(error);
        fprintf(stderr, "error: %s\n", hwm_error_message(error));
        if (advice != NULL) fprintf(stderr, "advice: %s\n", advice);
    }
    signal(SIGINT, SIG_DFL);
    hwm_error_free(error);
    hwm_progress_free(last);
    hwm_wait_free(wait);
    hwm_request_free(request);
    hwm_client_free(limited);
    hwm_client_free(client);
    hwm_cancel_free(interrupted);
    return result;
}
