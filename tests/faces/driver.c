/* The C library as a face: reads steps, writes answers, a line each; see tests/tests/faces/program.rs. */

#include <hwmigrate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 5

static hwm_client *client;
static hwm_error *error;

static void stop(const char *why) {
    fprintf(stderr, "driver: %s\n", why);
    exit(1);
}

static int64_t number(const char *word) {
    return (int64_t)strtoll(word, NULL, 10);
}

static hwm_request *request_of(const char *json) {
    hwm_request *request = NULL;
    if (hwm_request_new(&request, NULL) != HWM_OK) stop("no request");
    if (hwm_request_set_json(request, "", json, strlen(json)) != HWM_OK) stop("the body is not taken");
    return request;
}

/* Codes and names of operations need no escapes in JSON. */
static void show_text(const char *name, const char *text) {
    if (text == NULL) {
        printf(",\"%s\":null", name);
    } else {
        printf(",\"%s\":\"%s\"", name, text);
    }
}

static void show_count(const char *name, int64_t count) {
    if (count < 0) {
        printf(",\"%s\":null", name);
    } else {
        printf(",\"%s\":%lld", name, (long long)count);
    }
}

static void show_error(hwm_result result) {
    printf("error\t{\"kind\":%d", (int)result);
    show_count("status", hwm_error_status(error) > 0 ? hwm_error_status(error) : -1);
    show_text("code", hwm_error_code(error));
    show_text("operation", hwm_error_operation(error));
    printf(",\"retryable\":%s", hwm_error_is_retryable(error) ? "true" : "false");
    show_text("job_state", hwm_error_job_state(error));
    show_count("objects_done", hwm_error_job_objects_done(error));
    show_count("objects_failed", hwm_error_job_objects_failed(error));
    printf("}\n");
    hwm_error_free(error);
    error = NULL;
}

static const char *state_word(hwm_state state) {
    switch (state) {
    case HWM_STATE_PAUSED: return "paused";
    case HWM_STATE_FAILED: return "failed";
    case HWM_STATE_SUCCEEDED: return "succeeded";
    case HWM_STATE_SYNCING: return "syncing";
    default: return "another";
    }
}

/* Runs a wait, shows how it ended, and frees it. */
static hwm_result run(hwm_wait *wait, const char *limit, int32_t until) {
    hwm_progress *last = NULL;
    hwm_result result;
    size_t phase;
    if (hwm_wait_set_deadline(wait, number(limit)) != HWM_OK || hwm_wait_set_poll(wait, 10, 10) != HWM_OK ||
        (until != HWM_UNTIL_ENDED && hwm_wait_set_until(wait, until) != HWM_OK))
        stop("the wait is not set up");
    result = hwm_wait_run(wait, &last, &error);
    hwm_wait_free(wait);
    if (result != HWM_OK && result != HWM_PAUSED && result != HWM_OVERTAKEN) return result;
    printf("ok\t{\"end\":\"%s\"", result == HWM_OK ? "done" : result == HWM_PAUSED ? "paused" : "overtaken");
    show_text("state", state_word(hwm_progress_state(last)));
    show_count("objects_done", hwm_progress_objects_done(last));
    show_count("objects_failed", hwm_progress_objects_failed(last));
    show_count("bytes_done", hwm_progress_bytes_done(last));
    printf(",\"phases\":[");
    for (phase = 0; phase < hwm_progress_phase_count(last); phase++)
        printf("%s\"%s\"", phase > 0 ? "," : "", hwm_progress_phase_name(last, phase));
    printf("]}\n");
    hwm_progress_free(last);
    return HWM_OK;
}

static hwm_result show_value(hwm_result result, hwm_value *value) {
    if (result == HWM_OK) printf("ok\t%s\n", hwm_value_json(value, ""));
    hwm_value_free(value);
    return result;
}

static hwm_result show_nothing(hwm_result result) {
    if (result == HWM_OK) printf("ok\tnull\n");
    return result;
}

static hwm_result show_made(hwm_result result, char *id, bool adopted) {
    if (result == HWM_OK) printf("ok\t{\"id\":\"%s\",\"adopted\":%s}\n", id, adopted ? "true" : "false");
    hwm_string_free(id);
    return result;
}

