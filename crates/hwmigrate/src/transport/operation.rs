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

/// The names of the members that the service's document marks secret, in alphabetical order.
pub(crate) fn secret_members(service: Service) -> &'static [&'static str] {
    match service {
        Service::Iam => iam::SECRET_MEMBERS,
        #[cfg(feature = "oms")]
        Service::Oms => hwmigrate_api::oms::SECRET_MEMBERS,
        #[cfg(feature = "sms")]
        Service::Sms => hwmigrate_api::sms::SECRET_MEMBERS,
        _ => &[],
    }
}
