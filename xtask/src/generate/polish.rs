//! What is done to progenitor's code before it is written.
//!
//! The parts that are replaced, each with its reason:
//! - the client: its constructor panics without a TLS provider, and it knows an
//!   address; ours knows a transport and nothing else,
//! - the calls: progenitor's parse an address each time and name their operation
//!   by text; ours make a request from the operation's data, in whose body
//!   secrets are readable, and leave the rest to the transport,
//! - the decoding of answers: progenitor's loses the HTTP status of errors
//!   and takes an empty array for an object,
//! - fields: they get lenient decoders, and response types stay open to growth.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, ExprLit, Fields, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, Item, ItemImpl,
    ItemMod, ItemStruct, Lit, LitStr, Meta, PathArguments, ReturnType, Stmt, Type, parse_quote,
};

use super::Service;
use super::document::Roles;
use super::enums::Open;
use super::lenient;
use super::operations::{self, Operation};

/// Turns progenitor's file into ours.
pub(crate) fn polish(
    service: &Service,
    file: syn::File,
    roles: &Roles,
    enums: &[Open],
    operations: &[Operation],
    document: &Value,
) -> Result<syn::File, String> {
    let mut items: Vec<Item> = Vec::new();
    let mut calls: Option<ItemImpl> = None;
    for item in file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => {
                items.push(types(module, roles, enums, document)?)
            }
            Item::Impl(block) if block.trait_.is_none() && has_calls(&block) => calls = Some(block),
            // The imports, the client, its constructors and its hooks.
            _ => {}
        }
    }
    let mut calls = calls.ok_or("progenitor made no calls")?;
    for item in &mut calls.items {
        if let ImplItem::Fn(function) = item {
            let name = function.sig.ident.to_string();
            let operation = operations
                .iter()
                .find(|operation| operation.function == name)
                .ok_or(format!("no operation `{name}`"))?;
            call(function, operation, document)?;
        }
    }
    items.push(Item::Impl(calls));

    let frame = frame(service, operations, document);
    let mut file = syn::parse2::<syn::File>(frame).map_err(|error| error.to_string())?;
    file.items.extend(items);
    Tidy { in_types: false }.visit_file_mut(&mut file);
    Ok(file)
}

fn has_calls(block: &ItemImpl) -> bool {
    block.items.iter().any(|item| matches!(item, ImplItem::Fn(function) if function.sig.asyncness.is_some()))
}

