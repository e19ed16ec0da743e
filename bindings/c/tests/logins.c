/* Every way to log in, against an emulator that checks passwords, passcodes and signatures: by password, with a
   passcode besides, with a token or a key at hand, by an agency, for a project and for a whole account. */

#include "support.h"

#include <time.h>

static hwm_error *error;

static const char PASSWORD[] = "HW_USER_PASSWORD";

/* A client that knows nothing but these credentials, the region and where the services are. It takes them. */
static hwm_client *client_of(hwm_credentials *credentials) {
    static const char *const services[] = {"iam", "oms", "sms"};
    hwm_config *config = NULL;
    hwm_client *client = NULL;
    size_t index;
    EXPECT(HWM_OK, hwm_config_new(&config, &error));
    CHECK(hwm_config_ignore_environment(config) == HWM_OK && hwm_config_set_retry(config, 4, 2, 20) == HWM_OK);
    CHECK(hwm_config_set_region(config, setting("HWMIGRATE_REGION")) == HWM_OK);
    for (index = 0; index < 3; index++) {
        CHECK(hwm_config_set_endpoint(config, services[index], setting("HWMIGRATE_OMS_ENDPOINT")) == HWM_OK);
    }
    CHECK(hwm_config_set_credentials(config, credentials) == HWM_OK);
    hwm_credentials_free(credentials);
    EXPECT(HWM_OK, hwm_client_new(config, &client, &error));
    hwm_config_free(config);
    return client;
}

static hwm_result read_list(hwm_client *client) {
    return hwm_call(client, "ListTasks", NULL, NULL, &error);
}

/* The client can work, in the project of the emulator, as a caller of that kind. */
static void works(hwm_client *client, const char *kind) {
    hwm_value *login = NULL;
    EXPECT(HWM_OK, read_list(client));
    EXPECT(HWM_OK, hwm_client_login(client, &login, &error));
    if (strcmp(hwm_value_text(login, "/kind"), kind) != 0) fail(kind, 0, hwm_value_text(login, "/kind"));
    CHECK(strcmp(hwm_value_text(login, "/project_id"), setting("HUAWEICLOUD_SDK_PROJECT_ID")) == 0);
    hwm_value_free(login);
}

static void end_all_tokens(void) {
    emulator("POST", "/_emulator/tokens/expire", "", NULL, 0);
}

static hwm_credentials *password_of(const char *domain, const char *user) {
    hwm_credentials *credentials = NULL;
    const char *password = setting(PASSWORD);
    EXPECT(HWM_OK, hwm_credentials_password(domain, user, password, strlen(password), &credentials, &error));
    return credentials;
}

static void by_password(void) {
    hwm_client *client = client_of(password_of(setting("HW_DOMAIN_NAME"), setting("HW_USER_NAME")));
    char *project = NULL;
    works(client, "password");
    EXPECT(HWM_OK, hwm_client_project_id(client, &project, &error));
    CHECK(strcmp(project, setting("HUAWEICLOUD_SDK_PROJECT_ID")) == 0);
    hwm_string_free(project);
    end_all_tokens();
    works(client, "password"); /* with another one */
    hwm_client_free(client);
}

/* A token for the whole account, which server migration takes. */
static void for_an_account(void) {
    hwm_credentials *base = password_of(setting("HW_DOMAIN_NAME"), setting("HW_USER_NAME")), *whole = NULL;
    hwm_client *client;
    hwm_value *login = NULL;
    EXPECT(HWM_OK, hwm_credentials_for_domain(base, &whole, &error));
    hwm_credentials_free(base);
    client = client_of(whole);
    EXPECT(HWM_OK, hwm_client_login(client, &login, &error));
    CHECK(hwm_value_text(login, "/domain_id") != NULL);
    CHECK(strcmp(hwm_value_text(login, "/domain"), setting("HW_DOMAIN_NAME")) == 0);
    hwm_value_free(login);
    EXPECT(HWM_OK, hwm_call(client, "sms.ListServers", NULL, NULL, &error));
    hwm_client_free(client);
}

/* A token that was got elsewhere. */
static void by_token(void) {
    static char text[65536];
    char body[1024], *token, *end;
    hwm_credentials *credentials = NULL;
    hwm_client *client;
    snprintf(body, sizeof body,
             "{\"auth\": {\"identity\": {\"methods\": [\"password\"], \"password\": {\"user\": {\"name\": \"%s\", "
             "\"password\": \"%s\", \"domain\": {\"name\": \"%s\"}}}}, \"scope\": {\"project\": {\"id\": \"%s\"}}}}",
             setting("HW_USER_NAME"), setting(PASSWORD), setting("HW_DOMAIN_NAME"),
             setting("HUAWEICLOUD_SDK_PROJECT_ID"));
    exchange("POST", "/v3/auth/tokens", body, text, sizeof text);
    token = strstr(text, "x-subject-token: ");
    CHECK(token != NULL && strstr(text, " 201 ") != NULL);
    token += strlen("x-subject-token: ");
    end = strchr(token, '\r');
    CHECK(end != NULL);

    EXPECT(HWM_OK, hwm_credentials_token(token, (size_t)(end - token), 0, &credentials, &error));
    client = client_of(credentials);
    works(client, "token");
    end_all_tokens();
    EXPECT(HWM_AUTH, read_list(client)); /* nobody can renew it */
    hwm_client_free(client);

    /* One whose end has passed is not even sent. */
    credentials = NULL;
    EXPECT(HWM_OK, hwm_credentials_token(token, (size_t)(end - token), 1000, &credentials, &error));
    client = client_of(credentials);
    {
        int before = calls_of("ListTasks");
        EXPECT(HWM_AUTH, read_list(client));
        CHECK(calls_of("ListTasks") == before);
    }
    hwm_client_free(client);
}

