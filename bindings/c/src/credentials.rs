//! Who the client is.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, Mutex, PoisonError};

use hwmigrate::{Credential, Credentials, Error, ErrorKind, Passcode, Secret};
use time::OffsetDateTime;

use crate::callback::{UserData, hwm_release};
use crate::config::nowhere;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::handle::{In, Lent, free, handle};
use crate::memory::secret;
use crate::pointer::{buffer, input, output, text};
use crate::result::hwm_result;

/// How a client proves who it is: a recipe, not a login. Nothing is sent
/// before the first call needs it. Read only, so any thread may use it.
pub struct hwm_credentials {
    _private: [u8; 0],
}

handle!(hwm_credentials => Credentials, b"hwmcreds");

/// Where a callback puts what it was asked for. It lives until the callback returns.
pub struct hwm_credential {
    _private: [u8; 0],
}

handle!(hwm_credential => Mutex<Given>, b"hwmcred1");

/// What a callback has put there.
#[derive(Default)]
pub(crate) struct Given {
    credential: Option<Credential>,
    passcode: Option<Secret>,
    message: Option<String>,
}

/// Asks the program for credentials or a passcode.
///
/// It puts the answer into `answer` by one of the `hwm_credential_...`
/// functions and returns HWM_OK, or calls `hwm_credential_fail` and returns any
/// other result, with which the call then fails. It runs on a thread that is
/// inside a call of the client, and other calls of the client wait meanwhile, so
/// it must not wait for one; see the README for what it may call.
pub type hwm_credentials_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, answer: *mut hwm_credential) -> i32>;

/// A callback with what belongs to it.
struct Asked {
    callback: unsafe extern "C" fn(user_data: *mut c_void, answer: *mut hwm_credential) -> i32,
    user_data: UserData,
}

impl Asked {
    fn ask(&self) -> Result<Given, Error> {
        let answer = Lent::<hwm_credential>::new(Mutex::default());
        // SAFETY: the caller's function, with the caller's pointer and a live handle.
        let result = unsafe { (self.callback)(self.user_data.pointer(), answer.pointer()) };
        let given = std::mem::take(&mut *answer.lock().unwrap_or_else(PoisonError::into_inner));
        if result == hwm_result::HWM_OK as i32 {
            return Ok(given);
        }
        let kind = hwm_result::kind_of(result).unwrap_or(ErrorKind::Auth);
        let words = given.message.unwrap_or_else(|| format!("the credentials callback returned {result}"));
        Err(Error::new(kind, words))
    }
}

fn nothing_given() -> Error {
    Error::new(ErrorKind::Auth, "the credentials callback returned HWM_OK and gave nothing")
}

/// A point in time of the caller; 0 stands for unknown.
fn moment(milliseconds: i64, name: &str) -> Result<Option<OffsetDateTime>, Failure> {
    if milliseconds == 0 {
        return Ok(None);
    }
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
    time.map(Some)
        .map_err(|_| Failure::argument(format!("`{name}` is {milliseconds}, which no calendar has")))
}

/// An IAM user's password; gives a token for the project. A login that was
/// refused is not tried again for 30 seconds, since a few lock the user.
///
/// @param domain The account's name.
/// @param user The user's name. A HUAWEI ID cannot log in this way; use an IAM user.
/// @param credentials Receives the credentials; free them with `hwm_credentials_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_password(
    domain: *const c_char,
    user: *const c_char,
    password: *const c_char,
    password_length: usize,
    credentials: *mut *mut hwm_credentials,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (domain, user, password) = (text!(domain), text!(user), buffer!(password, password_length));
    let (credentials, error) = (output!(credentials), output!(error));
    enter(error, || {
        let credentials = credentials.required("credentials")?;
        let made =
            Credentials::password(domain.get("domain")?, user.get("user")?, secret(password, "password")?);
        credentials.give(made);
        Ok(hwm_result::HWM_OK)
    })
}

