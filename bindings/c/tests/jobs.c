/* Tasks, groups, sync tasks and calls by id, from the create to the delete. */

#include "support.h"

static hwm_error *error;

static void one_task(hwm_client *client) {
    hwm_request *request = copy_request("photos/"), *filter = NULL, *again, *limits = NULL;
    hwm_value *task = NULL;
    hwm_progress *last = NULL;
    hwm_list *list = NULL;
    int64_t id = 0, number = 0, other = 0;
    bool adopted = true, flag = false;
    char *mark = NULL;

    CHECK(hwm_request_add_bandwidth(request, "00:00", "23:59", 100 * 1024 * 1024) == HWM_OK);
    EXPECT(HWM_OK, hwm_mark_new(&mark, &error));
    EXPECT(HWM_OK, hwm_task_create_once(client, request, mark, &id, &adopted, &error));
    CHECK(id > 0 && !adopted);
    EXPECT(HWM_OK, hwm_task_find_marked(client, mark, &other, &error));
    CHECK(other == id);
    hwm_string_free(mark);
    EXPECT(HWM_OK, hwm_mark_new(&mark, &error));
    EXPECT(HWM_END, hwm_task_find_marked(client, mark, &other, &error));
    hwm_string_free(mark);

    CHECK(settle(client, id, HWM_UNTIL_ENDED, &last) == HWM_OK);
    CHECK(hwm_progress_state(last) == HWM_STATE_SUCCEEDED && hwm_progress_state_code(last) == 5);
    CHECK(hwm_progress_objects_done(last) == 2 && hwm_progress_objects_failed(last) == 0);
    CHECK(hwm_progress_objects_total(last) == 2 && hwm_progress_objects_skipped(last) == 0);
    CHECK(hwm_progress_bytes_done(last) == 14 && hwm_progress_bytes_total(last) == 14);
    CHECK(hwm_progress_fraction(last) >= 1.0 && hwm_progress_totals_final(last) && !hwm_progress_stalled(last));
    CHECK(hwm_progress_reason(last) == NULL && hwm_progress_reason_code(last) == NULL);
    CHECK(contains(hwm_progress_text(last), "2 of 2 objects") && atoll(hwm_progress_id(last)) == id);
    hwm_progress_free(last);
    EXPECT(HWM_OK, hwm_task_progress(client, id, &last, &error));
    CHECK(hwm_progress_objects_done(last) == 2);
    hwm_progress_free(last);

    EXPECT(HWM_OK, hwm_task_show(client, id, &task, &error));
    CHECK(hwm_value_integer(task, "/id", &number) && number == id);
    CHECK(strcmp(hwm_value_text(task, "/src_node/bucket"), "source") == 0);
    CHECK(strcmp(hwm_value_text(task, "/src_node/object_key/0"), "photos/") == 0);
    CHECK(hwm_value_count(task, "/src_node/object_key") == 1 && hwm_value_type(task, "/src_node") == HWM_TYPE_OBJECT);
    CHECK(hwm_value_flag(task, "/is_query_over", &flag) && flag);
    CHECK(contains(hwm_value_json(task, ""), "\"bucket\":\"source\"") && hwm_value_http_status(task) == 200);
    CHECK(hwm_value_request_id(task) != NULL);
    CHECK(!contains(hwm_value_json(task, ""), setting("SOURCE_SK")));
    hwm_value_free(task);

    /* The list, whose parents are gone before it is read. */
    EXPECT(HWM_OK, hwm_request_new(&filter, &error));
    CHECK(hwm_request_set_parameter(filter, "status", "5") == HWM_OK);
    CHECK(hwm_request_set_parameter(filter, "page_size", "1") == HWM_OK);
    {
        hwm_client *short_lived = quick_client();
        EXPECT(HWM_OK, hwm_task_list(short_lived, filter, &list, &error));
        hwm_client_free(short_lived);
    }
    hwm_request_free(filter);
    EXPECT(HWM_OK, hwm_list_next(list, &task, &error));
    CHECK(hwm_value_integer(task, "/id", &number) && number == id);
    hwm_value_free(task);
    EXPECT(HWM_END, hwm_list_next(list, &task, &error));
    hwm_list_free(list);
    EXPECT(HWM_OK, hwm_request_new(&filter, &error));
    CHECK(hwm_request_set_parameter(filter, "colour", "red") == HWM_OK);
    EXPECT(HWM_ARGUMENT, hwm_task_list(client, filter, &list, &error));
    hwm_request_free(filter);

    /* A complete task can neither be stopped nor started. */
    again = start_request();
    EXPECT(HWM_CONFLICT, hwm_task_stop(client, id, &error));
    CHECK(hwm_task_start(client, id, again, &error) == HWM_CONFLICT);
    CHECK(strcmp(hwm_error_code(error), "OMS.0070") == 0 && strcmp(hwm_error_operation(error), "StartTask") == 0);
    CHECK(hwm_error_status(error) == 400 && hwm_error_request_id(error) != NULL && hwm_error_attempts(error) == 1);
    CHECK(!hwm_error_is_retryable(error) && hwm_error_elapsed(error) >= 0 && hwm_error_retry_after(error) == -1);
    CHECK(hwm_error_said(error) != NULL && hwm_error_advice(error) != NULL && hwm_error_job_id(error) == NULL);
    hwm_error_free(error);
    error = NULL;
    hwm_request_free(again);

    EXPECT(HWM_OK, hwm_request_new(&limits, &error));
    CHECK(hwm_request_add_bandwidth(limits, "08:00", "07:00", 2 * 1024 * 1024) == HWM_OK);
    EXPECT(HWM_INVALID, hwm_task_update_bandwidth(client, id, limits, &error));
    hwm_request_free(limits);

    EXPECT(HWM_OK, hwm_task_delete(client, id, &error));
    EXPECT(HWM_NOT_FOUND, hwm_task_show(client, id, &task, &error));
    EXPECT(HWM_OK, hwm_task_delete_when_stopped(client, id, 5000, &error));
    hwm_request_free(request);
}

