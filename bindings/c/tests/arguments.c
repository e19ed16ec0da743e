/* Every function with what it must refuse: NULL, text that is not UTF-8, handles of other types. */

#include "support.h"

/* 0xff begins no character of UTF-8. */
static const char BAD[] = "caf\xff";

#define REFUSED(call) EXPECT(HWM_ARGUMENT, call)
#define REFUSED_QUIETLY(call) CHECK((call) == HWM_ARGUMENT)

static hwm_error *error;

static void errors(void) {
    CHECK(hwm_error_result(NULL) == HWM_OK);
    CHECK(hwm_error_message(NULL) == NULL);
    CHECK(hwm_error_advice(NULL) == NULL);
    CHECK(hwm_error_operation(NULL) == NULL);
    CHECK(hwm_error_status(NULL) == 0);
    CHECK(hwm_error_code(NULL) == NULL);
    CHECK(hwm_error_said(NULL) == NULL);
    CHECK(hwm_error_request_id(NULL) == NULL);
    CHECK(hwm_error_attempts(NULL) == 0);
    CHECK(!hwm_error_is_retryable(NULL));
    CHECK(hwm_error_elapsed(NULL) == -1);
    CHECK(hwm_error_retry_after(NULL) == -1);
    CHECK(hwm_error_job_id(NULL) == NULL);
    CHECK(hwm_error_job_state(NULL) == NULL);
    CHECK(hwm_error_job_reason_code(NULL) == NULL);
    CHECK(hwm_error_job_reason(NULL) == NULL);
    CHECK(hwm_error_job_objects_done(NULL) == -1);
    CHECK(hwm_error_job_objects_failed(NULL) == -1);
    CHECK(hwm_error_job_failed_list(NULL) == NULL);
    hwm_error_free(NULL);
}

static void versions(void) {
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", HWM_VERSION_MAJOR, HWM_VERSION_MINOR, HWM_VERSION_PATCH);
    CHECK(strncmp(hwm_version(), text, strlen(text)) == 0);
    CHECK(strcmp(hwm_version(), HWM_VERSION) == 0);
    CHECK(hwm_version_check(HWM_VERSION_MAJOR, HWM_VERSION_MINOR, HWM_VERSION_PATCH));
    CHECK(!hwm_version_check(HWM_VERSION_MAJOR, HWM_VERSION_MINOR + 1, 0));
    CHECK(!hwm_version_check(HWM_VERSION_MAJOR + 1, 0, 0));
}

static void memory(void) {
    char secret[] = "made-up";
    hwm_wipe(NULL, 7);
    hwm_wipe(secret, 0);
    CHECK(secret[0] == 'm');
    hwm_wipe(secret, sizeof secret);
    CHECK(secret[0] == '\0' && secret[6] == '\0');
    hwm_string_free(NULL);
}

static void flags(hwm_config *other) {
    hwm_cancel *cancel = NULL;
    REFUSED(hwm_cancel_new(NULL, &error));
    CHECK(hwm_cancel_new(NULL, NULL) == HWM_ARGUMENT);
    EXPECT(HWM_OK, hwm_cancel_new(&cancel, &error));
    CHECK(!hwm_cancel_is_set(cancel));
    CHECK(!hwm_cancel_is_set(NULL));
    CHECK(!hwm_cancel_is_set((hwm_cancel *)other));
    hwm_cancel_now(NULL);
    hwm_cancel_now((hwm_cancel *)other);
    hwm_cancel_now(cancel);
    CHECK(hwm_cancel_is_set(cancel));
    hwm_cancel_free(NULL);
    hwm_cancel_free((hwm_cancel *)other);
    hwm_cancel_free(cancel);
}

static int32_t never(void *user_data, hwm_credential *answer) {
    (void)user_data;
    (void)answer;
    return HWM_AUTH;
}

static int released;

static void release(void *user_data) {
    (void)user_data;
    released++;
}

