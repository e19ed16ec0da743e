/* Signals and forks: calls go on under a rain of signals, handlers run on the program's threads alone, SIGPIPE stays
   whose it was, and a child can free what it must not use. */

#include "support.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static hwm_error *error;
static volatile sig_atomic_t handled;

static void on_signal(int number) {
    (void)number;
    handled = 1;
}

static void handle_it(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal; /* without SA_RESTART: everything that waits is interrupted */
    CHECK(sigaction(number, &action, NULL) == 0);
}

static sigset_t only(int number) {
    sigset_t set;
    CHECK(sigemptyset(&set) == 0 && sigaddset(&set, number) == 0);
    return set;
}

static bool is_pending(int number) {
    sigset_t set;
    CHECK(sigpending(&set) == 0);
    return sigismember(&set, number) == 1;
}

struct rain {
    pthread_t on;
    pthread_mutex_t lock;
    bool over;
};

static void *rain(void *argument) {
    struct rain *rain = argument;
    bool over = false;
    while (!over) {
        CHECK(pthread_kill(rain->on, SIGUSR1) == 0);
        pause_for(1);
        pthread_mutex_lock(&rain->lock);
        over = rain->over;
        pthread_mutex_unlock(&rain->lock);
    }
    return NULL;
}

static void calls_under_a_rain_of_signals(void) {
    struct rain drops;
    pthread_t thread;
    hwm_request *request = copy_request("photos/");
    int round, rounds = getenv("SLOW") != NULL ? 2 : 10;
    drops.on = pthread_self();
    drops.over = false;
    CHECK(pthread_mutex_init(&drops.lock, NULL) == 0);
    handle_it(SIGUSR1);
    CHECK(pthread_create(&thread, NULL, rain, &drops) == 0);
    for (round = 0; round < rounds; round++) {
        hwm_client *client = quick_client(); /* with connections and a login of its own */
        int64_t id = 0;
        EXPECT(HWM_OK, hwm_task_create(client, request, &id, &error));
        CHECK(settle(client, id, HWM_UNTIL_ENDED, NULL) == HWM_OK);
        hwm_client_free(client);
    }
    pthread_mutex_lock(&drops.lock);
    drops.over = true;
    pthread_mutex_unlock(&drops.lock);
    CHECK(pthread_join(thread, NULL) == 0 && handled);
    hwm_request_free(request);
}

/* How many threads there are but this one, all of which must block every signal that a program may handle. */
static int other_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int found = 0;
    CHECK(tasks != NULL);
    while ((task = readdir(tasks)) != NULL) {
        char path[300], line[128];
        FILE *status;
        if (task->d_name[0] == '.' || atoi(task->d_name) == (int)getpid()) continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        status = fopen(path, "r");
        if (status == NULL) continue; /* it has ended meanwhile */
        while (fgets(line, sizeof line, status) != NULL) {
            unsigned long long mask = 0;
            if (sscanf(line, "SigBlk: %llx", &mask) != 1) continue;
            CHECK((mask >> (SIGUSR2 - 1) & 1) != 0 && (mask >> (SIGTERM - 1) & 1) != 0);
            found++;
        }
        fclose(status);
    }
    closedir(tasks);
    return found;
}

/* Whether this thread is the only one. A thread that was joined may still be listed for a moment. */
static bool lone(void) {
    int tries;
    for (tries = 0; tries < 1000; tries++) {
        DIR *tasks = opendir("/proc/self/task");
        struct dirent *task;
        int found = 0;
        CHECK(tasks != NULL);
        while ((task = readdir(tasks)) != NULL) found += task->d_name[0] != '.';
        closedir(tasks);
        if (found == 1) return true;
        pause_for(5);
    }
    return false;
}