/* A running task is slowed down, paused, started and deleted. */
static void interrupted_task(hwm_client *client) {
    hwm_request *request = copy_request("photos/"), *again = start_request(), *limits = NULL, *batch = NULL;
    hwm_progress *last = NULL;
    int64_t id = 0;
    char json[256];

    fault("{\"kind\": \"hold_state\", \"state\": 2}");
    EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
    CHECK(settle(client, id, HWM_UNTIL_STARTED, &last) == HWM_OK);
    CHECK(hwm_progress_state(last) == HWM_STATE_RUNNING);
    hwm_progress_free(last);
    EXPECT(HWM_OK, hwm_request_new(&limits, &error));
    CHECK(hwm_request_add_bandwidth(limits, "08:00", "17:59", 2 * 1024 * 1024) == HWM_OK);
    EXPECT(HWM_OK, hwm_task_update_bandwidth(client, id, limits, &error));
    hwm_request_free(limits);
    EXPECT(HWM_OK, hwm_request_new(&batch, &error));
    snprintf(json, sizeof json,
             "{\"ids\": [%lld], \"bandwidth_policy\": [{\"start\": \"00:00\", \"end\": \"23:59\", "
             "\"max_bandwidth\": 209715200}]}",
             (long long)id);
    CHECK(hwm_request_set_json(batch, "", json, strlen(json)) == HWM_OK);
    EXPECT(HWM_OK, hwm_task_batch_update(client, batch, &error));
    hwm_request_free(batch);
    EXPECT(HWM_CONFLICT, hwm_task_delete(client, id, &error));
    EXPECT(HWM_OK, hwm_task_stop(client, id, &error));
    emulator("POST", "/_emulator/faults/release", "{\"state\": 2}", NULL, 0);
    emulator("DELETE", "/_emulator/faults", "", NULL, 0);
    CHECK(settle(client, id, HWM_UNTIL_STOPPED, &last) == HWM_OK);
    hwm_progress_free(last);
    CHECK(settle(client, id, HWM_UNTIL_ENDED, &last) == HWM_PAUSED);
    CHECK(hwm_progress_state(last) == HWM_STATE_PAUSED);
    hwm_progress_free(last);
    EXPECT(HWM_OK, hwm_task_start(client, id, again, &error));
    CHECK(settle(client, id, HWM_UNTIL_ENDED, &last) == HWM_OK);
    hwm_progress_free(last);
    EXPECT(HWM_OK, hwm_task_delete_when_stopped(client, id, 60000, &error));
    hwm_request_free(again);
    hwm_request_free(request);
}

