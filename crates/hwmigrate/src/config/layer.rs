//! One level of settings: arguments, environment, or profile.
//!
//! Every setting is a text with a name and an origin until all levels are
//! there; then the highest level that has it wins. So the rule is one loop,
//! and every message can say where a wrong value came from.

use std::collections::BTreeMap;

use hwmigrate_api::Secret;

use crate::config::endpoint;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::secret_ref;

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    Region,
    ProjectId,
    ProjectName,
    DomainId,
    IamEndpoint,
    OmsEndpoint,
    SmsEndpoint,
    SmsScope,
    Domain,
    User,
    Password,
    UserId,
    Passcode,
    Token,
    AccessKey,
    SecretKey,
    SecurityToken,
    Metadata,
    MetadataEndpoint,
    AgencyName,
    AgencyDomain,
    Proxy,
    NoProxy,
    CaFile,
    ClientCertificate,
    ClientKey,
    AllowPlainHttp,
    ConnectTimeout,
    ReadTimeout,
    CallTimeout,
}

/// A setting's name in profiles and the variables that hold it.
pub(crate) struct Row {
    pub(crate) key: Item,
    pub(crate) name: &'static str,
    pub(crate) variables: &'static [&'static str],
    pub(crate) secret: bool,
}

const fn row(key: Item, name: &'static str, variables: &'static [&'static str]) -> Row {
    Row { key, name, variables, secret: false }
}

const fn secret(key: Item, name: &'static str, variables: &'static [&'static str]) -> Row {
    Row { key, name, variables, secret: true }
}

/// The table: every setting, its name in a profile, its variables.
pub(crate) const TABLE: &[Row] = &[
    row(Item::Region, "region", &["HWMIGRATE_REGION", "HW_REGION_NAME"]),
    row(Item::ProjectId, "project_id", &["HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID"]),
    row(Item::ProjectName, "project_name", &["HW_PROJECT_NAME"]),
    row(Item::DomainId, "domain_id", &["HUAWEICLOUD_SDK_DOMAIN_ID", "HW_DOMAIN_ID"]),
    row(Item::IamEndpoint, "iam_endpoint", &["HUAWEICLOUD_SDK_IAM_ENDPOINT", "HW_AUTH_URL"]),
    row(Item::OmsEndpoint, "oms_endpoint", &["HWMIGRATE_OMS_ENDPOINT"]),
    row(Item::SmsEndpoint, "sms_endpoint", &["HWMIGRATE_SMS_ENDPOINT"]),
    row(Item::SmsScope, "sms_scope", &["HWMIGRATE_SMS_SCOPE"]),
    row(Item::Domain, "domain", &["HW_DOMAIN_NAME"]),
    row(Item::User, "user", &["HW_USER_NAME"]),
    secret(Item::Password, "password", &["HW_USER_PASSWORD"]),
    row(Item::UserId, "user_id", &["HW_USER_ID"]),
    secret(Item::Passcode, "passcode", &["HWMIGRATE_PASSCODE"]),
    secret(Item::Token, "token", &["HW_AUTH_TOKEN"]),
    secret(Item::AccessKey, "access_key", &["HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY"]),
    secret(Item::SecretKey, "secret_key", &["HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY"]),
    secret(Item::SecurityToken, "security_token", &["HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"]),
    row(Item::Metadata, "metadata", &["HWMIGRATE_METADATA"]),
    row(Item::MetadataEndpoint, "metadata_endpoint", &["HWMIGRATE_METADATA_ENDPOINT"]),
    row(Item::AgencyName, "agency_name", &["HW_ASSUME_ROLE_AGENCY_NAME"]),
    row(Item::AgencyDomain, "agency_domain", &["HW_ASSUME_ROLE_DOMAIN_NAME"]),
    secret(Item::Proxy, "proxy", &["HWMIGRATE_PROXY"]),
    row(Item::NoProxy, "no_proxy", &["HWMIGRATE_NO_PROXY"]),
    row(Item::CaFile, "ca_file", &["HWMIGRATE_CA_FILE", "HW_CACERT"]),
    row(Item::ClientCertificate, "client_certificate", &["HWMIGRATE_CLIENT_CERTIFICATE", "HW_CERT"]),
    row(Item::ClientKey, "client_key", &["HWMIGRATE_CLIENT_KEY", "HW_KEY"]),
    row(Item::AllowPlainHttp, "allow_plain_http", &["HWMIGRATE_ALLOW_PLAIN_HTTP"]),
    row(Item::ConnectTimeout, "connect_timeout", &["HWMIGRATE_CONNECT_TIMEOUT"]),
    row(Item::ReadTimeout, "read_timeout", &["HWMIGRATE_READ_TIMEOUT"]),
    row(Item::CallTimeout, "call_timeout", &["HWMIGRATE_CALL_TIMEOUT"]),
];

impl Item {
    /// The name in profiles and messages.
    pub(crate) fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.key == self).map_or("", |row| row.name)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.key)
    }

    pub(crate) fn is_secret(self) -> bool {
        TABLE.iter().any(|row| row.key == self && row.secret)
    }
}

