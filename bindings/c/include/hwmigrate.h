/* hwmigrate.h: object and server migration to Huawei Cloud.
 *
 * Made from the sources of bindings/c by `cargo xtask generate`; not to be edited.
 *
 * In short (bindings/c/README.md has the rest):
 *
 * - Functions return an hwm_result; HWM_OK is 0. With `error` not NULL, a failure puts an object there,
 *   which is freed with hwm_error_free. Outputs are written only on success, and checked before anything
 *   is sent. HWM_END, HWM_PAUSED and HWM_OVERTAKEN are no errors.
 * - Every function that returns a result may give HWM_ARGUMENT and HWM_PANIC. Those that send, and they only,
 *   give the kinds from HWM_API to HWM_AMBIGUOUS, HWM_CANCELLED, HWM_IN_CALLBACK and HWM_FORKED; a request
 *   that does not fit its operation is HWM_INVALID before anything is sent.
 * - Handles are freed once, by the _free of their type, which takes NULL and does no I/O. What was made
 *   from a handle may outlive it. After its _free a handle must not be used.
 * - Parameters are read until the function returns, and copied where they are kept.
 * - const char * parameters are UTF-8 with a NUL at the end. Where a ..._length follows, they are buffers
 *   of that many bytes. NULL is refused with HWM_ARGUMENT unless the function says what it means.
 * - const char * answers live as long as the handle they came from; char * outputs are freed with
 *   hwm_string_free. Absent means NULL, for numbers -1 or what the function says.
 * - Every handle may be used by several threads at once. hwm_list, hwm_wait and hwm_fleet go step by
 *   step: the second of two simultaneous callers gets HWM_BUSY. _free needs all other uses to be over.
 * - Times are milliseconds, points in time milliseconds since 1970 (UTC), sizes bytes.
 * - Secrets are copied, never shown, and overwritten when freed.
 * - No exception, abort or signal reaches the caller; nothing is written to standard output or error.
 *   Callbacks must return: neither an exception nor longjmp may leave them. They may free any handle, also
 *   those that the function works with which called them. errno may change in every call.
 */

#ifndef HWMIGRATE_H
#define HWMIGRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The version of this header; see hwm_version_check. */
#define HWM_VERSION_MAJOR 0
#define HWM_VERSION_MINOR 1
#define HWM_VERSION_PATCH 0
#define HWM_VERSION "0.1.0"

/**
 * How a call ended.
 *
 * The numbers never change. 1 to 13 and 130 are the kinds of errors that all
 * faces of hwmigrate share, and the exit codes of its command. 14 to 99 are
 * reserved for further kinds, 100 to 129 for outcomes that are no errors, 200
 * to 255 for what only this interface knows.
 */
enum hwm_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** It worked. */
    HWM_OK = 0,
    /** The service refused or failed for a reason that has no kind of its own. */
    HWM_API = 1,
    /** A value of the request is wrong; found here before sending, or by the service. */
    HWM_INVALID = 2,
    /** A setting, profile or credential file is missing, malformed or contradicts another. */
    HWM_CONFIG = 3,
    /** The credentials were refused, have expired, or lack the permission. */
    HWM_AUTH = 4,
    /** The named thing does not exist. */
    HWM_NOT_FOUND = 5,
    /** The thing exists, but its present state does not allow the operation. */
    HWM_CONFLICT = 6,
    /** A quota of the account is used up. */
    HWM_QUOTA = 7,
    /** The service asked for fewer requests, and waiting was not possible within the deadline. */
    HWM_THROTTLED = 8,
    /** The service could not be reached, or the connection broke. */
    HWM_TRANSPORT = 9,
    /** A time limit passed: connecting, reading, the call's deadline, or the deadline of a wait. */
    HWM_TIMEOUT = 10,
    /** An answer came, but it is not what the operation answers. */
    HWM_DECODE = 11,
    /** The service accepted the job and reports that it failed. */
    HWM_JOB_FAILED = 12,
    /** The reply to a request that must not be repeated blindly was lost; it may or may not have taken effect. */
    HWM_AMBIGUOUS = 13,
    /** The job was paused, which is neither success nor failure. No error object. */
    HWM_PAUSED = 14,
    /** There is no further item, or nothing left to wait for. No error object. */
    HWM_END = 100,
    /** The job has ended well, and so what was waited for will not come. No error object. */
    HWM_OVERTAKEN = 101,
    /** The caller ended the work. */
    HWM_CANCELLED = 130,
    /** An argument is NULL, not UTF-8, out of range, or a handle of another type. Nothing was done. */
    HWM_ARGUMENT = 200,
    /** Another thread is using this handle, which goes step by step. Nothing was done. */
    HWM_BUSY = 201,
    /** The function must not be called from inside this callback. Nothing was done. */
    HWM_IN_CALLBACK = 202,
    /** The handle came over a fork. Nothing was done. */
    HWM_FORKED = 203,
    /** A bug of this library, caught; please report the text. What the call did is not known. */
    HWM_PANIC = 204,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum hwm_result hwm_result;
#else
typedef int32_t hwm_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** How much is told. */
enum hwm_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** Nothing. */
    HWM_LOG_OFF = 0,
    /** Bugs of the library. */
    HWM_LOG_ERROR = 1,
    /** What deserves attention although a call went on. */
    HWM_LOG_WARNING = 2,
    /** What happens seldom. */
    HWM_LOG_INFO = 3,
    /** Every request, with operation, status and request id. */
    HWM_LOG_DEBUG = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum hwm_log_level hwm_log_level;
#else
typedef int32_t hwm_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** What is found at a path. */
enum hwm_type
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** Nothing at all. */
    HWM_TYPE_ABSENT = 0,
    /** JSON's null. */
    HWM_TYPE_NULL = 1,
    /** True or false. */
    HWM_TYPE_FLAG = 2,
    /** A number. */
    HWM_TYPE_NUMBER = 3,
    /** A text. */
    HWM_TYPE_TEXT = 4,
    /** A list. */
    HWM_TYPE_LIST = 5,
    /** An object. */
    HWM_TYPE_OBJECT = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum hwm_type hwm_type;
#else
typedef int32_t hwm_type;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** What a job is doing, whatever number its kind uses for it. */
enum hwm_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** A state that this version does not know. It counts as still going. */
    HWM_STATE_UNKNOWN = 0,
    /** It waits for a free slot. */
    HWM_STATE_WAITING = 1,
    /** The tasks of a group are being created. */
    HWM_STATE_PREPARING = 2,
    /** Objects are moved. */
    HWM_STATE_RUNNING = 3,
    /** The service tries again by itself. */
    HWM_STATE_RETRYING = 4,
    /** A stop was accepted and has not taken effect. */
    HWM_STATE_PAUSING = 5,
    /** It stands still until it is started. */
    HWM_STATE_PAUSED = 6,
    /** It ended badly, and stays so until it is started or retried. */
    HWM_STATE_FAILED = 7,
    /** It ended well. */
    HWM_STATE_SUCCEEDED = 8,
    /** It is about to be deleted. */
    HWM_STATE_DELETING = 9,
    /** It is deleted; soon the service forgets it. */
    HWM_STATE_DELETED = 10,
    /** It was created, and nobody has started it yet. */
    HWM_STATE_READY = 11,
    /** The first copy is done, and what changes on the source follows, until somebody cuts over. */
    HWM_STATE_SYNCING = 12,
    /** The service undoes what it has done to the target. */
    HWM_STATE_ROLLING_BACK = 13,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum hwm_state hwm_state;
