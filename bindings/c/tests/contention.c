/* Several threads at one wait, flags that are freed while calls watch them, and clients that come and go while others
   wait. */

#include "support.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool looked;

static bool look(void *user_data, const hwm_progress *progress) {
    (void)user_data;
    (void)progress;
    pthread_mutex_lock(&lock);
    looked = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return true;
}

static void until_looked(void) {
    pthread_mutex_lock(&lock);
    while (!looked) pthread_cond_wait(&changed, &lock);
    looked = false;
    pthread_mutex_unlock(&lock);
}

static void *run(void *wait) {
    hwm_error *error = NULL;
    EXPECT(HWM_CANCELLED, hwm_wait_run(wait, NULL, &error));
    return NULL;
}

/* A task that runs until it is let go. */
static int64_t held_task(hwm_client *client) {
    hwm_error *error = NULL;
    hwm_request *request = copy_request("photos/");
    int64_t id = 0;
    fault("{\"kind\": \"hold_state\", \"state\": 2, \"times\": null}");
    EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
    hwm_request_free(request);
    return id;
}

static hwm_wait *watched(hwm_client *client, int64_t id) {
    hwm_error *error = NULL;
    hwm_wait *wait = NULL;
    EXPECT(HWM_OK, hwm_task_wait(client, id, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, 600000) == HWM_OK && hwm_wait_set_poll(wait, 60000, 60000) == HWM_OK);
    CHECK(hwm_wait_set_progress(wait, look, NULL, NULL) == HWM_OK);
    return wait;
}

static void second_thread_is_told(hwm_client *client, int64_t id) {
    hwm_error *error = NULL;
    hwm_cancel *cancel = NULL;
    hwm_client *limited = NULL;
    hwm_progress *progress = NULL;
    hwm_wait *wait;
    pthread_t thread;
    EXPECT(HWM_OK, hwm_cancel_new(&cancel, &error));
    EXPECT(HWM_OK, hwm_client_limited(client, 0, cancel, &limited, &error));
    wait = watched(limited, id);
    CHECK(pthread_create(&thread, NULL, run, wait) == 0);
    until_looked();
    EXPECT(HWM_BUSY, hwm_wait_next(wait, &progress, &error));
    EXPECT(HWM_BUSY, hwm_wait_run(wait, &progress, &error));
    CHECK(hwm_wait_set_deadline(wait, 1) == HWM_BUSY && hwm_wait_set_progress(wait, NULL, NULL, NULL) == HWM_BUSY);
    CHECK(progress == NULL);
    /* The client is not in the way, and both may go while the wait is on. */
    EXPECT(HWM_OK, hwm_task_progress(client, id, &progress, &error));
    hwm_progress_free(progress);
    hwm_client_free(limited);
    hwm_cancel_now(cancel);
    hwm_cancel_free(cancel);
    CHECK(pthread_join(thread, NULL) == 0);
    hwm_wait_free(wait);
}

#define CHURNERS 4

static void *come_and_go(void *id) {
    int round, rounds = getenv("SLOW") != NULL ? 2 : 20;
    for (round = 0; round < rounds; round++) {
        hwm_error *error = NULL;
        hwm_client *client = quick_client(), *limited = NULL;
        hwm_cancel *cancel = NULL;
        hwm_progress *progress = NULL;
        EXPECT(HWM_OK, hwm_cancel_new(&cancel, &error));
        EXPECT(HWM_OK, hwm_client_limited(client, 30000, cancel, &limited, &error));
        hwm_cancel_free(cancel); /* never set, so nothing is ever cancelled */
        hwm_client_free(client);
        EXPECT(HWM_OK, hwm_task_progress(limited, *(int64_t *)id, &progress, &error));
        CHECK(hwm_progress_state(progress) == HWM_STATE_WAITING || hwm_progress_state(progress) == HWM_STATE_RUNNING);
        hwm_progress_free(progress);
        hwm_client_free(limited);
    }
    return NULL;
}

static void clients_come_and_go(hwm_client *client, int64_t id) {
    hwm_error *error = NULL;
    hwm_cancel *cancel = NULL;
    hwm_client *limited = NULL;
    pthread_t waiter, threads[CHURNERS];
    hwm_wait *wait;
    int index;
    EXPECT(HWM_OK, hwm_cancel_new(&cancel, &error));
    EXPECT(HWM_OK, hwm_client_limited(client, 0, cancel, &limited, &error));
    wait = watched(limited, id);
    CHECK(pthread_create(&waiter, NULL, run, wait) == 0);
    until_looked();
    for (index = 0; index < CHURNERS; index++) CHECK(pthread_create(&threads[index], NULL, come_and_go, &id) == 0);
    for (index = 0; index < CHURNERS; index++) CHECK(pthread_join(threads[index], NULL) == 0);
    hwm_cancel_now(cancel);
    CHECK(pthread_join(waiter, NULL) == 0);
    hwm_cancel_free(cancel);
    hwm_client_free(limited);
    hwm_wait_free(wait);
}

int main(void) {
    hwm_client *client = quick_client();
    int64_t id = held_task(client);
    second_thread_is_told(client, id);
    clients_come_and_go(client, id);
    emulator("DELETE", "/_emulator/faults", "", NULL, 0);
    emulator("POST", "/_emulator/faults/release", "{\"state\": 2}", NULL, 0);
    CHECK(settle(client, id, HWM_UNTIL_ENDED, NULL) == HWM_OK);
    hwm_client_free(client);
    return 0;
}