/* Collected before it is shown: a list that fails at its first page is an error and nothing else. */
static char shown[65536];

static void add(const char *text) {
    if (strlen(shown) + strlen(text) >= sizeof shown) stop("the list is too long");
    strcat(shown, text);
}

/* The ids of a list, or the ids with the names. */
static hwm_result show_list(hwm_result result, hwm_list *list, bool names) {
    hwm_value *item = NULL;
    shown[0] = '\0';
    while (result == HWM_OK && (result = hwm_list_next(list, &item, &error)) == HWM_OK) {
        if (shown[0] != '\0') add(",");
        if (names) add("{\"id\":");
        add(hwm_value_json(item, "/id"));
        if (names) {
            add(",\"name\":");
            add(hwm_value_json(item, "/name"));
            add("}");
        }
        hwm_value_free(item);
    }
    hwm_list_free(list);
    if (result != HWM_END) return result;
    printf(names ? "ok\t[%s]\n" : "ok\t{\"ids\":[%s]}\n", shown);
    return HWM_OK;
}

static int32_t goal_of(const char *word) {
    if (strcmp(word, "started") == 0) return HWM_GOAL_STARTED;
    if (strcmp(word, "syncing") == 0) return HWM_GOAL_SYNCING;
    if (strcmp(word, "migrate_success") == 0) return HWM_GOAL_MIGRATED;
    stop("an unknown goal");
    return 0;
}

/* Sets `name=value` words as parameters. */
static hwm_request *parameters_of(char **words, size_t count) {
    hwm_request *request = NULL;
    size_t index;
    if (hwm_request_new(&request, NULL) != HWM_OK) stop("no request");
    for (index = 0; index < count; index++) {
        char *value = strchr(words[index], '=');
        if (value == NULL) stop("a parameter without a value");
        *value = '\0';
        if (hwm_request_set_parameter(request, words[index], value + 1) != HWM_OK) stop("a parameter is not taken");
    }
    return request;
}

static hwm_result of_task(const char *verb, char **rest) {
    hwm_request *request = NULL;
    hwm_value *value = NULL;
    hwm_list *list = NULL;
    hwm_wait *wait = NULL;
    hwm_result result;
    int64_t id = 0;
    bool adopted = false, once = strcmp(verb, "create_task_once") == 0;

    if (once || strcmp(verb, "create_task") == 0) {
        request = request_of(rest[0]);
        result = once ? hwm_task_create_once(client, request, NULL, &id, &adopted, &error)
                      : hwm_task_create(client, request, &id, &error);
        if (result == HWM_OK) printf("ok\t{\"id\":%lld,\"adopted\":%s}\n", (long long)id, adopted ? "true" : "false");
        hwm_request_free(request);
        return result;
    }
    if (strcmp(verb, "list_tasks") == 0) {
        if (hwm_request_new(&request, NULL) != HWM_OK) stop("no filter");
        if (hwm_request_set_parameter(request, "status", rest[0]) != HWM_OK) stop("the filter is not taken");
        result = hwm_task_list(client, request, &list, &error);
        hwm_request_free(request);
        return show_list(result, list, false);
    }
    id = number(rest[0]);
    if (strcmp(verb, "show_task") == 0) {
        result = hwm_task_show(client, id, &value, &error);
        return show_value(result, value);
    }
    if (strcmp(verb, "start_task") == 0) {
        request = request_of(rest[1]);
        result = hwm_task_start(client, id, request, &error);
        hwm_request_free(request);
        return show_nothing(result);
    }
    if (strcmp(verb, "stop_task") == 0) return show_nothing(hwm_task_stop(client, id, &error));
    if (strcmp(verb, "delete_task") == 0) return show_nothing(hwm_task_delete(client, id, &error));
    result = hwm_task_wait(client, id, &wait, &error);
    if (result != HWM_OK) return result;
    return run(wait, rest[1], strcmp(verb, "wait_task_started") == 0 ? HWM_UNTIL_STARTED : HWM_UNTIL_ENDED);
}