#else
typedef int32_t hwm_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** What to wait for. */
enum hwm_until
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** The job has ended. The default. */
    HWM_UNTIL_ENDED = 0,
    /** The job has left the queue, or got any further. */
    HWM_UNTIL_STARTED = 1,
    /** The job stands still for whatever reason: paused, failed or succeeded. What follows a stop. */
    HWM_UNTIL_STOPPED = 2,
    /** The service no longer knows the job. What follows a delete. */
    HWM_UNTIL_DELETED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum hwm_until hwm_until;
#else
typedef int32_t hwm_until;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/** What to wait for with the task of a server. */
enum hwm_goal
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** It has begun. */
    HWM_GOAL_STARTED = 1,
    /** The first copy is complete, and changes follow: the moment to cut over. */
    HWM_GOAL_SYNCING = 2,
    /** The migration has ended well. */
    HWM_GOAL_MIGRATED = 3,
    /** A later synchronisation has ended well. */
    HWM_GOAL_SYNCED = 4,
    /** It stands still after a stop. */
    HWM_GOAL_ABORTED = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum hwm_goal hwm_goal;
#else
typedef int32_t hwm_goal;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A flag that ends the calls and waits it was given to, once and for all.
 *
 * One flag may serve many clients and waits, from any thread.
 */
typedef struct hwm_cancel hwm_cancel;

/**
 * The door to the services.
 *
 * It holds connections, the login, and what was learnt about rate limits:
 * keep it for as long as possible, and share it among threads. Making one
 * contacts nobody; the first call logs in.
 */
typedef struct hwm_client hwm_client;

/**
 * Settings of a client to be.
 *
 * What is not set comes from the environment and the profile file, as in
 * every face of hwmigrate. The setters judge their arguments only; the first
 * one that fails is remembered, and `hwm_client_new` fails with the same text,
 * so their results need not be looked at one by one. A configuration may be
 * changed and used again; clients that were made do not change.
 */
typedef struct hwm_config hwm_config;

/** Where a callback puts what it was asked for. It lives until the callback returns. */
typedef struct hwm_credential hwm_credential;

/**
 * How a client proves who it is: a recipe, not a login. Nothing is sent
 * before the first call needs it. Read only, so any thread may use it.
 */
typedef struct hwm_credentials hwm_credentials;

/**
 * What is known of a failure. It holds no secret.
 *
 * It is filled when it is made, and only read afterwards: any thread may read
 * it. Answers of type `const char *` live as long as it does. Given NULL, the
 * functions below answer NULL, 0 or -1, and `hwm_error_result` HWM_OK.
 */
typedef struct hwm_error hwm_error;

/** What happened to one job of a fleet. Read only, so any thread may use it. */
typedef struct hwm_event hwm_event;

/**
 * A wait for many jobs of one kind, on one thread. Looks share requests: a
 * thousand jobs cost ten list requests a round. One job that fails does not
 * end the wait for the others. Freeing it stops the waiting, not the jobs.
 *
 * Settings are made before the first event; a deadline is required. It goes
 * step by step: one thread at a time.
 */
typedef struct hwm_fleet hwm_fleet;

/**
 * A list of the service, read item by item; pages are fetched as they are
 * needed. It goes step by step: one thread at a time.
 */
typedef struct hwm_list hwm_list;

/**
 * One look at a job. Read only, so any thread may use it; answers of type
 * `const char *` live as long as it does.
 *
 * Given NULL, the functions below answer NULL, false or -1, and
 * `hwm_progress_state` HWM_STATE_UNKNOWN.
 */
typedef struct hwm_progress hwm_progress;

/**
 * A request in the making: a JSON body that is written by paths, and
 * parameters for what is not in the body.
 *
 * A path is a JSON Pointer (RFC 6901), "/src_node/bucket"; objects on the way
 * are made, and "-" as the last name appends to a list:
 * "/src_node/object_key/-". The names are those of the service's
 * documentation. A name that the operation does not have is refused by the
 * function that takes the request, before anything is sent. A path may go 32
 * levels down.
 *
 * The first setter that fails is remembered, and the function that takes the
 * request fails with the same text, so their results need not be looked at
 * one by one. A request may be changed and used again.
 */
typedef struct hwm_request hwm_request;

/**
 * An answer of a service: a JSON document, read by paths.
 *
 * A path is a JSON Pointer (RFC 6901): "/src_node/bucket", "/tasks/0/id", and
 * "" or NULL for all of it. The names are those of the service's
 * documentation. Read only, so any thread may use it. A reader that finds
 * nothing of the wanted type there answers NULL, false or 0.
 *
 * Fields that the documentation calls secret read "[redacted]", except in
 * answers of `hwm_call`, which gives what the service gave.
 */
typedef struct hwm_value hwm_value;

/**
 * A wait for one job, to be begun or going on. It goes step by step: one
 * thread at a time. Freeing it stops the waiting, not the job.
 *
 * Settings are made before the first look; later they are refused. A deadline
 * is required: how long somebody wants to wait is never implied.
 */
typedef struct hwm_wait hwm_wait;

/**
 * Receives a line: no line break, no secret, no body of a request or answer.
 * It lives until the callback returns. Must return soon, and must not send
 * anything through the library.
 */
typedef void (*hwm_log_callback)(void *user_data, hwm_log_level level, const char *line);

/**
 * Takes `user_data` back from the library. Called exactly once, on the thread
 * that ends the need: in a setter, a `_free`, or at the end of a call. It must
 * not send anything through the library.
 */
typedef void (*hwm_release)(void *user_data);

/**
 * Asks the program for credentials or a passcode.
 *
 * It puts the answer into `answer` by one of the `hwm_credential_...`
 * functions and returns HWM_OK, or calls `hwm_credential_fail` and returns any
 * other result, with which the call then fails. It runs on a thread that is
 * inside a call of the client, and other calls of the client wait meanwhile, so
 * it must not wait for one; see the README for what it may call.
 */
typedef int32_t (*hwm_credentials_callback)(void *user_data, hwm_credential *answer);

/**
 * Called with every look. `progress` lives until the callback returns.
 *
 * @return Whether to go on; false ends the wait with HWM_CANCELLED.
 */
typedef bool (*hwm_progress_callback)(void *user_data, const hwm_progress *progress);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/** Frees an error. NULL is fine. */
void hwm_error_free(hwm_error *error);

/** The result that the failing function returned. */
hwm_result hwm_error_result(const hwm_error *error);

/** One line for people: operation, HTTP status, code, what was said, and the causes. */
const char *hwm_error_message(const hwm_error *error);

/** What to do about it, or NULL. */
const char *hwm_error_advice(const hwm_error *error);

/** The documented id of the operation, such as "CreateTask", or NULL. */
const char *hwm_error_operation(const hwm_error *error);

/** The HTTP status of the answer; 0 when there was none. */
int32_t hwm_error_status(const hwm_error *error);

/** The server's code, such as "OMS.0077", or NULL. */
const char *hwm_error_code(const hwm_error *error);

/**
 * What the server said, or the library's own words where no server spoke;
 * without the rest of `hwm_error_message`. NULL when there are no words.
 */
const char *hwm_error_said(const hwm_error *error);

/** The id to quote to the service's support, or NULL. */
const char *hwm_error_request_id(const hwm_error *error);

/** How many requests were sent; 0 when none was. */
int32_t hwm_error_attempts(const hwm_error *error);

/** Whether the same call may succeed later without any change. */
bool hwm_error_is_retryable(const hwm_error *error);

/** How long the call took, in milliseconds; -1 when that was not measured. */
int64_t hwm_error_elapsed(const hwm_error *error);

/** The pause that the server asked for, in milliseconds; -1 when it did not. */
int64_t hwm_error_retry_after(const hwm_error *error);

/** The id of the job that failed, got stuck or is unsettled, or NULL where no job is concerned. */
const char *hwm_error_job_id(const hwm_error *error);

/** The last seen state of that job in one word, or NULL. */
const char *hwm_error_job_state(const hwm_error *error);