static void credentials(hwm_config *other) {
    hwm_credentials *made = NULL, *base = NULL;
    const hwm_credentials *wrong = (const hwm_credentials *)other;
    REFUSED(hwm_credentials_password(NULL, "u", "p", 1, &made, &error));
    REFUSED(hwm_credentials_password("d", NULL, "p", 1, &made, &error));
    REFUSED(hwm_credentials_password("d", "u", NULL, 0, &made, &error));
    REFUSED(hwm_credentials_password("d", "u", "p", 1, NULL, &error));
    REFUSED(hwm_credentials_password(BAD, "u", "p", 1, &made, &error));
    REFUSED(hwm_credentials_password("d", BAD, "p", 1, &made, &error));
    REFUSED(hwm_credentials_password("d", "u", BAD, 4, &made, &error));
    REFUSED(hwm_credentials_password("d", "u", "p", (size_t)-1, &made, &error));
    REFUSED(hwm_credentials_password_totp("d", "u", "p", 1, "i", NULL, NULL, release, &made, &error));
    REFUSED(hwm_credentials_password_totp("d", "u", "p", 1, NULL, never, NULL, release, &made, &error));
    REFUSED(hwm_credentials_password_totp("d", "u", "p", 1, "i", never, NULL, release, NULL, &error));
    CHECK(released == 3);
    EXPECT(HWM_OK, hwm_credentials_password_totp("d", "u", "p", 1, "i", never, NULL, release, &made, &error));
    CHECK(released == 3);
    hwm_credentials_free(made);
    CHECK(released == 4);
    made = NULL;
    REFUSED(hwm_credentials_token(NULL, 0, 0, &made, &error));
    REFUSED(hwm_credentials_token(BAD, 4, 0, &made, &error));
    REFUSED(hwm_credentials_token("t", 1, INT64_MAX, &made, &error));
    REFUSED(hwm_credentials_token("t", 1, 0, NULL, &error));
    REFUSED(hwm_credentials_access_key(NULL, 0, "s", 1, &made, &error));
    REFUSED(hwm_credentials_access_key("a", 1, NULL, 0, &made, &error));
    REFUSED(hwm_credentials_access_key("a", 1, "s", 1, NULL, &error));
    REFUSED(hwm_credentials_temporary("a", 1, "s", 1, NULL, 0, &made, &error));
    REFUSED(hwm_credentials_temporary("a", 1, "s", 1, "t", 1, NULL, &error));
    EXPECT(HWM_OK, hwm_credentials_temporary("a", 1, "s", 1, "t", 1, &base, &error));
    REFUSED(hwm_credentials_agency(NULL, "a", "d", &made, &error));
    REFUSED(hwm_credentials_agency(wrong, "a", "d", &made, &error));
    REFUSED(hwm_credentials_agency(base, NULL, "d", &made, &error));
    REFUSED(hwm_credentials_agency(base, "a", BAD, &made, &error));
    REFUSED(hwm_credentials_agency(base, "a", "d", NULL, &error));
    REFUSED(hwm_credentials_for_domain(NULL, &made, &error));
    REFUSED(hwm_credentials_for_domain(wrong, &made, &error));
    REFUSED(hwm_credentials_for_domain(base, NULL, &error));
    EXPECT(HWM_OK, hwm_credentials_for_domain(base, &made, &error));
    hwm_credentials_free(made);
    REFUSED(hwm_credentials_from_callback(NULL, NULL, release, &made, &error));
    REFUSED(hwm_credentials_from_callback(never, NULL, release, NULL, &error));
    CHECK(released == 6);
    REFUSED_QUIETLY(hwm_credential_set_token(NULL, "t", 1, 0));
    REFUSED_QUIETLY(hwm_credential_set_access_key(NULL, "a", 1, "s", 1, NULL, 0, 0));
    REFUSED_QUIETLY(hwm_credential_set_passcode(NULL, "1", 1));
    REFUSED_QUIETLY(hwm_credential_fail(NULL, "why"));
    REFUSED_QUIETLY(hwm_credential_fail((hwm_credential *)base, "why"));
    hwm_credentials_free(NULL);
    hwm_credentials_free((hwm_credentials *)other);
    hwm_credentials_free(base);
}

