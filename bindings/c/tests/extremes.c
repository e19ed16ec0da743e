/* Values at and beyond the ends: spans without end, huge and empty texts, NULs inside, paths too deep, filters and
   indices out of range, outputs and errors used again. */

#include "support.h"

static hwm_error *error;

/* Whatever it is, it is told: no panic, and nothing sent that should not be. */
#define TOLD(call) CHECK(told((call)))

static bool told(hwm_result result) {
    bool good = result != HWM_PANIC && (result == HWM_OK || error == NULL || hwm_error_message(error) != NULL);
    if (!good) fprintf(stderr, "%d: %s\n", (int)result, error != NULL ? hwm_error_message(error) : "no error object");
    hwm_error_free(error);
    error = NULL;
    return good;
}

static char *repeated(const char *part, size_t times) {
    size_t length = strlen(part), index;
    char *text = malloc(length * times + 1);
    CHECK(text != NULL);
    for (index = 0; index < times; index++) memcpy(text + index * length, part, length);
    text[length * times] = '\0';
    return text;
}

/* "For ever" is what people mean by the largest number there is. */
static void spans_without_end(void) {
    hwm_config *config = quick_config();
    hwm_client *client = NULL, *limited = NULL;
    hwm_request *request = copy_request("photos/");
    hwm_wait *wait = NULL;
    hwm_fleet *fleet = NULL;
    hwm_event *event = NULL;
    hwm_progress *last = NULL;
    hwm_value *value = NULL;
    hwm_credentials *credentials = NULL;
    hwm_result result;
    int64_t id = 0, ten_years = INT64_C(10) * 365 * 24 * 3600 * 1000;
    CHECK(hwm_config_set_connect_timeout(config, ten_years - 1) == HWM_OK);
    CHECK(hwm_config_set_read_timeout(config, ten_years - 1) == HWM_OK);
    CHECK(hwm_config_set_call_timeout(config, ten_years - 1) == HWM_OK);
    CHECK(hwm_config_set_retry(config, UINT32_MAX, 0, INT64_MAX) == HWM_OK);
    EXPECT(HWM_OK, hwm_client_new(config, &client, &error));
    fault("{\"kind\": \"reset\", \"operation\": \"ListTasks\", \"times\": 3}");
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    EXPECT(HWM_OK, hwm_client_limited(client, INT64_MAX, NULL, &limited, &error));
    EXPECT(HWM_OK, hwm_task_create(limited, request, &id, &error));
    EXPECT(HWM_OK, hwm_task_wait(limited, id, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, INT64_MAX) == HWM_OK && hwm_wait_set_stall_after(wait, INT64_MAX) == HWM_OK);
    CHECK(hwm_wait_set_poll(wait, 0, INT64_MAX) == HWM_OK);
    EXPECT(HWM_OK, hwm_wait_run(wait, &last, &error));
    CHECK(hwm_progress_state(last) == HWM_STATE_SUCCEEDED);
    hwm_progress_free(last);
    hwm_wait_free(wait);
    EXPECT(HWM_OK, hwm_task_wait_all(limited, &id, 1, &fleet, &error));
    CHECK(hwm_fleet_set_deadline(fleet, INT64_MAX) == HWM_OK && hwm_fleet_set_stall_after(fleet, INT64_MAX) == HWM_OK);
    CHECK(hwm_fleet_set_poll(fleet, INT64_MAX, INT64_MAX) == HWM_OK);
    while ((result = hwm_fleet_next(fleet, &event, &error)) == HWM_OK) hwm_event_free(event);
    CHECK(result == HWM_END);
    hwm_fleet_free(fleet);
    EXPECT(HWM_OK, hwm_task_delete_when_stopped(limited, id, INT64_MAX, &error));
    EXPECT(HWM_OK, hwm_task_delete_when_stopped(limited, id, 0, &error)); /* it is gone, which takes no time */
    TOLD(hwm_sync_show(client, "s", INT64_MAX, &value, &error));
    TOLD(hwm_sync_show(client, "s", INT64_MIN, &value, &error));
    EXPECT(HWM_INVALID, hwm_task_show(client, INT64_MIN, &value, &error));
    EXPECT(HWM_NOT_FOUND, hwm_task_show(client, INT64_MAX, &value, &error));
    EXPECT(HWM_ARGUMENT, hwm_credentials_token("t", 1, INT64_MIN, &credentials, &error));
    CHECK(value == NULL && credentials == NULL);
    /* No time at all. */
    EXPECT(HWM_OK, hwm_task_wait(client, id, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, 0) == HWM_OK && hwm_wait_set_poll(wait, 0, 0) == HWM_OK);
    EXPECT(HWM_NOT_FOUND, hwm_wait_run(wait, NULL, &error));
    hwm_wait_free(wait);
    hwm_client_free(limited);
    hwm_client_free(client);
    hwm_config_free(config);
    hwm_request_free(request);
    EXPECT(HWM_OK, hwm_config_new(&config, &error));
    CHECK(hwm_config_set_connect_timeout(config, 0) == HWM_ARGUMENT);
    CHECK(hwm_config_set_read_timeout(config, ten_years) == HWM_ARGUMENT);
    CHECK(hwm_config_set_call_timeout(config, INT64_MAX) == HWM_ARGUMENT);
    EXPECT(HWM_ARGUMENT, hwm_client_new(config, &client, &error));
    hwm_config_free(config);
}