/** The service's code for why that job failed, such as "TRF.0055", or NULL. */
const char *hwm_error_job_reason_code(const hwm_error *error);

/** The service's words for why that job failed, or NULL. */
const char *hwm_error_job_reason(const hwm_error *error);

/** Objects of that job that arrived; -1 where no job is concerned. */
int64_t hwm_error_job_objects_done(const hwm_error *error);

/** Objects of that job that failed; -1 where no job is concerned. */
int64_t hwm_error_job_objects_failed(const hwm_error *error);

/** The key of the list of failed objects in the destination bucket, or NULL. */
const char *hwm_error_job_failed_list(const hwm_error *error);

/** The version of the library, such as "0.1.0". It is never freed. */
const char *hwm_version(void);

/**
 * Whether a program made with that version of the header can use this library.
 *
 * @param major HWM_VERSION_MAJOR, as the program was compiled.
 * @param minor HWM_VERSION_MINOR.
 * @param patch HWM_VERSION_PATCH.
 */
bool hwm_version_check(uint32_t major, uint32_t minor, uint32_t patch);

/**
 * Overwrites a buffer of your own with zeros, in a way that no compiler
 * leaves out. For passwords and keys after they were given to the library.
 *
 * @param memory May be NULL, then nothing happens.
 * @param length Bytes to overwrite.
 */
void hwm_wipe(void *memory, size_t length);

/**
 * Frees a text that a function gave as `char *`, and overwrites it first.
 *
 * @param text May be NULL. Not for texts of your own, nor for `const char *`.
 */
void hwm_string_free(char *text);

/**
 * Sends the library's log to a function, for the whole process, in place of
 * the one before. When it returns, that one runs no more: it is waited for,
 * so hold no lock that the callback takes.
 *
 * @param level How much; a `hwm_log_level`.
 * @param callback NULL for none.
 * @param release May be NULL. Called when `user_data` is needed no more, also
 *        when this function fails.
 *
 * HWM_IN_CALLBACK inside a log callback.
 */
hwm_result hwm_log_set(int32_t level,
                       hwm_log_callback callback,
                       void *user_data,
                       hwm_release release,
                       hwm_error **error);

/**
 * Makes a flag that is not set.
 *
 * @param cancel Receives the flag; free it with `hwm_cancel_free`.
 */
hwm_result hwm_cancel_new(hwm_cancel **cancel, hwm_error **error);

/**
 * Frees a flag. NULL is fine. What it was given to keeps what it needs; a
 * flag that was not set then never will be.
 */
void hwm_cancel_free(hwm_cancel *cancel);

/**
 * Sets the flag: what it was given to ends with HWM_CANCELLED within about
 * 25 ms, and so does what begins later. A callback that runs is not
 * interrupted; it is waited for.
 *
 * It only stores a number. It may be called from any thread, and from a
 * signal handler. NULL is fine.
 */
void hwm_cancel_now(hwm_cancel *cancel);

/** Whether the flag is set. False for NULL. */
bool hwm_cancel_is_set(const hwm_cancel *cancel);

/**
 * An IAM user's password; gives a token for the project. A login that was
 * refused is not tried again for 30 seconds, since a few lock the user.
 *
 * @param domain The account's name.
 * @param user The user's name. A HUAWEI ID cannot log in this way; use an IAM user.
 * @param credentials Receives the credentials; free them with `hwm_credentials_free`.
 */
hwm_result hwm_credentials_password(const char *domain,
                                    const char *user,
                                    const char *password,
                                    size_t password_length,
                                    hwm_credentials **credentials,
                                    hwm_error **error);

/**
 * A password and the code of a virtual MFA device.
 *
 * @param user_id The user's id, which IAM wants beside the name here.
 * @param callback Asked at every login for the present code, which it gives by
 *        `hwm_credential_set_passcode`.
 * @param release May be NULL. Called when `user_data` is needed no more, also
 *        when this function fails.
 * @param credentials Receives the credentials; free them with `hwm_credentials_free`.
 */
hwm_result hwm_credentials_password_totp(const char *domain,
                                         const char *user,
                                         const char *password,
                                         size_t password_length,
                                         const char *user_id,
                                         hwm_credentials_callback callback,
                                         void *user_data,
                                         hwm_release release,
                                         hwm_credentials **credentials,
                                         hwm_error **error);

/**
 * A token that the program already has. It cannot be renewed.
 *
 * @param expires_at Its end in milliseconds since 1970; 0 when unknown.
 * @param credentials Receives the credentials; free them with `hwm_credentials_free`.
 */
hwm_result hwm_credentials_token(const char *token,
                                 size_t token_length,
                                 int64_t expires_at,
                                 hwm_credentials **credentials,
                                 hwm_error **error);

/**
 * A permanent access key; every request is signed.
 *
 * @param credentials Receives the credentials; free them with `hwm_credentials_free`.
 */
hwm_result hwm_credentials_access_key(const char *access_key,
                                      size_t access_key_length,
                                      const char *secret_key,
                                      size_t secret_key_length,
                                      hwm_credentials **credentials,
                                      hwm_error **error);

/**
 * A temporary access key with its security token; every request is signed.
 *
 * @param credentials Receives the credentials; free them with `hwm_credentials_free`.
 */
hwm_result hwm_credentials_temporary(const char *access_key,
                                     size_t access_key_length,
                                     const char *secret_key,
                                     size_t secret_key_length,
                                     const char *security_token,
                                     size_t security_token_length,
                                     hwm_credentials **credentials,
                                     hwm_error **error);

/**
 * The rights that another account has delegated to this one.
 *
 * @param base Logs in to its own account first; it may be freed at once.
 * @param agency The agency's name.
 * @param domain The name of the account that made the agency.
 * @param credentials Receives the credentials; free them with `hwm_credentials_free`.
 */
hwm_result hwm_credentials_agency(const hwm_credentials *base,
                                  const char *agency,
                                  const char *domain,
                                  hwm_credentials **credentials,
                                  hwm_error **error);

/**
 * Whatever the callback gives; it is asked again when that ends or is refused.
 *
 * @param callback Gives a token or a key by one of the `hwm_credential_set_...` functions.
 * @param release May be NULL. Called when `user_data` is needed no more, also
 *        when this function fails.
 * @param credentials Receives the credentials; free them with `hwm_credentials_free`.
 */
hwm_result hwm_credentials_from_callback(hwm_credentials_callback callback,
                                         void *user_data,
                                         hwm_release release,
                                         hwm_credentials **credentials,
                                         hwm_error **error);

/**
 * The same credentials, asking for a token of the whole account instead of one project.
 *
 * @param credentials Receives the credentials; free them with `hwm_credentials_free`.
 */
hwm_result hwm_credentials_for_domain(const hwm_credentials *base,
                                      hwm_credentials **credentials,
                                      hwm_error **error);

/** Frees credentials. NULL is fine. What they were given to keeps what it needs. */
void hwm_credentials_free(hwm_credentials *credentials);

/**
 * Gives an IAM token.
 *
 * @param expires_at Its end in milliseconds since 1970; 0 when unknown, then
 *        it is used until the service refuses it.
 */
hwm_result hwm_credential_set_token(hwm_credential *answer,
                                    const char *token,
                                    size_t token_length,
                                    int64_t expires_at);

/**
 * Gives an access key.
 *
 * @param security_token NULL, with length 0, for a permanent key.
 * @param expires_at The end of a temporary key in milliseconds since 1970; 0 when unknown.
 */
hwm_result hwm_credential_set_access_key(hwm_credential *answer,
                                         const char *access_key,
                                         size_t access_key_length,
                                         const char *secret_key,
                                         size_t secret_key_length,
                                         const char *security_token,
                                         size_t security_token_length,
                                         int64_t expires_at);