static void configurations(void) {
    hwm_config *config = NULL;
    hwm_credentials *token = NULL;
    hwm_client *client = NULL;
    REFUSED(hwm_config_new(NULL, &error));
    EXPECT(HWM_OK, hwm_config_new(&config, &error));
    EXPECT(HWM_OK, hwm_credentials_token("t", 1, 0, &token, &error));
    REFUSED_QUIETLY(hwm_config_set_region(NULL, "r"));
    REFUSED_QUIETLY(hwm_config_set_region((hwm_config *)token, "r"));
    REFUSED_QUIETLY(hwm_config_set_region(config, NULL));
    REFUSED_QUIETLY(hwm_config_set_project_id(config, BAD));
    REFUSED_QUIETLY(hwm_config_set_project_name(config, NULL));
    REFUSED_QUIETLY(hwm_config_set_domain_id(config, NULL));
    REFUSED_QUIETLY(hwm_config_set_credentials(config, NULL));
    REFUSED_QUIETLY(hwm_config_set_credentials(config, (hwm_credentials *)config));
    REFUSED_QUIETLY(hwm_config_set_endpoint(config, "obs", "https://example.com"));
    REFUSED_QUIETLY(hwm_config_set_endpoint(config, NULL, "https://example.com"));
    REFUSED_QUIETLY(hwm_config_set_endpoint(config, "oms", NULL));
    REFUSED_QUIETLY(hwm_config_set_profile(config, NULL));
    REFUSED_QUIETLY(hwm_config_set_profile_file(config, NULL));
    REFUSED_QUIETLY(hwm_config_ignore_environment(NULL));
    REFUSED_QUIETLY(hwm_config_set_allow_plain_http(NULL, true));
    REFUSED_QUIETLY(hwm_config_set_proxy(config, NULL));
    REFUSED_QUIETLY(hwm_config_set_no_proxy(config, NULL));
    REFUSED_QUIETLY(hwm_config_set_ca_file(config, NULL));
    REFUSED_QUIETLY(hwm_config_set_client_certificate(config, "c", NULL));
    REFUSED_QUIETLY(hwm_config_set_connect_timeout(config, -1));
    REFUSED_QUIETLY(hwm_config_set_read_timeout(config, -1));
    REFUSED_QUIETLY(hwm_config_set_call_timeout(config, INT64_MIN));
    REFUSED_QUIETLY(hwm_config_set_retry(config, 0, 1, 1));
    REFUSED_QUIETLY(hwm_config_set_retry(config, 1, -1, 1));
    /* The first of them is remembered. */
    CHECK(hwm_client_new(config, &client, &error) == HWM_ARGUMENT && client == NULL);
    CHECK(contains(hwm_error_message(error), "`region` is NULL"));
    hwm_error_free(error);
    error = NULL;
    REFUSED(hwm_client_new((hwm_config *)token, &client, &error));
    REFUSED(hwm_client_new(NULL, NULL, &error));
    hwm_credentials_free(token);
    hwm_config_free(NULL);
    hwm_config_free(config);
}

