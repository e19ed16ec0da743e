//! The calls of IAM.

use std::time::Duration;

use hwmigrate::{Client, Error, Secret};
use serde_json::json;

use crate::convert::Moment;
use crate::slot::Output;
use crate::source::plain;

pub(crate) async fn projects(client: Client) -> Result<Output, Error> {
    let projects = client.iam().projects().await?;
    let rows: Vec<_> = projects
        .into_iter()
        .map(|project| {
            json!({
                "id": project.id,
                "name": project.name,
                "domain_id": project.domain_id,
                "description": project.description,
                "enabled": project.enabled,
            })
        })
        .collect();
    Ok(plain(rows))
}

pub(crate) async fn validate_token(client: Client, token: Secret) -> Result<Output, Error> {
    let info = client.iam().validate_token(&token).await?;
    Ok(plain(json!({
        "project_id": info.project_id,
        "domain_id": info.domain_id,
        "domain": info.domain,
        "user": info.user,
        "expires_at": info.expires_at.map(Moment::millis),
    })))
}

pub(crate) async fn temporary_access_key(client: Client, lifetime: Duration) -> Result<Output, Error> {
    let key = client.iam().temporary_access_key(lifetime).await?;
    Ok(plain(json!({
        "access": key.access.expose(),
        "secret": key.secret.expose(),
        "security_token": key.security_token.expose(),
        "expires_at": key.expires_at.map(Moment::millis),
    })))
}
