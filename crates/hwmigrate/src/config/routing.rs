//! Which address serves a region, as data.
//!
//! OMS stands in every region under the same form of host name, and so does IAM
//! in nearly all; its global host serves the others of the main site. SMS
//! stands in a few regions only and moves servers to all others of the same
//! site from there: the region of the endpoint is not the region of the target.
//!
//! A region that this version has never heard of gets the usual form, so new
//! regions work at once, and nothing is sent to the site of another operator
//! by a guess: a host that does not exist fails without showing it a credential.

use hwmigrate_api::Service;

/// Regions of sites with a domain of their own.
const OTHER_SITES: [(&str, &str); 1] = [("eu-west-101", "myhuaweicloud.eu")];

/// The host of IAM that serves every region of the main site.
pub(crate) const GLOBAL_IAM: &str = "https://iam.myhuaweicloud.com";

/// Regions of the main site that no table of the official SDKs gives an IAM host of their own.
const WITHOUT_IAM: [&str; 2] = ["ap-southeast-5", "cn-south-4"];

/// Regions with an SMS of their own whose host has another form.
///
/// Sources: the region table of the official Python SDK 3.1.219 for Moscow;
/// the API reference of the European site, which names this one host.
const SMS_HOSTS: [(&str, &str); 2] =
    [("ru-moscow-1", "sms-api.ru-moscow-1.myhuaweicloud.com"), ("eu-west-101", "sms.myhuaweicloud.eu")];

/// Regions with an SMS of their own; the same table.
const SMS_REGIONS: [&str; 5] =
    ["cn-north-4", "ap-southeast-3", "my-kualalumpur-1", "ru-moscow-1", "eu-west-101"];

/// Where the other regions of a site find SMS, by the beginning of their ids:
/// the defaults of the Terraform provider for the Chinese and the
/// international site.
const SMS_HOMES: [(&str, &str); 8] = [
    ("cn-", "cn-north-4"),
    ("ap-", "ap-southeast-3"),
    ("af-", "ap-southeast-3"),
    ("la-", "ap-southeast-3"),
    ("me-", "ap-southeast-3"),
    ("na-", "ap-southeast-3"),
    ("sa-", "ap-southeast-3"),
    ("tr-", "ap-southeast-3"),
];

/// The region whose endpoint serves the calls of a client for `region`.
pub(crate) fn home(service: Service, region: &str) -> &str {
    if service != Service::Sms || SMS_REGIONS.contains(&region) {
        return region;
    }
    SMS_HOMES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or(region, |(_, home)| home)
}

/// The public address of a service for a region.
pub(crate) fn public_address(service: Service, region: &str) -> String {
    let home = home(service, region);
    if service == Service::Sms
        && let Some((_, host)) = SMS_HOSTS.iter().find(|(name, _)| *name == home)
    {
        return format!("https://{host}");
    }
    if service == Service::Iam && WITHOUT_IAM.contains(&home) {
        return GLOBAL_IAM.to_owned();
    }
    let site =
        OTHER_SITES.iter().find(|(name, _)| *name == home).map_or("myhuaweicloud.com", |(_, site)| site);
    format!("https://{service}.{home}.{site}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_make_hosts() {
        let rows = [
            (Service::Oms, "cn-north-4", "https://oms.cn-north-4.myhuaweicloud.com"),
            (Service::Iam, "ap-southeast-3", "https://iam.ap-southeast-3.myhuaweicloud.com"),
            (Service::Oms, "xx-future-9", "https://oms.xx-future-9.myhuaweicloud.com"),
            (Service::Iam, "eu-west-101", "https://iam.eu-west-101.myhuaweicloud.eu"),
            (Service::Iam, "cn-east-4", "https://iam.cn-east-4.myhuaweicloud.com"),
            (Service::Iam, "cn-south-4", "https://iam.myhuaweicloud.com"),
            (Service::Iam, "ap-southeast-5", "https://iam.myhuaweicloud.com"),
            (Service::Oms, "cn-south-4", "https://oms.cn-south-4.myhuaweicloud.com"),
            (Service::Oms, "la-north-2", "https://oms.la-north-2.myhuaweicloud.com"),
        ];
        for (service, region, address) in rows {
            assert_eq!(public_address(service, region), address);
        }
    }

    #[test]
    fn sms_is_found_from_every_region() {
        let (china, abroad) =
            ("https://sms.cn-north-4.myhuaweicloud.com", "https://sms.ap-southeast-3.myhuaweicloud.com");
        let rows = [
            ("cn-north-4", china),
            ("cn-east-3", china),
            ("cn-southwest-2", china),
            ("ap-southeast-3", abroad),
            ("ap-southeast-1", abroad),
            ("la-north-2", abroad),
            ("af-south-1", abroad),
            ("sa-brazil-1", abroad),
            ("na-mexico-1", abroad),
            ("me-east-1", abroad),
            ("tr-west-1", abroad),
            ("my-kualalumpur-1", "https://sms.my-kualalumpur-1.myhuaweicloud.com"),
            ("ru-moscow-1", "https://sms-api.ru-moscow-1.myhuaweicloud.com"),
            ("eu-west-101", "https://sms.myhuaweicloud.eu"),
            // Sites of other operators and regions yet to come keep their own name.
            ("ae-ad-1", "https://sms.ae-ad-1.myhuaweicloud.com"),
            ("eu-west-0", "https://sms.eu-west-0.myhuaweicloud.com"),
            ("xx-future-9", "https://sms.xx-future-9.myhuaweicloud.com"),
        ];
        for (region, address) in rows {
            assert_eq!(public_address(Service::Sms, region), address, "{region}");
        }
        assert_eq!(home(Service::Sms, "cn-east-3"), "cn-north-4");
        assert_eq!(home(Service::Oms, "cn-east-3"), "cn-east-3");
    }
}