static void values(hwm_client *client) {
    hwm_value *value = NULL;
    int64_t whole = 7;
    double number = 7;
    bool flag = true;
    EXPECT(HWM_OK, hwm_client_login(client, &value, &error));
    CHECK(hwm_value_type(NULL, "") == HWM_TYPE_ABSENT && hwm_value_type(value, NULL) == HWM_TYPE_OBJECT);
    CHECK(hwm_value_type(value, BAD) == HWM_TYPE_ABSENT && hwm_value_type(value, "x") == HWM_TYPE_ABSENT);
    CHECK(hwm_value_type((hwm_value *)client, "") == HWM_TYPE_ABSENT);
    CHECK(hwm_value_text(NULL, "/kind") == NULL && hwm_value_text(value, BAD) == NULL);
    CHECK(hwm_value_text((hwm_value *)client, "/kind") == NULL && hwm_value_text(value, NULL) == NULL);
    CHECK(strcmp(hwm_value_text(value, "/kind"), "password") == 0);
    CHECK(hwm_value_text(value, "/kind") == hwm_value_text(value, "/kind"));
    CHECK(!hwm_value_integer(NULL, "/x", &whole) && !hwm_value_integer(value, "/kind", &whole) && whole == 7);
    CHECK(!hwm_value_number(NULL, "/x", &number) && !hwm_value_number(value, "/kind", &number) && number == 7);
    CHECK(!hwm_value_flag(NULL, "/x", &flag) && !hwm_value_flag(value, "/kind", &flag) && flag);
    CHECK(hwm_value_integer(value, "/expires_at", NULL) && hwm_value_integer(value, "/expires_at", &whole));
    CHECK(whole > INT64_C(1000000000000));
    CHECK(hwm_value_count(NULL, "") == 0 && hwm_value_count(value, "/kind") == 0 && hwm_value_count(value, "") == 6);
    CHECK(hwm_value_key(NULL, "", 0) == NULL && hwm_value_key(value, "", 6) == NULL);
    CHECK(strcmp(hwm_value_key(value, "", 0), "domain") == 0 && strcmp(hwm_value_key(value, "", 5), "user") == 0);
    CHECK(hwm_value_json(NULL, "") == NULL && strcmp(hwm_value_json(value, "/kind"), "\"password\"") == 0);
    CHECK(hwm_value_http_status(NULL) == 0 && hwm_value_http_status(value) == 0);
    CHECK(hwm_value_request_id(NULL) == NULL && hwm_value_request_id(value) == NULL);
    hwm_value_free(NULL);
    hwm_value_free((hwm_value *)client);
    hwm_value_free(value);
}

static void requests(hwm_client *client) {
    hwm_request *request = NULL;
    int64_t id = 7;
    REFUSED(hwm_request_new(NULL, &error));
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    REFUSED_QUIETLY(hwm_request_set_text(NULL, "/a", "b"));
    REFUSED_QUIETLY(hwm_request_set_text((hwm_request *)client, "/a", "b"));
    REFUSED_QUIETLY(hwm_request_set_text(request, NULL, "b"));
    REFUSED_QUIETLY(hwm_request_set_text(request, "/a", NULL));
    REFUSED_QUIETLY(hwm_request_set_text(request, "/a", BAD));
    REFUSED_QUIETLY(hwm_request_set_text(request, "a", "b"));
    REFUSED_QUIETLY(hwm_request_set_secret(request, "/a", NULL, 0));
    REFUSED_QUIETLY(hwm_request_set_secret(request, "/a", BAD, 4));
    REFUSED_QUIETLY(hwm_request_set_integer(request, NULL, 1));
    REFUSED_QUIETLY(hwm_request_set_number(request, NULL, 1));
    REFUSED_QUIETLY(hwm_request_set_flag(request, NULL, true));
    REFUSED_QUIETLY(hwm_request_set_json(request, "/a", "{", 1));
    REFUSED_QUIETLY(hwm_request_set_json(request, "/a", NULL, 0));
    REFUSED_QUIETLY(hwm_request_set_parameter(request, NULL, "b"));
    REFUSED_QUIETLY(hwm_request_set_parameter(request, "a", BAD));
    REFUSED_QUIETLY(hwm_request_set_source(request, NULL, "r", "b", "a", 1, "s", 1));
    REFUSED_QUIETLY(hwm_request_set_source(request, "AWS", "r", "b", NULL, 0, "s", 1));
    REFUSED_QUIETLY(hwm_request_set_destination(request, "r", NULL, "a", 1, "s", 1));
    REFUSED_QUIETLY(hwm_request_add_bandwidth(request, NULL, "23:59", 1));
    /* The first of them is remembered, and nothing is sent. */
    CHECK(hwm_task_create(client, request, &id, &error) == HWM_ARGUMENT && id == 7);
    CHECK(contains(hwm_error_message(error), "`path` is NULL"));
    hwm_error_free(error);
    error = NULL;
    hwm_request_free(NULL);
    hwm_request_free(request);
}

