//! What the transport needs to know about an operation.

use hwmigrate_api::{Operation, ResponseBody, Service};

/// The part of an [`Operation`] that decides how a request is handled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) id: &'static str,
    pub(crate) service: Service,
    pub(crate) path: &'static str,
    pub(crate) idempotent: bool,
    pub(crate) secret: bool,
    pub(crate) response: ResponseBody,
}

impl From<&'static Operation> for Op {
    fn from(operation: &'static Operation) -> Self {
        Self {
            id: operation.id,
            service: operation.service,
            path: operation.path,
            idempotent: operation.idempotent,
            secret: operation.secret,
            response: operation.response,
        }
    }
}

const fn iam(id: &'static str, path: &'static str, secret: bool) -> Op {
    Op { id, service: Service::Iam, path, idempotent: true, secret, response: ResponseBody::Object }
}

/// Getting a token, by any method.
pub(crate) const CREATE_TOKEN: Op = iam("KeystoneCreateToken", "/v3/auth/tokens", true);
/// Checking a token; also how a given token tells its project and expiry.
pub(crate) const VALIDATE_TOKEN: Op = iam("KeystoneValidateToken", "/v3/auth/tokens", true);
/// Temporary access keys, by token or agency.
pub(crate) const TEMPORARY_KEY: Op =
    iam("CreateTemporaryAccessKey", "/v3.0/OS-CREDENTIAL/securitytokens", true);
/// Projects by name, for access keys.
pub(crate) const LIST_PROJECTS: Op = iam("KeystoneListProjects", "/v3/projects", false);
/// Projects that a token reaches, without any permission.
pub(crate) const LIST_AUTH_PROJECTS: Op = iam("KeystoneListAuthProjects", "/v3/auth/projects", false);
/// The account of whoever asks.
pub(crate) const LIST_AUTH_DOMAINS: Op = iam("KeystoneListAuthDomains", "/v3/auth/domains", false);

/// The service's OpenAPI document.
pub(crate) fn document(service: Service) -> &'static str {
    match service {
        Service::Iam => hwmigrate_api::iam::DOCUMENT,
        #[cfg(feature = "oms")]
        Service::Oms => hwmigrate_api::oms::DOCUMENT,
        #[cfg(feature = "sms")]
        Service::Sms => hwmigrate_api::sms::DOCUMENT,
        _ => "{}",
    }
}