/** Gives the present code of a virtual MFA device. */
hwm_result hwm_credential_set_passcode(hwm_credential *answer,
                                       const char *code,
                                       size_t code_length);

/**
 * Says why there are no credentials, in words that the caller of the failing
 * call will read. They must not hold a secret.
 */
hwm_result hwm_credential_fail(hwm_credential *answer, const char *message);

/**
 * Makes a configuration with nothing set.
 *
 * @param config Receives the configuration; free it with `hwm_config_free`.
 */
hwm_result hwm_config_new(hwm_config **config, hwm_error **error);

/** Frees a configuration. NULL is fine. Clients made with it live on. */
void hwm_config_free(hwm_config *config);

/** The region, such as "cn-north-4": that of the destination bucket. */
hwm_result hwm_config_set_region(hwm_config *config, const char *region);

/** The project that calls go to; looked up by the region's name when not set. */
hwm_result hwm_config_set_project_id(hwm_config *config, const char *id);

/** The name by which a missing project id is looked up, where it is not the region's. */
hwm_result hwm_config_set_project_name(hwm_config *config, const char *name);

/** The account's id, for account-wide calls that are signed. */
hwm_result hwm_config_set_domain_id(hwm_config *config, const char *id);

/**
 * Who the client is. The configuration keeps what it needs, so the
 * credentials may be freed at once.
 */
hwm_result hwm_config_set_credentials(hwm_config *config, const hwm_credentials *credentials);

/**
 * The address of a service in place of the region's own.
 *
 * @param service "iam", "oms" or "sms".
 * @param address Such as "https://oms.cn-north-4.myhuaweicloud.com".
 */
hwm_result hwm_config_set_endpoint(hwm_config *config, const char *service, const char *address);

/** A profile of the profile file. */
hwm_result hwm_config_set_profile(hwm_config *config, const char *name);

/** The profile file, in place of ~/.config/hwmigrate/config.toml. */
hwm_result hwm_config_set_profile_file(hwm_config *config, const char *path);

/** Ignores the environment, and so the home folder with its profile file. */
hwm_result hwm_config_ignore_environment(hwm_config *config);

/**
 * Allows plain http to hosts other than this machine, where anybody on the
 * way can read the credentials. To this machine it is always allowed.
 */
hwm_result hwm_config_set_allow_plain_http(hwm_config *config, bool allow);

/** A proxy for all requests, such as "http://user:password@host:8080". */
hwm_result hwm_config_set_proxy(hwm_config *config, const char *address);

/** Hosts that are reached without the proxy, separated by commas. */
hwm_result hwm_config_set_no_proxy(hwm_config *config, const char *hosts);

/** A PEM file with certificate authorities that are trusted beside the system's. */
hwm_result hwm_config_set_ca_file(hwm_config *config, const char *path);

/** PEM files with the certificate and the key that identify this client. */
hwm_result hwm_config_set_client_certificate(hwm_config *config,
                                             const char *certificate,
                                             const char *key);

/** Longest time for making a connection, above 0 and below ten years; 10 seconds by default. */
hwm_result hwm_config_set_connect_timeout(hwm_config *config, int64_t milliseconds);

/** Longest silence of a service that is answering, above 0 and below ten years; 60 seconds by default. */
hwm_result hwm_config_set_read_timeout(hwm_config *config,
                                       int64_t milliseconds);

/**
 * Longest time for one call with its login, pauses and repetitions, above 0 and below ten years; 2
 * minutes by default.
 */
hwm_result hwm_config_set_call_timeout(hwm_config *config, int64_t milliseconds);

/**
 * When a failed request is sent again, where that is safe at all.
 *
 * @param attempts Requests at most, 1 or more; 4 by default.
 * @param first_pause Upper bound of the first pause in milliseconds; 200 by default.
 * @param longest_pause Upper bound of every pause in milliseconds; 20000 by default.
 */
hwm_result hwm_config_set_retry(hwm_config *config,
                                uint32_t attempts,
                                int64_t first_pause,
                                int64_t longest_pause);

/**
 * Makes a client. Reads environment, profile and certificate files; contacts nobody.
 *
 * @param config The settings, or NULL for those of environment and profile.
 *        It may be freed at once.
 * @param client Receives the client; free it with `hwm_client_free`.
 *
 * The environment is read, unless `hwm_config_ignore_environment` was called:
 * no other thread may change it meanwhile, as always in C.
 *
 * Fails with HWM_CONFIG for settings that are missing, malformed, or
 * contradict each other; the message names the setting and where it came from.
 */
hwm_result hwm_client_new(const hwm_config *config, hwm_client **client, hwm_error **error);

/**
 * Makes another handle of the same client, whose calls have limits of their own.
 *
 * @param call_timeout Longest time for one call in milliseconds; 0 leaves that of the client.
 * @param cancel Ends calls and waits of this handle, and of what is made from it, when it is set; NULL
 *        leaves that of the client. It may be freed at once, and is then never set.
 * @param limited Receives the handle; free it with `hwm_client_free`.
 */
hwm_result hwm_client_limited(const hwm_client *client,
                              int64_t call_timeout,
                              const hwm_cancel *cancel,
                              hwm_client **limited,
                              hwm_error **error);

/**
 * Frees a client. NULL is fine. Closes its connections, unless lists, waits
 * or other handles still use them.
 */
void hwm_client_free(hwm_client *client);

/**
 * Checks the credentials and finds the project. Not needed before other
 * calls, which log in by themselves.
 *
 * @param login May be NULL. Receives what was found out, without any secret:
 *        "/project_id", "/domain_id", "/domain", "/user", "/kind", and
 *        "/expires_at" in milliseconds since 1970, each null when unknown. Free it with
 *        `hwm_value_free`.
 */
hwm_result hwm_client_login(const hwm_client *client, hwm_value **login, hwm_error **error);

/**
 * The project that calls go to. Looked up once.
 *
 * @param id Receives a text of the caller's; free it with `hwm_string_free`.
 */
hwm_result hwm_client_project_id(const hwm_client *client, char **id, hwm_error **error);

/** Frees an answer. NULL is fine. Texts that were read from it are gone then. */
void hwm_value_free(hwm_value *value);

/** What is found at a path. */
hwm_type hwm_value_type(const hwm_value *value, const char *path);

/**
 * The text at a path, or NULL. It is cut at a NUL inside, which
 * `hwm_value_json` shows as \u0000.
 */
const char *hwm_value_text(const hwm_value *value, const char *path);

/**
 * The whole number at a path.
 *
 * @param number May be NULL. Written only when the answer is true.
 * @return Whether there is one that fits.
 */
bool hwm_value_integer(const hwm_value *value, const char *path, int64_t *number);

/**
 * The number at a path, whole or not.
 *
 * @param number May be NULL. Written only when the answer is true.
 * @return Whether there is one.
 */
bool hwm_value_number(const hwm_value *value, const char *path, double *number);

/**
 * The truth value at a path.
 *
 * @param flag May be NULL. Written only when the answer is true.
 * @return Whether there is one.
 */
bool hwm_value_flag(const hwm_value *value, const char *path, bool *flag);

/** How many members the list or object at a path has; 0 for anything else. */
size_t hwm_value_count(const hwm_value *value, const char *path);

/**
 * The name of a member of the object at a path, or NULL.
 *
 * @param index From 0 to one less than `hwm_value_count`; the order is that of the names.
 */
const char *hwm_value_key(const hwm_value *value, const char *path, size_t index);

/** The JSON text of what is at a path, or NULL. */
const char *hwm_value_json(const hwm_value *value, const char *path);

/** The HTTP status of the answer; 0 when it came from no single one. */
int32_t hwm_value_http_status(const hwm_value *value);