static void clients(hwm_client *client, hwm_request *request) {
    hwm_client *limited = NULL;
    hwm_value *value = NULL;
    const hwm_client *wrong = (const hwm_client *)request;
    char *text = NULL;
    REFUSED(hwm_client_limited(NULL, 0, NULL, &limited, &error));
    REFUSED(hwm_client_limited(wrong, 0, NULL, &limited, &error));
    REFUSED(hwm_client_limited(client, -1, NULL, &limited, &error));
    REFUSED(hwm_client_limited(client, 0, (hwm_cancel *)request, &limited, &error));
    REFUSED(hwm_client_limited(client, 0, NULL, NULL, &error));
    REFUSED(hwm_client_login(NULL, &value, &error));
    REFUSED(hwm_client_login(wrong, &value, &error));
    REFUSED(hwm_client_project_id(NULL, &text, &error));
    REFUSED(hwm_client_project_id(client, NULL, &error));
    REFUSED(hwm_call(NULL, "ListTasks", NULL, &value, &error));
    REFUSED(hwm_call(client, NULL, NULL, &value, &error));
    REFUSED(hwm_call(client, BAD, NULL, &value, &error));
    REFUSED(hwm_call(client, "ListTasks", (hwm_request *)client, &value, &error));
    EXPECT(HWM_INVALID, hwm_call(client, "NoSuchThing", NULL, &value, &error));
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    REFUSED(hwm_mark_new(NULL, &error));
    CHECK(value == NULL && text == NULL && limited == NULL);
    hwm_client_free(NULL);
    hwm_client_free((hwm_client *)request);
}

static void tasks(hwm_client *client, hwm_request *request) {
    hwm_value *value = NULL;
    hwm_progress *progress = NULL;
    hwm_list *list = NULL;
    hwm_wait *wait = NULL;
    hwm_fleet *fleet = NULL;
    int64_t id = 7;
    bool adopted = true;
    REFUSED(hwm_task_create(NULL, request, &id, &error));
    REFUSED(hwm_task_create((hwm_client *)request, request, &id, &error));
    REFUSED(hwm_task_create(client, (hwm_request *)client, &id, &error));
    REFUSED(hwm_task_create(client, request, NULL, &error));
    EXPECT(HWM_INVALID, hwm_task_create(client, NULL, &id, &error));
    REFUSED(hwm_task_create_once(NULL, request, NULL, &id, &adopted, &error));
    REFUSED(hwm_task_create_once(client, request, BAD, &id, &adopted, &error));
    REFUSED(hwm_task_create_once(client, request, NULL, NULL, &adopted, &error));
    EXPECT(HWM_INVALID, hwm_task_create_once(client, request, "no mark", &id, &adopted, &error));
    REFUSED(hwm_task_find_marked(client, NULL, &id, &error));
    REFUSED(hwm_task_find_marked(client, "m", NULL, &error));
    CHECK(id == 7 && adopted && calls_of("CreateTask") == 0);
    REFUSED(hwm_task_show(NULL, 1, &value, &error));
    REFUSED(hwm_task_show(client, 1, NULL, &error));
    EXPECT(HWM_INVALID, hwm_task_show(client, -1, &value, &error));
    EXPECT(HWM_NOT_FOUND, hwm_task_show(client, 1, &value, &error));
    REFUSED(hwm_task_progress(NULL, 1, &progress, &error));
    REFUSED(hwm_task_progress(client, 1, NULL, &error));
    REFUSED(hwm_task_list(NULL, NULL, &list, &error));
    REFUSED(hwm_task_list(client, NULL, NULL, &error));
    REFUSED(hwm_task_list(client, request, &list, &error)); /* a body is no filter */
    REFUSED(hwm_task_start(NULL, 1, request, &error));
    REFUSED(hwm_task_start(client, 1, (hwm_request *)client, &error));
    EXPECT(HWM_INVALID, hwm_task_start(client, 1, request, &error)); /* the body of a create */
    REFUSED(hwm_task_stop(NULL, 1, &error));
    REFUSED(hwm_task_delete(NULL, 1, &error));
    REFUSED(hwm_task_delete_when_stopped(NULL, 1, 1, &error));
    REFUSED(hwm_task_delete_when_stopped(client, 1, -1, &error));
    REFUSED(hwm_task_update_bandwidth(NULL, 1, request, &error));
    EXPECT(HWM_INVALID, hwm_task_update_bandwidth(client, 1, NULL, &error));
    REFUSED(hwm_task_batch_update(NULL, request, &error));
    EXPECT(HWM_INVALID, hwm_task_batch_update(client, NULL, &error));
    REFUSED(hwm_task_wait(NULL, 1, &wait, &error));
    REFUSED(hwm_task_wait(client, 1, NULL, &error));
    REFUSED(hwm_task_wait_all(NULL, &id, 1, &fleet, &error));
    REFUSED(hwm_task_wait_all(client, NULL, 1, &fleet, &error));
    REFUSED(hwm_task_wait_all(client, &id, (size_t)-1, &fleet, &error));
    REFUSED(hwm_task_wait_all(client, &id, 1, NULL, &error));
    CHECK(value == NULL && progress == NULL && list == NULL && wait == NULL && fleet == NULL);
}

