/* Takes the access key from a file whenever the library needs it, as one would from a vault.
 *
 *     credentials_callback KEY_FILE
 *
 * The file holds the key and its secret, each on a line. Prints the project and the newest tasks. */

#include <hwmigrate.h>
#include <stdio.h>
#include <string.h>

/* Asked when the library needs credentials, and again when they have ended or were refused. */
static int32_t read_key(void *user_data, hwm_credential *answer) {
    const char *path = user_data;
    char key[256], secret[256];
    hwm_result result = HWM_CONFIG;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        hwm_credential_fail(answer, "the key file cannot be opened");
        return HWM_CONFIG;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy in a buffer of the C library */
    if (fgets(key, sizeof key, file) != NULL && fgets(secret, sizeof secret, file) != NULL) {
        size_t key_length = strcspn(key, "\r\n"), secret_length = strcspn(secret, "\r\n");
        result = hwm_credential_set_access_key(answer, key, key_length, secret, secret_length, NULL, 0, 0);
    } else {
        hwm_credential_fail(answer, "the key file holds no key and secret");
    }
    fclose(file);
    hwm_wipe(secret, sizeof secret);
    return result;
}

int main(int count, char **words) {
    hwm_error *error = NULL;
    hwm_credentials *credentials = NULL;
    hwm_config *config = NULL;
    hwm_client *client = NULL;
    hwm_value *login = NULL, *task = NULL;
    hwm_request *filter = NULL;
    hwm_list *tasks = NULL;
    hwm_result result;

    if (count != 2) {
        fprintf(stderr, "usage: credentials_callback KEY_FILE\n");
        return HWM_INVALID;
    }
    result = hwm_credentials_from_callback(read_key, words[1], NULL, &credentials, &error);
    if (result != HWM_OK) goto end;
    result = hwm_config_new(&config, &error);
    if (result != HWM_OK) goto end;
    hwm_config_set_credentials(config, credentials);
    result = hwm_client_new(config, &client, &error);
    if (result != HWM_OK) goto end;

    result = hwm_client_login(client, &login, &error);
    if (result != HWM_OK) goto end;
    printf("project %s\n", hwm_value_text(login, "/project_id"));

    result = hwm_request_new(&filter, &error);
    if (result != HWM_OK) goto end;
    hwm_request_set_parameter(filter, "limit", "10");
    result = hwm_task_list(client, filter, &tasks, &error);
    if (result != HWM_OK) goto end;
    while ((result = hwm_list_next(tasks, &task, &error)) == HWM_OK) {
        int64_t id = 0, status = 0;
        hwm_value_integer(task, "/id", &id);
        hwm_value_integer(task, "/status", &status);
        printf("task %lld, status %lld, from %s\n", (long long)id, (long long)status,
               hwm_value_text(task, "/src_node/bucket"));
        hwm_value_free(task);
    }
    if (result == HWM_END) result = HWM_OK;

end:
    if (error != NULL) fprintf(stderr, "error: %s\n", hwm_error_message(error));
    hwm_error_free(error);
    hwm_list_free(tasks);
    hwm_request_free(filter);
    hwm_value_free(login);
    hwm_client_free(client);
    hwm_config_free(config);
    hwm_credentials_free(credentials);
    return result;
}