/** The id to quote to the service's support, or NULL. */
const char *hwm_value_request_id(const hwm_value *value);

/**
 * Makes an empty request.
 *
 * @param request Receives the request; free it with `hwm_request_free`.
 */
hwm_result hwm_request_new(hwm_request **request, hwm_error **error);

/** Frees a request and overwrites the secrets in it. NULL is fine. */
void hwm_request_free(hwm_request *request);

/** Sets a text. */
hwm_result hwm_request_set_text(hwm_request *request, const char *path, const char *value);

/** Sets a text from a buffer, for secrets and for texts without a NUL. */
hwm_result hwm_request_set_secret(hwm_request *request,
                                  const char *path,
                                  const char *value,
                                  size_t value_length);

/** Sets a whole number. */
hwm_result hwm_request_set_integer(hwm_request *request, const char *path, int64_t value);

/** Sets a number that need not be whole. JSON has none for infinity and not-a-number. */
hwm_result hwm_request_set_number(hwm_request *request, const char *path, double value);

/** Sets true or false. */
hwm_result hwm_request_set_flag(hwm_request *request, const char *path, bool value);

/** Sets whatever a JSON text says; the path "" sets the whole body. */
hwm_result hwm_request_set_json(hwm_request *request,
                                const char *path,
                                const char *json,
                                size_t json_length);

/**
 * Sets a parameter of path, query or header for `hwm_call`, or a filter of a list.
 *
 * @param value NULL removes the parameter.
 */
hwm_result hwm_request_set_parameter(hwm_request *request, const char *name, const char *value);

/**
 * Sets where the objects of a task or task group come from: /src_node.
 *
 * @param cloud The provider's word, such as "AWS", "Aliyun" or "HuaweiCloud".
 */
hwm_result hwm_request_set_source(hwm_request *request,
                                  const char *cloud,
                                  const char *region,
                                  const char *bucket,
                                  const char *access_key,
                                  size_t access_key_length,
                                  const char *secret_key,
                                  size_t secret_key_length);

/** Sets where the objects of a task or task group go: /dst_node, a bucket in the client's region. */
hwm_result hwm_request_set_destination(hwm_request *request,
                                       const char *region,
                                       const char *bucket,
                                       const char *access_key,
                                       size_t access_key_length,
                                       const char *secret_key,
                                       size_t secret_key_length);

/**
 * Adds a limit on speed to /bandwidth_policy: at most five, without overlap.
 *
 * @param start The first minute of the day, as "hh:mm".
 * @param end The last minute, as "hh:mm"; not before the first.
 * @param bytes_per_second 1048576 (1 MiB/s) to 209715200 (200 MiB/s).
 */
hwm_result hwm_request_add_bandwidth(hwm_request *request,
                                     const char *start,
                                     const char *end,
                                     int64_t bytes_per_second);

/** Frees a list. NULL is fine. */
void hwm_list_free(hwm_list *list);

/**
 * Reads the next item.
 *
 * @param item Receives the item, with HWM_OK; free it with `hwm_value_free`.
 * @return HWM_END when there are no more. After an error the list is over and
 *         gives HWM_END, but for HWM_ARGUMENT, HWM_BUSY, HWM_IN_CALLBACK and
 *         HWM_CANCELLED by a flag, which stays set.
 */
hwm_result hwm_list_next(hwm_list *list, hwm_value **item, hwm_error **error);

/** Frees a look. NULL is fine. */
void hwm_progress_free(hwm_progress *progress);

/** What the job is doing. */
hwm_state hwm_progress_state(const hwm_progress *progress);

/** The service's own number for the state; -1 when it gave none. */
int64_t hwm_progress_state_code(const hwm_progress *progress);

/** The id of the job. */
const char *hwm_progress_id(const hwm_progress *progress);

/** One line for people, such as "task 17: running, 3 of 10 objects, 512 of 1024 bytes". */
const char *hwm_progress_text(const hwm_progress *progress);

/**
 * The share that is done, from 0 to 1: by bytes where there are any, else by
 * objects; -1 while no total is known. It may fall while the source is listed.
 */
double hwm_progress_fraction(const hwm_progress *progress);

/** Objects migrated. */
int64_t hwm_progress_objects_done(const hwm_progress *progress);

/** Objects that failed. */
int64_t hwm_progress_objects_failed(const hwm_progress *progress);

/** Objects passed over, because they were there already or are too old. */
int64_t hwm_progress_objects_skipped(const hwm_progress *progress);

/** Objects in all, as far as the source has been listed; -1 when unknown. */
int64_t hwm_progress_objects_total(const hwm_progress *progress);

/** Bytes migrated. */
int64_t hwm_progress_bytes_done(const hwm_progress *progress);

/** Bytes in all, as far as the source has been listed; -1 when unknown. */
int64_t hwm_progress_bytes_total(const hwm_progress *progress);

/** Speed in bytes per second, by the service's own measure; -1 when unknown. */
int64_t hwm_progress_bytes_per_second(const hwm_progress *progress);

/** The service's own estimate of the time left, in milliseconds; -1 when it gives none. */
int64_t hwm_progress_time_left(const hwm_progress *progress);

/** How long the service has worked on it, in milliseconds; -1 when unknown. */
int64_t hwm_progress_elapsed(const hwm_progress *progress);

/** Whether the source has been listed to its end, so that totals will not grow. */
bool hwm_progress_totals_final(const hwm_progress *progress);

/** Whether it runs and nothing has moved for as long as `hwm_wait_set_stall_after` says. */
bool hwm_progress_stalled(const hwm_progress *progress);

/** The service's code for why the job failed, such as "TRF.0062"; "" when it gave none, NULL where it did not fail. */
const char *hwm_progress_reason_code(const hwm_progress *progress);

/** The service's words for why the job failed; "" when it gave none, NULL where it did not fail. */
const char *hwm_progress_reason(const hwm_progress *progress);

/** The key of the list of failed objects in the destination bucket, or NULL. */
const char *hwm_progress_failed_list(const hwm_progress *progress);

/** How many phases the migration of a server has gone into so far; 0 for other jobs. */
size_t hwm_progress_phase_count(const hwm_progress *progress);

/**
 * The service's name of a phase, such as "REPLICATE"; NULL beyond the last.
 *
 * @param index From 0; phases are in the order of the service.
 */
const char *hwm_progress_phase_name(const hwm_progress *progress, size_t index);

/** How much of a phase is done, 0 to 100; -1 where nobody can tell. 100 means that it is over. */
int32_t hwm_progress_phase_percent(const hwm_progress *progress, size_t index);

/** Frees a wait. NULL is fine. The job goes on. */
void hwm_wait_free(hwm_wait *wait);

/**
 * Waits for at most this long, counted from the first look. The last look is
 * made at the deadline itself. With 0 there is one look.
 */
hwm_result hwm_wait_set_deadline(hwm_wait *wait, int64_t milliseconds);

/** What to wait for, a `hwm_until`; HWM_UNTIL_ENDED unless said otherwise. For a server it replaces the goal. */
hwm_result hwm_wait_set_until(hwm_wait *wait,
                              int32_t until);

/**
 * How often to look: pauses between these, in milliseconds. A young job is
 * looked at often, an old one seldom. 250 and 30000 unless said otherwise;
 * what is below 10 ms or above a day is brought there.
 */
hwm_result hwm_wait_set_poll(hwm_wait *wait, int64_t shortest, int64_t longest);

/** Marks a look as stalled when a running job has not moved for this long. Does not end the wait. */
hwm_result hwm_wait_set_stall_after(hwm_wait *wait, int64_t milliseconds);

/**
 * Whether the job is stopped, too, when the deadline passes or the wait is
 * cancelled. The wait then takes up to two minutes longer, until the job
 * stands still; the error's text says whether it does. Not unless said so.
 */