/* Far too much where a word is due. */
static void huge_texts(hwm_client *client) {
    /* 1 MiB, or what a machine does in the same time that is fifty times slower. */
    char *huge = repeated("0123456789abcdef", getenv("SLOW") != NULL ? 1 << 11 : 1 << 16);
    hwm_credentials *credentials = NULL;
    hwm_config *config = quick_config();
    hwm_client *other = NULL;
    hwm_request *request = NULL;
    hwm_value *value = NULL;
    hwm_list *list = NULL;
    char *id = NULL;
    int64_t task = 7;
    int before = calls_of("CreateTask");
    CHECK(hwm_config_set_region(config, huge) == HWM_OK);
    TOLD(hwm_client_new(config, &other, &error));
    hwm_client_free(other);
    other = NULL;
    hwm_config_free(config);
    config = quick_config();
    EXPECT(HWM_OK, hwm_credentials_access_key(huge, strlen(huge), huge, strlen(huge), &credentials, &error));
    CHECK(hwm_config_set_credentials(config, credentials) == HWM_OK);
    hwm_credentials_free(credentials);
    EXPECT(HWM_OK, hwm_client_new(config, &other, &error));
    CHECK(hwm_call(other, "ListTasks", NULL, NULL, &error) != HWM_OK);
    hwm_error_free(error);
    error = NULL;
    hwm_client_free(other);
    hwm_config_free(config);

    TOLD(hwm_group_show(client, huge, &value, &error));
    TOLD(hwm_server_show(client, huge, &value, &error));
    TOLD(hwm_server_task_act(client, "t", huge, true, &error));
    EXPECT(HWM_INVALID, hwm_call(client, huge, NULL, &value, &error));
    EXPECT(HWM_INVALID, hwm_group_create_once(client, NULL, huge, &id, NULL, &error));
    EXPECT(HWM_INVALID, hwm_task_find_marked(client, huge, &task, &error));
    CHECK(task == 7 && value == NULL && id == NULL);
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_parameter(request, "task_name", huge) == HWM_OK);
    EXPECT(HWM_OK, hwm_task_list(client, request, &list, &error));
    TOLD(hwm_list_next(list, &value, &error));
    hwm_list_free(list);
    CHECK(hwm_request_set_parameter(request, huge, "x") == HWM_OK);
    TOLD(hwm_task_list(client, request, &list, &error));
    hwm_request_free(request);

    request = copy_request("photos/");
    CHECK(hwm_request_set_text(request, "/description", huge) == HWM_OK);
    TOLD(hwm_task_create(client, request, &task, &error));
    CHECK(hwm_request_set_text(request, huge, "x") == HWM_ARGUMENT);
    CHECK(hwm_task_create(client, request, &task, &error) == HWM_ARGUMENT);
    CHECK(strlen(hwm_error_message(error)) < 1000); /* it tells, and does not repeat */
    hwm_error_free(error);
    error = NULL;
    CHECK(task == 7 && calls_of("CreateTask") <= before + 1);
    hwm_request_free(request);
    free(huge);
}