static void by_access_key(void) {
    char key[64], secret[64];
    FILE *file = fopen(setting("TEST_KEY_FILE"), "r");
    hwm_credentials *credentials = NULL;
    hwm_client *client;
    CHECK(file != NULL && fgets(key, sizeof key, file) != NULL && fgets(secret, sizeof secret, file) != NULL);
    fclose(file);
    EXPECT(HWM_OK, hwm_credentials_access_key(key, strcspn(key, "\n"), secret, strcspn(secret, "\n"), &credentials,
                                              &error));
    client = client_of(credentials);
    works(client, "access_key");
    hwm_client_free(client);

    /* The same key with another secret. */
    EXPECT(HWM_OK, hwm_credentials_access_key(key, strcspn(key, "\n"), "wrong", 5, &credentials, &error));
    client = client_of(credentials);
    EXPECT(HWM_AUTH, read_list(client));
    hwm_client_free(client);
}

/* A key that ends, with its security token: asked for by a call, as a program would that hands it on. */
static void by_temporary_key(void) {
    hwm_client *client = client_of(password_of(setting("HW_DOMAIN_NAME"), setting("HW_USER_NAME")));
    hwm_request *request = NULL;
    hwm_value *made = NULL;
    hwm_credentials *credentials = NULL;
    const char *key, *secret, *token;
    EXPECT(HWM_OK, hwm_request_new(&request, &error));
    CHECK(hwm_request_set_text(request, "/auth/identity/methods/-", "token") == HWM_OK);
    CHECK(hwm_request_set_integer(request, "/auth/identity/token/duration_seconds", 900) == HWM_OK);
    EXPECT(HWM_OK, hwm_call(client, "CreateTemporaryAccessKeyByToken", request, &made, &error));
    hwm_request_free(request);
    hwm_client_free(client);
    key = hwm_value_text(made, "/credential/access");
    secret = hwm_value_text(made, "/credential/secret");
    token = hwm_value_text(made, "/credential/securitytoken");
    CHECK(key != NULL && secret != NULL && token != NULL);
    EXPECT(HWM_OK, hwm_credentials_temporary(key, strlen(key), secret, strlen(secret), token, strlen(token), &credentials,
                                             &error));
    hwm_value_free(made);
    client = client_of(credentials);
    works(client, "temporary_access_key");
    end_all_tokens();
    EXPECT(HWM_AUTH, read_list(client));
    hwm_client_free(client);
}

