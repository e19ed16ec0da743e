/* The migration of a server, from the create to the delete, against an emulator that simulates it: its clock stands
   still but for what this program moves it by. */

#include "support.h"

static hwm_error *error;

static void hours_pass(double hours) {
    char json[64];
    snprintf(json, sizeof json, "{\"advance_seconds\": %.0f}", hours * 3600);
    emulator("POST", "/_emulator/clock", json, NULL, 0);
}

static int actions_sent(void) {
    return calls_of("UpdateTaskStatus");
}

/* The body of a create, with the disks that the service advises for the server. */
static hwm_request *move_request(hwm_client *client, const char *name) {
    hwm_request *request = NULL, *filter = NULL;
    hwm_list *list = NULL;
    hwm_value *found = NULL, *server = NULL;
    const char *region = setting("HWMIGRATE_REGION"), *disks;

    EXPECT(HWM_OK, hwm_request_new(&filter, &error));
    CHECK(hwm_request_set_parameter(filter, "name", "web-1") == HWM_OK);
    EXPECT(HWM_OK, hwm_server_list(client, filter, &list, &error));
    EXPECT(HWM_OK, hwm_list_next(list, &found, &error));
    EXPECT(HWM_OK, hwm_server_show(client, hwm_value_text(found, "/id"), &server, &error));
    disks = hwm_value_json(server, "/init_target_server/disks");
    CHECK(hwm_value_count(server, "/init_target_server/disks") > 0 && disks != NULL);

    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_text(request, "/name", name) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/type", "MIGRATE_FILE") == HWM_OK);
    CHECK(hwm_request_set_text(request, "/os_type", hwm_value_text(server, "/os_type")) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/source_server/id", hwm_value_text(server, "/id")) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/target_server/name", "web-1") == HWM_OK);
    CHECK(hwm_request_set_text(request, "/target_server/vm_id", "ecs-of-web-1") == HWM_OK);
    CHECK(hwm_request_set_json(request, "/target_server/disks", disks, strlen(disks)) == HWM_OK);
    CHECK(hwm_request_set_flag(request, "/exist_server", true) == HWM_OK);
    CHECK(hwm_request_set_flag(request, "/syncing", true) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/region_id", region) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/region_name", region) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/project_id", setting("HUAWEICLOUD_SDK_PROJECT_ID")) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/project_name", region) == HWM_OK);
    hwm_value_free(server);
    hwm_value_free(found);
    hwm_list_free(list);
    hwm_request_free(filter);
    return request;
}

/* What the callback of a wait has seen. */
struct seen {
    int looks;
    int running;
    int percent;
    bool replicates;
    bool cuts_over;
};

/* Every look is followed by ten minutes, so nothing here depends on how fast this machine is. */
static bool look(void *user_data, const hwm_progress *progress) {
    struct seen *seen = user_data;
    size_t index;
    seen->looks++;
    seen->running += hwm_progress_state(progress) == HWM_STATE_RUNNING;
    for (index = 0; index < hwm_progress_phase_count(progress); index++) {
        const char *name = hwm_progress_phase_name(progress, index);
        int32_t percent = hwm_progress_phase_percent(progress, index);
        CHECK(name != NULL && percent >= -1 && percent <= 100);
        if (strcmp(name, "REPLICATE") == 0) {
            CHECK(percent >= seen->percent); /* it only grows */
            seen->percent = percent;
            seen->replicates = true;
        }
        if (strncmp(name, "CUTOVER", 7) == 0) seen->cuts_over = true;
    }
    CHECK(hwm_progress_phase_name(progress, index) == NULL && hwm_progress_phase_percent(progress, index) == -1);
    CHECK(hwm_progress_text(progress) != NULL && hwm_progress_id(progress) != NULL);
    hours_pass(1.0 / 6);
    return true;
}

static hwm_result follow(hwm_client *client, const char *id, int32_t goal, struct seen *seen, hwm_progress **last) {
    hwm_wait *wait = NULL;
    hwm_result result;
    memset(seen, 0, sizeof *seen);
    EXPECT(HWM_OK, hwm_server_task_wait(client, id, goal, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, 300000) == HWM_OK && hwm_wait_set_poll(wait, 1, 5) == HWM_OK);
    CHECK(hwm_wait_set_progress(wait, look, seen, NULL) == HWM_OK);
    result = hwm_wait_run(wait, last, &error);
    hwm_wait_free(wait);
    return result;
}

/* The reply to the create is lost, and yet there is one task. */
static char *create(hwm_client *client, const char *name, bool lose_reply) {
    hwm_request *request = move_request(client, name);
    char *id = NULL;
    bool adopted = !lose_reply;
    int before = calls_of("sms.CreateTask");
    if (lose_reply) fault("{\"kind\": \"lose_reply\", \"operation\": \"sms.CreateTask\"}");
    EXPECT(HWM_OK, hwm_server_task_create_once(client, request, &id, &adopted, &error));
    CHECK(adopted == lose_reply && id != NULL && calls_of("sms.CreateTask") == before + 1);
    /* A server that has a task gets no second one. */
    EXPECT(HWM_CONFLICT, hwm_server_task_create(client, request, &id, &error));
    hwm_request_free(request);
    return id;
}

