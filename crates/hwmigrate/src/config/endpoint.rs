//! Where the services are.

use std::net::IpAddr;

use hwmigrate_api::Service;
use url::{Host, Url};

use crate::config::Endpoint;
use crate::config::layer::{Item, Layer, Setting};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::throttle::Limiter;

/// Regions of sites with a domain of their own.
const OTHER_SITES: [(&str, &str); 1] = [("eu-west-101", "myhuaweicloud.eu")];

const PREFIX: &str = "HUAWEICLOUD_SDK_REGION_";

/// The public address of a service in a region. A region that this version has
/// never heard of gets the usual form, so that new regions work at once.
pub(crate) fn public_address(service: Service, region: &str) -> String {
    let site =
        OTHER_SITES.iter().find(|(name, _)| *name == region).map_or("myhuaweicloud.com", |(_, site)| site);
    format!("https://{service}.{region}.{site}")
}

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
    let address = "https://iam.myhuaweicloud.com";
    let url = Url::parse(address).map_err(|_| Error::config(format!("{address} is not an address")))?;
    endpoint(&url)
}

fn endpoint(url: &Url) -> Result<Endpoint> {
    let origin = url.origin().ascii_serialization();
    // The API's own version segments are not part of the address, though
    // Terraform's HW_AUTH_URL ends in one.
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/v3").unwrap_or(path);
    Ok(Endpoint {
        base: format!("{origin}{path}"),
        limiter: Limiter::shared(&origin),
        origin,
        prefix: path.to_owned(),
        secure: url.scheme() == "https",
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

/// Adds the official SDKs' `HUAWEICLOUD_SDK_REGION_{SERVICE}_{REGION}`.
///
/// Without a region, the variables name one if they agree on it.
pub(crate) fn add_region_variables(
    layer: &mut Layer,
    environment: &Environment,
    region: Option<&str>,
) -> Result<()> {
    for (service, key) in [("IAM", Item::IamEndpoint), ("OMS", Item::OmsEndpoint)] {
        let prefix = format!("{PREFIX}{service}_");
        for (variable, value) in environment.starting_with(&prefix) {
            let named = variable[prefix.len()..].to_ascii_lowercase().replace('_', "-");
            if region == Some(named.as_str()) {
                // The official SDKs take a list here and use its first entry first.
                let first = value.split(',').next().unwrap_or(value).trim();
                layer.add_variable(key, variable, first)?;
            }
        }
    }
    Ok(())
}

/// The one region that `HUAWEICLOUD_SDK_REGION_OMS_…` variables name, and the variable.
pub(crate) fn region_of_variables(environment: &Environment) -> Option<(String, String)> {
    let prefix = format!("{PREFIX}OMS_");
    let mut variables = environment.starting_with(&prefix).map(|(variable, _)| variable.to_owned());
    let variable = variables.next()?;
    let region = variable[prefix.len()..].to_ascii_lowercase().replace('_', "-");
    variables.next().is_none().then_some((region, variable))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn setting(value: &str) -> Setting {
        Setting { value: value.into(), origin: "the argument `oms_endpoint`".to_owned() }
    }

    #[test]
    fn regions_make_hosts() {
        let rows = [
            (Service::Oms, "cn-north-4", "https://oms.cn-north-4.myhuaweicloud.com"),
            (Service::Iam, "ap-southeast-3", "https://iam.ap-southeast-3.myhuaweicloud.com"),
            (Service::Oms, "xx-future-9", "https://oms.xx-future-9.myhuaweicloud.com"),
            (Service::Iam, "eu-west-101", "https://iam.eu-west-101.myhuaweicloud.eu"),
        ];
        for (service, region, address) in rows {
            let endpoint = public(service, region).unwrap();
            assert_eq!(endpoint.base, address);
            assert!(endpoint.secure);
        }
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
            assert!(!configured(&setting(good), false).unwrap().secure, "{good}");
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
}
