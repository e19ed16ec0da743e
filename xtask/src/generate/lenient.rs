//! Which function of `hwmigrate_api::lenient` decodes a field.

use syn::{GenericArgument, PathArguments, Type};

/// The content of an `Option`, if the type is one.
pub(crate) fn optional(of: &Type) -> Option<&Type> {
    let (name, argument) = last(of)?;
    if name == "Option" { argument } else { None }
}

/// The function for what stands in an `Option`.
pub(crate) fn function(of: &Type, words: &[String], codes: &[String]) -> &'static str {
    let Some((name, _)) = last(of) else { return "object" };
    match name.as_str() {
        "String" => "text",
        "bool" => "boolean",
        "f32" | "f64" => "float",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => "integer",
        "Secret" => "secret",
        "Vec" => "list",
        name if words.iter().any(|word| word == name) => "word",
        name if codes.iter().any(|code| code == name) => "code",
        _ => "object",
    }
}

/// The last segment of a path type, and its first type argument.
fn last(of: &Type) -> Option<(String, Option<&Type>)> {
    let Type::Path(path) = of else { return None };
    let segment = path.path.segments.last()?;
    let argument = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(of) => Some(of),
                _ => None,
            })
        }
        _ => None,
    };
    Some((segment.ident.to_string(), argument))
}
