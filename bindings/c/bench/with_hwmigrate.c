/* The benchmark's calls through this library, with its ordinary settings. */

#include "load.h"

#include <hwmigrate.h>
#include <stdlib.h>

static void check(hwm_result result, hwm_error *error) {
    if (result != HWM_OK) give_up(error != NULL ? hwm_error_message(error) : "no error object");
}

static void show(void *state) {
    hwm_error *error = NULL;
    hwm_value *task = NULL;
    int64_t id = 0, status = 0;
    check(hwm_task_show(state, TASK, &task, &error), error);
    hwm_value_integer(task, "/id", &id);
    hwm_value_integer(task, "/status", &status);
    if (id != TASK || status != 5) give_up("the wrong task");
    hwm_value_free(task);
}

static void list(void *state) {
    hwm_error *error = NULL;
    hwm_request *filter = NULL;
    hwm_list *tasks = NULL;
    hwm_value *task = NULL;
    int64_t id = 0;
    int items = 0;
    check(hwm_request_new(&filter, &error), error);
    hwm_request_set_parameter(filter, "page_size", "100");
    hwm_request_set_parameter(filter, "limit", "100");
    check(hwm_task_list(state, filter, &tasks, &error), error);
    while (hwm_list_next(tasks, &task, &error) == HWM_OK) {
        if (!hwm_value_integer(task, "/id", &id) || id != TASK + items) give_up("the wrong task");
        items++;
        hwm_value_free(task);
    }
    if (items != PAGE) give_up("the wrong page");
    hwm_list_free(tasks);
    hwm_request_free(filter);
}

int main(int count, char **words) {
    hwm_error *error = NULL;
    hwm_config *config = NULL;
    hwm_credentials *credentials = NULL;
    hwm_client *client = NULL;
    int code;
    if (count < 2) give_up("start with URL WORKLOAD COUNT");
    check(hwm_credentials_token(token(), TOKEN_LENGTH, 0, &credentials, &error), error);
    check(hwm_config_new(&config, &error), error);
    hwm_config_ignore_environment(config);
    hwm_config_set_region(config, "cn-north-4");
    hwm_config_set_project_id(config, PROJECT);
    hwm_config_set_endpoint(config, "oms", words[1]);
    hwm_config_set_credentials(config, credentials);
    check(hwm_client_new(config, &client, &error), error);
    code = drive(count, words, show, list, client);
    hwm_client_free(client);
    hwm_config_free(config);
    hwm_credentials_free(credentials);
    return code;
}