/// A value and where it came from. Any value is treated as a secret: a proxy's
/// address may hold a password.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    value: Secret,
    pub(crate) origin: String,
    /// The value only says where the secret is.
    is_reference: bool,
}

impl Setting {
    pub(crate) fn new(value: impl Into<Secret>, origin: impl Into<String>) -> Self {
        Self { value: value.into(), origin: origin.into(), is_reference: false }
    }

    /// A secret, which may have to be fetched: only the one that is used is, since a command
    /// may take its time or ask somebody.
    pub(crate) fn secret(&self, environment: &Environment) -> Result<Secret> {
        if !self.is_reference {
            return Ok(self.value.clone());
        }
        secret_ref::resolve(self.text(), environment)
            .map_err(|error| Error::config(format!("{} cannot be followed", self.origin)).with_source(error))
    }

    /// The value of a setting that is no secret.
    pub(crate) fn text(&self) -> &str {
        self.value.expose()
    }

    /// An error about this value, naming its origin.
    pub(crate) fn wrong(&self, problem: impl std::fmt::Display) -> Error {
        Error::config(format!("{} {problem}", self.origin))
    }
}

/// One level of settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    settings: BTreeMap<Item, Setting>,
    /// What to do where this level would have had credentials.
    pub(crate) remedy: Option<String>,
}

impl Layer {
    /// A level that has nothing yet, for want of a choice.
    pub(crate) fn unchosen(remedy: String) -> Self {
        Self { remedy: Some(remedy), ..Self::default() }
    }

    pub(crate) fn set(&mut self, key: Item, value: impl Into<Secret>, origin: impl Into<String>) {
        self.settings.insert(key, Setting::new(value, origin));
    }

    /// Sets where a secret is.
    pub(crate) fn set_reference(&mut self, key: Item, place: String, origin: String) {
        self.settings.insert(key, Setting { is_reference: true, ..Setting::new(place, origin) });
    }

    /// Sets what a caller passed to the builder.
    pub(crate) fn argument(&mut self, key: Item, value: impl Into<Secret>) {
        self.set(key, value, format!("the argument `{}`", key.name()));
    }

    pub(crate) fn get(&self, key: Item) -> Option<&Setting> {
        self.settings.get(&key)
    }

