//! From levels of settings to a configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hwmigrate_api::Service;
use url::Url;

use crate::config::credentials::credentials;
use crate::config::endpoint;
use crate::config::layer::{Item, Layer, Layers, Setting};
use crate::config::tls::TlsSettings;
use crate::config::{CALL_TIMEOUT, CONNECT_TIMEOUT, Config, READ_TIMEOUT, SmsScope};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::transport::connect::ProxySettings;
use crate::transport::retry::RetryPolicy;
use crate::transport::wire::HttpSettings;

/// What the caller gave directly and no other level can hold.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) credentials: Option<Credentials>,
    pub(crate) retry: Option<RetryPolicy>,
}

/// Decides every setting. `argument` and `profile` are the outer levels.
pub(crate) fn build(
    given: Given,
    argument: &Layer,
    environment: &Environment,
    profile: &Layer,
) -> Result<(Config, HttpSettings)> {
    let mut variables = Layer::from_environment(environment)?;
    if Layers([argument, &variables, profile]).get(Item::Region).is_none()
        && let Some((region, variable)) = endpoint::region_of_variables(environment)
    {
        variables.set(Item::Region, region, variable);
    }
    let region = Layers([argument, &variables, profile]).get(Item::Region).cloned();
    if let Some(region) = &region {
        endpoint::check_region(region)?;
    }
    let region = region.map(|region| region.text().to_owned());
    endpoint::add_region_variables(&mut variables, environment, region.as_deref())?;
    let layers = Layers([argument, &variables, profile]);

    let allow_plain = layers.get(Item::AllowPlainHttp).map(flag).transpose()?.unwrap_or(false);
    let place = |key, service| match (layers.get(key), region.as_deref()) {
        (Some(setting), _) => endpoint::configured(setting, allow_plain).map(Some),
        (None, Some(region)) => endpoint::public(service, region).map(Some),
        (None, None) => Ok(None),
    };
    let iam = match place(Item::IamEndpoint, Service::Iam)? {
        Some(endpoint) => endpoint,
        None => endpoint::global_iam()?,
    };
    let sms_address = layers.get(Item::SmsEndpoint);
    let config = Config {
        oms: place(Item::OmsEndpoint, Service::Oms)?,
        sms: place(Item::SmsEndpoint, Service::Sms)?,
        sms_scope: layers.get(Item::SmsScope).map(sms_scope).transpose()?.unwrap_or_default(),
        sms_region: region.as_deref().map(|region| endpoint::sms_region(sms_address, region).to_owned()),
        iam,
        project_name: layers.text(Item::ProjectName),
        project_id: layers.get(Item::ProjectId).map(project_id).transpose()?,
        domain_id: layers.text(Item::DomainId),
        credentials: match given.credentials {
            Some(credentials) => credentials,
            None => credentials(&layers, environment)?,
        },
        call_timeout: timeout(&layers, Item::CallTimeout, CALL_TIMEOUT)?,
        retry: given.retry.unwrap_or_default(),
        region,
    };
    let http = HttpSettings {
        connect_timeout: timeout(&layers, Item::ConnectTimeout, CONNECT_TIMEOUT)?,
        read_timeout: timeout(&layers, Item::ReadTimeout, READ_TIMEOUT)?,
        proxy: proxy(&layers, environment)?,
        tls: tls(&layers)?,
    };
    Ok((config, http))
}

/// It becomes part of every path.
fn project_id(setting: &Setting) -> Result<Arc<str>> {
    let id = setting.text();
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if id.is_empty() || id.len() > 1024 || !plain {
        return Err(setting.wrong("is not a project id; it is usually 32 characters of 0-9 and a-f"));
    }
    Ok(Arc::from(id))
}

fn sms_scope(setting: &Setting) -> Result<SmsScope> {
    [SmsScope::Project, SmsScope::Domain]
        .into_iter()
        .find(|scope| scope.as_str() == setting.text())
        .ok_or_else(|| setting.wrong("must be project or domain"))
}

pub(crate) fn flag(setting: &Setting) -> Result<bool> {
    match setting.text().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(setting.wrong("must be true or false")),
    }
}

fn timeout(layers: &Layers<'_>, key: Item, default: Duration) -> Result<Duration> {
    let Some(setting) = layers.get(key) else { return Ok(default) };
    duration(setting.text())
        .filter(|duration| !duration.is_zero() && *duration < Duration::from_secs(10 * 365 * 86_400))
        .ok_or_else(|| {
            setting.wrong(
                "is not a length of time above zero and below ten years; write it like 30s, 2m or 500ms",
            )
        })
}

/// A number and a unit; a bare number counts seconds.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: u64 = text[..end].parse().ok()?;
    match text[end..].trim() {
        "ms" => Some(Duration::from_millis(count)),
        "s" | "" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_secs(count.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(count.checked_mul(3600)?)),
        _ => None,
    }
}

/// The setting, or the variables that every tool knows. Those never send
/// loopback addresses through a proxy, so an emulator stays reachable.
fn proxy(layers: &Layers<'_>, environment: &Environment) -> Result<ProxySettings> {
    if let Some(setting) = layers.get(Item::Proxy) {
        let address = proxy_address(setting, environment)?;
        return Ok(ProxySettings {
            http: Some(address.clone()),
            https: Some(address),
            bypass: layers.text(Item::NoProxy),
        });
    }
    let first = |names: [&'static str; 4]| {
        let found = names.into_iter().find_map(|name| Some((name, environment.get(name)?)));
        found.map(|(name, value)| proxy_address(&Setting::new(value, name), environment)).transpose()
    };
    // HTTP_PROXY in capitals is left out, as other tools do: a CGI program's
    // client could set it.
    let http = match environment.get("REQUEST_METHOD") {
        Some(_) => first(["http_proxy", "http_proxy", "all_proxy", "ALL_PROXY"])?,
        None => first(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
    };
    let https = first(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?;
    let listed = layers
        .text(Item::NoProxy)
        .or_else(|| environment.get("no_proxy").or_else(|| environment.get("NO_PROXY")).map(str::to_owned));
    let bypass = match listed {
        Some(listed) => format!("{listed},localhost,127.0.0.0/8,::1"),
        None => "localhost,127.0.0.0/8,::1".to_owned(),
    };
    Ok(ProxySettings { http, https, bypass: Some(bypass) })
}

fn proxy_address(setting: &Setting, environment: &Environment) -> Result<String> {
    // It may hold a password.
    let secret = setting.secret(environment)?;
    let text = secret.expose().trim();
    let address = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let good =
        Url::parse(&address).is_ok_and(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    if good {
        Ok(address)
    } else {
        Err(setting.wrong("is not a proxy address; write it like http://host:8080"))
    }
}

fn tls(layers: &Layers<'_>) -> Result<TlsSettings> {
    let ca = layers.text(Item::CaFile).map(PathBuf::from);
    let identity = match (layers.get(Item::ClientCertificate), layers.get(Item::ClientKey)) {
        (Some(certificate), Some(key)) => {
            Some((PathBuf::from(certificate.text()), PathBuf::from(key.text())))
        }
        (Some(one), None) => return Err(lonely(one, "client_key")),
        (None, Some(one)) => return Err(lonely(one, "client_certificate")),
        (None, None) => None,
    };
    TlsSettings::read(ca.as_deref().map(Path::new), identity.as_ref())
}

pub(crate) fn lonely(setting: &Setting, missing: &str) -> Error {
    setting.wrong(format_args!("is set but `{missing}` is not; they belong together, set both or none"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
