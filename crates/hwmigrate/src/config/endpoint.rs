//! Where the services are.

use std::net::IpAddr;

use hwmigrate_api::Service;
use url::{Host, Url};

use crate::config::Endpoint;
use crate::config::layer::{Item, Layer, Setting};
use crate::config::routing::{GLOBAL_IAM, home, public_address};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::throttle::Limiter;
use crate::transport::peer::Peer;

const PREFIX: &str = "HUAWEICLOUD_SDK_REGION_";

/// Lower-case letters, digits and hyphens: it becomes part of a host name.
pub(crate) fn check_region(setting: &Setting) -> Result<()> {
    let region = setting.text();
    let plain = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if plain && (1..=64).contains(&region.len()) && !region.starts_with('-') {
        return Ok(());
    }
    Err(setting.wrong("is not a region id; write it like cn-north-4"))
}

/// Reads an address that somebody configured.
pub(crate) fn configured(setting: &Setting, allow_plain: bool) -> Result<Endpoint> {
    let text = setting.text().trim();
    let address = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&address).map_err(|_| {
        setting.wrong(format_args!(
            "is not an address; write it like {}",
            public_address(Service::Oms, "cn-north-4")
        ))
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(setting.wrong("must not hold a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(setting.wrong("must end with the host or a path, without `?` and `#`"));
    }
    match url.scheme() {
        "https" => {}
        "http" if allow_plain || is_loopback(&url) => {}
        "http" => {
            return Err(setting.wrong(
                "is plain http, which would show credentials to the network; use https, or set \
                 `allow_plain_http` if the way there is protected otherwise",
            ));
        }
        _ => return Err(setting.wrong("must begin with https://")),
    }
    endpoint(&url)
}

/// An endpoint from an address that is known to be good.
pub(crate) fn public(service: Service, region: &str) -> Result<Endpoint> {
    let address = public_address(service, region);
    let url = Url::parse(&address).map_err(|_| Error::config(format!("{address} is not an address")))?;
    endpoint(&url)
}

/// The global address of IAM, which serves every region of the main site.
pub(crate) fn global_iam() -> Result<Endpoint> {
    let url = Url::parse(GLOBAL_IAM).map_err(|_| Error::config(format!("{GLOBAL_IAM} is not an address")))?;
    endpoint(&url)
}

fn endpoint(url: &Url) -> Result<Endpoint> {
    let origin = url.origin().ascii_serialization();
    // The API's own version segments are not part of the address, though
    // Terraform's HW_AUTH_URL ends in one.
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/v3").unwrap_or(path);
    let authority = origin.split_once("://").and_then(|(_, authority)| authority.parse().ok());
    Ok(Endpoint {
        base: format!("{origin}{path}"),
        authority: authority.ok_or_else(|| Error::config(format!("{origin} is not an address")))?,
        limiter: Limiter::shared(&origin),
        origin,
        prefix: path.to_owned(),
        peer: Peer::new(url.scheme() == "https"),
    })
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Adds the official SDKs' `HUAWEICLOUD_SDK_REGION_{SERVICE}_{REGION}`: that of
/// the client's region, else that of the region which serves it.
pub(crate) fn add_region_variables(
    layer: &mut Layer,
    environment: &Environment,
    region: Option<&str>,
) -> Result<()> {
    let Some(region) = region else { return Ok(()) };
    let services = [
        (Service::Iam, Item::IamEndpoint),
        (Service::Oms, Item::OmsEndpoint),
        (Service::Sms, Item::SmsEndpoint),
    ];
    for (service, key) in services {
        let names = [region, home(service, region)].map(|region| variable(service, region));
        let found = names.iter().find_map(|name| Some((name, environment.get(name)?)));
        if let Some((name, value)) = found {
            // The official SDKs take a list here and use its first entry first.
            let first = value.split(',').next().unwrap_or(value).trim();
            layer.add_variable(key, name, first)?;
        }
    }
    Ok(())
}

/// The variable of the official SDKs for the address of a service in a region.
pub(crate) fn variable(service: Service, region: &str) -> String {
    format!("{PREFIX}{service}_{region}").to_ascii_uppercase().replace('-', "_")
}

/// The region that stands behind the address of SMS: whose project is meant.
pub(crate) fn sms_region<'r>(setting: Option<&Setting>, region: &'r str) -> &'r str {
    let home = home(Service::Sms, region);
    match setting {
        Some(setting) if setting.origin != variable(Service::Sms, home) => region,
        _ => home,
    }
}

/// The one region that `HUAWEICLOUD_SDK_REGION_OMS_…` variables name, or those
/// of SMS where there are none; and the variable.
pub(crate) fn region_of_variables(environment: &Environment) -> Option<(String, String)> {
    for service in [Service::Oms, Service::Sms] {
        let prefix = variable(service, "");
        let named: Vec<_> = environment.starting_with(&prefix).map(|(variable, _)| variable).collect();
        match named[..] {
            [] => {}
            [one] => {
                let region = one[prefix.len()..].to_ascii_lowercase().replace('_', "-");
                return Some((region, one.to_owned()));
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn setting(value: &str) -> Setting {
        Setting::new(value, "the argument `oms_endpoint`")
    }

    #[test]
    fn only_plain_region_ids_pass() {
        for good in ["cn-north-4", "eu-west-101", "x"] {
            check_region(&setting(good)).unwrap();
        }
        for bad in ["", "CN-NORTH-4", "a.b", "a/b", "-a", "evil.example#", "a b"] {
            assert!(check_region(&setting(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1", "http://127.8.8.8"] {
            assert!(!configured(&setting(good), false).unwrap().peer.secure, "{good}");
        }
        for bad in ["http://10.0.0.1", "http://localhost.example", "http://oms.cn-north-4.myhuaweicloud.com"]
        {
            let error = configured(&setting(bad), false).unwrap_err().to_string();
            assert!(error.contains("oms_endpoint") && error.contains("allow_plain_http"), "{error}");
            configured(&setting(bad), true).unwrap();
        }
    }

    #[test]
    fn addresses_are_normalised() {
        let rows = [
            ("oms.example.com", "https://oms.example.com", ""),
            ("https://oms.example.com:443/", "https://oms.example.com", ""),
            ("https://iam.example.com:8443/v3", "https://iam.example.com:8443", ""),
            ("https://gate.example.com/oms/", "https://gate.example.com/oms", "/oms"),
        ];
        for (text, base, prefix) in rows {
            let endpoint = configured(&setting(text), false).unwrap();
            assert_eq!((endpoint.base.as_str(), endpoint.prefix.as_str()), (base, prefix));
            let address = endpoint.address("/v2/p?a=b%20c".to_owned()).unwrap();
            assert_eq!(address, format!("{base}/v2/p?a=b%20c").as_str());
        }
        for bad in
            ["https://u:canary@h.example", "https://h.example/?a=canary", "ftp://h.example", "https://", ""]
        {
            let error = configured(&setting(bad), false).unwrap_err().chain();
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_official_sdks_variables_are_read() {
        let environment = Environment::from_pairs([
            ("HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4", "http://127.0.0.1:1,http://127.0.0.1:2"),
            ("HUAWEICLOUD_SDK_REGION_IAM_CN_NORTH_4", "http://127.0.0.1:3"),
            ("HUAWEICLOUD_SDK_REGION_IAM_CN_EAST_3", "http://127.0.0.1:4"),
        ]);
        assert_eq!(region_of_variables(&environment).unwrap().0, "cn-north-4");
        let mut layer = Layer::default();
        add_region_variables(&mut layer, &environment, Some("cn-north-4")).unwrap();
        assert_eq!(layer.get(Item::OmsEndpoint).unwrap().text(), "http://127.0.0.1:1");
        assert_eq!(layer.get(Item::IamEndpoint).unwrap().text(), "http://127.0.0.1:3");
        let mut none = Layer::default();
        add_region_variables(&mut none, &environment, None).unwrap();
        assert!(none.get(Item::OmsEndpoint).is_none());
    }

    #[test]
    fn the_variable_of_the_serving_region_counts_unless_the_own_one_is_there() {
        let serving = ("HUAWEICLOUD_SDK_REGION_SMS_AP_SOUTHEAST_3", "http://127.0.0.1:1");
        let own = ("HUAWEICLOUD_SDK_REGION_SMS_LA_NORTH_2", "http://127.0.0.1:2");
        for (pairs, address, region) in
            [(vec![serving], serving.1, "ap-southeast-3"), (vec![serving, own], own.1, "la-north-2")]
        {
            let mut layer = Layer::default();
            add_region_variables(&mut layer, &Environment::from_pairs(pairs), Some("la-north-2")).unwrap();
            let setting = layer.get(Item::SmsEndpoint).unwrap();
            assert_eq!((setting.text(), sms_region(Some(setting), "la-north-2")), (address, region));
        }
        let alone = Environment::from_pairs([own]);
        assert_eq!(region_of_variables(&alone).unwrap().0, "la-north-2");
        assert_eq!(sms_region(None, "la-north-2"), "ap-southeast-3");
    }
}
