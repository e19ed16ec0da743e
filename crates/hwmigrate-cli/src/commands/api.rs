//! `api`: any operation by its documented id.

use std::io::IsTerminal;

use hwmigrate::api::{Operation, Place, ResponseBody, operations};
use serde_json::{Value, json};

use crate::args::{Api, Format, Global};
use crate::body::{Body, document_of, id_of, operation, skeleton};
use crate::connect::{connect, in_time};
use crate::failure::{Failure, Result};
use crate::output::{Column, Output, Show, column};
use crate::secret::SecretRef;

const COLUMNS: [Column; 5] = [
    column("operation", "/operation", Show::Text),
    column("service", "/service", Show::Text),
    column("method", "/method", Show::Text),
    column("path", "/path", Show::Text),
    column("summary", "/summary", Show::Text),
];

/// A call that is ready to be sent.
pub(crate) struct Call {
    operation: &'static Operation,
    parameters: Vec<(String, String)>,
    body: Option<Value>,
}

/// Does what needs no connection, and hands a call that needs one to `send`.
pub(crate) fn prepare(api: Api, output: &Output, send: impl FnOnce(Call) -> Result<()>) -> Result<()> {
    let Some(id) = api.operation.filter(|_| !api.list) else { return list(output) };
    let operation = operation(&id)?;
    if api.input.skeleton {
        return output.text(&format!("{:#}\n", skeleton(operation)?));
    }
    if operation.response == ResponseBody::Stream && std::io::stdout().is_terminal() {
        return Err(Failure::usage(format!("{id} answers with a file, which a terminal cannot show"))
            .help("write the standard output to a file: … > FILE"));
    }
    let parameters = parameters(operation, api.param)?;
    let body = if operation.body {
        if api.input.input.is_none() {
            return Err(Failure::usage(format!("{id} needs a request body")).help(format!(
                "give it with --input FILE or --input -; a template is printed by: hwmigrate api {id} --skeleton"
            )));
        }
        Some(Body::read(&api.input)?.finish_unchecked(operation, output)?.into_value())
    } else if api.input.input.is_some() {
        return Err(Failure::usage(format!("{id} takes no body")).help("leave out --input"));
    } else {
        None
    };
    send(Call { operation, parameters, body })
}

fn list(output: &Output) -> Result<()> {
    let mut rows = output.rows(&COLUMNS);
    for operation in operations() {
        let parameters = operation.parameters.iter().map(|parameter| {
            let place = match parameter.place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Header => "header",
                _ => "other",
            };
            json!({"name": parameter.name, "in": place, "required": parameter.required})
        });
        rows.push(json!({
            "operation": id_of(operation),
            "service": operation.service.name(),
            "method": operation.method,
            "path": operation.path,
            "summary": operation.summary,
            "parameters": parameters.collect::<Vec<_>>(),
            "body": operation.body,
            "idempotent": operation.idempotent,
        }))?;
    }
    rows.finish()
}

fn parameters(operation: &'static Operation, given: Vec<(String, String)>) -> Result<Vec<(String, String)>> {
    let document = document_of(operation)?;
    let known: Vec<_> = operation.parameters.iter().map(|parameter| parameter.name).collect();
    let mut parameters = Vec::with_capacity(given.len());
    for (name, value) in given {
        if !known.contains(&name.as_str()) {
            return Err(Failure::usage(format!("{} has no parameter {name:?}", id_of(operation))).help(
                if known.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has {}", known.join(", "))
                },
            ));
        }
        if parameters.iter().any(|(known, _)| *known == name) {
            return Err(Failure::usage(format!("--param {name} is given twice"))
                .help(format!("{} takes one value of {name}: leave the others out", id_of(operation))));
        }
        let value = if document.is_secret_parameter(operation.id, &name) {
            let reference: SecretRef = SecretRef::from(value.as_str());
            reference.resolve(&format!("--param {name}"))?.expose().to_owned()
        } else {
            value
        };
        parameters.push((name, value));
    }
    for parameter in operation.parameters.iter().filter(|one| one.required && one.name != "project_id") {
        if !parameters.iter().any(|(name, _)| name == parameter.name) {
            return Err(Failure::usage(format!(
                "{} needs the parameter {}",
                id_of(operation),
                parameter.name
            ))
            .help(format!("add --param {}=VALUE", parameter.name)));
        }
    }
    Ok(parameters)
}

/// Sends the call and writes the answer's body.
pub(crate) async fn run(call: Call, global: &Global, output: &Output) -> Result<()> {
    let client = connect(global)?;
    let mut request = client.operation(&call.operation.qualified_id())?;
    for (name, value) in call.parameters {
        request = request.parameter(name, value);
    }
    if let Some(body) = call.body {
        request = request.body(body);
    }
    if call.operation.response == ResponseBody::Stream {
        return output.bytes(in_time(global, request.send_bytes()).await?.body());
    }
    let response = in_time(global, request.send()).await?;
    let Some(mut body) = response.body else {
        output.note(format!("{}: done, the answer has no body", id_of(call.operation)));
        return Ok(());
    };
    if let Some(schema) = document_of(call.operation)?.answer(call.operation.id) {
        schema.each_secret(&mut body, &mut |_, text| {
            *text = hwmigrate::api::REDACTED.to_owned();
            Ok(())
        })?;
    }
    match (output.format(), body) {
        (Format::Ndjson, Value::Array(items)) => items.iter().try_for_each(|item| output.line(item)),
        (Format::Table, body) => output.text(&format!("{body:#}\n")),
        (_, body) => output.record(&body, &[]),
    }
}