/* What is nested without end runs out of stack wherever it is looked at, so it is not taken. */
static void deep_paths(hwm_client *client) {
    char *path = repeated("/a", 100000), *json = repeated("[", 100000), *short_path = repeated("/a", 32);
    hwm_request *request = NULL;
    hwm_value *value = NULL;
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_text(request, short_path, "x") == HWM_OK);
    CHECK(hwm_request_set_text(request, path, "x") == HWM_ARGUMENT);
    CHECK(hwm_request_set_json(request, "/a", json, strlen(json)) == HWM_ARGUMENT);
    EXPECT(HWM_ARGUMENT, hwm_call(client, "CreateTask", request, NULL, &error));
    hwm_request_free(request);
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, &value, &error));
    CHECK(hwm_value_type(value, path) == HWM_TYPE_ABSENT && hwm_value_text(value, path) == NULL);
    CHECK(hwm_value_key(value, "", (size_t)-1) == NULL && hwm_value_count(value, "/tasks/18446744073709551616") == 0);
    hwm_value_free(value);
    free(path);
    free(json);
    free(short_path);
}

/* Buffers may hold a NUL, texts end there; and a length of 0 is an empty text, not a missing one. */
static void nul_and_nothing(hwm_client *client) {
    static const char inside[] = "one\0two";
    hwm_request *request = NULL;
    hwm_value *value = NULL;
    hwm_credentials *credentials = NULL;
    hwm_config *config = quick_config();
    hwm_client *other = NULL;
    int64_t id = 7;
    EXPECT(HWM_OK, hwm_credentials_access_key(inside, 7, inside, 7, &credentials, &error));
    CHECK(hwm_config_set_credentials(config, credentials) == HWM_OK);
    hwm_credentials_free(credentials);
    EXPECT(HWM_OK, hwm_client_new(config, &other, &error));
    CHECK(hwm_call(other, "ListTasks", NULL, NULL, &error) != HWM_OK && !contains(hwm_error_message(error), "one"));
    hwm_error_free(error);
    error = NULL;
    hwm_client_free(other);
    EXPECT(HWM_OK, hwm_credentials_token("", 0, 0, &credentials, &error));
    CHECK(hwm_config_set_credentials(config, credentials) == HWM_OK);
    hwm_credentials_free(credentials);
    if (hwm_client_new(config, &other, &error) == HWM_OK) {
        CHECK(hwm_call(other, "ListTasks", NULL, NULL, &error) != HWM_OK);
        hwm_client_free(other);
    }
    hwm_error_free(error);
    error = NULL;
    hwm_config_free(config);

    request = copy_request("photos/");
    CHECK(hwm_request_set_secret(request, "/src_node/sk", inside, 7) == HWM_OK);
    CHECK(hwm_request_set_secret(request, "/description", "", 0) == HWM_OK);
    TOLD(hwm_task_create(client, request, &id, &error));
    hwm_request_free(request);
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_text(request, "", "a text for a body") == HWM_OK);
    EXPECT(HWM_INVALID, hwm_task_create(client, request, &id, &error));
    TOLD(hwm_call(client, "CreateTask", request, &value, &error));
    CHECK(value == NULL);
    hwm_request_free(request);
    EXPECT(HWM_INVALID, hwm_group_show(client, "", &value, &error));
    EXPECT(HWM_INVALID, hwm_call(client, "", NULL, &value, &error));
}

