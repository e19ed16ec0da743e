/* The floor: libcurl and cJSON, the way one writes a single call by hand. */

#include "load.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
    CURL *curl;
    struct curl_slist *headers;
    char show[256], list[256];
    char *body;
    size_t length, room;
};

static size_t collect(char *bytes, size_t size, size_t count, void *state) {
    struct client *client = state;
    size_t more = size * count;
    if (client->length + more + 1 > client->room) {
        client->room = (client->length + more + 1) * 2;
        client->body = realloc(client->body, client->room);
        if (client->body == NULL) give_up("no memory");
    }
    memcpy(client->body + client->length, bytes, more);
    client->length += more;
    client->body[client->length] = '\0';
    return more;
}

static cJSON *get(struct client *client, const char *url) {
    long status = 0;
    cJSON *answer;
    client->length = 0;
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    if (curl_easy_perform(client->curl) != CURLE_OK) give_up("no answer");
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    answer = cJSON_ParseWithLength(client->body, client->length);
    if (status != 200 || answer == NULL) give_up("the wrong answer");
    return answer;
}

static double number(const cJSON *object, const char *name) {
    const cJSON *field = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(field) ? field->valuedouble : -1;
}

static void show(void *state) {
    struct client *client = state;
    cJSON *task = get(client, client->show);
    if (number(task, "id") != (double)TASK || number(task, "status") != 5) give_up("the wrong task");
    cJSON_Delete(task);
}

static void list(void *state) {
    struct client *client = state;
    cJSON *page = get(client, client->list);
    const cJSON *tasks = cJSON_GetObjectItemCaseSensitive(page, "tasks"), *task;
    int items = 0;
    cJSON_ArrayForEach(task, tasks) {
        if (number(task, "id") != (double)(TASK + items)) give_up("the wrong task");
        items++;
    }
    if (items != PAGE || number(page, "count") != PAGE) give_up("the wrong page");
    cJSON_Delete(page);
}

int main(int count, char **words) {
    struct client client;
    char header[TOKEN_LENGTH + 32];
    int code;
    if (count < 2) give_up("start with URL WORKLOAD COUNT");
    memset(&client, 0, sizeof client);
    snprintf(client.show, sizeof client.show, "%s/v2/" PROJECT "/tasks/%lld", words[1], TASK);
    snprintf(client.list, sizeof client.list, "%s/v2/" PROJECT "/tasks?limit=100&offset=0", words[1]);
    snprintf(header, sizeof header, "X-Auth-Token: %s", token());
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client.curl = curl_easy_init();
    client.headers = curl_slist_append(client.headers, header);
    client.headers = curl_slist_append(client.headers, "Accept: application/json");
    curl_easy_setopt(client.curl, CURLOPT_HTTPHEADER, client.headers);
    curl_easy_setopt(client.curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(client.curl, CURLOPT_WRITEDATA, &client);
    curl_easy_setopt(client.curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(client.curl, CURLOPT_CONNECTTIMEOUT, 10L);
    code = drive(count, words, show, list, &client);
    curl_slist_free_all(client.headers);
    curl_easy_cleanup(client.curl);
    curl_global_cleanup();
    free(client.body);
    return code;
}