/* SHA-1, for the passcodes of RFC 6238; of one block at a time. */
static void sha1_block(uint32_t state[5], const unsigned char *block) {
    uint32_t words[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    int index;
    for (index = 0; index < 80; index++) {
        uint32_t word, mix;
        if (index < 16) {
            const unsigned char *at = block + 4 * index;
            word = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        } else {
            word = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16];
            word = word << 1 | word >> 31;
        }
        words[index] = word;
        if (index < 20) mix = ((b & c) | (~b & d)) + 0x5a827999U;
        else if (index < 40) mix = (b ^ c ^ d) + 0x6ed9eba1U;
        else if (index < 60) mix = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
        else mix = (b ^ c ^ d) + 0xca62c1d6U;
        mix += (a << 5 | a >> 27) + e + word;
        e = d, d = c, c = b << 30 | b >> 2, b = a, a = mix;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* The digest of a key block and up to 20 bytes, which is all that HMAC needs here. */
static void keyed(const unsigned char *key, size_t key_length, unsigned char pad, const unsigned char *text,
                  size_t length, unsigned char digest[20]) {
    uint32_t state[5] = {0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U};
    unsigned char block[64];
    size_t index;
    for (index = 0; index < 64; index++) block[index] = (unsigned char)((index < key_length ? key[index] : 0) ^ pad);
    sha1_block(state, block);
    memset(block, 0, sizeof block);
    memcpy(block, text, length);
    block[length] = 0x80;
    block[62] = (unsigned char)((64 + length) * 8 >> 8);
    block[63] = (unsigned char)((64 + length) * 8);
    sha1_block(state, block);
    for (index = 0; index < 20; index++) digest[index] = (unsigned char)(state[index / 4] >> (24 - 8 * (index % 4)));
}

static void passcode(const char *base32, char code[7]) {
    unsigned char key[20], counter[8], inner[20], outer[20];
    uint64_t step = (uint64_t)time(NULL) / 30;
    uint32_t buffer = 0, word;
    size_t length = 0;
    int bits = 0, index;
    for (; *base32 != '\0' && length < sizeof key; base32++) {
        buffer = buffer << 5 | (uint32_t)(*base32 >= 'A' ? *base32 - 'A' : *base32 - '2' + 26);
        bits += 5;
        if (bits >= 8) key[length++] = (unsigned char)(buffer >> (bits -= 8));
    }
    for (index = 7; index >= 0; index--, step >>= 8) counter[index] = (unsigned char)step;
    keyed(key, length, 0x36, counter, sizeof counter, inner);
    keyed(key, length, 0x5c, inner, sizeof inner, outer);
    index = outer[19] & 0x0f;
    word = (uint32_t)(outer[index] & 0x7f) << 24 | (uint32_t)outer[index + 1] << 16 | (uint32_t)outer[index + 2] << 8 |
           outer[index + 3];
    snprintf(code, 7, "%06u", (unsigned)(word % 1000000));
}

struct phone {
    int asked;
    int released;
    bool lost;
    bool wrong;
};

static int32_t ask_phone(void *user_data, hwm_credential *answer) {
    struct phone *phone = user_data;
    char code[7];
    phone->asked++;
    if (phone->lost) {
        CHECK(hwm_credential_fail(answer, "the phone is lost") == HWM_OK);
        return HWM_CANCELLED;
    }
    passcode(setting("TOTP_KEY"), code);
    if (phone->wrong) code[0] = (char)('0' + (code[0] - '0' + 5) % 10);
    return hwm_credential_set_passcode(answer, code, 6);
}

static void release(void *user_data) {
    ((struct phone *)user_data)->released++;
}

static void by_passcode(void) {
    struct phone phone = {0, 0, false, false};
    hwm_credentials *credentials = NULL;
    hwm_client *client;
    const char *password = setting(PASSWORD);
    EXPECT(HWM_OK, hwm_credentials_password_totp(setting("HW_DOMAIN_NAME"), setting("TOTP_USER"), password,
                                                 strlen(password), setting("TOTP_USER_ID"), ask_phone, &phone, release,
                                                 &credentials, &error));
    client = client_of(credentials);
    CHECK(phone.asked == 0);
    works(client, "password_totp");
    CHECK(phone.asked == 1);
    end_all_tokens();
    EXPECT(HWM_OK, read_list(client));
    CHECK(phone.asked == 2); /* at every login, and only then */
    end_all_tokens();
    phone.lost = true;
    CHECK(read_list(client) == HWM_CANCELLED && contains(hwm_error_message(error), "the phone is lost"));
    hwm_error_free(error);
    error = NULL;
    phone.lost = false;
    EXPECT(HWM_OK, read_list(client)); /* found again: the failure was the callback's, and asking is no guess */
    end_all_tokens();
    phone.wrong = true;
    phone.asked = 0;
    EXPECT(HWM_AUTH, read_list(client));
    EXPECT(HWM_AUTH, read_list(client));
    CHECK(phone.asked == 1); /* a few wrong codes lock a user, so the refusal counts for the next callers, too */
    hwm_client_free(client);
    CHECK(phone.released == 1);
}

/* A user of another account acts in the first one. */
static void by_agency(void) {
    hwm_credentials *partner = password_of(setting("PARTNER_DOMAIN"), setting("PARTNER_USER")), *agency = NULL;
    hwm_client *client;
    EXPECT(HWM_OK, hwm_credentials_agency(partner, setting("AGENCY"), setting("HW_DOMAIN_NAME"), &agency, &error));
    client = client_of(agency);
    works(client, "agency");
    end_all_tokens();
    works(client, "agency"); /* both logins are made again */
    hwm_client_free(client);

    /* An agency that nobody made, and one that trusts somebody else. */
    agency = NULL;
    EXPECT(HWM_OK, hwm_credentials_agency(partner, "no-such-agency", setting("HW_DOMAIN_NAME"), &agency, &error));
    client = client_of(agency);
    CHECK(read_list(client) != HWM_OK && contains(hwm_error_message(error), "agency"));
    hwm_error_free(error);
    error = NULL;
    hwm_client_free(client);
    hwm_credentials_free(partner);
    partner = password_of(setting("HW_DOMAIN_NAME"), setting("HW_USER_NAME"));
    agency = NULL;
    EXPECT(HWM_OK, hwm_credentials_agency(partner, setting("AGENCY"), setting("HW_DOMAIN_NAME"), &agency, &error));
    hwm_credentials_free(partner);
    client = client_of(agency);
    EXPECT(HWM_AUTH, read_list(client));
    hwm_client_free(client);
}

int main(void) {
    by_password();
    for_an_account();
    by_token();
    by_access_key();
    by_temporary_key();
    by_passcode();
    by_agency();
    return 0;
}