static void groups(hwm_client *client, hwm_request *request) {
    hwm_value *value = NULL;
    hwm_progress *progress = NULL;
    hwm_list *list = NULL;
    hwm_wait *wait = NULL;
    hwm_fleet *fleet = NULL;
    const char *ids[2];
    char *id = NULL;
    bool adopted = true;
    ids[0] = "g";
    ids[1] = NULL;
    REFUSED(hwm_group_create(NULL, request, &id, &error));
    REFUSED(hwm_group_create(client, request, NULL, &error));
    REFUSED(hwm_group_create_once(NULL, request, NULL, &id, &adopted, &error));
    REFUSED(hwm_group_create_once(client, request, BAD, &id, &adopted, &error));
    REFUSED(hwm_group_find_marked(client, NULL, &id, &error));
    REFUSED(hwm_group_show(client, NULL, &value, &error));
    REFUSED(hwm_group_show(client, BAD, &value, &error));
    REFUSED(hwm_group_show(client, "g", NULL, &error));
    EXPECT(HWM_INVALID, hwm_group_show(client, "", &value, &error));
    REFUSED(hwm_group_progress(client, NULL, &progress, &error));
    REFUSED(hwm_group_list(NULL, NULL, &list, &error));
    REFUSED(hwm_group_list(client, request, &list, &error));
    REFUSED(hwm_group_start(client, NULL, NULL, &error));
    REFUSED(hwm_group_retry(NULL, "g", NULL, &error));
    EXPECT(HWM_INVALID, hwm_group_retry(client, "g", request, &error));
    REFUSED(hwm_group_stop(client, NULL, &error));
    REFUSED(hwm_group_delete(client, NULL, &error));
    REFUSED(hwm_group_delete_when_stopped(client, "g", -1, &error));
    REFUSED(hwm_group_update_bandwidth(NULL, "g", request, &error));
    REFUSED(hwm_group_wait(client, NULL, &wait, &error));
    REFUSED(hwm_group_wait_all(client, NULL, 1, &fleet, &error));
    REFUSED(hwm_group_wait_all(client, ids, 2, &fleet, &error));
    CHECK(id == NULL && value == NULL && progress == NULL && list == NULL && wait == NULL && fleet == NULL);
}

static void syncs(hwm_client *client, hwm_request *request) {
    hwm_value *value = NULL;
    hwm_list *list = NULL;
    const char *keys[1];
    char *id = NULL;
    bool adopted = true;
    keys[0] = BAD;
    REFUSED(hwm_sync_create(NULL, request, &id, &error));
    REFUSED(hwm_sync_create_once(client, request, BAD, &id, &adopted, &error));
    REFUSED(hwm_sync_find_marked(client, NULL, &id, &error));
    REFUSED(hwm_sync_show(client, NULL, 0, &value, &error));
    REFUSED(hwm_sync_list(client, request, &list, &error));
    REFUSED(hwm_sync_start(client, NULL, NULL, &error));
    REFUSED(hwm_sync_stop(client, NULL, &error));
    REFUSED(hwm_sync_delete(client, NULL, &error));
    REFUSED(hwm_sync_delete_when_stopped(client, "s", -1, &error));
    REFUSED(hwm_sync_events(client, "s", NULL, 1, &error));
    REFUSED(hwm_sync_events(client, "s", keys, 1, &error));
    EXPECT(HWM_INVALID, hwm_sync_events(client, "s", NULL, 0, &error));
    CHECK(id == NULL && value == NULL && list == NULL);
}

