/* One client, list, flag and log from many threads at once. */

#include "support.h"

#include <pthread.h>

#define THREADS 8

static hwm_client *client;
static hwm_list *list;
static hwm_value *value;
static int64_t task;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int lines, released, items, busy;

static void logged(void *user_data, hwm_log_level level, const char *line) {
    CHECK(user_data == &lines && level >= HWM_LOG_ERROR && level <= HWM_LOG_DEBUG && line != NULL);
    pthread_mutex_lock(&lock);
    lines++;
    pthread_mutex_unlock(&lock);
}

static void release(void *user_data) {
    CHECK(user_data == &lines);
    released++;
}

static void *work(void *argument) {
    int rounds = getenv("SLOW") != NULL ? 5 : 40;
    int round, number = *(int *)argument;
    for (round = 0; round < rounds; round++) {
        hwm_error *error = NULL;
        hwm_value *answer = NULL, *item = NULL;
        hwm_progress *progress = NULL;
        hwm_client *limited = NULL;
        hwm_result result;
        int64_t id = 0;
        EXPECT(HWM_OK, hwm_task_show(client, task, &answer, &error));
        CHECK(hwm_value_integer(answer, "/id", &id) && id == task);
        hwm_value_free(answer);
        EXPECT(HWM_OK, hwm_client_limited(client, 30000, NULL, &limited, &error));
        EXPECT(HWM_OK, hwm_task_progress(limited, task, &progress, &error));
        CHECK(hwm_progress_text(progress) != NULL);
        hwm_progress_free(progress);
        hwm_client_free(limited);
        EXPECT(HWM_NOT_FOUND, hwm_task_show(client, 123456, &answer, &error));
        /* One value, read by all. */
        CHECK(strcmp(hwm_value_text(value, "/src_node/bucket"), "source") == 0);
        CHECK(contains(hwm_value_json(value, "/src_node"), "photos/"));
        /* One list, which goes step by step. */
        result = hwm_list_next(list, &item, &error);
        CHECK(result == HWM_OK || result == HWM_END || result == HWM_BUSY);
        pthread_mutex_lock(&lock);
        items += result == HWM_OK;
        busy += result == HWM_BUSY;
        pthread_mutex_unlock(&lock);
        hwm_value_free(item);
        hwm_error_free(error);
        error = NULL;
        /* The log is changed while others write to it. */
        if (number == 0) EXPECT(HWM_OK, hwm_log_set(HWM_LOG_DEBUG, logged, &lines, release, &error));
    }
    return NULL;
}

int main(void) {
    hwm_error *error = NULL;
    hwm_request *request = copy_request("photos/");
    pthread_t threads[THREADS];
    int numbers[THREADS], index, before;
    client = quick_client();
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_DEBUG, logged, &lines, release, &error));
    for (index = 0; index < 3; index++) EXPECT(HWM_OK, hwm_task_create(client, request, &task, &error));
    CHECK(settle(client, task, HWM_UNTIL_ENDED, NULL) == HWM_OK);
    EXPECT(HWM_OK, hwm_task_show(client, task, &value, &error));
    EXPECT(HWM_OK, hwm_task_list(client, NULL, &list, &error));
    for (index = 0; index < THREADS; index++) {
        numbers[index] = index;
        CHECK(pthread_create(&threads[index], NULL, work, &numbers[index]) == 0);
    }
    for (index = 0; index < THREADS; index++) CHECK(pthread_join(threads[index], NULL) == 0);
    CHECK(lines > 0);
    EXPECT(HWM_OK, hwm_log_set(HWM_LOG_OFF, NULL, NULL, NULL, &error));
    before = lines;
    EXPECT(HWM_NOT_FOUND, hwm_task_stop(client, 123456, &error));
    CHECK(lines == before && released == (getenv("SLOW") != NULL ? 6 : 41));
    /* Every item came once, whoever took it. */
    for (;;) {
        hwm_value *item = NULL;
        hwm_result result = hwm_list_next(list, &item, &error);
        if (result == HWM_END) break;
        CHECK(result == HWM_OK);
        items++;
        hwm_value_free(item);
    }
    CHECK(items == 3);
    hwm_list_free(list);
    hwm_value_free(value);
    hwm_request_free(request);
    hwm_client_free(client);
    return 0;
}
