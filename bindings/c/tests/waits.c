/* Waits: by hand, to the end, cancelled from elsewhere, past their deadline, and many at once. */

#include "support.h"

#include <pthread.h>
#include <signal.h>

static hwm_error *error;

static int64_t held_task(hwm_client *client) {
    hwm_request *request = copy_request("photos/");
    int64_t id = 0;
    fault("{\"kind\": \"hold_state\", \"state\": 2, \"times\": null}");
    EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
    hwm_request_free(request);
    return id;
}

static void let_go(void) {
    emulator("DELETE", "/_emulator/faults", "", NULL, 0);
    emulator("POST", "/_emulator/faults/release", "{\"state\": 2}", NULL, 0);
}

static hwm_wait *begin(hwm_client *client, int64_t id, int64_t limit) {
    hwm_wait *wait = NULL;
    EXPECT(HWM_OK, hwm_task_wait(client, id, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, limit) == HWM_OK);
    CHECK(hwm_wait_set_poll(wait, 10, 20) == HWM_OK);
    return wait;
}

static int released;

static void release(void *user_data) {
    CHECK(user_data != NULL);
    released++;
}

struct told {
    int looks;
    int until;
    hwm_client *client;
    hwm_wait *wait;
};

/* May use the library, but not the same wait. */
static bool look(void *user_data, const hwm_progress *progress) {
    struct told *told = user_data;
    hwm_error *inner = NULL;
    hwm_value *task = NULL;
    CHECK(hwm_progress_state(progress) == HWM_STATE_RUNNING || hwm_progress_state(progress) == HWM_STATE_WAITING);
    CHECK(hwm_task_show(told->client, atoll(hwm_progress_id(progress)), &task, &inner) == HWM_OK);
    hwm_value_free(task);
    CHECK(hwm_wait_next(told->wait, NULL, &inner) == HWM_BUSY);
    CHECK(hwm_error_result(inner) == HWM_BUSY);
    hwm_error_free(inner);
    return ++told->looks < told->until;
}

static void callback_ends_the_wait(hwm_client *client) {
    struct told told = {0, 3, NULL, NULL};
    int64_t id = held_task(client);
    hwm_wait *wait = begin(client, id, 60000);
    told.client = client;
    told.wait = wait;
    CHECK(hwm_wait_set_progress(wait, look, &told, release) == HWM_OK);
    CHECK(hwm_wait_set_progress(wait, look, &told, release) == HWM_OK); /* in place of the first */
    CHECK(released == 1);
    EXPECT(HWM_CANCELLED, hwm_wait_run(wait, NULL, &error));
    CHECK(told.looks == 3);
    hwm_wait_free(wait);
    CHECK(released == 2);
    let_go();
    CHECK(settle(client, id, HWM_UNTIL_ENDED, NULL) == HWM_OK);
}

static void deadline_passes(hwm_client *client) {
    int64_t id = held_task(client), start = now();
    hwm_wait *wait = begin(client, id, 200);
    CHECK(hwm_wait_run(wait, NULL, &error) == HWM_TIMEOUT);
    CHECK(now() - start >= 200 && now() - start < 20000);
    CHECK(atoll(hwm_error_job_id(error)) == id && strcmp(hwm_error_job_state(error), "running") == 0);
    hwm_error_free(error);
    error = NULL;
    EXPECT(HWM_ARGUMENT, hwm_wait_run(wait, NULL, &error)); /* it is over */
    hwm_wait_free(wait);

    /* The same with a stop of the job. */
    wait = begin(client, id, 50);
    CHECK(hwm_wait_set_stop_job(wait, true) == HWM_OK);
    let_go();
    {
        hwm_result result = hwm_wait_run(wait, NULL, &error);
        CHECK(result == HWM_OK || result == HWM_TIMEOUT); /* it may have ended first */
        hwm_error_free(error);
        error = NULL;
    }
    hwm_wait_free(wait);
}

