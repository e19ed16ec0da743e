//! Open enumerations: word lists and codes that keep what they do not know.
//!
//! Schemas that name the same `x-open-enum` become one type; words that differ
//! only in case are one variant, spelt as the first schema spells it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

/// An enumeration.
#[derive(Debug)]
pub(crate) struct Open {
    /// The name of the type.
    pub(crate) name: String,
    description: String,
    /// Whether the values are numbers.
    pub(crate) codes: bool,
    variants: Vec<Variant>,
}

#[derive(Debug)]
struct Variant {
    name: String,
    value: Value,
    description: String,
}

/// All enumerations of a document.
pub(crate) fn collect(document: &Value) -> Result<Vec<Open>, String> {
    let mut found: Vec<Open> = Vec::new();
    for (schema_name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let Some(values) = schema["enum"].as_array() else { continue };
        let name = schema["x-open-enum"].as_str().unwrap_or(schema_name);
        let codes = schema["type"] == "integer";
        let variants = values.iter().enumerate().map(|(index, value)| Variant {
            name: schema["x-enum-varnames"][index]
                .as_str()
                .map_or_else(|| camel(value.as_str().unwrap_or_default()), str::to_owned),
            value: value.clone(),
            description: schema["x-enum-descriptions"][index].as_str().unwrap_or_default().to_owned(),
        });
        let open = match found.iter().position(|open| open.name == name) {
            Some(index) => &mut found[index],
            None => {
                let description = schema["description"].as_str().unwrap_or_default().to_owned();
                found.push(Open { name: name.to_owned(), description, codes, variants: Vec::new() });
                found.last_mut().ok_or("no enumeration")?
            }
        };
        if open.codes != codes {
            return Err(format!("{schema_name}: words and codes in one enumeration"));
        }
        for variant in variants {
            match open.variants.iter_mut().find(|known| same(&known.value, &variant.value)) {
                Some(known) if known.description.is_empty() => known.description = variant.description,
                Some(_) => {}
                None if variant.name.is_empty() => {
                    return Err(format!("{schema_name}: a value without a name in `x-enum-varnames`"));
                }
                None => open.variants.push(variant),
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn same(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

/// `URL_LIST` and `url_list` become `UrlList`; mixed case stays as it is.
fn camel(word: &str) -> String {
    word.split(|c: char| !c.is_ascii_alphanumeric())
        .map(|part| {
            let upper = !part.contains(|c: char| c.is_ascii_lowercase());
            let mut letters = part.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first
                .into_iter()
                .chain(letters.map(|c| if upper { c.to_ascii_lowercase() } else { c }))
                .collect::<String>()
        })
        .collect()
}

/// `WaitingForDeletion` becomes `waiting_for_deletion`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

impl Open {
    /// The type and its conversions.
    pub(crate) fn tokens(&self) -> TokenStream {
        if self.codes { self.codes_tokens() } else { self.words_tokens() }
    }

    fn declaration(&self, unknown: &TokenStream) -> TokenStream {
        let name = format_ident!("{}", self.name);
        let description = &self.description;
        let variants = self.variants.iter().map(|variant| {
            let ident = format_ident!("{}", variant.name);
            let value = variant.value.as_str().map_or(variant.value.to_string(), str::to_owned);
            let text = match variant.description.as_str() {
                "" => format!("`{value}`."),
                text => format!("`{value}`: {text}."),
            };
            quote!(#[doc = #text] #ident)
        });
        let known = self.variants.iter().map(|variant| format_ident!("{}", variant.name));
        let copies = if self.codes { quote!(Copy,) } else { quote!() };
        quote! {
            #[doc = #description]
            #[derive(Clone, #copies Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            #[non_exhaustive]
            pub enum #name {
                #(#variants,)*
                /// A value that this version does not know.
                Unknown(#unknown),
            }

            impl #name {
                /// All values that this version knows, in the document's order.
                pub const KNOWN: &'static [Self] = &[#(Self::#known),*];
            }
        }
    }

    fn words_tokens(&self) -> TokenStream {
        let declaration = self.declaration(&quote!(String));
        let name = format_ident!("{}", self.name);
        let variants: Vec<_> =
            self.variants.iter().map(|variant| format_ident!("{}", variant.name)).collect();
        let words: Vec<_> =
            self.variants.iter().map(|variant| variant.value.as_str().unwrap_or_default()).collect();
        quote! {
            #declaration

            impl #name {
                /// The word on the wire.
                pub fn as_str(&self) -> &str {
                    match self {
                        #(Self::#variants => #words,)*
                        Self::Unknown(word) => word,
                    }
                }
            }

            impl From<&str> for #name {
                fn from(word: &str) -> Self {
                    Self::KNOWN
                        .iter()
                        .find(|known| known.as_str().eq_ignore_ascii_case(word))
                        .cloned()
                        .unwrap_or_else(|| Self::Unknown(word.to_owned()))
                }
            }

            impl From<String> for #name {
                fn from(word: String) -> Self {
                    Self::from(word.as_str())
                }
            }

            impl ::std::str::FromStr for #name {
                type Err = ::std::convert::Infallible;

                fn from_str(word: &str) -> Result<Self, Self::Err> {
                    Ok(Self::from(word))
                }
            }

            impl ::std::fmt::Display for #name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.pad(self.as_str())
                }
            }

            impl ::serde::Serialize for #name {
                fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }

            impl<'de> ::serde::Deserialize<'de> for #name {
                fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    crate::lenient::required(crate::lenient::word(deserializer)?)
                }
            }
        }
    }

    fn codes_tokens(&self) -> TokenStream {
        let declaration = self.declaration(&quote!(i64));
        let name = format_ident!("{}", self.name);
        let variants: Vec<_> =
            self.variants.iter().map(|variant| format_ident!("{}", variant.name)).collect();
        let codes: Vec<_> =
            self.variants.iter().map(|variant| variant.value.as_i64().unwrap_or_default()).collect();
        let words: Vec<_> = self.variants.iter().map(|variant| snake(&variant.name)).collect();
        quote! {
            #declaration

            impl #name {
                /// The number on the wire.
                pub fn code(self) -> i64 {
                    match self {
                        #(Self::#variants => #codes,)*
                        Self::Unknown(code) => code,
                    }
                }

                /// The name of the state in lower case, `unknown` for a number this version does not know.
                pub fn name(self) -> &'static str {
                    match self {
                        #(Self::#variants => #words,)*
                        Self::Unknown(_) => "unknown",
                    }
                }
            }

            impl From<i64> for #name {
                fn from(code: i64) -> Self {
                    match code {
                        #(#codes => Self::#variants,)*
                        code => Self::Unknown(code),
                    }
                }
            }

            impl ::std::fmt::Display for #name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    match self {
                        Self::Unknown(code) => f.pad(&format!("unknown ({code})")),
                        known => f.pad(known.name()),
                    }
                }
            }

            impl ::serde::Serialize for #name {
                fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_i64(self.code())
                }
            }

            impl<'de> ::serde::Deserialize<'de> for #name {
                fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    crate::lenient::required(crate::lenient::code(deserializer)?)
                }
            }
        }
    }
}
