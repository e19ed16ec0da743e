/* Callbacks that free what the function that called them works with, and other things that nobody should do there. */

#include "support.h"

static hwm_error *error;
static int released;

static void release(void *user_data) {
    (void)user_data;
    released++;
}

static void read_list(hwm_client *client) {
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
}

static int64_t finished_task(hwm_client *client) {
    hwm_request *request = copy_request("photos/");
    int64_t id = 0;
    EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
    CHECK(settle(client, id, HWM_UNTIL_ENDED, NULL) == HWM_OK);
    hwm_request_free(request);
    return id;
}

struct hands {
    hwm_client *client;
    hwm_client *other;
    hwm_list *list;
    hwm_wait *wait;
    int calls;
};

/* Frees the wait it is called by, its client, and by mistake the look that is only lent. */
static bool free_the_wait(void *user_data, const hwm_progress *progress) {
    struct hands *hands = user_data;
    hands->calls++;
    if (hands->wait != NULL) {
        hwm_wait_free(hands->wait);
        hwm_client_free(hands->client);
        CHECK(released == 0); /* the wait needs it until it returns */
        hands->wait = NULL;
        CHECK(hwm_progress_text(progress) != NULL);
        hwm_progress_free((hwm_progress *)(uintptr_t)progress);
    }
    return true;
}

static void wait_is_freed_by_its_callback(int64_t id) {
    struct hands hands = {NULL, NULL, NULL, NULL, 0};
    hwm_wait *wait;
    hwm_progress *last = NULL;
    hands.client = quick_client();
    EXPECT(HWM_OK, hwm_task_wait(hands.client, id, &hands.wait, &error));
    wait = hands.wait;
    CHECK(hwm_wait_set_deadline(wait, 60000) == HWM_OK);
    CHECK(hwm_wait_set_progress(wait, free_the_wait, &hands, release) == HWM_OK);
    released = 0;
    EXPECT(HWM_OK, hwm_wait_run(wait, &last, &error)); /* it ends as if nothing had happened */
    CHECK(hands.calls == 1 && released == 1 && hwm_progress_state(last) == HWM_STATE_SUCCEEDED);
    hwm_progress_free(last);
}

static void read_key(char *key, char *secret, int size) {
    FILE *file = fopen(setting("TEST_KEY_FILE"), "r");
    CHECK(file != NULL && fgets(key, size, file) != NULL && fgets(secret, size, file) != NULL);
    key[strcspn(key, "\n")] = '\0';
    secret[strcspn(secret, "\n")] = '\0';
    fclose(file);
}

/* Frees its own client, and another one with connections of its own. */
static int32_t free_the_client(void *user_data, hwm_credential *answer) {
    struct hands *hands = user_data;
    char key[64], secret[64];
    hands->calls++;
    hwm_client_free(hands->client);
    hwm_client_free(hands->other);
    hands->client = hands->other = NULL;
    read_key(key, secret, sizeof key);
    return hwm_credential_set_access_key(answer, key, strlen(key), secret, strlen(secret), NULL, 0, 0);
}

static void client_is_freed_by_its_credentials(void) {
    struct hands hands = {NULL, NULL, NULL, NULL, 0};
    hwm_credentials *credentials = NULL;
    hwm_config *config = quick_config();
    hwm_value *answer = NULL;
    EXPECT(HWM_OK, hwm_credentials_from_callback(free_the_client, &hands, release, &credentials, &error));
    CHECK(hwm_config_set_credentials(config, credentials) == HWM_OK);
    hwm_credentials_free(credentials);
    EXPECT(HWM_OK, hwm_client_new(config, &hands.client, &error));
    hwm_config_free(config);
    hands.other = quick_client();
    read_list(hands.other);
    released = 0;
    EXPECT(HWM_OK, hwm_call(hands.client, "ListTasks", NULL, &answer, &error));
    CHECK(hands.calls == 1 && released == 1 && hwm_value_type(answer, "/tasks") == HWM_TYPE_LIST);
    hwm_value_free(answer);
}