static void servers(hwm_client *client, hwm_request *request) {
    hwm_value *value = NULL;
    hwm_progress *progress = NULL;
    hwm_list *list = NULL;
    hwm_wait *wait = NULL;
    hwm_fleet *fleet = NULL;
    char *id = NULL;
    bool adopted = true;
    REFUSED(hwm_server_list(client, request, &list, &error));
    REFUSED(hwm_server_show(client, NULL, &value, &error));
    REFUSED(hwm_server_show(client, BAD, &value, &error));
    REFUSED(hwm_server_delete(NULL, "s", &error));
    REFUSED(hwm_server_task_create(NULL, request, &id, &error));
    REFUSED(hwm_server_task_create(client, request, NULL, &error));
    EXPECT(HWM_INVALID, hwm_server_task_create(client, request, &id, &error)); /* the body of another create */
    REFUSED(hwm_server_task_create_once(client, request, NULL, &adopted, &error));
    REFUSED(hwm_server_task_show(client, NULL, &value, &error));
    REFUSED(hwm_server_task_progress(client, "t", NULL, &error));
    REFUSED(hwm_server_task_list(NULL, NULL, &list, &error));
    REFUSED(hwm_server_task_act(client, "t", NULL, false, &error));
    REFUSED(hwm_server_task_act(client, NULL, "start", true, &error));
    REFUSED(hwm_server_task_delete(client, NULL, &error));
    REFUSED(hwm_server_task_delete_when_stopped(client, "t", -1, &error));
    REFUSED(hwm_server_task_wait(client, "t", 0, &wait, &error));
    REFUSED(hwm_server_task_wait(client, NULL, HWM_GOAL_SYNCING, &wait, &error));
    REFUSED(hwm_server_task_wait_all(client, NULL, 1, HWM_GOAL_SYNCING, &fleet, &error));
    REFUSED(hwm_server_task_wait_all(client, NULL, 0, 6, &fleet, &error));
    CHECK(id == NULL && value == NULL && progress == NULL && list == NULL && wait == NULL && fleet == NULL);
}

static void steps(hwm_client *client) {
    hwm_list *list = NULL;
    hwm_value *item = NULL;
    hwm_wait *wait = NULL;
    hwm_fleet *fleet = NULL;
    hwm_event *event = NULL;
    hwm_progress *progress = NULL;
    int64_t id = 1;
    REFUSED(hwm_list_next(NULL, &item, &error));
    EXPECT(HWM_OK, hwm_task_list(client, NULL, &list, &error));
    REFUSED(hwm_list_next(list, NULL, &error));
    REFUSED(hwm_list_next((hwm_list *)client, &item, &error));
    EXPECT(HWM_END, hwm_list_next(list, &item, &error));
    EXPECT(HWM_END, hwm_list_next(list, &item, &error));
    hwm_list_free(NULL);
    hwm_list_free((hwm_list *)client);
    hwm_list_free(list);

    EXPECT(HWM_OK, hwm_task_wait(client, id, &wait, &error));
    REFUSED_QUIETLY(hwm_wait_set_deadline(NULL, 1));
    REFUSED_QUIETLY(hwm_wait_set_deadline((hwm_wait *)client, 1));
    REFUSED_QUIETLY(hwm_wait_set_deadline(wait, -1));
    REFUSED_QUIETLY(hwm_wait_set_until(wait, 99));
    REFUSED_QUIETLY(hwm_wait_set_poll(wait, 2, 1));
    REFUSED_QUIETLY(hwm_wait_set_stall_after(wait, -1));
    REFUSED_QUIETLY(hwm_wait_set_stop_job(NULL, true));
    REFUSED_QUIETLY(hwm_wait_set_progress(NULL, NULL, NULL, release));
    CHECK(released == 7);
    REFUSED(hwm_wait_run(NULL, NULL, &error));
    REFUSED(hwm_wait_run(wait, NULL, &error)); /* without a deadline */
    REFUSED(hwm_wait_next(NULL, NULL, &error));
    CHECK(hwm_wait_set_deadline(wait, 1000) == HWM_OK);
    EXPECT(HWM_NOT_FOUND, hwm_wait_next(wait, &progress, &error));
    REFUSED_QUIETLY(hwm_wait_set_deadline(wait, 1000)); /* it has begun */
    hwm_wait_free(NULL);
    hwm_wait_free((hwm_wait *)client);
    hwm_wait_free(wait);

    EXPECT(HWM_OK, hwm_task_wait_all(client, &id, 1, &fleet, &error));
    REFUSED_QUIETLY(hwm_fleet_set_deadline(NULL, 1));
    REFUSED_QUIETLY(hwm_fleet_set_deadline(fleet, -1));
    REFUSED_QUIETLY(hwm_fleet_set_until(fleet, -1));
    REFUSED_QUIETLY(hwm_fleet_set_poll(fleet, -1, 1));
    REFUSED_QUIETLY(hwm_fleet_set_stall_after(fleet, -1));
    REFUSED(hwm_fleet_next(NULL, &event, &error));
    REFUSED(hwm_fleet_next(fleet, NULL, &error));
    REFUSED(hwm_fleet_next(fleet, &event, &error)); /* without a deadline */
    REFUSED(hwm_event_result(NULL, NULL, &error));
    CHECK(hwm_event_id(NULL) == NULL && !hwm_event_is_end(NULL));
    hwm_event_free(NULL);
    hwm_fleet_free(NULL);
    hwm_fleet_free((hwm_fleet *)client);
    hwm_fleet_free(fleet);
    CHECK(item == NULL && event == NULL && progress == NULL);
}