/// A password and the code of a virtual MFA device.
///
/// @param user_id The user's id, which IAM wants beside the name here.
/// @param callback Asked at every login for the present code, which it gives by
///        `hwm_credential_set_passcode`.
/// @param release May be NULL. Called when `user_data` is needed no more, also
///        when this function fails.
/// @param credentials Receives the credentials; free them with `hwm_credentials_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_password_totp(
    domain: *const c_char,
    user: *const c_char,
    password: *const c_char,
    password_length: usize,
    user_id: *const c_char,
    callback: hwm_credentials_callback,
    user_data: *mut c_void,
    release: hwm_release,
    credentials: *mut *mut hwm_credentials,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (domain, user, user_id) = (text!(domain), text!(user), text!(user_id));
    let password = buffer!(password, password_length);
    let user_data = UserData::new(user_data, release);
    let (credentials, error) = (output!(credentials), output!(error));
    enter(error, || {
        let credentials = credentials.required("credentials")?;
        let callback = callback.ok_or_else(|| Failure::argument("`callback` is NULL"))?;
        let asked = Asked { callback, user_data };
        let passcode = Passcode::from_fn(move || {
            let code = asked.ask().and_then(|given| given.passcode.ok_or_else(nothing_given));
            std::future::ready(code)
        });
        let made = Credentials::password_totp(
            domain.get("domain")?,
            user.get("user")?,
            secret(password, "password")?,
            user_id.get("user_id")?,
            passcode,
        );
        credentials.give(made);
        Ok(hwm_result::HWM_OK)
    })
}

/// A token that the program already has. It cannot be renewed.
///
/// @param expires_at Its end in milliseconds since 1970; 0 when unknown.
/// @param credentials Receives the credentials; free them with `hwm_credentials_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_token(
    token: *const c_char,
    token_length: usize,
    expires_at: i64,
    credentials: *mut *mut hwm_credentials,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let token = buffer!(token, token_length);
    let (credentials, error) = (output!(credentials), output!(error));
    enter(error, || {
        let credentials = credentials.required("credentials")?;
        credentials.give(Credentials::token(secret(token, "token")?, moment(expires_at, "expires_at")?));
        Ok(hwm_result::HWM_OK)
    })
}

/// A permanent access key; every request is signed.
///
/// @param credentials Receives the credentials; free them with `hwm_credentials_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_access_key(
    access_key: *const c_char,
    access_key_length: usize,
    secret_key: *const c_char,
    secret_key_length: usize,
    credentials: *mut *mut hwm_credentials,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (access_key, secret_key) =
        (buffer!(access_key, access_key_length), buffer!(secret_key, secret_key_length));
    let (credentials, error) = (output!(credentials), output!(error));
    enter(error, || {
        let credentials = credentials.required("credentials")?;
        let (access, key) = (secret(access_key, "access_key")?, secret(secret_key, "secret_key")?);
        credentials.give(Credentials::access_key(access, key));
        Ok(hwm_result::HWM_OK)
    })
}

/// A temporary access key with its security token; every request is signed.
///
/// @param credentials Receives the credentials; free them with `hwm_credentials_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_temporary(
    access_key: *const c_char,
    access_key_length: usize,
    secret_key: *const c_char,
    secret_key_length: usize,
    security_token: *const c_char,
    security_token_length: usize,
    credentials: *mut *mut hwm_credentials,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (access_key, secret_key) =
        (buffer!(access_key, access_key_length), buffer!(secret_key, secret_key_length));
    let security_token = buffer!(security_token, security_token_length);
    let (credentials, error) = (output!(credentials), output!(error));
    enter(error, || {
        let credentials = credentials.required("credentials")?;
        credentials.give(Credentials::temporary(
            secret(access_key, "access_key")?,
            secret(secret_key, "secret_key")?,
            secret(security_token, "security_token")?,
        ));
        Ok(hwm_result::HWM_OK)
    })
}

/// The rights that another account has delegated to this one.
///
/// @param base Logs in to its own account first; it may be freed at once.
/// @param agency The agency's name.
/// @param domain The name of the account that made the agency.
/// @param credentials Receives the credentials; free them with `hwm_credentials_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_agency(
    base: *const hwm_credentials,
    agency: *const c_char,
    domain: *const c_char,
    credentials: *mut *mut hwm_credentials,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (base, agency, domain) = (input!(base), text!(agency), text!(domain));
    let (credentials, error) = (output!(credentials), output!(error));
    enter(error, || {
        let credentials = credentials.required("credentials")?;
        let base = Credentials::clone(&*base.get("base")?);
        credentials.give(Credentials::agency(base, agency.get("agency")?, domain.get("domain")?));
        Ok(hwm_result::HWM_OK)
    })
}