    /// The level that the environment makes.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self> {
        let mut layer = Self::default();
        for row in TABLE {
            for variable in row.variables {
                let Some(value) = environment.get(variable) else { continue };
                layer.add_variable(row.key, variable, value)?;
            }
        }
        Ok(layer)
    }

    /// Adds a variable; another one for the same setting must agree.
    pub(crate) fn add_variable(&mut self, key: Item, variable: &str, value: &str) -> Result<()> {
        match self.settings.get(&key) {
            Some(known) if known.text() != value && !same_place(key, known.text(), value) => {
                Err(Error::config(format!(
                    "{} and {variable} both set `{}`, to different values; unset one of them",
                    known.origin,
                    key.name()
                )))
            }
            Some(_) => Ok(()),
            None => {
                self.set(key, value, variable);
                Ok(())
            }
        }
    }
}

/// Whether two values are spellings of one address, such as with and without the version in the path.
fn same_place(key: Item, one: &str, other: &str) -> bool {
    let place = |text: &str| {
        let setting = Setting::new(text, String::new());
        endpoint::configured(&setting, true).ok().map(|endpoint| endpoint.base)
    };
    matches!(key, Item::IamEndpoint | Item::OmsEndpoint | Item::SmsEndpoint)
        && place(one).is_some_and(|base| Some(base) == place(other))
}

/// The levels, highest first.
pub(crate) struct Layers<'a>(pub(crate) [&'a Layer; 3]);

impl Layers<'_> {
    /// The winning setting.
    pub(crate) fn get(&self, key: Item) -> Option<&Setting> {
        self.0.iter().find_map(|layer| layer.get(key))
    }

    pub(crate) fn text(&self, key: Item) -> Option<String> {
        self.get(key).map(|setting| setting.text().to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn two_spellings_of_one_address_agree_and_two_addresses_do_not() {
        let of = |auth_url: &str| {
            let variables =
                [("HUAWEICLOUD_SDK_IAM_ENDPOINT", "https://iam.example.com"), ("HW_AUTH_URL", auth_url)];
            Layer::from_environment(&Environment::from_pairs(variables))
        };
        assert!(of("https://iam.example.com/v3").is_ok());
        assert!(of("iam.example.com/").is_ok());
        let error = of("https://iam.example.org/v3").unwrap_err().to_string();
        assert!(error.contains("HW_AUTH_URL") && error.contains("HUAWEICLOUD_SDK_IAM_ENDPOINT"), "{error}");
    }

    #[test]
    fn every_setting_obeys_the_same_precedence() {
        for row in TABLE {
            let variable = row.variables[0];
            let environment =
                Layer::from_environment(&Environment::from_pairs([(variable, "environment")])).unwrap();
            let (mut argument, mut profile) = (Layer::default(), Layer::default());
            argument.argument(row.key, "argument");
            profile.set(row.key, "profile", "the profile");
            let none = Layer::default();
            let rows = [
                ([&argument, &environment, &profile], Some("argument")),
                ([&argument, &environment, &none], Some("argument")),
                ([&argument, &none, &profile], Some("argument")),
                ([&none, &environment, &profile], Some("environment")),
                ([&none, &environment, &none], Some("environment")),
                ([&none, &none, &profile], Some("profile")),
                ([&none, &none, &none], None),
            ];
            for (layers, expected) in rows {
                assert_eq!(Layers(layers).text(row.key).as_deref(), expected, "{}", row.name);
            }
        }
    }

    #[test]
    fn variables_that_disagree_are_both_named() {
        for row in TABLE.iter().filter(|row| row.variables.len() > 1) {
            let [one, two] = [row.variables[0], row.variables[1]];
            let error =
                Layer::from_environment(&Environment::from_pairs([(one, "canary-1"), (two, "canary-2")]));
            let text = error.unwrap_err().chain();
            assert!(text.contains(one) && text.contains(two), "{text}");
            assert!(!text.contains("canary"), "{text}");
            Layer::from_environment(&Environment::from_pairs([(one, "same"), (two, "same")])).unwrap();
        }
    }

    #[test]
    fn names_are_unique() {
        for row in TABLE {
            assert_eq!(Item::from_name(row.name), Some(row.key));
            assert_eq!(row.key.name(), row.name);
        }
    }
}
