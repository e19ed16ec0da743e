//! What the transport needs to know about an operation.

use hwmigrate_api::{Operation, Service, iam};

/// The facts about an operation, from the table that is made from the documents.
pub(crate) type Op = &'static Operation;

/// Getting a token, by any method.
pub(crate) const CREATE_TOKEN: Op = &iam::operations::KEYSTONE_CREATE_TOKEN;
/// Checking a token; also how a given token tells its project and expiry.
pub(crate) const VALIDATE_TOKEN: Op = &iam::operations::KEYSTONE_VALIDATE_TOKEN;
/// Temporary access keys, by token or agency.
pub(crate) const TEMPORARY_KEY: Op = &iam::operations::CREATE_TEMPORARY_ACCESS_KEY;
/// Projects by name, for access keys.
pub(crate) const LIST_PROJECTS: Op = &iam::operations::KEYSTONE_LIST_PROJECTS;
/// Projects that a token reaches, without any permission.
pub(crate) const LIST_AUTH_PROJECTS: Op = &iam::operations::KEYSTONE_LIST_AUTH_PROJECTS;
/// The account of whoever asks.
pub(crate) const LIST_AUTH_DOMAINS: Op = &iam::operations::KEYSTONE_LIST_AUTH_DOMAINS;

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