/* What fails is told with reason and counts. */
static void failing_task(hwm_client *client) {
    hwm_request *request = copy_request("films/");
    hwm_wait *wait = NULL;
    hwm_progress *last = NULL;
    int64_t id = 0;

    fault("{\"kind\": \"fail_objects\", \"key\": \"films/*\", \"code\": \"TRF.0055\", \"times\": null}");
    EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
    EXPECT(HWM_OK, hwm_task_wait(client, id, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, 60000) == HWM_OK && hwm_wait_set_poll(wait, 10, 50) == HWM_OK);
    CHECK(hwm_wait_run(wait, &last, &error) == HWM_JOB_FAILED && last == NULL);
    CHECK(atoll(hwm_error_job_id(error)) == id && strcmp(hwm_error_job_state(error), "failed") == 0);
    CHECK(hwm_error_job_objects_failed(error) == 1 && hwm_error_job_objects_done(error) == 0);
    CHECK(hwm_error_job_reason_code(error) != NULL && hwm_error_job_reason(error) != NULL);
    CHECK(contains(hwm_error_job_failed_list(error), "oms/"));
    hwm_error_free(error);
    error = NULL;
    emulator("DELETE", "/_emulator/faults", "", NULL, 0);
    EXPECT(HWM_OK, hwm_task_progress(client, id, &last, &error));
    CHECK(hwm_progress_state(last) == HWM_STATE_FAILED && hwm_progress_reason(last) != NULL);
    CHECK(hwm_progress_reason_code(last) != NULL && contains(hwm_progress_failed_list(last), "oms/"));
    hwm_progress_free(last);
    hwm_wait_free(wait);
    hwm_request_free(request);
}

static void groups(hwm_client *client) {
    hwm_request *request = copy_request("photos/"), *again = NULL, *limits = NULL;
    hwm_value *group = NULL;
    hwm_progress *last = NULL;
    hwm_list *list = NULL;
    hwm_wait *wait = NULL;
    char *id = NULL, *found = NULL, *mark = NULL;
    bool adopted = true;

    EXPECT(HWM_OK, hwm_mark_new(&mark, &error));
    EXPECT(HWM_OK, hwm_group_create_once(client, request, mark, &id, &adopted, &error));
    CHECK(!adopted && id != NULL);
    EXPECT(HWM_OK, hwm_group_find_marked(client, mark, &found, &error));
    CHECK(strcmp(id, found) == 0);
    hwm_string_free(found);
    hwm_string_free(mark);
    EXPECT(HWM_OK, hwm_group_wait(client, id, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, 60000) == HWM_OK && hwm_wait_set_poll(wait, 10, 50) == HWM_OK);
    EXPECT(HWM_OK, hwm_wait_run(wait, &last, &error));
    CHECK(hwm_progress_state(last) == HWM_STATE_SUCCEEDED && strcmp(hwm_progress_id(last), id) == 0);
    hwm_progress_free(last);
    hwm_wait_free(wait);
    EXPECT(HWM_OK, hwm_group_progress(client, id, &last, &error));
    hwm_progress_free(last);
    EXPECT(HWM_OK, hwm_group_show(client, id, &group, &error));
    CHECK(strcmp(hwm_value_text(group, "/group_id"), id) == 0);
    hwm_value_free(group);
    EXPECT(HWM_OK, hwm_group_list(client, NULL, &list, &error));
    EXPECT(HWM_OK, hwm_list_next(list, &group, &error));
    hwm_value_free(group);
    hwm_list_free(list);

    EXPECT(HWM_OK, hwm_request_new(&again, &error));
    CHECK(hwm_request_set_text(again, "/src_ak", "a") == HWM_OK && hwm_request_set_text(again, "/src_sk", "s") == HWM_OK);
    CHECK(hwm_request_set_text(again, "/dst_ak", "a") == HWM_OK && hwm_request_set_text(again, "/dst_sk", "s") == HWM_OK);
    EXPECT(HWM_CONFLICT, hwm_group_start(client, id, again, &error));
    EXPECT(HWM_CONFLICT, hwm_group_retry(client, id, again, &error));
    EXPECT(HWM_CONFLICT, hwm_group_stop(client, id, &error));
    hwm_request_free(again);
    EXPECT(HWM_OK, hwm_request_new(&limits, &error));
    EXPECT(HWM_INVALID, hwm_group_update_bandwidth(client, id, limits, &error));
    hwm_request_free(limits);
    EXPECT(HWM_OK, hwm_group_delete_when_stopped(client, id, 60000, &error));
    EXPECT(HWM_NOT_FOUND, hwm_group_show(client, id, &group, &error));
    hwm_string_free(id);
    EXPECT(HWM_OK, hwm_group_create(client, request, &id, &error));
    hwm_string_free(id);
    hwm_request_free(request);
}