static void stop_follows_a_cancel(hwm_client *client) {
    hwm_cancel *cancel = NULL;
    hwm_client *limited = NULL;
    hwm_progress *last = NULL;
    int64_t id = held_task(client);
    hwm_wait *wait;
    hwm_result result;
    EXPECT(HWM_OK, hwm_cancel_new(&cancel, &error));
    EXPECT(HWM_OK, hwm_client_limited(client, 0, cancel, &limited, &error));
    wait = begin(limited, id, 60000);
    CHECK(hwm_wait_set_stop_job(wait, true) == HWM_OK);
    EXPECT(HWM_OK, hwm_wait_next(wait, &last, &error));
    hwm_progress_free(last);
    last = NULL;
    while ((result = hwm_wait_next(wait, &last, &error)) == HWM_OK) {
        bool runs = hwm_progress_state(last) == HWM_STATE_RUNNING;
        hwm_progress_free(last);
        last = NULL;
        if (runs) break;
    }
    hwm_cancel_now(cancel);
    result = hwm_wait_run(wait, &last, &error);
    CHECK(contains(hwm_error_message(error), "the job was stopped"));
    EXPECT(HWM_CANCELLED, result);
    EXPECT(HWM_OK, hwm_task_progress(client, id, &last, &error));
    CHECK(hwm_progress_state(last) == HWM_STATE_PAUSED);
    hwm_progress_free(last);
    hwm_wait_free(wait);
    hwm_client_free(limited);
    hwm_cancel_free(cancel);
    let_go();
}

static hwm_cancel *shared;

static void *cancel_soon(void *unused) {
    pause_for(50);
    hwm_cancel_now(shared);
    return unused;
}

static void on_alarm(int number) {
    (void)number;
    hwm_cancel_now(shared);
}

static void *signal_soon(void *thread) {
    pause_for(50);
    CHECK(pthread_kill(*(pthread_t *)thread, SIGUSR1) == 0);
    return NULL;
}

static void cancelled_from_elsewhere(hwm_client *client, bool by_signal) {
    hwm_client *limited = NULL;
    pthread_t thread, self = pthread_self();
    int64_t id = held_task(client), start;
    hwm_wait *wait;
    hwm_progress *last = NULL;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    EXPECT(HWM_OK, hwm_cancel_new(&shared, &error));
    EXPECT(HWM_OK, hwm_client_limited(client, 0, shared, &limited, &error));
    EXPECT(HWM_OK, hwm_task_wait(limited, id, &wait, &error));
    CHECK(hwm_wait_set_deadline(wait, 600000) == HWM_OK);
    CHECK(hwm_wait_set_poll(wait, 60000, 60000) == HWM_OK); /* the cancel comes between two looks */
    CHECK(pthread_create(&thread, NULL, by_signal ? signal_soon : cancel_soon, &self) == 0);
    start = now();
    EXPECT(HWM_CANCELLED, hwm_wait_run(wait, &last, &error));
    CHECK(last == NULL && now() - start < 30000);
    CHECK(pthread_join(thread, NULL) == 0);
    /* What begins after the cancel does not begin at all. */
    EXPECT(HWM_CANCELLED, hwm_task_stop(limited, id, &error));
    EXPECT(HWM_CANCELLED, hwm_wait_next(wait, &last, &error));
    hwm_wait_free(wait);
    hwm_client_free(limited);
    hwm_cancel_free(shared);
    let_go();
    CHECK(settle(client, id, HWM_UNTIL_ENDED, NULL) == HWM_OK);
}

/* A call under way is cancelled as well, and a limit of its own ends it. */
static void calls_end_early(hwm_client *client) {
    hwm_client *limited = NULL;
    hwm_value *answer = NULL;
    pthread_t thread;
    int64_t start = now();
    EXPECT(HWM_OK, hwm_cancel_new(&shared, &error));
    EXPECT(HWM_OK, hwm_client_limited(client, 0, shared, &limited, &error));
    fault("{\"kind\": \"delay\", \"milliseconds\": 60000, \"times\": 1, \"operation\": \"ListTasks\"}");
    CHECK(pthread_create(&thread, NULL, cancel_soon, NULL) == 0);
    EXPECT(HWM_CANCELLED, hwm_call(limited, "ListTasks", NULL, &answer, &error));
    CHECK(pthread_join(thread, NULL) == 0);
    hwm_client_free(limited);
    hwm_cancel_free(shared);
    emulator("DELETE", "/_emulator/faults", "", NULL, 0);

    EXPECT(HWM_OK, hwm_client_limited(client, 100, NULL, &limited, &error));
    fault("{\"kind\": \"delay\", \"milliseconds\": 60000, \"times\": 1, \"operation\": \"ListTasks\"}");
    EXPECT(HWM_TIMEOUT, hwm_call(limited, "ListTasks", NULL, &answer, &error));
    CHECK(now() - start < 30000 && answer == NULL);
    hwm_client_free(limited);
    emulator("DELETE", "/_emulator/faults", "", NULL, 0);
}