static void looks(void) {
    CHECK(hwm_progress_state(NULL) == HWM_STATE_UNKNOWN);
    CHECK(hwm_progress_state_code(NULL) == -1);
    CHECK(hwm_progress_id(NULL) == NULL);
    CHECK(hwm_progress_text(NULL) == NULL);
    CHECK(hwm_progress_fraction(NULL) < 0);
    CHECK(hwm_progress_objects_done(NULL) == -1);
    CHECK(hwm_progress_objects_failed(NULL) == -1);
    CHECK(hwm_progress_objects_skipped(NULL) == -1);
    CHECK(hwm_progress_objects_total(NULL) == -1);
    CHECK(hwm_progress_bytes_done(NULL) == -1);
    CHECK(hwm_progress_bytes_total(NULL) == -1);
    CHECK(hwm_progress_bytes_per_second(NULL) == -1);
    CHECK(hwm_progress_time_left(NULL) == -1);
    CHECK(hwm_progress_elapsed(NULL) == -1);
    CHECK(!hwm_progress_totals_final(NULL));
    CHECK(!hwm_progress_stalled(NULL));
    CHECK(hwm_progress_reason_code(NULL) == NULL);
    CHECK(hwm_progress_reason(NULL) == NULL);
    CHECK(hwm_progress_failed_list(NULL) == NULL);
    CHECK(hwm_progress_phase_count(NULL) == 0);
    CHECK(hwm_progress_phase_name(NULL, 0) == NULL);
    CHECK(hwm_progress_phase_percent(NULL, 0) == -1);
    hwm_progress_free(NULL);
}

static void logs(void) {
    REFUSED(hwm_log_set(99, NULL, NULL, release, &error));
    CHECK(released == 8);
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_DEBUG, NULL, NULL, release, &error));
    CHECK(released == 9);
}

int main(void) {
    hwm_config *config = quick_config();
    hwm_client *client = quick_client();
    hwm_request *request = copy_request("photos/");
    errors();
    versions();
    memory();
    flags(config);
    credentials(config);
    configurations();
    values(client);
    requests(client);
    clients(client, request);
    tasks(client, request);
    groups(client, request);
    syncs(client, request);
    servers(client, request);
    steps(client);
    looks();
    logs();
    hwm_request_free(request);
    hwm_client_free(client);
    hwm_config_free(config);
    return 0;
}