static void syncs(hwm_client *client) {
    hwm_request *request = NULL, *again = NULL;
    hwm_value *sync = NULL;
    hwm_list *list = NULL;
    char *id = NULL;
    const char *keys[2];
    const char *region = setting("HWMIGRATE_REGION");
    const char *keys_of_nodes = "{\"src_ak\": \"made-up\", \"src_sk\": \"made-up\", \"dst_ak\": \"made-up\", "
                                "\"dst_sk\": \"made-up\"}";
    keys[0] = "photos/one.jpg";
    keys[1] = "photos/two.jpg";

    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_text(request, "/src_cloud_type", "HuaweiCloud") == HWM_OK);
    CHECK(hwm_request_set_text(request, "/src_region", region) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/src_bucket", "source") == HWM_OK);
    CHECK(hwm_request_set_secret(request, "/src_ak", "made-up", 7) == HWM_OK);
    CHECK(hwm_request_set_secret(request, "/src_sk", "made-up", 7) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/dst_bucket", "destination") == HWM_OK);
    CHECK(hwm_request_set_text(request, "/dst_region", region) == HWM_OK);
    CHECK(hwm_request_set_secret(request, "/dst_ak", "made-up", 7) == HWM_OK);
    CHECK(hwm_request_set_secret(request, "/dst_sk", "made-up", 7) == HWM_OK);
    EXPECT(HWM_OK, hwm_sync_create_once(client, request, NULL, &id, NULL, &error));
    EXPECT(HWM_OK, hwm_sync_events(client, id, keys, 2, &error));
    EXPECT(HWM_OK, hwm_sync_show(client, id, INT64_C(1790000000000), &sync, &error));
    CHECK(strcmp(hwm_value_text(sync, "/sync_task_id"), id) == 0);
    hwm_value_free(sync);
    EXPECT(HWM_OK, hwm_sync_list(client, NULL, &list, &error));
    EXPECT(HWM_OK, hwm_list_next(list, &sync, &error));
    hwm_value_free(sync);
    hwm_list_free(list);
    EXPECT(HWM_OK, hwm_sync_stop(client, id, &error));
    EXPECT(HWM_OK, hwm_request_new(&again, &error));
    CHECK(hwm_request_set_json(again, "", keys_of_nodes, strlen(keys_of_nodes)) == HWM_OK);
    EXPECT(HWM_OK, hwm_sync_start(client, id, again, &error));
    EXPECT(HWM_CONFLICT, hwm_sync_delete(client, id, &error));
    EXPECT(HWM_OK, hwm_sync_delete_when_stopped(client, id, 60000, &error));
    EXPECT(HWM_NOT_FOUND, hwm_sync_show(client, id, INT64_C(1790000000000), &sync, &error));
    hwm_string_free(id);
    EXPECT(HWM_OK, hwm_sync_create(client, request, &id, &error));
    hwm_string_free(id);
    hwm_request_free(again);
    hwm_request_free(request);
}

/* What has no function of its own, by its id. */
static void calls(hwm_client *client) {
    hwm_request *request = NULL;
    hwm_value *answer = NULL;
    int64_t count = -1;

    EXPECT(HWM_OK, hwm_call(client, "oms.ListTasks", NULL, &answer, &error));
    CHECK(hwm_value_integer(answer, "/count", &count) && count >= 0 && hwm_value_http_status(answer) == 200);
    CHECK(hwm_value_type(answer, "/tasks") == HWM_TYPE_LIST && hwm_value_request_id(answer) != NULL);
    hwm_value_free(answer);
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_parameter(request, "type", "dst") == HWM_OK);
    EXPECT(HWM_OK, hwm_call(client, "ShowCloudType", request, &answer, &error));
    CHECK(hwm_value_count(answer, "") > 0 && hwm_value_text(answer, "/0") != NULL);
    hwm_value_free(answer);
    CHECK(hwm_request_set_parameter(request, "no_such", "x") == HWM_OK);
    EXPECT(HWM_INVALID, hwm_call(client, "ShowCloudType", request, &answer, &error));
    CHECK(hwm_request_set_parameter(request, "no_such", NULL) == HWM_OK);
    EXPECT(HWM_OK, hwm_call(client, "ShowCloudType", request, NULL, &error));
    hwm_request_free(request);
}