/// What stands around the calls: imports, client, operations.
fn frame(service: &Service, operations: &[Operation], document: &Value) -> TokenStream {
    let title = document["info"]["title"].as_str().unwrap_or_default();
    let client_doc = format!("Client of {title}, one function for each operation.");
    let about = document["info"]["description"].as_str().unwrap_or_default();
    let file = format!("{}.openapi.json", service.module);
    let constants = operations.iter().map(|operation| operation.tokens(service.variant));
    let names = operations.iter().map(Operation::constant);
    let secret_members = operations::secret_members(document);
    quote! {
        use progenitor_client::{Error, ResponseValue};

        use crate::Operation;

        /// The OpenAPI document that this module was made from, as JSON.
        pub const DOCUMENT: &str = include_str!(#file);

        /// The names of the members that the document marks secret, in alphabetical order.
        pub static SECRET_MEMBERS: &[&str] = &[#(#secret_members),*];

        /// All operations, in the order of the document.
        pub static OPERATIONS: &[Operation] = &[#(operations::#names),*];

        /// The operations one by one.
        pub mod operations {
            use crate::{Operation, Parameter, Place, ResponseBody, Service};

            #(#constants)*
        }

        #[doc = #client_doc]
        #[doc = ""]
        #[doc = #about]
        #[doc = "The order of arguments follows the document: path, then query by name, then body. A new optional parameter there changes the function here."]
        #[derive(Clone, Debug)]
        pub struct Client {
            hooks: crate::Hooks,
        }

        impl Client {
            /// Makes a client. Nothing is contacted: `hooks` know where the service is.
            pub fn new(hooks: crate::Hooks) -> Self {
                Self { hooks }
            }
        }
    }
}

/// The types: fields, attributes, enumerations.
fn types(mut module: ItemMod, roles: &Roles, enums: &[Open], document: &Value) -> Result<Item, String> {
    let pick =
        |codes: bool| enums.iter().filter(|open| open.codes == codes).map(|open| open.name.clone()).collect();
    let (words, codes): (Vec<String>, Vec<String>) = (pick(false), pick(true));
    let (_, items) = module.content.take().ok_or("no types")?;
    let mut kept: Vec<Item> = vec![parse_quote!(
        pub use crate::ErrorResp;
    )];
    for item in items {
        // The conversions that clone and the error of conversions are of no use here.
        if let Item::Struct(mut item) = item {
            let constructor = constructor(&item, document);
            structure(&mut item, roles, &words, &codes, document)?;
            let text = from_text(&item, roles, document);
            kept.push(Item::Struct(item));
            kept.extend(constructor);
            kept.extend(text);
        }
    }
    for open in enums {
        let file: syn::File = syn::parse2(open.tokens()).map_err(|error| error.to_string())?;
        kept.extend(file.items);
    }
    module.attrs.retain(|attribute| attribute.path().is_ident("doc"));
    module.content = Some((syn::token::Brace::default(), kept));
    Ok(Item::Mod(module))
}

fn structure(
    item: &mut ItemStruct,
    roles: &Roles,
    words: &[String],
    codes: &[String],
    document: &Value,
) -> Result<(), String> {
    let response = roles.responses.contains(&item.ident.to_string());
    if response {
        item.attrs.push(parse_quote!(#[non_exhaustive]));
    }
    let Fields::Named(fields) = &mut item.fields else {
        return Err(format!("`{}` became a newtype; name an adjustment that prevents it", item.ident));
    };
    for field in &mut fields.named {
        let many =
            last_ident(&field.ty).filter(|ident| *ident == "Vec" || *ident == "Map").map(Ident::to_string);
        if response && many.is_some() {
            let inner = &field.ty;
            field.ty = parse_quote!(::std::option::Option<#inner>);
        }
        let decoder = match lenient::optional(&field.ty) {
            Some(inner) if response && many_of_text(inner, document) => "objects_or_texts",
            Some(inner) => lenient::function(inner, words, codes),
            None => match many.as_deref() {
                Some("Vec") if is_defaulted(&field.attrs) => "list_or_empty",
                Some("Map") if is_defaulted(&field.attrs) => "object_or_empty",
                // A required field of a request is decoded as it is.
                _ => continue,
            },
        };
        let decoder = format!("crate::lenient::{decoder}");
        let rename = rename_of(&field.attrs);
        field.attrs.retain(|attribute| !attribute.path().is_ident("serde"));
        let skip = match (lenient::optional(&field.ty), many.as_deref()) {
            (None, Some("Map")) => "serde_json::Map::is_empty",
            (None, _) => "Vec::is_empty",
            (Some(_), _) => "Option::is_none",
        };
        field.attrs.push(match rename {
            Some(name) => parse_quote!(#[serde(rename = #name, default, deserialize_with = #decoder, skip_serializing_if = #skip)]),
            None => parse_quote!(#[serde(default, deserialize_with = #decoder, skip_serializing_if = #skip)]),
        });
    }
    Ok(())
}

/// A constructor from the required fields, in the order in which the document
/// lists them, for requests that have optional fields too. It spares callers
/// from naming fields that they leave out.
fn constructor(item: &ItemStruct, document: &Value) -> Option<Item> {
    let name = &item.ident;
    let required = document["components"]["schemas"][name.to_string()]["required"].as_array()?;
    let wire = |field: &syn::Field| {
        let ident = field.ident.as_ref().map(Ident::to_string).unwrap_or_default();
        rename_of(&field.attrs).map_or(ident, |name| name.value())
    };
    let is_required =
        |field: &&syn::Field| lenient::optional(&field.ty).is_none() && !is_defaulted(&field.attrs);
    let position = |field: &syn::Field| required.iter().position(|name| *name == wire(field));
    let mut given: Vec<&syn::Field> = item.fields.iter().filter(is_required).collect();
    given.sort_by_key(|field| position(field));
    let left: Vec<_> =
        item.fields.iter().filter(|field| !is_required(field)).map(|field| &field.ident).collect();
    if given.is_empty() || left.is_empty() || given.iter().any(|field| position(field).is_none()) {
        return None;
    }
    let (names, types): (Vec<_>, Vec<_>) = given.iter().map(|field| (&field.ident, &field.ty)).unzip();
    Some(parse_quote! {
        impl #name {
            /// With what is required, and nothing else.
            pub fn new(#(#names: #types),*) -> Self {
                Self { #(#names,)* #(#left: Default::default(),)* }
            }
        }
    })
}

/// What becomes of text where an answer has text in place of the object (`x-from-text`).
fn from_text(item: &ItemStruct, roles: &Roles, document: &Value) -> Option<Item> {
    let name = &item.ident;
    let member = text_member(document, &name.to_string())?;
    let member = format_ident!("{member}");
    roles.responses.contains(&name.to_string()).then(|| {
        parse_quote! {
            impl From<String> for #name {
                fn from(text: String) -> Self {
                    Self { #member: Some(text), ..Self::default() }
                }
            }
        }
    })
}

/// Whether a type is a list of what may come as text.
fn many_of_text(of: &Type, document: &Value) -> bool {
    let item = last_ident(of).filter(|ident| *ident == "Vec").and_then(|_| argument(of)).and_then(last_ident);
    item.is_some_and(|item| text_member(document, &item.to_string()).is_some())
}

/// The member that text becomes, in a schema or in its copy for responses.
fn text_member<'a>(document: &'a Value, name: &str) -> Option<&'a str> {
    let schemas = &document["components"]["schemas"];
    let own = &schemas[name];
    let own = if own.is_null() { &schemas[name.strip_suffix("Resp")?] } else { own };
    own["x-from-text"].as_str()
}

fn last_ident(of: &Type) -> Option<&Ident> {
    let Type::Path(path) = of else { return None };
    path.path.segments.last().map(|segment| &segment.ident)
}

fn is_defaulted(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return false };
        list.path.is_ident("serde") && list.tokens.to_string().split(',').any(|part| part.trim() == "default")
    })
}

/// The name on the wire, where it differs from the field's.
fn rename_of(attributes: &[Attribute]) -> Option<LitStr> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                found = Some(meta.value()?.parse::<LitStr>()?);
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<Expr>()?;
            }
            Ok(())
        });
    }
    found
}

