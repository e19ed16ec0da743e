//! Which credentials the settings mean.
//!
//! The highest level that holds a secret, or asks for that of the machine, decides the kind. Keys are taken from
//! that level alone, since a secret key is worthless with another access key;
//! the names that go with a password may come from any level.

use crate::config::build::{flag, lonely};
use crate::config::layer::{Item, Layer, Layers, Setting};
use crate::credentials::Credentials;
use crate::credentials::metadata::is_near;
use crate::environment::Environment;
use crate::error::{Error, Result};

pub(crate) fn credentials(layers: &Layers<'_>, environment: &Environment) -> Result<Credentials> {
    let mut found = None;
    for layer in layers.0 {
        if let Some(credentials) = of_level(layer, layers, environment)? {
            found = Some(credentials);
            break;
        }
    }
    let Some(base) = found else { return Err(none(layers)) };
    match (layers.get(Item::AgencyName), layers.get(Item::AgencyDomain)) {
        (Some(name), Some(domain)) => Ok(Credentials::agency(base, name.text(), domain.text())),
        (Some(one), None) => Err(lonely(one, "agency_domain")),
        (None, Some(one)) => Err(lonely(one, "agency_name")),
        (None, None) => Ok(base),
    }
}

fn of_level(layer: &Layer, layers: &Layers<'_>, environment: &Environment) -> Result<Option<Credentials>> {
    let token = layer.get(Item::Token);
    let keys = layer.get(Item::AccessKey).or_else(|| layer.get(Item::SecretKey));
    let password = layer.get(Item::Password);
    let metadata = metadata(layer, layers)?;
    let kinds: Vec<&Setting> = [token, keys, password, metadata].into_iter().flatten().collect();
    if let [one, two, ..] = kinds[..] {
        return Err(Error::config(format!(
            "{} and {} are two kinds of credentials; unset one of them",
            one.origin, two.origin
        )));
    }
    if let Some(token) = token {
        return Ok(Some(Credentials::token(token.secret(environment)?, None)));
    }
    if keys.is_some() {
        return access_key(layer, environment).map(Some);
    }
    if metadata.is_some() {
        return at_metadata(layers).map(Some);
    }
    password.map(|password| by_password(password, layers, environment)).transpose()
}

/// The setting of this level that asks for the keys of the server's agency. A level above may have
/// switched it off.
fn metadata<'a>(layer: &'a Layer, layers: &Layers<'_>) -> Result<Option<&'a Setting>> {
    let wanted = layers.get(Item::Metadata).map(flag).transpose()?.unwrap_or(false);
    let here = layer.get(Item::Metadata).filter(|_| wanted);
    match here.map(flag).transpose()? {
        Some(true) => Ok(here),
        _ => Ok(None),
    }
}

fn at_metadata(layers: &Layers<'_>) -> Result<Credentials> {
    match layers.get(Item::MetadataEndpoint) {
        None => Ok(Credentials::metadata()),
        Some(address) if is_near(address.text()) => Ok(Credentials::metadata_at(address.text())),
        Some(address) => Err(address.wrong("must be http:// and a loopback or link-local number")),
    }
}

fn access_key(layer: &Layer, environment: &Environment) -> Result<Credentials> {
    let (access, secret) = match (layer.get(Item::AccessKey), layer.get(Item::SecretKey)) {
        (Some(access), Some(secret)) => (access.secret(environment)?, secret.secret(environment)?),
        (Some(one), _) => return Err(lonely(one, "secret_key")),
        (_, Some(one)) => return Err(lonely(one, "access_key")),
        (None, None) => return Err(Error::config("there is no access key")),
    };
    Ok(match layer.get(Item::SecurityToken) {
        Some(token) => Credentials::temporary(access, secret, token.secret(environment)?),
        None => Credentials::access_key(access, secret),
    })
}

fn by_password(password: &Setting, layers: &Layers<'_>, environment: &Environment) -> Result<Credentials> {
    let need = |key: Item| layers.text(key).ok_or_else(|| lonely(password, key.name()));
    let (user, domain) = (need(Item::User)?, need(Item::Domain)?);
    let password = password.secret(environment)?;
    let Some(passcode) = layers.get(Item::Passcode) else {
        return Ok(Credentials::password(domain, user, password));
    };
    let id = layers.text(Item::UserId).ok_or_else(|| lonely(passcode, Item::UserId.name()))?;
    Ok(Credentials::password_totp(domain, user, password, id, passcode.secret(environment)?))
}

fn none(layers: &Layers<'_>) -> Error {
    if let Some(user) = layers.get(Item::User) {
        return lonely(user, Item::Password.name());
    }
    let error = Error::config("there are no credentials");
    if let Some(remedy) = layers.0.iter().find_map(|layer| layer.remedy.as_deref()) {
        return error.with_advice(format!("{remedy}, by name or with HWMIGRATE_PROFILE"));
    }
    error.with_advice(
        "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or HW_DOMAIN_NAME, HW_USER_NAME and HW_USER_PASSWORD, on a \
         cloud server with an agency HWMIGRATE_METADATA=true, or write a profile to \
         ~/.config/hwmigrate/config.toml",
    )
}