/// Whatever the callback gives; it is asked again when that ends or is refused.
///
/// @param callback Gives a token or a key by one of the `hwm_credential_set_...` functions.
/// @param release May be NULL. Called when `user_data` is needed no more, also
///        when this function fails.
/// @param credentials Receives the credentials; free them with `hwm_credentials_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_from_callback(
    callback: hwm_credentials_callback,
    user_data: *mut c_void,
    release: hwm_release,
    credentials: *mut *mut hwm_credentials,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let user_data = UserData::new(user_data, release);
    let (credentials, error) = (output!(credentials), output!(error));
    enter(error, || {
        let credentials = credentials.required("credentials")?;
        let callback = callback.ok_or_else(|| Failure::argument("`callback` is NULL"))?;
        let asked = Arc::new(Asked { callback, user_data });
        credentials.give(Credentials::from_fn(move || {
            let given = asked.ask().and_then(|given| given.credential.ok_or_else(nothing_given));
            std::future::ready(given)
        }));
        Ok(hwm_result::HWM_OK)
    })
}

/// The same credentials, asking for a token of the whole account instead of one project.
///
/// @param credentials Receives the credentials; free them with `hwm_credentials_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_for_domain(
    base: *const hwm_credentials,
    credentials: *mut *mut hwm_credentials,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (base, credentials, error) = (input!(base), output!(credentials), output!(error));
    enter(error, || {
        let credentials = credentials.required("credentials")?;
        credentials.give(Credentials::clone(&*base.get("base")?).domain_scope());
        Ok(hwm_result::HWM_OK)
    })
}

/// Frees credentials. NULL is fine. What they were given to keeps what it needs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credentials_free(credentials: *mut hwm_credentials) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(credentials) };
}

/// Puts a value into the answer of a callback.
fn put(answer: In<'_, hwm_credential>, change: impl FnOnce(&mut Given) -> Result<(), Failure>) -> hwm_result {
    enter(nowhere(), || {
        let answer = answer.get("answer")?;
        let mut given = answer.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut given)?;
        Ok(hwm_result::HWM_OK)
    })
}

/// Gives an IAM token.
///
/// @param expires_at Its end in milliseconds since 1970; 0 when unknown, then
///        it is used until the service refuses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credential_set_token(
    answer: *mut hwm_credential,
    token: *const c_char,
    token_length: usize,
    expires_at: i64,
) -> hwm_result {
    let token = buffer!(token, token_length);
    put(input!(answer), |given| {
        given.credential =
            Some(Credential::token(secret(token, "token")?, moment(expires_at, "expires_at")?));
        Ok(())
    })
}

/// Gives an access key.
///
/// @param security_token NULL, with length 0, for a permanent key.
/// @param expires_at The end of a temporary key in milliseconds since 1970; 0 when unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credential_set_access_key(
    answer: *mut hwm_credential,
    access_key: *const c_char,
    access_key_length: usize,
    secret_key: *const c_char,
    secret_key_length: usize,
    security_token: *const c_char,
    security_token_length: usize,
    expires_at: i64,
) -> hwm_result {
    let (access_key, secret_key) =
        (buffer!(access_key, access_key_length), buffer!(secret_key, secret_key_length));
    let permanent = security_token.is_null();
    let security_token = buffer!(security_token, security_token_length);
    put(input!(answer), |given| {
        let (access, key) = (secret(access_key, "access_key")?, secret(secret_key, "secret_key")?);
        given.credential = Some(if permanent {
            Credential::access_key(access, key)
        } else {
            let token = secret(security_token, "security_token")?;
            Credential::temporary(access, key, token, moment(expires_at, "expires_at")?)
        });
        Ok(())
    })
}

/// Gives the present code of a virtual MFA device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credential_set_passcode(
    answer: *mut hwm_credential,
    code: *const c_char,
    code_length: usize,
) -> hwm_result {
    let code = buffer!(code, code_length);
    put(input!(answer), |given| {
        given.passcode = Some(secret(code, "code")?);
        Ok(())
    })
}

/// Says why there are no credentials, in words that the caller of the failing
/// call will read. They must not hold a secret.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_credential_fail(
    answer: *mut hwm_credential,
    message: *const c_char,
) -> hwm_result {
    let message = text!(message);
    put(input!(answer), |given| {
        given.message = Some(message.get("message")?.to_owned());
        Ok(())
    })
}