static void servers(hwm_client *client) {
    hwm_request *filter = NULL;
    hwm_value *server = NULL, *answer = NULL;
    hwm_list *list = NULL;
    hwm_progress *progress = NULL;
    char id[128];

    EXPECT(HWM_OK, hwm_request_new(&filter, &error));
    CHECK(hwm_request_set_parameter(filter, "name", "web-1") == HWM_OK);
    EXPECT(HWM_OK, hwm_server_list(client, filter, &list, &error));
    hwm_request_free(filter);
    EXPECT(HWM_OK, hwm_list_next(list, &server, &error));
    CHECK(strcmp(hwm_value_text(server, "/name"), "web-1") == 0);
    snprintf(id, sizeof id, "%s", hwm_value_text(server, "/id"));
    hwm_value_free(server);
    EXPECT(HWM_END, hwm_list_next(list, &server, &error));
    hwm_list_free(list);
    EXPECT(HWM_OK, hwm_server_show(client, id, &server, &error));
    CHECK(strcmp(hwm_value_text(server, "/name"), "web-1") == 0);
    hwm_value_free(server);
    EXPECT(HWM_OK, hwm_server_task_list(client, NULL, &list, &error));
    EXPECT(HWM_END, hwm_list_next(list, &server, &error));
    hwm_list_free(list);
    EXPECT(HWM_NOT_FOUND, hwm_server_task_progress(client, "no-such-task", &progress, &error));
    EXPECT(HWM_NOT_FOUND, hwm_server_task_act(client, "no-such-task", "start", false, &error));
    EXPECT(HWM_OK, hwm_call(client, "sms.ListServers", NULL, &answer, &error));
    CHECK(hwm_value_count(answer, "/source_servers") == 1);
    hwm_value_free(answer);
    EXPECT(HWM_OK, hwm_server_delete(client, id, &error));
    EXPECT(HWM_NOT_FOUND, hwm_server_show(client, id, &server, &error));
}

static void misspelt(hwm_client *client) {
    hwm_request *request = copy_request("photos/");
    int64_t id = 0;
    int before = calls_of("CreateTask");
    CHECK(hwm_request_set_text(request, "/dst_node/buckett", "x") == HWM_OK);
    CHECK(hwm_task_create(client, request, &id, &error) == HWM_INVALID);
    CHECK(contains(hwm_error_message(error), "/dst_node/buckett"));
    hwm_error_free(error);
    error = NULL;
    CHECK(calls_of("CreateTask") == before);
    hwm_request_free(request);
}

int main(void) {
    hwm_client *client = quick_client();
    hwm_value *login = NULL;
    char *project = NULL;
    EXPECT(HWM_OK, hwm_client_login(client, &login, &error));
    CHECK(strcmp(hwm_value_text(login, "/user"), setting("HW_USER_NAME")) == 0);
    EXPECT(HWM_OK, hwm_client_project_id(client, &project, &error));
    CHECK(strcmp(hwm_value_text(login, "/project_id"), project) == 0);
    hwm_string_free(project);
    hwm_value_free(login);
    one_task(client);
    interrupted_task(client);
    failing_task(client);
    groups(client);
    syncs(client);
    calls(client);
    servers(client);
    misspelt(client);
    hwm_client_free(client);
    return 0;
}
