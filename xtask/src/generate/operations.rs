//! The table of operations, as data for transports and for the emulator.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::document::{self, component, resolve};

/// An operation of a document.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The documented id.
    pub(crate) id: String,
    /// The name of the generated function.
    pub(crate) function: String,
    /// The names of the header parameters.
    pub(crate) headers: Vec<String>,
    aliases: Vec<String>,
    method: String,
    path: String,
    summary: String,
    documentation: String,
    parameters: Vec<Parameter>,
    body: bool,
    success: u16,
    response: &'static str,
    idempotent: bool,
    secret: bool,
}

/// The argument of the generated function for a parameter, as progenitor names it.
pub(crate) fn argument(parameter: &str) -> proc_macro2::Ident {
    format_ident!("{}", parameter.to_ascii_lowercase().replace('-', "_"))
}

#[derive(Debug)]
struct Parameter {
    name: String,
    place: &'static str,
    required: bool,
    secret: bool,
}

/// All operations of a document, in its order.
pub(crate) fn collect(document: &Value) -> Result<Vec<Operation>, String> {
    document::operations(document)
        .map(|(path, method, operation)| one(document, path, method, operation))
        .collect()
}

fn one(document: &Value, path: &str, method: &str, operation: &Value) -> Result<Operation, String> {
    let text = |value: &Value, what: &str| {
        value.as_str().map(str::to_owned).ok_or_else(|| format!("{method} {path}: no {what}"))
    };
    let id = text(&operation["operationId"], "operationId")?;
    let idempotent = operation["x-idempotent"].as_bool().ok_or_else(|| format!("{id}: no `x-idempotent`"))?;
    let mut parameters = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let parameter = resolve(document, parameter);
        parameters.push(Parameter {
            name: text(&parameter["name"], "parameter name")?,
            place: match parameter["in"].as_str() {
                Some("path") => "Path",
                Some("query") => "Query",
                Some("header") => "Header",
                other => return Err(format!("{id}: parameter in {other:?}")),
            },
            required: parameter["required"] == true,
            secret: parameter["schema"]["x-secret"] == true,
        });
    }
    let (status, response) = operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .find(|(status, _)| status.starts_with('2'))
        .ok_or_else(|| format!("{id}: no success"))?;
    let response = resolve(document, response);
    let schema = &response["content"]["application/json"]["schema"];
    let body = &operation["requestBody"];
    let secret = parameters.iter().any(|parameter| parameter.secret)
        || holds_secret(document, body, &mut Vec::new())
        || holds_secret(document, response, &mut Vec::new());
    Ok(Operation {
        function: snake(&id),
        headers: parameters
            .iter()
            .filter(|parameter| parameter.place == "Header")
            .map(|parameter| parameter.name.clone())
            .collect(),
        aliases: operation["x-operation-ids"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|alias| alias.as_str().map(str::to_owned))
            .collect(),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"], "summary")?,
        documentation: text(&operation["externalDocs"]["url"], "externalDocs")?,
        parameters,
        body: !body.is_null(),
        success: status.parse().map_err(|_| format!("{id}: success status {status}"))?,
        response: match resolve(document, schema)["type"].as_str() {
            Some("array") => "Array",
            Some("object") => "Object",
            None if response["content"].is_null() => "Empty",
            None if schema.is_null() => "Stream",
            other => return Err(format!("{id}: answer of type {other:?}")),
        },
        idempotent,
        secret,
        id,
    })
}

/// The names of the members that are marked secret anywhere in a document.
pub(crate) fn secret_members(document: &Value) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    add_secret_members(document, &mut names);
    names
}

fn add_secret_members<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            let properties = members.get("properties").and_then(Value::as_object);
            let marked = properties.into_iter().flatten().filter(|(_, schema)| is_secret(schema));
            names.extend(marked.map(|(name, _)| name.as_str()));
            members.values().for_each(|member| add_secret_members(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| add_secret_members(item, names)),
        _ => {}
    }
}

fn is_secret(schema: &Value) -> bool {
    schema["x-secret"] == true
        || schema["allOf"].as_array().is_some_and(|all| all.iter().any(is_secret))
        || schema["$ref"] == format!("{}Secret", document::SCHEMAS)
}

/// Whether an `x-secret` is reached from a value.
fn holds_secret(document: &Value, value: &Value, seen: &mut Vec<String>) -> bool {
    if value["x-secret"] == true {
        return true;
    }
    if let Some(name) = component(value) {
        if seen.iter().any(|known| known == name) {
            return false;
        }
        seen.push(name.to_owned());
        return holds_secret(document, &document["components"]["schemas"][name], seen);
    }
    match value {
        Value::Object(members) => members.values().any(|member| holds_secret(document, member, seen)),
        Value::Array(items) => items.iter().any(|item| holds_secret(document, item, seen)),
        _ => false,
    }
}

/// `CreateTask` becomes `create_task`, as progenitor names the function.
fn snake(id: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

impl Operation {
    /// The name of the constant.
    pub(crate) fn constant(&self) -> proc_macro2::Ident {
        format_ident!("{}", self.function.to_ascii_uppercase())
    }

    /// The arguments of the generated function that are parts of the path, in its order.
    pub(crate) fn path_arguments(&self) -> Vec<proc_macro2::Ident> {
        let names = self.path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        names.map(|(name, _)| argument(name)).collect()
    }

    /// The constant.
    pub(crate) fn tokens(&self, service: &str) -> TokenStream {
        let Self { id, aliases, function, method, path, summary, documentation, .. } = self;
        let Self { body, success, idempotent, secret, .. } = self;
        let constant = self.constant();
        let service = format_ident!("{service}");
        let response = format_ident!("{}", self.response);
        let parameters = self.parameters.iter().map(|parameter| {
            let Parameter { name, required, secret, .. } = parameter;
            let place = format_ident!("{}", parameter.place);
            quote!(Parameter { name: #name, place: Place::#place, required: #required, secret: #secret })
        });
        quote! {
            #[doc = #summary]
            pub const #constant: Operation = Operation {
                id: #id,
                aliases: &[#(#aliases),*],
                function: #function,
                service: Service::#service,
                method: #method,
                path: #path,
                summary: #summary,
                documentation: #documentation,
                parameters: &[#(#parameters),*],
                body: #body,
                success: #success,
                response: ResponseBody::#response,
                idempotent: #idempotent,
                secret: #secret,
            };
        }
    }
}