/* Filters and numbers that no service takes. */
static void out_of_range(hwm_client *client) {
    static const char *const filters[][2] = {{"page_size", "0"},  {"page_size", "101"}, {"page_size", "-1"},
                                             {"page_size", "1e9"}, {"limit", "-1"},      {"limit", "99999999999999999999"},
                                             {"status", "none"},  {"group_id", ""}};
    hwm_request *request = NULL;
    hwm_list *list = NULL;
    hwm_value *value = NULL;
    size_t index;
    for (index = 0; index < sizeof filters / sizeof *filters; index++) {
        EXPECT(HWM_OK, hwm_request_new(&request, &error));
        CHECK(hwm_request_set_parameter(request, filters[index][0], filters[index][1]) == HWM_OK);
        if (hwm_task_list(client, request, &list, &error) == HWM_OK) {
            TOLD(hwm_list_next(list, &value, &error));
            hwm_value_free(value);
            value = NULL;
            hwm_list_free(list);
        }
        hwm_error_free(error);
        error = NULL;
        hwm_request_free(request);
    }
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_parameter(request, "limit", "0") == HWM_OK);
    EXPECT(HWM_OK, hwm_task_list(client, request, &list, &error));
    EXPECT(HWM_END, hwm_list_next(list, &value, &error));
    hwm_list_free(list);
    CHECK(hwm_request_set_number(request, "/x", 1e308 * 10) == HWM_ARGUMENT);
    hwm_request_free(request);
    request = copy_request("photos/");
    CHECK(hwm_request_add_bandwidth(request, "00:00", "23:59", INT64_MIN) == HWM_OK);
    EXPECT(HWM_INVALID, hwm_task_create(client, request, &(int64_t){0}, &error));
    hwm_request_free(request);
}

/* An error that was not freed is lost, and nothing worse; a list goes on after a refusal and is over after an error. */
static void used_again(hwm_client *client) {
    hwm_cancel *cancel = NULL;
    hwm_client *limited = NULL;
    hwm_error *first = NULL;
    hwm_value *value = NULL;
    hwm_list *list = NULL;
    EXPECT(HWM_NOT_FOUND, hwm_task_show(client, 123456, &value, &error));
    CHECK(hwm_task_show(client, 123456, &value, &error) == HWM_NOT_FOUND);
    first = error;
    CHECK(hwm_task_show(client, -1, &value, &error) == HWM_INVALID && error != first);
    CHECK(hwm_error_result(first) == HWM_NOT_FOUND && hwm_error_result(error) == HWM_INVALID);
    hwm_error_free(first);
    hwm_error_free(error);
    error = NULL;

    EXPECT(HWM_OK, hwm_cancel_new(&cancel, &error));
    EXPECT(HWM_OK, hwm_client_limited(client, 0, cancel, &limited, &error));
    EXPECT(HWM_OK, hwm_task_list(limited, NULL, &list, &error));
    hwm_cancel_free(cancel); /* what it was given to keeps what it needs */
    EXPECT(HWM_ARGUMENT, hwm_list_next(list, NULL, &error));
    fault("{\"kind\": \"status\", \"status\": 403, \"code\": \"OMS.0072\", \"message\": \"no\", "
          "\"operation\": \"ListTasks\"}");
    EXPECT(HWM_AUTH, hwm_list_next(list, &value, &error));
    EXPECT(HWM_END, hwm_list_next(list, &value, &error));
    hwm_list_free(list);
    hwm_client_free(limited);
    CHECK(value == NULL);
}

int main(void) {
    hwm_client *client = quick_client();
    spans_without_end();
    huge_texts(client);
    deep_paths(client);
    nul_and_nothing(client);
    out_of_range(client);
    used_again(client);
    hwm_client_free(client);
    return 0;
}