/* What would come to nothing is refused here, and only when overruled by the service. */
static void guards(hwm_client *client, const char *id) {
    int before = actions_sent();
    CHECK(hwm_server_task_act(client, id, "cutover", false, &error) == HWM_CONFLICT);
    CHECK(contains(hwm_error_message(error), "cutover") && hwm_error_advice(error) != NULL);
    CHECK(strcmp(hwm_error_operation(error), "UpdateTaskStatus") == 0);
    hwm_error_free(error);
    error = NULL;
    EXPECT(HWM_CONFLICT, hwm_server_task_act(client, id, "stop", false, &error));
    CHECK(actions_sent() == before);
    CHECK(hwm_server_task_act(client, id, "stop", true, &error) == HWM_CONFLICT);
    CHECK(strcmp(hwm_error_code(error), "SMS.1038") == 0 && hwm_error_status(error) == 400);
    hwm_error_free(error);
    error = NULL;
    CHECK(actions_sent() == before + 1);
    /* A word that this version does not know is the service's to judge. */
    EXPECT(HWM_API, hwm_server_task_act(client, id, "defrost", false, &error));
    CHECK(actions_sent() == before + 2);
}

static void limits(hwm_client *client, const char *id) {
    const char *json = "[{\"start\": \"00:00\", \"end\": \"23:59\", \"speed\": 4}]";
    hwm_request *request = NULL;
    hwm_value *task = NULL;
    double speed = 0;
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_parameter(request, "task_id", id) == HWM_OK);
    CHECK(hwm_request_set_json(request, "/speed_limit", json, strlen(json)) == HWM_OK);
    EXPECT(HWM_OK, hwm_call(client, "UpdateSpeed", request, NULL, &error));
    hwm_request_free(request);
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_parameter(request, "task_id", id) == HWM_OK);
    EXPECT(HWM_OK, hwm_call(client, "ShowsSpeedLimits", request, &task, &error));
    CHECK(hwm_value_number(task, "/speed_limit/0/speed", &speed) && speed > 3.9 && speed < 4.1);
    hwm_value_free(task);
    hwm_request_free(request);
}