hwm_result hwm_wait_set_stop_job(hwm_wait *wait, bool stop);

/**
 * Calls a function with every look, between two requests. It may call the
 * library, but not with this wait, which it may free: that takes effect when
 * the wait has ended.
 *
 * @param callback NULL for none.
 * @param release May be NULL. Called when `user_data` is needed no more, also
 *        when this function fails.
 */
hwm_result hwm_wait_set_progress(hwm_wait *wait,
                                 hwm_progress_callback callback,
                                 void *user_data,
                                 hwm_release release);

/**
 * Waits to the end.
 *
 * @param last May be NULL. Receives the last look, also with HWM_PAUSED and HWM_OVERTAKEN; free it with
 *        `hwm_progress_free`.
 * @return HWM_OK when what was waited for has come, HWM_PAUSED when the job
 *         was paused, HWM_OVERTAKEN when it ended well and what was waited
 *         for will not come. HWM_JOB_FAILED when it failed; the error object has the
 *         reason and counts. HWM_TIMEOUT when the deadline passed, the job
 *         goes on. HWM_CANCELLED, HWM_NOT_FOUND, HWM_AUTH.
 */
hwm_result hwm_wait_run(hwm_wait *wait,
                        hwm_progress **last,
                        hwm_error **error);

/**
 * Waits for the next look.
 *
 * @param progress May be NULL. Receives the look, with HWM_OK; free it with `hwm_progress_free`.
 * @return HWM_OK for every look. Then HWM_END when what was waited for has
 *         come, HWM_PAUSED or HWM_OVERTAKEN. Errors as `hwm_wait_run`;
 *         after one the wait is over, but for HWM_BUSY, HWM_IN_CALLBACK and
 *         HWM_CANCELLED by a flag, which stays set.
 */
hwm_result hwm_wait_next(hwm_wait *wait, hwm_progress **progress, hwm_error **error);

/** Frees a fleet. NULL is fine. The jobs go on. */
void hwm_fleet_free(hwm_fleet *fleet);

/** Waits for each job for at most this long, counted from the first look. */
hwm_result hwm_fleet_set_deadline(hwm_fleet *fleet, int64_t milliseconds);

/** What to wait for, a `hwm_until`; HWM_UNTIL_ENDED unless said otherwise. For servers it replaces the goal. */
hwm_result hwm_fleet_set_until(hwm_fleet *fleet,
                               int32_t until);

/** How often to look: pauses between these, in milliseconds, as `hwm_wait_set_poll` says. */
hwm_result hwm_fleet_set_poll(hwm_fleet *fleet, int64_t shortest, int64_t longest);

/** Marks looks as stalled when a running job has not moved for this long. */
hwm_result hwm_fleet_set_stall_after(hwm_fleet *fleet, int64_t milliseconds);

/**
 * Waits until something happens to one of the jobs.
 *
 * @param event Receives what happened, with HWM_OK; free it with `hwm_event_free`.
 * @return HWM_END when all jobs have ended. A job that failed is an event, not
 *         an error; errors are those of this function: HWM_CANCELLED by a flag,
 *         which stays set, HWM_BUSY, HWM_ARGUMENT.
 */
hwm_result hwm_fleet_next(hwm_fleet *fleet, hwm_event **event, hwm_error **error);

/** Frees an event. NULL is fine. */
void hwm_event_free(hwm_event *event);

/** The id of the job, or NULL for NULL. */
const char *hwm_event_id(const hwm_event *event);

/** Whether the wait for this job is over. False for a look that shows something new. */
bool hwm_event_is_end(const hwm_event *event);

/**
 * How the wait for this job ended, as `hwm_wait_run` says it. HWM_OK for a look.
 *
 * @param progress May be NULL. Receives the look, where there is one; free it with `hwm_progress_free`.
 * @param error May be NULL. Receives the error of a job that ended badly; free it with `hwm_error_free`.
 */
hwm_result hwm_event_result(const hwm_event *event,
                            hwm_progress **progress,
                            hwm_error **error);

/**
 * Makes a mark: a word that finds a job again by its description, whatever
 * happens to the reply of its create. Write it down before.
 *
 * @param mark Receives a text of the caller's; free it with `hwm_string_free`.
 */
hwm_result hwm_mark_new(char **mark, hwm_error **error);

/**
 * Creates a migration task, which starts by itself, with one request.
 *
 * @param request The body of CreateTask: see `hwm_request_set_source` and
 *        `hwm_request_set_destination`. Without /src_node/object_key and
 *        /task_type the whole bucket is copied.
 * @param id Receives the id of the task.
 * @return HWM_AMBIGUOUS when the reply was lost: nobody knows whether the task
 *         exists. `hwm_task_create_once` settles that.
 */
hwm_result hwm_task_create(const hwm_client *client,
                           const hwm_request *request,
                           int64_t *id,
                           hwm_error **error);

/**
 * Creates a migration task exactly once, whatever happens to the reply.
 *
 * A mark is appended to the description. When the reply is lost, the tasks are
 * listed several times within half a minute, and the one with the mark is
 * adopted. A second create is never sent.
 *
 * @param request As for `hwm_task_create`.
 * @param mark One of `hwm_mark_new`, to find the task even when this process
 *        does not live to see the reply; NULL for one of the library's.
 * @param id Receives the id of the task.
 * @param adopted May be NULL. Whether the reply was lost and the task was found by its mark.
 */
hwm_result hwm_task_create_once(const hwm_client *client,
                                const hwm_request *request,
                                const char *mark,
                                int64_t *id,
                                bool *adopted,
                                hwm_error **error);

/**
 * Finds the task whose description carries a mark. Reads the whole list.
 *
 * @param id Receives the id of the task, with HWM_OK.
 * @return HWM_END when no task carries it.
 */
hwm_result hwm_task_find_marked(const hwm_client *client,
                                const char *mark,
                                int64_t *id,
                                hwm_error **error);

/**
 * Reads one task, as the service describes it.
 *
 * @param task Receives the fields of ShowTask; free it with `hwm_value_free`.
 */
hwm_result hwm_task_show(const hwm_client *client, int64_t id, hwm_value **task, hwm_error **error);

/**
 * Reads one task, as the common view of all jobs.
 *
 * @param progress Receives the look; free it with `hwm_progress_free`.
 */
hwm_result hwm_task_progress(const hwm_client *client,
                             int64_t id,
                             hwm_progress **progress,
                             hwm_error **error);

/**
 * Prepares a list of tasks. Sends nothing yet.
 *
 * @param filter NULL for all tasks. Parameters: "status" (a number of ListTasks),
 *        "group_id", "task_name" (a part of it), "page_size" (1 to 100), "limit"
 *        (items in all).
 * @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
 */
hwm_result hwm_task_list(const hwm_client *client,
                         const hwm_request *filter,
                         hwm_list **list,
                         hwm_error **error);

/**
 * Starts a paused or failed task. The keys must be sent anew.
 *
 * @param request The body of StartTask: /src_ak, /src_sk, /dst_ak, /dst_sk, and
 *        /migrate_failed_object to repeat the failed objects alone.
 */
hwm_result hwm_task_start(const hwm_client *client,
                          int64_t id,
                          const hwm_request *request,
                          hwm_error **error);

/** Tells a running task to pause. It is told, not done: wait for HWM_UNTIL_STOPPED. */
hwm_result hwm_task_stop(const hwm_client *client, int64_t id, hwm_error **error);

/** Deletes a task that does not run. What it has copied stays. */
hwm_result hwm_task_delete(const hwm_client *client, int64_t id, hwm_error **error);

/**
 * Stops a task if it runs, waits until it stands still, and deletes it. One
 * that is gone already is fine.
 *
 * @param limit Longest time for all of it, in milliseconds.
 */