/* Frees the list whose request the line is about, and uses what does not send. */
static void free_the_list(void *user_data, hwm_log_level level, const char *line) {
    struct hands *hands = user_data;
    hwm_config *config = NULL;
    hwm_cancel *cancel = NULL;
    hwm_client *client = NULL;
    (void)level;
    CHECK(line != NULL && strchr(line, '\n') == NULL);
    hands->calls++;
    hwm_list_free(hands->list);
    hwm_client_free(hands->client);
    hands->list = NULL;
    hands->client = NULL;
    CHECK(hwm_config_new(&config, NULL) == HWM_OK && hwm_client_new(config, &client, NULL) == HWM_OK);
    CHECK(hwm_cancel_new(&cancel, NULL) == HWM_OK);
    hwm_cancel_now(cancel);
    hwm_cancel_free(cancel);
    hwm_client_free(client);
    hwm_config_free(config);
}

static void list_is_freed_by_the_log(int64_t id) {
    struct hands hands = {NULL, NULL, NULL, NULL, 0};
    hwm_value *item = NULL;
    int64_t number = 0;
    hands.client = quick_client();
    read_list(hands.client);
    EXPECT(HWM_OK, hwm_task_list(hands.client, NULL, &hands.list, &error));
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_DEBUG, free_the_list, &hands, NULL, &error));
    EXPECT(HWM_OK, hwm_list_next(hands.list, &item, &error));
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_OFF, NULL, NULL, NULL, &error));
    CHECK(hands.calls > 0 && hands.list == NULL && hwm_value_integer(item, "/id", &number) && number == id);
    hwm_value_free(item);
}

/* Changes the log from a progress callback, while lines are told. */
static bool change_the_log(void *user_data, const hwm_progress *progress) {
    hwm_error *inner = NULL;
    (void)progress;
    CHECK(hwm_log_set(HWM_LOG_DEBUG, free_the_list, user_data, release, &inner) == HWM_OK);
    return true;
}

static void log_is_changed_by_a_wait(hwm_client *client, int64_t id) {
    struct hands hands = {NULL, NULL, NULL, NULL, 0};
    hwm_wait *wait = NULL;
    EXPECT(HWM_OK, hwm_task_wait(client, id, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, 60000) == HWM_OK);
    CHECK(hwm_wait_set_progress(wait, change_the_log, &hands, NULL) == HWM_OK);
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_DEBUG, free_the_list, &hands, release, &error));
    released = 0;
    EXPECT(HWM_OK, hwm_wait_run(wait, NULL, &error));
    CHECK(released == 1);
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_OFF, NULL, NULL, NULL, &error));
    CHECK(released == 2);
    hwm_wait_free(wait);
}

/* A release function that uses the library: what it belongs to is gone already. */
static void release_and_work(void *user_data) {
    hwm_wait *wait = user_data;
    CHECK(hwm_wait_set_deadline(wait, 1) == HWM_BUSY); /* whose settings are being changed */
    released++;
}

static bool never(void *user_data, const hwm_progress *progress) {
    (void)user_data;
    (void)progress;
    return false;
}

static void release_meets_its_wait(hwm_client *client, int64_t id) {
    hwm_wait *wait = NULL;
    EXPECT(HWM_OK, hwm_task_wait(client, id, &wait, &error));
    CHECK(hwm_wait_set_progress(wait, never, wait, release_and_work) == HWM_OK);
    released = 0;
    CHECK(hwm_wait_set_progress(wait, NULL, NULL, NULL) == HWM_OK);
    CHECK(released == 1);
    hwm_wait_free(wait);
}

int main(void) {
    hwm_client *client = quick_client();
    int64_t id = finished_task(client);
    wait_is_freed_by_its_callback(id);
    client_is_freed_by_its_credentials();
    list_is_freed_by_the_log(id);
    log_is_changed_by_a_wait(client, id);
    release_meets_its_wait(client, id);
    hwm_client_free(client);
    return 0;
}