static hwm_result of_group_or_sync(const char *verb, char **rest) {
    hwm_request *request = NULL;
    hwm_wait *wait = NULL;
    hwm_result result;
    char *id = NULL;
    bool adopted = false;

    if (strncmp(verb, "create_", 7) == 0) {
        request = request_of(rest[0]);
        result = strcmp(verb, "create_group_once") == 0
                     ? hwm_group_create_once(client, request, NULL, &id, &adopted, &error)
                     : hwm_sync_create_once(client, request, NULL, &id, &adopted, &error);
        hwm_request_free(request);
        return show_made(result, id, adopted);
    }
    if (strcmp(verb, "delete_group") == 0) return show_nothing(hwm_group_delete(client, rest[0], &error));
    if (strcmp(verb, "stop_sync") == 0) return show_nothing(hwm_sync_stop(client, rest[0], &error));
    if (strcmp(verb, "sync_events") == 0) {
        const char *keys[1];
        keys[0] = rest[1];
        return show_nothing(hwm_sync_events(client, rest[0], keys, 1, &error));
    }
    result = hwm_group_wait(client, rest[0], &wait, &error);
    return result != HWM_OK ? result : run(wait, rest[1], HWM_UNTIL_ENDED);
}

static hwm_result of_server(const char *verb, char **rest) {
    hwm_request *request = NULL;
    hwm_list *list = NULL;
    hwm_wait *wait = NULL;
    hwm_result result;
    char *id = NULL;
    bool adopted = false;

    if (strcmp(verb, "list_servers") == 0) {
        result = hwm_server_list(client, NULL, &list, &error);
        return show_list(result, list, true);
    }
    if (strcmp(verb, "create_server_task_once") == 0) {
        request = request_of(rest[0]);
        result = hwm_server_task_create_once(client, request, &id, &adopted, &error);
        hwm_request_free(request);
        return show_made(result, id, adopted);
    }
    if (strcmp(verb, "act") == 0) return show_nothing(hwm_server_task_act(client, rest[0], rest[1], false, &error));
    if (strcmp(verb, "delete_server_task") == 0) return show_nothing(hwm_server_task_delete(client, rest[0], &error));
    result = hwm_server_task_wait(client, rest[0], goal_of(rest[1]), &wait, &error);
    return result != HWM_OK ? result : run(wait, rest[2], HWM_UNTIL_ENDED);
}

static hwm_result step(const char *verb, char **rest, size_t count) {
    hwm_request *request = NULL;
    hwm_value *value = NULL;
    hwm_result result;
    char *id = NULL;

    if (strcmp(verb, "project") == 0) {
        result = hwm_client_project_id(client, &id, &error);
        if (result == HWM_OK) printf("ok\t{\"project_id\":\"%s\"}\n", id);
        hwm_string_free(id);
        return result;
    }
    if (strcmp(verb, "call") == 0) {
        request = parameters_of(rest + 1, count - 1);
        result = hwm_call(client, rest[0], request, &value, &error);
        hwm_request_free(request);
        return show_value(result, value);
    }
    if (strstr(verb, "server") != NULL || strcmp(verb, "act") == 0) return of_server(verb, rest);
    if (strstr(verb, "task") != NULL) return of_task(verb, rest);
    if (strstr(verb, "group") != NULL || strstr(verb, "sync") != NULL) return of_group_or_sync(verb, rest);
    stop("an unknown step");
    return HWM_OK;
}

int main(void) {
    static char line[65536];
    hwm_config *config = NULL;
    if (hwm_config_new(&config, NULL) != HWM_OK || hwm_config_set_retry(config, 4, 2, 20) != HWM_OK) stop("no settings");
    if (hwm_client_new(config, &client, &error) != HWM_OK) stop(hwm_error_message(error));
    hwm_config_free(config);
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *words[WORDS], *word;
        size_t count = 0;
        hwm_result result;
        for (word = strtok(line, "\t\n"); word != NULL && count < WORDS; word = strtok(NULL, "\t\n")) words[count++] = word;
        if (count == 0) stop("an empty step");
        if (word != NULL) stop("too many words");
        result = step(words[0], words + 1, count - 1);
        if (result != HWM_OK) show_error(result);
        fflush(stdout);
    }
    hwm_client_free(client);
    return 0;
}
