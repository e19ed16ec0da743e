/* Credentials by callback: asked once for many, asked again when refused, failing in their own words; what a
   callback may not do; a forked child. */

#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

static hwm_error *error;

struct vault {
    hwm_client *client;
    int asked;
    int released;
    int32_t answer;
    bool tells;
};

static void read_key(char *key, char *secret, int size) {
    FILE *file = fopen(setting("TEST_KEY_FILE"), "r");
    CHECK(file != NULL && fgets(key, size, file) != NULL && fgets(secret, size, file) != NULL);
    key[strcspn(key, "\n")] = '\0';
    secret[strcspn(secret, "\n")] = '\0';
    fclose(file);
}

static int32_t ask(void *user_data, hwm_credential *answer) {
    struct vault *vault = user_data;
    char key[64], secret[64];
    hwm_error *inner = NULL;
    vault->asked++;
    /* Nothing that sends may be called here, with any client. */
    if (vault->client != NULL) {
        hwm_value *value = NULL;
        CHECK(hwm_call(vault->client, "ListTasks", NULL, &value, &inner) == HWM_IN_CALLBACK && value == NULL);
        CHECK(contains(hwm_error_advice(inner), "return"));
        hwm_error_free(inner);
    }
    if (vault->answer != HWM_OK) {
        if (vault->tells) CHECK(hwm_credential_fail(answer, "the vault is sealed") == HWM_OK);
        return vault->answer;
    }
    if (!vault->tells) return HWM_OK; /* and gives nothing */
    CHECK(hwm_credential_set_access_key(answer, NULL, 0, NULL, 0, NULL, 0, 0) == HWM_ARGUMENT);
    CHECK(hwm_credential_set_token(answer, "replaced", 8, 0) == HWM_OK);
    read_key(key, secret, sizeof key);
    return hwm_credential_set_access_key(answer, key, strlen(key), secret, strlen(secret), NULL, 0, 0);
}

static void release(void *user_data) {
    ((struct vault *)user_data)->released++;
}

static hwm_client *client_of(struct vault *vault) {
    hwm_credentials *credentials = NULL;
    hwm_config *config = quick_config();
    hwm_client *client = NULL;
    EXPECT(HWM_OK, hwm_credentials_from_callback(ask, vault, release, &credentials, &error));
    CHECK(hwm_config_set_credentials(config, credentials) == HWM_OK);
    hwm_credentials_free(credentials);
    EXPECT(HWM_OK, hwm_client_new(config, &client, &error));
    hwm_config_free(config);
    CHECK(vault->released == 0 && vault->asked == 0);
    return client;
}

static void given(void) {
    struct vault vault = {NULL, 0, 0, HWM_OK, true};
    hwm_client *client = client_of(&vault);
    hwm_value *value = NULL;
    vault.client = client;
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    CHECK(vault.asked == 1);
    EXPECT(HWM_OK, hwm_client_login(client, &value, &error));
    CHECK(strcmp(hwm_value_text(value, "/kind"), "function") == 0);
    hwm_value_free(value);
    fault("{\"kind\": \"unauthorized\", \"operation\": \"ListTasks\"}");
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    CHECK(vault.asked == 2);
    hwm_client_free(client);
    CHECK(vault.released == 1);
}

static void refused(int32_t answer, bool tells, hwm_result wanted, const char *words) {
    struct vault vault = {NULL, 0, 0, HWM_OK, true};
    hwm_client *client = client_of(&vault);
    vault.answer = answer;
    vault.tells = tells;
    CHECK(hwm_call(client, "ListTasks", NULL, NULL, &error) == wanted);
    CHECK(contains(hwm_error_message(error), words));
    hwm_error_free(error);
    error = NULL;
    hwm_client_free(client);
    CHECK(vault.released == 1 && vault.asked >= 1);
}

static void in_the_log(void *user_data, hwm_log_level level, const char *line) {
    hwm_error *inner = NULL;
    hwm_client *client = user_data;
    (void)level;
    (void)line;
    CHECK(hwm_call(client, "ListTasks", NULL, NULL, &inner) == HWM_IN_CALLBACK);
    hwm_error_free(inner);
    inner = NULL;
    CHECK(hwm_log_set(HWM_LOG_OFF, NULL, NULL, NULL, &inner) == HWM_IN_CALLBACK);
    hwm_error_free(inner);
}

static void logs(hwm_client *client) {
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_DEBUG, in_the_log, client, NULL, &error));
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_OFF, NULL, NULL, NULL, &error));
}

static void forked(hwm_client *client) {
    pid_t child;
    int status = 0;
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        hwm_error *inner = NULL;
        hwm_client *own = NULL;
        int good = hwm_call(client, "ListTasks", NULL, NULL, &inner) == HWM_FORKED;
        hwm_error_free(inner);
        /* Freeing it leaves the connections to the parent, and so the memory around them: valgrind would say so. */
        if (getenv("SLOW") == NULL) hwm_client_free(client);
        inner = NULL;
        good = good && hwm_client_new(NULL, &own, &inner) == HWM_OK;
        good = good && hwm_call(own, "ListTasks", NULL, NULL, &inner) == HWM_OK;
        _exit(good ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
}

int main(void) {
    hwm_client *client;
    given();
    refused(HWM_CONFIG, true, HWM_CONFIG, "the vault is sealed");
    refused(HWM_TRANSPORT, true, HWM_TRANSPORT, "the vault is sealed");
    refused(HWM_AUTH, false, HWM_AUTH, "callback returned 4");
    refused(4711, false, HWM_AUTH, "callback returned 4711");
    refused(HWM_OK, false, HWM_AUTH, "gave nothing");
    client = quick_client();
    logs(client);
    forked(client);
    hwm_client_free(client);
    return 0;
}
