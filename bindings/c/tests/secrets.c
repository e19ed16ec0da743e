/* No secret is in a message, a log line or an answer, nor anywhere in the memory of this process once the
   handles that held it are freed. */

#include "support.h"

#include <fcntl.h>
#include <unistd.h>

static hwm_error *error;

/* The secrets are put together at run time and wiped, so that this program itself holds none. */
static void make(char *secret, size_t size, char kind) {
    snprintf(secret, size, "%c%s-%c-%s", 'c', "anary", kind, "0123456789");
}

static char logged[1 << 20];
static size_t logged_length;

static void keep(void *user_data, hwm_log_level level, const char *line) {
    size_t length = strlen(line);
    (void)user_data;
    (void)level;
    if (logged_length + length + 1 < sizeof logged) {
        memcpy(logged + logged_length, line, length);
        logged_length += length;
    }
}

static int has_canary(const char *memory, size_t length) {
    char canary[16];
    size_t index;
    int found = 0;
    snprintf(canary, sizeof canary, "%c%s-", 'c', "anary");
    for (index = 0; index + 7 <= length; index++) {
        if (memory[index] == canary[0] && memcmp(memory + index, canary, 7) == 0) found++;
    }
    hwm_wipe(canary, sizeof canary);
    return found;
}

/* Everything that can be written, but for the buffer it is read into. */
static int found_in_memory(void) {
    static char window[1 << 16];
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY), found = 0;
    char line[512];
    CHECK(maps != NULL && memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from = 0, to = 0, at;
        char rights[8] = "";
        CHECK(sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3);
        if (rights[0] != 'r' || rights[1] != 'w' || contains(line, "[v")) continue;
        if (to - from > 1UL << 30) continue; /* bookkeeping of a sanitizer, which maps terabytes */
        for (at = from; at < to; at += sizeof window - 32) {
            size_t length = to - at < sizeof window ? to - at : sizeof window;
            ssize_t got;
            if (at + length > (unsigned long)window && at < (unsigned long)window + sizeof window) continue;
            got = pread(memory, window, length, (off_t)at);
            if (got > 0 && has_canary(window, (size_t)got) != 0) {
                found++;
            }
        }
    }
    hwm_wipe(window, sizeof window);
    close(memory);
    fclose(maps);
    return found;
}

static int32_t give(void *user_data, hwm_credential *answer) {
    char key[64], secret[64];
    hwm_result result;
    (void)user_data;
    make(key, sizeof key, 'k');
    make(secret, sizeof secret, 's');
    result = hwm_credential_set_access_key(answer, key, strlen(key), secret, strlen(secret), NULL, 0, 0);
    hwm_wipe(key, sizeof key);
    hwm_wipe(secret, sizeof secret);
    return result;
}

static void no_secret_in(const hwm_error *error) {
    const char *texts[4];
    int index;
    texts[0] = hwm_error_message(error);
    texts[1] = hwm_error_said(error);
    texts[2] = hwm_error_advice(error);
    texts[3] = hwm_error_code(error);
    for (index = 0; index < 4; index++) CHECK(texts[index] == NULL || has_canary(texts[index], strlen(texts[index])) == 0);
}

/* A login that is refused, with every kind of credentials. */
static void credentials(void) {
    int kind;
    for (kind = 0; kind < 5; kind++) {
        hwm_credentials *credentials = NULL;
        hwm_config *config = quick_config();
        hwm_client *client = NULL;
        char one[64], two[64], three[64];
        make(one, sizeof one, 'p');
        make(two, sizeof two, 'q');
        make(three, sizeof three, 'r');
        switch (kind) {
            case 0:
                EXPECT(HWM_OK, hwm_credentials_password("d", "u", one, strlen(one), &credentials, &error));
                break;
            case 1:
                EXPECT(HWM_OK, hwm_credentials_token(one, strlen(one), 0, &credentials, &error));
                break;
            case 2:
                EXPECT(HWM_OK, hwm_credentials_access_key(one, strlen(one), two, strlen(two), &credentials, &error));
                break;
            case 3:
                EXPECT(HWM_OK, hwm_credentials_temporary(one, strlen(one), two, strlen(two), three, strlen(three),
                                                         &credentials, &error));
                break;
            default:
                EXPECT(HWM_OK, hwm_credentials_from_callback(give, NULL, NULL, &credentials, &error));
        }
        hwm_wipe(one, sizeof one);
        hwm_wipe(two, sizeof two);
        hwm_wipe(three, sizeof three);
        CHECK(hwm_config_set_credentials(config, credentials) == HWM_OK);
        hwm_credentials_free(credentials);
        EXPECT(HWM_OK, hwm_client_new(config, &client, &error));
        hwm_config_free(config);
        CHECK(hwm_call(client, "ListTasks", NULL, NULL, &error) == HWM_AUTH);
        no_secret_in(error);
        hwm_error_free(error);
        error = NULL;
        hwm_client_free(client);
    }
}

/* Keys in the body of a create: taken, refused here, and refused there. */
static void bodies(void) {
    hwm_client *client = quick_client();
    hwm_request *request = copy_request("photos/");
    char secret[64];
    int64_t id = 0;
    hwm_value *task = NULL;
    make(secret, sizeof secret, 'b');
    CHECK(hwm_request_set_secret(request, "/src_node/sk", secret, strlen(secret)) == HWM_OK);
    EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
    EXPECT(HWM_OK, hwm_task_show(client, id, &task, &error));
    CHECK(has_canary(hwm_value_json(task, ""), strlen(hwm_value_json(task, ""))) == 0);
    hwm_value_free(task);
    CHECK(hwm_request_set_secret(request, "/src_node/sc", secret, strlen(secret)) == HWM_OK);
    CHECK(hwm_task_create(client, request, &id, &error) == HWM_INVALID);
    no_secret_in(error);
    hwm_error_free(error);
    error = NULL;
    hwm_request_free(request);

    request = copy_request("photos/");
    CHECK(hwm_request_set_secret(request, "/src_node/sk", secret, strlen(secret)) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/dst_node/bucket", "no-such-bucket") == HWM_OK);
    CHECK(hwm_call(client, "CreateTask", request, NULL, &error) != HWM_OK || error == NULL);
    no_secret_in(error);
    hwm_error_free(error);
    error = NULL;
    hwm_request_free(request);
    hwm_wipe(secret, sizeof secret);
    hwm_client_free(client);
}

int main(void) {
    char probe[64];
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_DEBUG, keep, NULL, NULL, &error));
    make(probe, sizeof probe, 'x');
    if (getenv("SLOW") == NULL) CHECK(found_in_memory() > 0); /* the search finds what is there */
    hwm_wipe(probe, sizeof probe);
    credentials();
    bodies();
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_OFF, NULL, NULL, NULL, &error));
    CHECK(logged_length > 0 && has_canary(logged, logged_length) == 0);
    if (getenv("SLOW") == NULL) CHECK(found_in_memory() == 0);
    return 0;
}