hwm_result hwm_task_delete_when_stopped(const hwm_client *client,
                                        int64_t id,
                                        int64_t limit,
                                        hwm_error **error);

/**
 * Replaces the limits on speed of a task that has not ended.
 *
 * @param request The limits: see `hwm_request_add_bandwidth`.
 */
hwm_result hwm_task_update_bandwidth(const hwm_client *client,
                                     int64_t id,
                                     const hwm_request *request,
                                     hwm_error **error);

/**
 * Changes limits or priority of up to 20 tasks, or of all tasks of a group.
 *
 * @param request The body of BatchUpdateTasks.
 */
hwm_result hwm_task_batch_update(const hwm_client *client,
                                 const hwm_request *request,
                                 hwm_error **error);

/**
 * Prepares a wait for a task. Sends nothing yet.
 *
 * @param wait Receives the wait, for `hwm_wait_run`; free it with `hwm_wait_free`.
 */
hwm_result hwm_task_wait(const hwm_client *client, int64_t id, hwm_wait **wait, hwm_error **error);

/**
 * Prepares a wait for many tasks, at the price of one list request per 100
 * tasks and round. Sends nothing yet.
 *
 * @param ids The ids of the tasks.
 * @param ids_length How many there are; with 0 `ids` may be NULL, and nothing is waited for.
 * @param fleet Receives the wait, for `hwm_fleet_next`; free it with `hwm_fleet_free`.
 */
hwm_result hwm_task_wait_all(const hwm_client *client,
                             const int64_t *ids,
                             size_t ids_length,
                             hwm_fleet **fleet,
                             hwm_error **error);

/**
 * Creates a task group, which the service splits into tasks and starts by itself, with one request.
 *
 * @param request The body of CreateTaskGroup, as for `hwm_task_create`.
 * @param id Receives the id of the group; free it with `hwm_string_free`.
 * @return HWM_AMBIGUOUS when the reply was lost; `hwm_group_create_once` settles that.
 */
hwm_result hwm_group_create(const hwm_client *client,
                            const hwm_request *request,
                            char **id,
                            hwm_error **error);

/**
 * Creates a task group exactly once, whatever happens to the reply; see `hwm_task_create_once`.
 *
 * @param mark One of `hwm_mark_new`, or NULL.
 * @param id Receives the id of the group; free it with `hwm_string_free`.
 * @param adopted May be NULL. Whether the reply was lost and the group was found by its mark.
 */
hwm_result hwm_group_create_once(const hwm_client *client,
                                 const hwm_request *request,
                                 const char *mark,
                                 char **id,
                                 bool *adopted,
                                 hwm_error **error);

/**
 * Finds the group whose description carries a mark. Reads the whole list.
 *
 * @param id Receives the id of the group, with HWM_OK; free it with `hwm_string_free`.
 * @return HWM_END when no group carries it.
 */
hwm_result hwm_group_find_marked(const hwm_client *client,
                                 const char *mark,
                                 char **id,
                                 hwm_error **error);

/**
 * Reads one task group, as the service describes it.
 *
 * @param group Receives the fields of ShowTaskGroup; free it with `hwm_value_free`.
 */
hwm_result hwm_group_show(const hwm_client *client,
                          const char *id,
                          hwm_value **group,
                          hwm_error **error);

/**
 * Reads one task group, as the common view of all jobs.
 *
 * @param progress Receives the look; free it with `hwm_progress_free`.
 */
hwm_result hwm_group_progress(const hwm_client *client,
                              const char *id,
                              hwm_progress **progress,
                              hwm_error **error);

/**
 * Prepares a list of task groups. Sends nothing yet.
 *
 * @param filter NULL for all groups. Parameters: "status" (a number of
 *        ListTaskGroup), "page_size" (1 to 100), "limit" (items in all).
 * @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
 */
hwm_result hwm_group_list(const hwm_client *client,
                          const hwm_request *filter,
                          hwm_list **list,
                          hwm_error **error);

/**
 * Starts a paused group. The keys must be sent anew.
 *
 * @param request The body of StartTaskGroup.
 */
hwm_result hwm_group_start(const hwm_client *client,
                           const char *id,
                           const hwm_request *request,
                           hwm_error **error);

/**
 * Runs a failed group again, all of it or the failed objects alone.
 *
 * @param request The body of RetryTaskGroup.
 */
hwm_result hwm_group_retry(const hwm_client *client,
                           const char *id,
                           const hwm_request *request,
                           hwm_error **error);

/** Tells a running group to pause. It is told, not done: wait for HWM_UNTIL_STOPPED. */
hwm_result hwm_group_stop(const hwm_client *client, const char *id, hwm_error **error);

/** Deletes a group that does not run. It is told, not done: wait for HWM_UNTIL_DELETED. */
hwm_result hwm_group_delete(const hwm_client *client, const char *id, hwm_error **error);

/**
 * Stops a group if it runs, waits until it stands still, deletes it, and waits until it is gone.
 *
 * @param limit Longest time for all of it, in milliseconds.
 */
hwm_result hwm_group_delete_when_stopped(const hwm_client *client,
                                         const char *id,
                                         int64_t limit,
                                         hwm_error **error);

/**
 * Replaces the limits on speed of a group that has not ended.
 *
 * @param request The limits: see `hwm_request_add_bandwidth`.
 */
hwm_result hwm_group_update_bandwidth(const hwm_client *client,
                                      const char *id,
                                      const hwm_request *request,
                                      hwm_error **error);

/**
 * Prepares a wait for a group. Sends nothing yet.
 *
 * @param wait Receives the wait, for `hwm_wait_run`; free it with `hwm_wait_free`.
 */
hwm_result hwm_group_wait(const hwm_client *client,
                          const char *id,
                          hwm_wait **wait,
                          hwm_error **error);

/**
 * Prepares a wait for many groups. Sends nothing yet.
 *
 * @param ids The ids of the groups.
 * @param ids_length How many there are; with 0 `ids` may be NULL, and nothing is waited for.
 * @param fleet Receives the wait, for `hwm_fleet_next`; free it with `hwm_fleet_free`.
 */
hwm_result hwm_group_wait_all(const hwm_client *client,
                              const char *const *ids,
                              size_t ids_length,
                              hwm_fleet **fleet,
                              hwm_error **error);

/**
 * Creates a sync task, which copies objects as it is told of them, with one request.
 *
 * @param request The body of CreateSyncTask.
 * @param id Receives the id; free it with `hwm_string_free`.
 * @return HWM_AMBIGUOUS when the reply was lost; `hwm_sync_create_once` settles that.
 */
hwm_result hwm_sync_create(const hwm_client *client,
                           const hwm_request *request,
                           char **id,
                           hwm_error **error);

/**
 * Creates a sync task exactly once, whatever happens to the reply; see `hwm_task_create_once`.
 *
 * @param mark One of `hwm_mark_new`, or NULL.
 * @param id Receives the id; free it with `hwm_string_free`.
 * @param adopted May be NULL. Whether the reply was lost and the sync task was found by its mark.
 */
hwm_result hwm_sync_create_once(const hwm_client *client,
                                const hwm_request *request,
                                const char *mark,
                                char **id,
                                bool *adopted,
                                hwm_error **error);

/**
 * Finds the sync task whose description carries a mark. Reads the whole list.
 *
 * @param id Receives the id, with HWM_OK; free it with `hwm_string_free`.
 * @return HWM_END when none carries it.
 */
hwm_result hwm_sync_find_marked(const hwm_client *client,
                                const char *mark,
                                char **id,
                                hwm_error **error);

/**
 * Reads one sync task, with the counters of a month.
 *
 * @param month Any moment of that month, in milliseconds since 1970.
 * @param sync Receives the fields of ShowSyncTask; free it with `hwm_value_free`.
 */