/* A host name is looked up on a thread of the library, which is there for a while. */
static void handlers_run_on_no_thread_of_the_library(void) {
    const char *address = setting("HWMIGRATE_OMS_ENDPOINT");
    hwm_config *config = quick_config();
    hwm_client *client = NULL;
    char named[128];
    snprintf(named, sizeof named, "http://localhost%s", strrchr(address, ':'));
    CHECK(hwm_config_set_endpoint(config, "oms", named) == HWM_OK);
    EXPECT(HWM_OK, hwm_client_new(config, &client, &error));
    hwm_config_free(config);
    CHECK(lone());
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    /* Valgrind shows the masks of its own threads instead. */
    if (getenv("SLOW") == NULL) CHECK(other_threads() == 1);
    hwm_client_free(client);
}

/* A SIGPIPE that waited before a call waits after it. */
static void pending_signal_is_kept(hwm_client *client) {
    sigset_t set = only(SIGPIPE);
    int number = 0;
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(raise(SIGPIPE) == 0);
    fault("{\"kind\": \"reset\", \"operation\": \"ListTasks\"}");
    EXPECT(HWM_OK, hwm_call(client, "ListTasks", NULL, NULL, &error));
    CHECK(is_pending(SIGPIPE));
    CHECK(sigwait(&set, &number) == 0 && number == SIGPIPE);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
}

#define CALLERS 3

static hwm_client *shared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool enough;

static void *call_on_and_on(void *unused) {
    bool over = false;
    while (!over) {
        hwm_error *own = NULL;
        CHECK(hwm_call(shared, "ListTasks", NULL, NULL, &own) == HWM_OK);
        pthread_mutex_lock(&lock);
        over = enough;
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

/* Forks in the middle of the calls of others, who hold whatever locks there are. The alarm ends a child that hangs. */
static void children_free_and_never_hang(void) {
    pthread_t threads[CALLERS];
    int index, round, status;
    shared = quick_client();
    for (index = 0; index < CALLERS; index++) CHECK(pthread_create(&threads[index], NULL, call_on_and_on, NULL) == 0);
    for (round = 0; round < 30; round++) {
        hwm_wait *wait = NULL;
        hwm_list *list = NULL;
        hwm_value *item = NULL;
        hwm_fleet *fleet = NULL;
        int64_t id = 999999;
        pid_t child;
        EXPECT(HWM_OK, hwm_task_wait(shared, id, &wait, &error));
        CHECK(hwm_wait_set_deadline(wait, 1000) == HWM_OK);
        EXPECT(HWM_OK, hwm_task_wait_all(shared, &id, 1, &fleet, &error));
        EXPECT(HWM_OK, hwm_task_list(shared, NULL, &list, &error));
        EXPECT(HWM_OK, hwm_list_next(list, &item, &error));
        hwm_value_free(item);
        child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            int good;
            alarm(60);
            good = hwm_call(shared, "ListTasks", NULL, NULL, NULL) == HWM_FORKED;
            good = good && hwm_wait_run(wait, NULL, NULL) == HWM_FORKED;
            hwm_fleet_free(fleet);
            hwm_list_free(list);
            hwm_wait_free(wait);
            hwm_client_free(shared);
            _exit(good ? 0 : 1);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        EXPECT(HWM_NOT_FOUND, hwm_wait_run(wait, NULL, &error)); /* the parent's go on */
        hwm_fleet_free(fleet);
        hwm_list_free(list);
        hwm_wait_free(wait);
    }
    pthread_mutex_lock(&lock);
    enough = true;
    pthread_mutex_unlock(&lock);
    for (index = 0; index < CALLERS; index++) CHECK(pthread_join(threads[index], NULL) == 0);
    hwm_client_free(shared);
}

int main(void) {
    hwm_client *client;
    calls_under_a_rain_of_signals();
    handlers_run_on_no_thread_of_the_library();
    client = quick_client();
    pending_signal_is_kept(client);
    hwm_client_free(client);
    /* What a child frees leaks there, for it is the parent's, and valgrind would say so. */
    if (getenv("SLOW") == NULL) children_free_and_never_hang();
    return 0;
}
