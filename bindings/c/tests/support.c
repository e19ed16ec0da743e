#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void fail(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

void expect(const char *file, int line, const char *call, hwm_result wanted, hwm_result found, hwm_error **error) {
    if (found != wanted) {
        fprintf(stderr, "%s:%d: %s gave %d and not %d: %s\n", file, line, call, (int)found, (int)wanted,
                *error != NULL ? hwm_error_message(*error) : "no error object");
        abort();
    }
    if (*error != NULL) {
        CHECK(hwm_error_result(*error) == found);
        CHECK(hwm_error_message(*error) != NULL && *hwm_error_message(*error) != '\0');
    }
    hwm_error_free(*error);
    *error = NULL;
}

bool contains(const char *text, const char *part) {
    return text != NULL && strstr(text, part) != NULL;
}

const char *setting(const char *name) {
    const char *value = getenv(name);
    if (value == NULL) fail(name, 0, "is set");
    return value;
}

hwm_config *quick_config(void) {
    hwm_error *error = NULL;
    hwm_config *config = NULL;
    EXPECT(HWM_OK, hwm_config_new(&config, &error));
    CHECK(hwm_config_set_retry(config, 4, 2, 20) == HWM_OK);
    return config;
}

hwm_client *quick_client(void) {
    hwm_error *error = NULL;
    hwm_client *client = NULL;
    hwm_config *config = quick_config();
    EXPECT(HWM_OK, hwm_client_new(config, &client, &error));
    hwm_config_free(config);
    return client;
}

hwm_request *copy_request(const char *prefix) {
    hwm_error *error = NULL;
    hwm_request *request = NULL;
    const char *keys[4];
    keys[0] = setting("SOURCE_AK");
    keys[1] = setting("SOURCE_SK");
    keys[2] = setting("DESTINATION_AK");
    keys[3] = setting("DESTINATION_SK");
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_source(request, "HuaweiCloud", setting("HWMIGRATE_REGION"), "source", keys[0],
                                 strlen(keys[0]), keys[1], strlen(keys[1])) == HWM_OK);
    CHECK(hwm_request_set_destination(request, setting("HWMIGRATE_REGION"), "destination", keys[2], strlen(keys[2]),
                                      keys[3], strlen(keys[3])) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/task_type", "prefix") == HWM_OK);
    CHECK(hwm_request_set_text(request, "/src_node/object_key/-", prefix) == HWM_OK);
    return request;
}

hwm_request *start_request(void) {
    hwm_error *error = NULL;
    hwm_request *request = NULL;
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_text(request, "/src_ak", setting("SOURCE_AK")) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/src_sk", setting("SOURCE_SK")) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/dst_ak", setting("DESTINATION_AK")) == HWM_OK);
    CHECK(hwm_request_set_text(request, "/dst_sk", setting("DESTINATION_SK")) == HWM_OK);
    CHECK(hwm_request_set_flag(request, "/migrate_failed_object", false) == HWM_OK);
    return request;
}

hwm_result settle(hwm_client *client, int64_t task, int32_t until, hwm_progress **last) {
    hwm_error *error = NULL;
    hwm_wait *wait = NULL;
    hwm_result result;
    EXPECT(HWM_OK, hwm_task_wait(client, task, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, 120000) == HWM_OK);
    CHECK(hwm_wait_set_poll(wait, 10, 50) == HWM_OK);
    CHECK(hwm_wait_set_until(wait, until) == HWM_OK);
    result = hwm_wait_run(wait, last, &error);
    hwm_error_free(error);
    hwm_wait_free(wait);
    return result;
}

/* A plain socket and HTTP/1.0: the tests must not test the library with itself. */
void exchange(const char *method, const char *path, const char *body, char *text, size_t size) {
    const char *url = setting("HWMIGRATE_OMS_ENDPOINT");
    const char *port = strrchr(url, ':');
    struct sockaddr_in address;
    size_t length = 0;
    ssize_t got;
    int line = snprintf(text, size,
                        "%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        method, path, strlen(body), body);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(port != NULL && connection >= 0 && line > 0 && (size_t)line < size);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)atoi(port + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(connection, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(write(connection, text, (size_t)line) == line);
    while ((got = read(connection, text + length, size - 1 - length)) > 0) length += (size_t)got;
    text[length] = '\0';
    close(connection);
}

void emulator(const char *method, const char *path, const char *body, char *answer, size_t size) {
    char text[65536];
    exchange(method, path, body, text, sizeof text);
    if (strstr(text, " 200 ") == NULL && strstr(text, " 204 ") == NULL && strstr(text, " 201 ") == NULL) {
        fprintf(stderr, "%s %s: %s\n", method, path, text);
        abort();
    }
    if (answer != NULL) {
        const char *start = strstr(text, "\r\n\r\n");
        snprintf(answer, size, "%s", start != NULL ? start + 4 : "");
    }
}

void fault(const char *json) {
    emulator("POST", "/_emulator/faults", json, NULL, 0);
}

int calls_of(const char *operation) {
    static char journal[65536];
    char path[128];
    int count = 0;
    const char *at;
    snprintf(path, sizeof path, "/_emulator/journal?operation=%s", operation);
    emulator("GET", path, "", journal, sizeof journal);
    for (at = journal; (at = strstr(at, "\"number\"")) != NULL; at++) count++;
    return count;
}

int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void pause_for(int milliseconds) {
    struct timespec time;
    time.tv_sec = milliseconds / 1000;
    time.tv_nsec = (long)(milliseconds % 1000) * 1000000;
    nanosleep(&time, NULL);
}
