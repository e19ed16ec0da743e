/* What the network and the service do wrong. Connections break with SIGPIPE at its default: it must not end
   this program. */

#include "support.h"

#include <signal.h>

static hwm_error *error;

static hwm_result show_list(hwm_client *client) {
    hwm_value *answer = NULL;
    hwm_result result = hwm_call(client, "ListTasks", NULL, &answer, &error);
    CHECK((result == HWM_OK) == (answer != NULL));
    hwm_value_free(answer);
    return result;
}

static void expect_kind(hwm_client *client, const char *json, hwm_result wanted, const char *code) {
    fault(json);
    CHECK(show_list(client) == wanted);
    CHECK(hwm_error_result(error) == wanted && strcmp(hwm_error_operation(error), "ListTasks") == 0);
    if (code != NULL) CHECK(hwm_error_code(error) != NULL && strcmp(hwm_error_code(error), code) == 0);
    hwm_error_free(error);
    error = NULL;
    emulator("DELETE", "/_emulator/faults", "", NULL, 0);
}

static void reads_go_on(hwm_client *client) {
    static const char *const once[] = {
        "{\"kind\": \"reset\", \"operation\": \"ListTasks\"}",
        "{\"kind\": \"bad_gateway\", \"operation\": \"ListTasks\"}",
        "{\"kind\": \"unavailable\", \"operation\": \"ListTasks\", \"retry_after\": 0}",
        "{\"kind\": \"lose_reply\", \"operation\": \"ListTasks\"}",
        "{\"kind\": \"cut_body\", \"bytes\": 5, \"operation\": \"ListTasks\"}",
        "{\"kind\": \"unauthorized\", \"operation\": \"ListTasks\"}",
        "{\"kind\": \"expire_tokens\", \"operation\": \"ListTasks\"}",
    };
    size_t index;
    for (index = 0; index < sizeof once / sizeof *once; index++) {
        fault(once[index]);
        EXPECT(HWM_OK, show_list(client));
    }
}

static void kinds(hwm_client *client) {
    expect_kind(client, "{\"kind\": \"reset\", \"times\": null, \"operation\": \"ListTasks\"}", HWM_TRANSPORT, NULL);
    expect_kind(client, "{\"kind\": \"empty_body\", \"times\": null, \"operation\": \"ListTasks\"}", HWM_DECODE, NULL);
    expect_kind(client,
                "{\"kind\": \"status\", \"status\": 403, \"code\": \"OMS.0072\", \"message\": \"no\", "
                "\"times\": null, \"operation\": \"ListTasks\"}",
                HWM_AUTH, "OMS.0072");
    expect_kind(client,
                "{\"kind\": \"redirect\", \"location\": \"http://127.0.0.1:1/\", \"times\": null, "
                "\"operation\": \"ListTasks\"}",
                HWM_API, NULL);
}

/* A create whose reply is lost is sent once, and found again. */
static void lost_creates(hwm_client *client) {
    hwm_request *request = copy_request("photos/");
    int64_t id = 7;
    bool adopted = false;
    int before = calls_of("CreateTask");
    fault("{\"kind\": \"lose_reply\", \"operation\": \"CreateTask\"}");
    EXPECT(HWM_AMBIGUOUS, hwm_task_create(client, request, &id, &error));
    CHECK(id == 7);
    fault("{\"kind\": \"lose_reply\", \"operation\": \"CreateTask\"}");
    EXPECT(HWM_OK, hwm_task_create_once(client, request, NULL, &id, &adopted, &error));
    CHECK(adopted && id != 7 && calls_of("CreateTask") == before + 2);
    hwm_request_free(request);
}

/* The server closes an idle connection: the next create must not be lost on it. */
static void idle_connections(hwm_client *client) {
    hwm_request *request = copy_request("photos/");
    int64_t id = 0;
    int round;
    for (round = 0; round < 3; round++) {
        fault("{\"kind\": \"cut_body\", \"bytes\": 2, \"operation\": \"ListTasks\"}");
        EXPECT(HWM_OK, show_list(client));
        EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
    }
    hwm_request_free(request);
}

static void nobody_there(void) {
    hwm_config *config = quick_config();
    hwm_client *client = NULL;
    CHECK(hwm_config_set_endpoint(config, "oms", "http://127.0.0.1:1") == HWM_OK);
    EXPECT(HWM_OK, hwm_client_new(config, &client, &error));
    CHECK(show_list(client) == HWM_TRANSPORT);
    CHECK(hwm_error_is_retryable(error) && hwm_error_attempts(error) == 4 && hwm_error_status(error) == 0);
    hwm_error_free(error);
    error = NULL;
    hwm_client_free(client);

    CHECK(hwm_config_set_endpoint(config, "oms", "http://example.com") == HWM_OK);
    EXPECT(HWM_CONFIG, hwm_client_new(config, &client, &error)); /* plain http to another host */
    hwm_config_free(config);
}

static void wrong_password(void) {
    hwm_config *config = quick_config();
    hwm_credentials *credentials = NULL;
    hwm_client *client = NULL;
    EXPECT(HWM_OK, hwm_credentials_password(setting("HW_DOMAIN_NAME"), setting("HW_USER_NAME"), "wrong", 5, &credentials,
                                            &error));
    CHECK(hwm_config_set_credentials(config, credentials) == HWM_OK);
    hwm_credentials_free(credentials);
    EXPECT(HWM_OK, hwm_client_new(config, &client, &error));
    hwm_config_free(config);
    CHECK(show_list(client) == HWM_AUTH);
    CHECK(hwm_error_status(error) == 401 && !contains(hwm_error_message(error), "wrong\""));
    hwm_error_free(error);
    error = NULL;
    hwm_client_free(client);
}

int main(void) {
    hwm_client *client = quick_client();
    struct sigaction action;
    sigset_t mask;
    reads_go_on(client);
    kinds(client);
    lost_creates(client);
    idle_connections(client);
    nobody_there();
    wrong_password();
    /* Neither the disposition nor the mask of the signal has changed. */
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGPIPE) == 0);
    CHECK(sigpending(&mask) == 0 && sigismember(&mask, SIGPIPE) == 0);
    hwm_client_free(client);
    return 0;
}