/// One call: what is sent, by whom, and how the answer is decoded.
fn call(function: &mut ImplItemFn, operation: &Operation, document: &Value) -> Result<(), String> {
    let name = function.sig.ident.to_string();
    let arguments = |wanted: &Ident| {
        let known = function.sig.inputs.iter().any(|input| matches!(input, FnArg::Typed(typed) if matches!(&*typed.pat, syn::Pat::Ident(pattern) if pattern.ident == *wanted)));
        if known { Ok(()) } else { Err(format!("`{name}` has no argument `{wanted}`")) }
    };
    let path = operation.path_arguments();
    path.iter().try_for_each(arguments)?;
    let constant = operation.constant();
    let mut request: Expr = parse_quote!(crate::Request::new(&operations::#constant, &[#(&#path),*]));
    for part in parts(&function.block.stmts, &name)? {
        request = match part {
            Part::Query(parameter, argument) => parse_quote!(#request.query(#parameter, #argument)?),
            Part::Json => parse_quote!(#request.json(body)?),
        };
    }
    for header in &operation.headers {
        let argument = operations::argument(header);
        arguments(&argument)?;
        request = parse_quote!(#request.header(#header, #argument)?);
    }
    let kind = answer(&function.sig.output)?;
    let decode = match kind.as_deref() {
        None => "nothing",
        Some("Vec") => "list",
        Some("ByteStream") => "stream",
        Some(of) if document["components"]["schemas"][of]["x-any-success"] == true => "object_if_any",
        Some(_) => "object",
    };
    let decode = format_ident!("{decode}");
    function.block = parse_quote!({
        let request = #request;
        crate::decode::#decode(self.hooks.0.send(request).await?)
    });
    Ok(())
}

/// What progenitor's chain adds to a request.
enum Part {
    Query(Lit, Expr),
    Json,
}

/// The parts of the chain that builds the request, in its order.
fn parts(statements: &[Stmt], name: &str) -> Result<Vec<Part>, String> {
    let mut chain = statements.iter().find_map(|statement| match statement {
        Stmt::Local(local) => match (&local.pat, &local.init) {
            (syn::Pat::Ident(pattern), Some(init)) if pattern.ident == "request" => Some(&*init.expr),
            _ => None,
        },
        _ => None,
    });
    let mut parts = Vec::new();
    while let Some(expression) = chain {
        chain = match expression {
            Expr::Try(inner) => Some(&inner.expr),
            Expr::MethodCall(call) => {
                match call.method.to_string().as_str() {
                    "query" => parts.push(query(call).ok_or(format!("`{name}` has an odd query"))?),
                    "json" => parts.push(Part::Json),
                    // Methods, headers and the end: the operation and the transport say these.
                    "get" | "put" | "post" | "delete" | "patch" | "head" | "header" | "headers" | "build" => {
                    }
                    other => return Err(format!("`{name}` calls `{other}`, which nobody expected")),
                }
                Some(&call.receiver)
            }
            _ => None,
        };
    }
    parts.reverse();
    Ok(parts)
}

/// `.query(&progenitor_client::QueryParam::new("name", &argument))`.
fn query(call: &syn::ExprMethodCall) -> Option<Part> {
    let Expr::Reference(reference) = call.args.first()? else { return None };
    let Expr::Call(make) = &*reference.expr else { return None };
    let (Expr::Lit(ExprLit { lit, .. }), argument) = (make.args.first()?, make.args.get(1)?) else {
        return None;
    };
    Some(Part::Query(lit.clone(), argument.clone()))
}

/// The name of the type in `Result<ResponseValue<T>, _>`, or none for `()`.
fn answer(output: &ReturnType) -> Result<Option<String>, String> {
    let ReturnType::Type(_, of) = output else { return Err("a call without an answer".to_owned()) };
    let inner = argument(of).and_then(argument).ok_or("an answer that is no ResponseValue")?;
    Ok(last_ident(inner).map(Ident::to_string))
}

/// The first type argument of a type.
fn argument(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(of) => Some(of),
        _ => None,
    })
}

/// Shorter paths and line comments.
struct Tidy {
    in_types: bool,
}

impl VisitMut for Tidy {
    fn visit_item_mod_mut(&mut self, module: &mut ItemMod) {
        self.in_types = module.ident == "types";
        visit_mut::visit_item_mod_mut(self, module);
        self.in_types = false;
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        // The generator's own can only break off with an error of its HTTP client.
        if path.is_ident("ByteStream") {
            *path = parse_quote!(crate::ByteStream);
        }
        if path.leading_colon.is_none() {
            return;
        }
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let keep = match names.as_slice() {
            ["std", "option" | "string" | "vec", _] => 1,
            ["hwmigrate_api", _, "types", _] if self.in_types => 1,
            ["hwmigrate_api", _, "types", _] => 2,
            ["hwmigrate_api", "ErrorResp"] => {
                *path = parse_quote!(crate::ErrorResp);
                return;
            }
            ["hwmigrate_api", "Secret"] => {
                *path = parse_quote!(crate::Secret);
                return;
            }
            _ => return,
        };
        path.leading_colon = None;
        path.segments = path.segments.iter().skip(names.len() - keep).cloned().collect();
    }

    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let mut tidy = Vec::new();
        for attribute in attributes.drain(..) {
            let text = match &attribute.meta {
                Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                    Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
                    _ => String::new(),
                },
                _ => {
                    tidy.push(attribute);
                    continue;
                }
            };
            for line in text.trim().lines() {
                let line = format!(" {line}");
                let line = line.trim_end();
                tidy.push(parse_quote!(#[doc = #line]));
            }
            if text.trim().is_empty() {
                tidy.push(parse_quote!(#[doc = ""]));
            }
        }
        *attributes = tidy;
    }
}