static void whole_migration(hwm_client *client) {
    hwm_progress *last = NULL;
    hwm_value *task = NULL;
    hwm_list *list = NULL;
    hwm_wait *wait = NULL;
    hwm_fleet *fleet = NULL;
    hwm_event *event = NULL;
    const char *ids[2];
    struct seen seen;
    hwm_result result;
    int ended = 0;
    char *id = create(client, "move_web_1", true);

    EXPECT(HWM_OK, hwm_server_task_progress(client, id, &last, &error));
    CHECK(hwm_progress_state(last) == HWM_STATE_READY && hwm_progress_phase_count(last) == 0);
    hwm_progress_free(last);
    guards(client, id);
    limits(client, id);

    EXPECT(HWM_OK, hwm_server_task_act(client, id, "start", false, &error));
    CHECK(follow(client, id, HWM_GOAL_STARTED, &seen, &last) == HWM_OK);
    hwm_progress_free(last);
    CHECK(hwm_server_task_delete(client, id, &error) == HWM_CONFLICT);
    CHECK(strcmp(hwm_error_code(error), "SMS.2015") == 0);
    hwm_error_free(error);
    error = NULL;

    /* Stopped on the way, and resumed. */
    EXPECT(HWM_OK, hwm_server_task_act(client, id, "stop", false, &error));
    CHECK(follow(client, id, HWM_GOAL_ABORTED, &seen, &last) == HWM_OK);
    CHECK(hwm_progress_state(last) == HWM_STATE_PAUSED);
    hwm_progress_free(last);
    EXPECT(HWM_OK, hwm_server_task_act(client, id, "start", false, &error));
    CHECK(follow(client, id, HWM_GOAL_SYNCING, &seen, &last) == HWM_OK);
    CHECK(seen.looks > 2 && seen.running > 1 && seen.replicates && !seen.cuts_over && seen.percent == 100);
    CHECK(hwm_progress_state(last) == HWM_STATE_SYNCING && strcmp(hwm_progress_id(last), id) == 0);
    hwm_progress_free(last);

    /* One that is where it should be and one that nobody knows, side by side. */
    ids[0] = id;
    ids[1] = "no-such-task";
    EXPECT(HWM_OK, hwm_server_task_wait_all(client, ids, 2, HWM_GOAL_SYNCING, &fleet, &error));
    CHECK(hwm_fleet_set_deadline(fleet, 300000) == HWM_OK && hwm_fleet_set_poll(fleet, 1, 5) == HWM_OK);
    while ((result = hwm_fleet_next(fleet, &event, &error)) == HWM_OK) {
        if (hwm_event_is_end(event)) {
            bool known = strcmp(hwm_event_id(event), id) == 0;
            CHECK(hwm_event_result(event, NULL, &error) == (known ? HWM_OK : HWM_NOT_FOUND));
            hwm_error_free(error);
            error = NULL;
            ended++;
        }
        hwm_event_free(event);
    }
    CHECK(result == HWM_END && ended == 2);
    hwm_fleet_free(fleet);

    EXPECT(HWM_OK, hwm_server_task_act(client, id, "cutover", false, &error));
    CHECK(follow(client, id, HWM_GOAL_MIGRATED, &seen, &last) == HWM_OK);
    CHECK(hwm_progress_state(last) == HWM_STATE_SUCCEEDED && seen.cuts_over && seen.replicates);
    hwm_progress_free(last);
    last = NULL;

    /* It went past the stop, which will not come any more. */
    EXPECT(HWM_OVERTAKEN, follow(client, id, HWM_GOAL_ABORTED, &seen, &last));
    CHECK(hwm_progress_state(last) == HWM_STATE_SUCCEEDED);
    hwm_progress_free(last);
    last = NULL;

    EXPECT(HWM_OK, hwm_server_task_show(client, id, &task, &error));
    CHECK(strcmp(hwm_value_text(task, "/name"), "move_web_1") == 0);
    CHECK(strcmp(hwm_value_text(task, "/state"), "MIGRATE_SUCCESS") == 0);
    hwm_value_free(task);
    EXPECT(HWM_OK, hwm_server_task_list(client, NULL, &list, &error));
    EXPECT(HWM_OK, hwm_list_next(list, &task, &error));
    CHECK(strcmp(hwm_value_text(task, "/id"), id) == 0);
    hwm_value_free(task);
    EXPECT(HWM_END, hwm_list_next(list, &task, &error));
    hwm_list_free(list);

    EXPECT(HWM_OK, hwm_server_task_delete(client, id, &error));
    memset(&seen, 0, sizeof seen);
    EXPECT(HWM_OK, hwm_server_task_wait(client, id, HWM_GOAL_MIGRATED, &wait, &error));
    CHECK(hwm_wait_set_until(wait, HWM_UNTIL_DELETED) == HWM_OK); /* in place of the goal */
    CHECK(hwm_wait_set_deadline(wait, 300000) == HWM_OK && hwm_wait_set_poll(wait, 1, 5) == HWM_OK);
    CHECK(hwm_wait_set_progress(wait, look, &seen, NULL) == HWM_OK);
    EXPECT(HWM_OK, hwm_wait_run(wait, NULL, &error));
    hwm_wait_free(wait);
    EXPECT(HWM_NOT_FOUND, hwm_server_task_show(client, id, &task, &error));
    EXPECT(HWM_OK, hwm_server_task_delete_when_stopped(client, id, 60000, &error)); /* it is gone already */
    hwm_string_free(id);
}

/* A failure is told with the service's reason, and can be resumed. */
static void failing_migration(hwm_client *client) {
    hwm_progress *last = NULL;
    struct seen seen;
    char *id = create(client, "move_again", false);
    fault("{\"kind\": \"fail_subtask\", \"subtask\": \"MIGRATE_LINUX_FILE\", \"percent\": 10, "
          "\"error_json\": \"{\\\"error_code\\\":\\\"SMS.3805\\\",\\\"error_param\\\":\\\"[]\\\"}\"}");
    EXPECT(HWM_OK, hwm_server_task_act(client, id, "start", false, &error));
    CHECK(follow(client, id, HWM_GOAL_SYNCING, &seen, &last) == HWM_JOB_FAILED && last == NULL);
    CHECK(strcmp(hwm_error_job_id(error), id) == 0 && hwm_error_job_state(error) != NULL);
    CHECK(strcmp(hwm_error_job_reason_code(error), "SMS.3805") == 0);
    hwm_error_free(error);
    error = NULL;
    EXPECT(HWM_OK, hwm_server_task_progress(client, id, &last, &error));
    CHECK(hwm_progress_state(last) == HWM_STATE_FAILED && strcmp(hwm_progress_reason_code(last), "SMS.3805") == 0);
    hwm_progress_free(last);
    EXPECT(HWM_OK, hwm_server_task_act(client, id, "start", false, &error));
    CHECK(follow(client, id, HWM_GOAL_SYNCING, &seen, &last) == HWM_OK);
    hwm_progress_free(last);
    hwm_string_free(id);
}

int main(void) {
    hwm_client *client = quick_client();
    whole_migration(client);
    failing_migration(client);
    hwm_client_free(client);
    return 0;
}