static void by_hand(hwm_client *client) {
    hwm_request *request = copy_request("photos/");
    hwm_progress *progress = NULL, *last = NULL;
    hwm_wait *wait;
    hwm_client *short_lived = quick_client();
    int64_t id = 0;
    int looks = 0;
    hwm_result result;
    EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
    wait = begin(short_lived, id, 60000);
    hwm_client_free(short_lived); /* the wait keeps what it needs */
    CHECK(hwm_wait_set_stall_after(wait, 60000) == HWM_OK);
    while ((result = hwm_wait_next(wait, &progress, &error)) == HWM_OK) {
        hwm_progress_free(last);
        last = progress;
        looks++;
    }
    CHECK(result == HWM_END && looks > 0 && hwm_progress_state(last) == HWM_STATE_SUCCEEDED);
    EXPECT(HWM_END, hwm_wait_next(wait, &progress, &error));
    hwm_progress_free(last);
    hwm_wait_free(wait);
    hwm_request_free(request);
}

static void many_at_once(hwm_client *client) {
    static const char *const prefixes[] = {"photos/", "films/", "photos/one", "photos/two"};
    int64_t ids[5];
    hwm_fleet *fleet = NULL;
    hwm_event *event = NULL;
    hwm_progress *last = NULL;
    size_t index;
    int done = 0, missing = 0;
    hwm_result result;
    for (index = 0; index < 4; index++) {
        hwm_request *request = copy_request(prefixes[index]);
        EXPECT(HWM_OK, hwm_task_create(client, request, &ids[index], &error));
        hwm_request_free(request);
    }
    ids[4] = 999999; /* one that does not exist does not disturb the others */
    EXPECT(HWM_OK, hwm_task_wait_all(client, ids, 5, &fleet, &error));
    CHECK(hwm_fleet_set_deadline(fleet, 60000) == HWM_OK && hwm_fleet_set_poll(fleet, 10, 50) == HWM_OK);
    CHECK(hwm_fleet_set_until(fleet, HWM_UNTIL_ENDED) == HWM_OK);
    CHECK(hwm_fleet_set_stall_after(fleet, 60000) == HWM_OK);
    while ((result = hwm_fleet_next(fleet, &event, &error)) == HWM_OK) {
        CHECK(hwm_event_id(event) != NULL);
        if (hwm_event_is_end(event)) {
            hwm_result end = hwm_event_result(event, &last, &error);
            if (end == HWM_OK) {
                CHECK(hwm_progress_state(last) == HWM_STATE_SUCCEEDED);
                done++;
            } else {
                CHECK(end == HWM_NOT_FOUND && atoll(hwm_event_id(event)) == 999999);
                missing++;
            }
            hwm_progress_free(last);
            last = NULL;
            hwm_error_free(error);
            error = NULL;
        } else {
            CHECK(hwm_event_result(event, NULL, &error) == HWM_OK);
        }
        hwm_event_free(event);
    }
    CHECK(result == HWM_END && done == 4 && missing == 1);
    EXPECT(HWM_END, hwm_fleet_next(fleet, &event, &error));
    hwm_fleet_free(fleet);
    EXPECT(HWM_OK, hwm_task_wait_all(client, NULL, 0, &fleet, &error));
    CHECK(hwm_fleet_set_deadline(fleet, 1000) == HWM_OK);
    EXPECT(HWM_END, hwm_fleet_next(fleet, &event, &error));
    hwm_fleet_free(fleet);
}

int main(void) {
    hwm_client *client = quick_client();
    by_hand(client);
    callback_ends_the_wait(client);
    deadline_passes(client);
    stop_follows_a_cancel(client);
    cancelled_from_elsewhere(client, false);
    cancelled_from_elsewhere(client, true);
    calls_end_early(client);
    many_at_once(client);
    hwm_client_free(client);
    return 0;
}