hwm_result hwm_sync_show(const hwm_client *client,
                         const char *id,
                         int64_t month,
                         hwm_value **sync,
                         hwm_error **error);

/**
 * Prepares a list of sync tasks. Sends nothing yet.
 *
 * @param filter NULL for all. Parameters: "status" (a word of ListSyncTasks),
 *        "page_size" (1 to 100), "limit" (items in all).
 * @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
 */
hwm_result hwm_sync_list(const hwm_client *client,
                         const hwm_request *filter,
                         hwm_list **list,
                         hwm_error **error);

/**
 * Starts a stopped sync task. The keys must be sent anew.
 *
 * @param request The body of StartSyncTask.
 */
hwm_result hwm_sync_start(const hwm_client *client,
                          const char *id,
                          const hwm_request *request,
                          hwm_error **error);

/** Stops a running sync task. */
hwm_result hwm_sync_stop(const hwm_client *client, const char *id, hwm_error **error);

/** Deletes a stopped sync task. */
hwm_result hwm_sync_delete(const hwm_client *client, const char *id, hwm_error **error);

/**
 * Stops a sync task if it runs, and deletes it once it stands still.
 *
 * @param limit Longest time for all of it, in milliseconds.
 */
hwm_result hwm_sync_delete_when_stopped(const hwm_client *client,
                                        const char *id,
                                        int64_t limit,
                                        hwm_error **error);

/**
 * Asks a sync task to copy these objects now, ten to a request.
 *
 * @param keys The keys as they are, not encoded.
 * @param keys_length How many there are; at least one.
 *
 * An error after the first ten says how many keys were accepted before.
 */
hwm_result hwm_sync_events(const hwm_client *client,
                           const char *id,
                           const char *const *keys,
                           size_t keys_length,
                           hwm_error **error);

/**
 * Prepares a list of source servers. Sends nothing yet.
 *
 * @param filter NULL for all. Parameters: "state" (a word of ListServers), "name",
 *        "ip", "project" (a migration project's id), "page_size" (1 to 200), "limit".
 * @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
 */
hwm_result hwm_server_list(const hwm_client *client,
                           const hwm_request *filter,
                           hwm_list **list,
                           hwm_error **error);

/**
 * Reads one source server: its disks, network cards, environment checks, and task.
 *
 * @param server Receives the fields of ShowServer; free it with `hwm_value_free`.
 */
hwm_result hwm_server_show(const hwm_client *client,
                           const char *id,
                           hwm_value **server,
                           hwm_error **error);

/** Deletes the record of a source server. Its agent must be restarted to see it again. */
hwm_result hwm_server_delete(const hwm_client *client, const char *id, hwm_error **error);

/**
 * Creates the task of a server, with one request.
 *
 * @param request The body of SMS's CreateTask.
 * @param id Receives the id of the task; free it with `hwm_string_free`.
 * @return HWM_AMBIGUOUS when the reply was lost; `hwm_server_task_create_once` settles that.
 */
hwm_result hwm_server_task_create(const hwm_client *client,
                                  const hwm_request *request,
                                  char **id,
                                  hwm_error **error);

/**
 * Creates the task of a server exactly once: when the reply is lost, the task
 * is looked for by its server and name, and adopted.
 *
 * @param request The body of SMS's CreateTask.
 * @param id Receives the id of the task; free it with `hwm_string_free`.
 * @param adopted May be NULL. Whether the reply was lost and the task was found.
 */
hwm_result hwm_server_task_create_once(const hwm_client *client,
                                       const hwm_request *request,
                                       char **id,
                                       bool *adopted,
                                       hwm_error **error);

/**
 * Reads the task of a server, as the service describes it.
 *
 * @param task Receives the fields of SMS's ShowTask; free it with `hwm_value_free`.
 */
hwm_result hwm_server_task_show(const hwm_client *client,
                                const char *id,
                                hwm_value **task,
                                hwm_error **error);

/**
 * Reads the task of a server, as the common view of all jobs, with its phases.
 *
 * @param progress Receives the look; free it with `hwm_progress_free`.
 */
hwm_result hwm_server_task_progress(const hwm_client *client,
                                    const char *id,
                                    hwm_progress **progress,
                                    hwm_error **error);

/**
 * Prepares a list of the tasks of servers. Sends nothing yet.
 *
 * @param filter NULL for all. Parameters: "state" (a word of SMS's ListTasks), "name",
 *        "source_server_id", "page_size" (1 to 200), "limit".
 * @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
 */
hwm_result hwm_server_task_list(const hwm_client *client,
                                const hwm_request *filter,
                                hwm_list **list,
                                hwm_error **error);

/**
 * Tells the task of a server what to do. It is told, not done: wait for a goal.
 *
 * @param action A word of UpdateTaskStatus: "start", "stop", "restart", "cutover", "test", "clone_test",
 *        "network_check", "skip", "clear", "migration_test" and others.
 * @param force False refuses with HWM_CONFLICT what would come to nothing in
 *        the task's present state; true sends it in any case.
 */
hwm_result hwm_server_task_act(const hwm_client *client,
                               const char *id,
                               const char *action,
                               bool force,
                               hwm_error **error);

/**
 * Deletes the task of a server that stands still. What it has copied stays. It is told, not done: wait for
 * HWM_UNTIL_DELETED.
 */
hwm_result hwm_server_task_delete(const hwm_client *client,
                                  const char *id,
                                  hwm_error **error);

/**
 * Stops the task of a server if it runs, waits until it stands still, and deletes it.
 *
 * @param limit Longest time for all of it, in milliseconds.
 */
hwm_result hwm_server_task_delete_when_stopped(const hwm_client *client,
                                               const char *id,
                                               int64_t limit,
                                               hwm_error **error);

/**
 * Prepares a wait for the task of a server. Sends nothing yet.
 *
 * @param goal What to wait for, a `hwm_goal`. `hwm_wait_set_until` replaces it: HWM_UNTIL_DELETED follows a
 *        delete.
 * @param wait Receives the wait, for `hwm_wait_run`; free it with `hwm_wait_free`.
 */
hwm_result hwm_server_task_wait(const hwm_client *client,
                                const char *id,
                                int32_t goal,
                                hwm_wait **wait,
                                hwm_error **error);

/**
 * Prepares a wait for the tasks of many servers. Sends nothing yet.
 *
 * @param ids The ids of the tasks.
 * @param ids_length How many there are; with 0 `ids` may be NULL, and nothing is waited for.
 * @param goal What to wait for, a `hwm_goal`.
 * @param fleet Receives the wait, for `hwm_fleet_next`; free it with `hwm_fleet_free`.
 */
hwm_result hwm_server_task_wait_all(const hwm_client *client,
                                    const char *const *ids,
                                    size_t ids_length,
                                    int32_t goal,
                                    hwm_fleet **fleet,
                                    hwm_error **error);

/**
 * Calls any operation of any service by its documented id, with JSON in and out.
 *
 * @param operation Such as "CreateTask" or, where services share an id, "sms.CreateTask".
 * @param request Its parameters and its body, or NULL. The project id is filled in.
 * @param answer May be NULL. Receives what the service gave, unchanged: where
 *        the documentation says so, with secrets. Free it with `hwm_value_free`.
 *
 * The request is sent with login, retries and limits as every other, but its
 * values are judged by the service alone. A create is sent once; HWM_AMBIGUOUS
 * says that its reply was lost. HWM_INVALID for an operation or a parameter that
 * does not exist.
 */
hwm_result hwm_call(const hwm_client *client,
                    const char *operation,
                    const hwm_request *request,
                    hwm_value **answer,
                    hwm_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HWMIGRATE_H */
